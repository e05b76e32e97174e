"""The words of verification: how the cryptography ended, and what may be believed. Stored: keep the values."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable


class Outcome(enum.StrEnum):
    """How the cryptography ended."""

    VALID = "valid"
    FAILED = "failed"
    UNSUPPORTED = "unsupported"
    UNSIGNED = "unsigned"


class Verdict(enum.StrEnum):
    """How far something may be believed, the best first (decisions.md's words)."""

    VERIFIED_EXPECTED = "verified_expected"
    VERIFIED_UNEXPECTED = "verified_unexpected"
    FAILED = "failed"
    UNSUPPORTED = "unsupported"
    REPORTED = "reported"
    UNSIGNED_CLAIM = "unsigned_claim"
    NONE = "none"


_ORDER: Final = tuple(Verdict)


def best(verdicts: Iterable[Verdict]) -> Verdict:
    """Return the best of several verdicts; nothing is `none`, never a pass.

    A bad one never takes a good one away: whoever can add a document must not be able to take trust away by it.
    """
    return min(verdicts, key=_ORDER.index, default=Verdict.NONE)
