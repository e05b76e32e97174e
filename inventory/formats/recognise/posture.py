"""Posture: OpenSSF Scorecard results."""

from __future__ import annotations

from inventory.formats.detected import Detected, Kind, Members


def recognise_posture(members: Members) -> Detected | None:
    """Recognise a posture report."""
    if "scorecard" in members and "checks" in members:
        return Detected(Kind.POSTURE, "scorecard", "")
    return None
