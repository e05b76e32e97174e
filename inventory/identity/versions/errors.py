"""What versions and ranges refuse."""

from __future__ import annotations

from supplychain.errors import DomainError

MAX_SHOWN = 80


class UnevaluableVersion(DomainError):  # noqa: N818 - the word of the answer
    """The text has no place in its ecosystem's order: it matches by its text alone, and no range can judge it."""

    def __init__(self, scheme: str, version: str) -> None:
        name = f"'{shown(version)}'" if version else "an empty version"
        super().__init__("unevaluable_version", f"{name} has no place in the order of {scheme} versions.")
        self.scheme = scheme
        self.version = version


class RangeError(DomainError):
    """The text is not a version range; code bad_range, or bad_vers for a `vers:` string that is not canonical."""

    def __init__(self, message: str, *, code: str = "bad_range") -> None:
        super().__init__(code, message)


def shown(text: str) -> str:
    """Return text fit for a message: printable, at most MAX_SHOWN characters."""
    clean = "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text[:MAX_SHOWN])
    return clean if len(text) <= MAX_SHOWN else f"{clean}…"
