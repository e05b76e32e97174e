"""A form that was refused, shown again where it stood: with what was typed, and the message beside the field."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from supplychain.errors import DomainError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.http import QueryDict


class BadFieldError(DomainError):
    """A field of a form cannot be used."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__("bad_form", message)
        self.field = field


@dataclass(frozen=True, slots=True)
class Refusal:
    """What was refused. `form` names it among those of its page; `typed` is what was sent.

    `fields` are the form's names of what errors call otherwise.
    """

    form: str
    error: DomainError
    typed: QueryDict
    fields: Mapping[str, str] | None = None

    @property
    def field(self) -> str:
        """Return the field that is wrong: as the error names it, or its JSON pointer; '' for none of the form."""
        if isinstance(self.error, BadFieldError):
            return self.error.field
        pointers = (detail.pointer for detail in self.error.details if detail.pointer)
        named = ((self.fields or {}).get(part, part) for part in next(pointers, "").split("/"))
        return next((name for name in named if name in self.typed), "")

    @property
    def message(self) -> str:
        """Return one sentence: what is wrong with the field, or with all of it."""
        details = [detail.message for detail in self.error.details if detail.message]
        return details[0] if details and self.error.message.endswith("see `errors`.") else self.error.message
