"""Posture: OpenSSF Scorecard results, SARIF logs, GitHub's branch protection, rulesets and workflow runs."""

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
    return recognise_ruleset(members) or recognise_workflow_runs(members)


def recognise_ruleset(members: Members) -> Detected | None:
    """Recognise one of GitHub's rulesets, alone or as the first of a list."""
    if "enforcement" in members and "source_type" in members:
        return Detected(Kind.POSTURE, "github-ruleset", "")
    return None


def recognise_workflow_runs(members: Members) -> Detected | None:
    """Recognise GitHub's list of workflow runs, an event about one, or one, alone or as the first of a list."""
    is_run = "run_attempt" in members and "head_sha" in members
    if is_run or "workflow_runs" in members or ("workflow_run" in members and "action" in members):
        return Detected(Kind.WORKFLOW, "github-workflow-runs", "")
    return None
