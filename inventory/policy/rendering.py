"""How a decision is shown: whole to who sees all teams, without other teams' facts to anybody else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from inventory.policy.models import Outcome
from inventory.policy.storing import kept_hit, kept_rule

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from inventory.policy.models import Decision
    from inventory.policy.verdicts import Verdict
    from supplychain.access.actors import Actor

MAX_WARNING = 120
"""Kubernetes shows warnings up to this length well; longer ones are cut by some servers."""
_TOLD_TO_ALL = ("block", "kind", "reason")


def render_verdict(verdict: Verdict, *, actor: Actor, is_stored: bool = True) -> dict[str, Any]:
    """Return a fresh decision as JSON."""
    place = verdict.place
    return {
        "decision": str(verdict.public_id) if is_stored else None,
        "allowed": verdict.allowed,
        "result": verdict.outcome.value,
        "mode": verdict.mode.value,
        "digest": verdict.subject.digest or None,
        "image": verdict.subject.image,
        "environment": place.environment,
        "cluster": place.cluster,
        "namespace": place.namespace,
        "service": place.service,
        "rules": shown_rules([kept_rule(rule) for rule in verdict.rules], actor=actor),
        "waivers": [],
        "blocks": shown_hits([kept_hit(hit) for hit in verdict.hits], actor=actor),
        "policy": None,
        "warnings": warnings_of(verdict),
        "at": verdict.at.isoformat().replace("+00:00", "Z"),
    }


def render_decision(decision: Decision, *, actor: Actor) -> dict[str, Any]:
    """Return a stored decision as JSON."""
    return {
        "decision": str(decision.public_id),
        "allowed": decision.allowed,
        "result": decision.outcome,
        "mode": decision.mode,
        "digest": decision.digest or None,
        "image": decision.image,
        "environment": decision.environment,
        "cluster": decision.cluster,
        "namespace": decision.namespace,
        "service": decision.service,
        "rules": shown_rules(decision.rules, actor=actor),
        "waivers": [],
        "blocks": shown_hits(decision.hits, actor=actor),
        "policy": None,
        "at": decision.at.isoformat().replace("+00:00", "Z"),
        "gate": decision.gate,
        "workload": decision.workload,
        "asked_by": decision.asked_by,
    }


def shown_rules(rules: Sequence[Mapping[str, Any]], *, actor: Actor) -> list[dict[str, Any]]:
    """Return rules as the actor may see them: evidence may be other teams'."""
    return [{**rule, "evidence": rule["evidence"] if actor.sees_all else []} for rule in rules]


def shown_hits(hits: Sequence[Mapping[str, Any]], *, actor: Actor) -> list[dict[str, Any]]:
    """Return hits as the actor may see them: that it is blocked and why, not by what anybody else has."""
    if actor.sees_all:
        return [dict(hit) for hit in hits]
    return [{name: hit[name] for name in _TOLD_TO_ALL} for hit in hits]


def warnings_of(verdict: Verdict) -> list[str]:
    """Return what could not be told, one line each, short enough for kubectl."""
    subject = _short(verdict.subject.image or verdict.subject.digest)
    reasons = [reason for rule in verdict.rules if rule.result is not Outcome.PASS for reason in rule.reasons]
    return [warning(f"{reason.code}: {subject}: {reason.message}") for reason in reasons]


def warning(text: str) -> str:
    """Cut a warning to the length that is shown whole."""
    line = " ".join(text.split())
    return line if len(line) <= MAX_WARNING else f"{line[: MAX_WARNING - 1]}…"


def _short(image: str) -> str:
    """Return the end of an image reference: its last part of the path, and the beginning of the digest."""
    name, at, digest = image.partition("@")
    return f"{name.rpartition('/')[2][:40]}{at}{digest[:15]}" if name else image[:15]
