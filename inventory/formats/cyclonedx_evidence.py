"""How sure the tool is that a CycloneDX component is what it says (`evidence.identity`, 1.5 and later)."""

from __future__ import annotations

from typing import Final

_SURE: Final = 0.7
"""Below, a match is shown with less than high confidence."""


def is_unsure(evidence: object) -> bool:
    """Tell whether the best confidence stated for the identity is low: that of the purl where there is one."""
    given = evidence.get("identity") if isinstance(evidence, dict) else None
    identities: list[object] = given if isinstance(given, list) else [given]
    stated: dict[bool, list[float]] = {True: [], False: []}
    for identity in identities:
        if isinstance(identity, dict) and (confidence := _number(identity.get("confidence"))) is not None:
            stated[identity.get("field") == "purl"].append(confidence)
    counted = stated[True] or stated[False]
    return bool(counted) and max(counted) < _SURE


def _number(value: object) -> float | None:
    """Return a confidence; XML gives a text, and what is no number from 0 to 1 says nothing."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if 0 <= number <= 1 else None
