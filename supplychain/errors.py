"""What every part raises when it refuses: a stable code, a message a person can act on, and where it is wrong."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ErrorDetail:
    """One wrong place of the input: a JSON pointer (empty for the whole), a code and a message."""

    pointer: str
    code: str
    message: str


class DomainError(Exception):
    """Refused, for a reason the caller can act on.

    `status` is the HTTP status the interface answers with; below the interface nothing looks at it.
    """

    def __init__(self, code: str, message: str, *, status: int = 400, details: Sequence[ErrorDetail] = ()) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status
        self.details = tuple(details)
