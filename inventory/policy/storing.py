"""Decisions as they are kept: all of a request in one statement, and of requests that come at the same time."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from django.conf import settings

from supplychain.database import urgent
from supplychain.database.together import Together
from supplychain.exchange import Query, Statement

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from inventory.policy.asked import Asked
    from inventory.policy.hits import Hit
    from inventory.policy.rules import RuleResult
    from inventory.policy.verdicts import Verdict
    from supplychain.access.actors import Actor
    from supplychain.exchange import Value

_COLUMNS = {
    "public_id": "uuid",
    "team_id": "bigint",
    "at": "timestamptz",
    "asked_by": "text",
    "gate": "text",
    "request_uid": "text",
    "digest": "text",
    "image": "text",
    "environment": "text",
    "cluster": "text",
    "namespace": "text",
    "service": "text",
    "workload": "text",
    "mode": "text",
    "outcome": "text",
    "allowed": "bool",
    "rules": "jsonb",
    "hits": "jsonb",
}
_INSERT = Statement(f"""
INSERT INTO policy_decision ({", ".join(_COLUMNS)})
SELECT * FROM unnest({", ".join(f"%({name})s::{type_}[]" for name, type_ in _COLUMNS.items())})
ON CONFLICT (public_id) DO NOTHING
""")  # noqa: S608  # names of columns alone
"""Sent again where nobody knows whether it was committed, it changes nothing."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What was decided about the subjects of a request, to be kept."""

    asked: Asked
    verdicts: Sequence[Verdict]
    actor: Actor
    at: datetime


def keep(kept: Kept) -> None:
    """Write all decisions of a request down; it is committed when this returns. Raises DatabaseAwayError."""
    if settings.PROCESS == "web":
        _together.do(kept)
    else:
        _keep([kept])


def keep_nothing() -> None:
    """Let the server plan the statement, and write nothing."""
    urgent.ask([Query(_INSERT, {name: [] for name in _COLUMNS})])


def _keep(all_kept: Sequence[Kept]) -> list[None]:
    rows = [_row(kept, verdict) for kept in all_kept for verdict in kept.verdicts]
    values: dict[str, Value] = dict(zip(_COLUMNS, (list(column) for column in zip(*rows, strict=True)), strict=True))
    urgent.ask([Query(_INSERT, values)])
    return [None] * len(all_kept)


_together: Together[Kept, None] = Together(_keep)


def _row(kept: Kept, verdict: Verdict) -> tuple[Any, ...]:
    """Return the values of _COLUMNS."""
    asked, place = kept.asked, verdict.place
    return (
        str(verdict.public_id),
        kept.actor.team_id,
        kept.at,
        kept.actor.label[:200],
        asked.gate.value,
        asked.uid,
        verdict.subject.digest,
        verdict.subject.image,
        place.environment,
        place.cluster,
        place.namespace,
        place.service,
        asked.workload,
        verdict.mode.value,
        verdict.outcome.value,
        verdict.allowed,
        _rules_as_text(verdict.rules),
        json.dumps([kept_hit(hit) for hit in verdict.hits]),
    )


@lru_cache(maxsize=256)
def _rules_as_text(rules: tuple[RuleResult, ...]) -> str:
    """Return them as JSON; most decisions are alike."""
    return json.dumps([kept_rule(rule) for rule in rules])


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
