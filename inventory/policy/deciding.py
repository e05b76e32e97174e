"""The decision at a gate: one function behind pipeline and admission, whoever asks and in whatever envelope."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.conf import settings

from inventory.policy.facts import facts_query, read_facts
from inventory.policy.hits import hits_query, read_hits
from inventory.policy.models import Gate, Mode, Outcome
from inventory.policy.rules import is_allowed, not_blocked, not_frozen, outcome_of
from inventory.policy.versions import cleared
from supplychain.database import urgent
from supplychain.exchange import Query, Statement
from supplychain.ids import uuid7

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from uuid import UUID

    from inventory.policy.facts import Facts, Subject, SubjectFacts
    from inventory.policy.hits import Hit, Place
    from inventory.policy.rules import RuleResult
    from supplychain.access.actors import Actor
    from supplychain.exchange import Value

MAX_SUBJECTS = 500
_INSERT = Statement("""
INSERT INTO policy_decision (public_id, team_id, at, asked_by, gate, request_uid, digest, image, environment, cluster,
                             namespace, service, workload, mode, outcome, allowed, rules, hits)
SELECT public_id, %(team)s::bigint, %(at)s::timestamptz, %(asked_by)s::text, %(gate)s::text, %(uid)s::text, digest,
       image, %(environment)s::text, %(cluster)s::text, %(namespace)s::text, %(service)s::text, %(workload)s::text,
       %(mode)s::text, outcome, allowed, rules, hits
FROM jsonb_to_recordset(%(rows)s::jsonb)
     AS row(public_id uuid, digest text, image text, outcome text, allowed boolean, rules jsonb, hits jsonb)
ON CONFLICT (public_id) DO NOTHING
""")
"""Sent again where nobody knows whether it was committed, it changes nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request at a gate. `workload` is kind/name of what is reviewed; `uid` the request's own id."""

    gate: Gate
    subjects: tuple[Subject, ...]
    place: Place
    workload: str = ""
    uid: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What was decided about one subject, and by what. `public_id` names the Decision, where it was stored."""

    subject: Subject
    outcome: Outcome
    allowed: bool
    mode: Mode
    rules: tuple[RuleResult, ...]
    hits: tuple[Hit, ...]
    place: Place
    at: datetime
    public_id: UUID = field(default_factory=uuid7)


def decide(asked: Asked, *, actor: Actor, at: datetime) -> tuple[Verdict, ...]:
    """Decide about each subject, in their order, and store the decisions: who is answered has them kept.

    Three statements. Everybody's evidence counts against a subject, the actor's own alone for it. Raises
    DatabaseAwayError.
    """
    verdicts = judge(asked, actor=actor, at=at)
    if verdicts:
        _store(asked, verdicts, actor=actor, at=at)
    return verdicts


def judge(asked: Asked, *, actor: Actor, at: datetime) -> tuple[Verdict, ...]:
    """Decide and store nothing. Two statements, sent together unless a tag must be looked up between them.

    Once a minute, and where a block of a package is new, a web process asks a third (versions.py).
    """
    if not asked.subjects:
        return ()
    mode = Mode(settings.GATE_MODE)
    subjects = asked.subjects
    named = [*(subject.digest for subject in subjects), ""]  # '': the freezes of this place, for what has no digest
    wanted = [facts_query(subjects, place=asked.place, workload=asked.workload, actor=actor, at=at)]
    is_plain = all(subject.digest for subject in subjects)
    told, *hitting = urgent.ask([*wanted, hits_query(named, at=at)] if is_plain else wanted)
    facts = read_facts(told, subjects=subjects, place=asked.place)
    if not is_plain:
        named += [digest for known in facts.subjects for digest in known.tagged]
        hitting = urgent.ask([hits_query(named, at=at)])
    hits = read_hits(hitting[0], named, place=facts.place)
    if settings.PROCESS == "web":  # who decides again and again
        cleared.follow(facts.packages, at=at, ask=urgent.ask)
    return tuple(
        _verdict(subject, facts.subjects[number], facts=facts, hits=hits, mode=mode, at=at)
        for number, subject in enumerate(subjects)
    )


def _verdict(
    subject: Subject, known: SubjectFacts, *, facts: Facts, hits: dict[str, tuple[Hit, ...]], mode: Mode, at: datetime
) -> Verdict:
    found = _distinct([hit for digest in _digests(subject, known) or ("",) for hit in hits[digest]])
    blocking = [hit for hit in found if not hit.is_freeze]
    freezing = [hit for hit in found if hit.is_freeze and str(hit.block) not in known.ran]
    rules = (
        not_blocked(subject, known, hits=blocking, kinds=facts.kinds),
        not_frozen(facts.place, hits=freezing, kinds=facts.kinds),
    )
    outcome = outcome_of(rules)
    return Verdict(
        subject=subject,
        outcome=outcome,
        allowed=is_allowed(outcome, mode=mode),
        mode=mode,
        rules=rules,
        hits=(*blocking, *freezing),
        place=facts.place,
        at=at,
    )


def _digests(subject: Subject, known: SubjectFacts) -> Sequence[str]:
    return [subject.digest] if subject.digest else known.tagged


def _distinct(hits: Sequence[Hit]) -> list[Hit]:
    return list({hit.block: hit for hit in reversed(hits)}.values())[::-1]


def _store(asked: Asked, verdicts: Sequence[Verdict], *, actor: Actor, at: datetime) -> None:
    """Write all decisions of a request in one statement, which is one transaction."""
    place = verdicts[0].place
    values: dict[str, Value] = {
        "team": actor.team_id,
        "at": at,
        "asked_by": actor.label[:200],
        "gate": asked.gate.value,
        "uid": asked.uid,
        "environment": place.environment,
        "cluster": place.cluster,
        "namespace": place.namespace,
        "service": place.service,
        "workload": asked.workload,
        "mode": verdicts[0].mode.value,
        "rows": json.dumps([_row(verdict) for verdict in verdicts]),
    }
    urgent.ask([Query(_INSERT, values)])


def _row(verdict: Verdict) -> dict[str, Any]:
    return {
        "public_id": str(verdict.public_id),
        "digest": verdict.subject.digest,
        "image": verdict.subject.image,
        "outcome": verdict.outcome.value,
        "allowed": verdict.allowed,
        "rules": [kept_rule(rule) for rule in verdict.rules],
        "hits": [kept_hit(hit) for hit in verdict.hits],
    }


def kept_rule(rule: RuleResult) -> dict[str, Any]:
    """Return a rule's result as it is stored, evidence included."""
    return {
        "rule": rule.rule,
        "result": rule.result.value,
        "reasons": [{"code": reason.code, "message": reason.message} for reason in rule.reasons],
        "evidence": sorted({digest for reason in rule.reasons for digest in reason.evidence}),
    }


def kept_hit(hit: Hit) -> dict[str, Any]:
    """Return a hit as it is stored."""
    return {
        "block": str(hit.block),
        "kind": hit.kind.value,
        "reason": hit.reason,
        "selector": dict(hit.selector),
        "incident": None if hit.incident is None else str(hit.incident),
        "relation": hit.relation.value,
        "detail": hit.detail,
        "via": hit.via,
    }
