"""Posture: OpenSSF Scorecard results, SARIF logs, GitHub's branch protection and rulesets."""

from __future__ import annotations

from inventory.formats.detected import Detected, Kind, Members, text_member


def recognise_posture(members: Members) -> Detected | None:
    """Recognise a posture report."""
    if "scorecard" in members and ("checks" in members or "findings" in members):
        return Detected(Kind.POSTURE, "scorecard", "")
    if "runs" in members and ("sarif" in (text_member(members, "$schema") or "") or "version" in members):
        return Detected(Kind.POSTURE, "sarif", text_member(members, "version") or "", "application/sarif+json")
    if (text_member(members, "url") or "").endswith("/protection"):
        return Detected(Kind.POSTURE, "github-branch-protection", "")
    return recognise_ruleset(members)


def recognise_ruleset(members: Members) -> Detected | None:
    """Recognise one of GitHub's rulesets, alone or as the first of a list."""
    if "enforcement" in members and "source_type" in members:
        return Detected(Kind.POSTURE, "github-ruleset", "")
    return None
