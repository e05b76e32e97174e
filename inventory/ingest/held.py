"""A claimed document: its row is locked, and all that was sent is read, in the first exchange of its transaction."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.conf import settings

from inventory.ingest import queue_sql
from inventory.models import Evidence, EvidenceBlob
from supplychain.access.models import ApiKey
from supplychain.exchange import Query, exchange, to_model

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Claim:
    """A row this worker may work on, and which try this is."""

    evidence_id: int
    attempt: int


@dataclass(frozen=True, slots=True)
class Held:
    """What was sent, and what the database could tell along with it."""

    evidence: Evidence
    artifact_ids: Mapping[str, int]
    """Those of the parameter `artifact` that are known, by digest."""
    bound_before: Mapping[str, int]
    """What the same bytes of this team were bound to, by digest; looked up only without the parameter `artifact`."""
    generation: int
    has_lane: bool
    """False for a large document while as many large ones are worked on as may be."""


def hold(claim: Claim) -> Held | None:
    """Lock the row of a claimed document for this transaction, and read all that was sent."""
    values = {
        "evidence": claim.evidence_id,
        "attempt": claim.attempt,
        "lanes": settings.LARGE_DOCUMENTS_AT_ONCE,
    }
    [rows] = exchange([Query(queue_sql.HOLD, values)])
    if not rows:
        return None
    told, data = rows[0]
    facts = json.loads(told or b"")
    evidence = _evidence(facts["evidence"], key=facts["key"])
    evidence.blob = EvidenceBlob(
        digest=evidence.blob_id, size_bytes=evidence.size_bytes, place=facts["place"], data=data
    )
    return Held(evidence, facts["artifacts"] or {}, facts["bound_before"] or {}, facts["generation"], facts["has_lane"])


def _evidence(row: Mapping[str, Any], *, key: Mapping[str, Any]) -> Evidence:
    evidence = to_model(Evidence, row)
    if key["id"] is not None:
        evidence.api_key = to_model(ApiKey, key)
    return evidence
