"""Whether a document keeps to its format's schema: one shape for JSON and XML."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from inventory.formats.records import ReadWarning

KEPT: Final = 20
"""Errors that a verdict names; the others are counted."""


@dataclass(frozen=True, slots=True)
class SchemaVerdict:
    """Whether a document keeps to its format's schema.

    `error_count` is of all, `errors` holds the first twenty; of a large and deeply nested document both hold one.
    """

    valid: bool
    error_count: int
    errors: tuple[ReadWarning, ...]
