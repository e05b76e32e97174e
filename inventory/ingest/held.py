"""A claimed document: its row is locked, and all that was sent is read.

The row is claimed twice. First `processing` and attempts + 1 are committed, so that a worker that dies in the work has
still used up a try. Then the row lock is taken and held through the one transaction of the work: while it is held the
document is being worked on, and when its holder dies it is free, whatever any clock says. Who has nothing else to send
does both in one exchange.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings

from inventory.ingest import queue_sql
from inventory.models import Evidence, EvidenceBlob
from inventory.store import blobs
from supplychain.access.models import ApiKey
from supplychain.exchange import BEGIN, COMMIT, Query, exchange, to_int, to_model

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from supplychain.exchange import Row

MAX_ATTEMPTS = 3
OVERDUE_AFTER = timedelta(seconds=10)


class _Turn:
    """Which team this process served last: the next in turn comes first among equals."""

    team_id = 0


@dataclass(frozen=True, slots=True)
class Claim:
    """A row this worker may work on, and which try this is."""

    evidence_id: int
    attempt: int


@dataclass(frozen=True, slots=True)
class Held:
    """What was sent, and what the database could tell along with it."""

    claim: Claim
    evidence: Evidence
    artifact_ids: Mapping[str, int]
    """Those of the parameter `artifact` that are known, by digest."""
    bound_before: Mapping[str, int]
    """What the same bytes of this team were bound to, by digest; looked up only without the parameter `artifact`."""
    generation: int
    is_large: bool
    has_lane: bool
    """False for a large document while as many large ones are worked on as may be."""


def overdue_before(now: datetime) -> datetime:
    """Say since when a document must have waited, or been in work, to be overdue."""
    return now - OVERDUE_AFTER


def claiming(now: datetime) -> Query:
    """Make the query that claims the fairest waiting document; `claimed` reads its answer."""
    return Query(
        queue_sql.CLAIM,
        {
            "now": now,
            "overdue": overdue_before(now),
            "after": _Turn.team_id,
            "lanes": settings.LARGE_DOCUMENTS_AT_ONCE,
        },
    )


def claimed(rows: Sequence[Row]) -> Claim | None:
    """Read the answer of `claiming`; None when nothing waits."""
    if not rows:
        return None
    evidence_id, attempt, _Turn.team_id = map(to_int, rows[0][:3])
    return Claim(evidence_id, attempt)


def claim_next(*, now: datetime) -> Claim | None:
    """Claim a document in an exchange of its own."""
    [rows] = exchange([claiming(now)])
    return claimed(rows)


def hold(claim: Claim) -> Held | None:
    """Lock the row of a claimed document for this transaction, and read all that was sent.

    None when somebody else has taken it over.
    """
    values = {"evidence": claim.evidence_id, "attempt": claim.attempt, **_holding()}
    [rows] = exchange([Query(queue_sql.HOLD, values)])
    return _read(rows[0], claim=claim) if rows else None


def claim_and_hold(*, now: datetime) -> tuple[Claim | None, Held | None]:
    """Claim a document, commit that, and hold it in the transaction that follows, in one exchange.

    Only where a transaction is about to begin that is the caller's alone.
    """
    holding = Query(queue_sql.HOLD_CLAIMED, {"now": now, **_holding()})
    rows, _, _, held = exchange([claiming(now), COMMIT, BEGIN, holding])
    claim = claimed(rows)
    if claim is None:
        return None, None
    # Where a pool stands before the database, the second transaction may have come to another session of it.
    return claim, _read(held[0], claim=claim) if held else hold(claim)


def _holding() -> dict[str, int]:
    return {"lanes": settings.LARGE_DOCUMENTS_AT_ONCE, "most": MAX_ATTEMPTS, "whole": blobs.SLICE_BYTES}


def _read(row: Row, *, claim: Claim) -> Held:
    told, data = row
    facts = json.loads(told or b"")
    evidence = _evidence(facts["evidence"], key=facts["key"])
    evidence.blob = EvidenceBlob(
        digest=evidence.blob_id, size_bytes=evidence.size_bytes, place=facts["place"], data=data
    )
    return Held(
        claim,
        evidence,
        facts["artifacts"] or {},
        facts["bound_before"] or {},
        facts["generation"],
        facts["is_large"],
        facts["has_lane"],
    )


def _evidence(row: Mapping[str, Any], *, key: Mapping[str, Any]) -> Evidence:
    evidence = to_model(Evidence, row)
    if key["id"] is not None:
        evidence.api_key = to_model(ApiKey, key)
    return evidence
