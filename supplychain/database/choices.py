"""The values of an enumeration as a model field's choices: what the database may hold, shown as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import enum


def choices_of(kinds: type[enum.StrEnum]) -> list[tuple[str, str]]:
    """Return each value twice, as Django wants it."""
    return [(kind.value, kind.value) for kind in kinds]
