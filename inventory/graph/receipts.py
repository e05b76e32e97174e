"""Receipts as an actor may see them: evidence with what became of it, whom it is from and how it was filtered."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from django.db.models.expressions import RawSQL

from inventory.models import Evidence, EvidenceTombstone, State
from supplychain.access.scopes import Scope
from supplychain.errors import DomainError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from uuid import UUID

    from django.db.models import QuerySet

    from supplychain.access.actors import Actor

NEWEST_FIRST = ("-public_id",)
"""The order of lists: ids are made in the order of receipt, and unlike row numbers they tell nothing of other teams."""

_RELATED = ("state", "team", "api_key", "user", "tombstone__plan")
_ABOUT = """
WITH wanted AS (SELECT id FROM inventory_artifact WHERE digest = %s)
SELECT p.evidence_id FROM wanted
JOIN inventory_snapshotsubject x ON x.artifact_id = wanted.id JOIN inventory_snapshot p ON p.id = x.snapshot_id
UNION ALL
SELECT m.evidence_id FROM wanted JOIN inventory_indexmember m ON m.index_id = wanted.id OR m.member_id = wanted.id
UNION ALL
SELECT x.evidence_id FROM wanted JOIN inventory_artifactalias x ON x.alias_id = wanted.id OR x.artifact_id = wanted.id
UNION ALL
SELECT unnest(ARRAY[i.opened_by_id, i.closed_by_id])
FROM wanted JOIN inventory_runinterval i ON i.artifact_id = wanted.id
UNION ALL
SELECT c.evidence_id FROM wanted
JOIN inventory_attestationsubject x ON x.artifact_id = wanted.id
JOIN inventory_attestationsource c ON c.attestation_id = x.attestation_id
UNION ALL
SELECT c.evidence_id FROM wanted JOIN inventory_artifactclaim c ON c.artifact_id = wanted.id
UNION ALL
SELECT l.evidence_id FROM wanted JOIN inventory_imagelayer l ON l.artifact_id = wanted.id
UNION ALL
SELECT r.evidence_id FROM wanted JOIN inventory_referrer r ON r.subject_id = wanted.id OR r.referrer_id = wanted.id
UNION ALL
SELECT v.evidence_id FROM wanted JOIN inventory_tagevent v ON v.artifact_id = wanted.id
UNION ALL
SELECT s.evidence_id FROM inventory_vexproduct p JOIN inventory_vexstatement s ON s.id = p.statement_id
WHERE p.digest = %s AND p.digest <> ''
UNION ALL
SELECT e.id FROM inventory_evidencestate s JOIN inventory_evidence e ON e.id = s.evidence_id
WHERE s.state IN ('received', 'processing', 'rejected', 'quarantined') AND e.artifacts @> ARRAY[%s]::varchar[]
"""
"""SELECT (evidence id): what was applied is found by the facts it stated, the rest by what it was sent for."""


class ReceiptNotFoundError(DomainError):
    """No evidence the actor may see has this id."""

    def __init__(self) -> None:
        super().__init__("not_found", "No evidence with this id is known here.", status=404)


@dataclass(frozen=True, slots=True)
class ReceiptFilter:
    """`artifact` is a digest of which the document states a fact, or that it was sent for and nothing came of it."""

    state: State | None = None
    kind: str = ""
    artifact: str = ""
    since: datetime | None = None


def readable(actor: Actor) -> QuerySet[Evidence]:
    """Return the evidence whose receipts an actor may read: all it sees, but a key that only writes what it sent."""
    rows = Evidence.objects.visible_to(actor)
    is_write_only = actor.kind == "key" and not actor.can(Scope.INVENTORY_READ)
    return rows.filter(api_key_id=actor.key_id) if is_write_only else rows


def receipts(wanted: ReceiptFilter, *, actor: Actor) -> QuerySet[Evidence]:
    """Return visible evidence with its state, unordered: the reader pages through it in the order NEWEST_FIRST."""
    rows = readable(actor).select_related(*_RELATED)
    if wanted.state is not None:
        rows = rows.filter(state__state=wanted.state)
    if wanted.kind:
        rows = rows.filter(state__kind=wanted.kind)
    if wanted.artifact:
        rows = rows.filter(pk__in=RawSQL(_ABOUT, [wanted.artifact] * 3))  # noqa: S611  # a constant
    if wanted.since is not None:
        rows = rows.filter(received_at__gte=wanted.since)
    return rows


def find_receipt(public_id: UUID, *, actor: Actor) -> Evidence:
    """Return one receipt; raises ReceiptNotFoundError for what is missing or another team's. One statement."""
    found = readable(actor).select_related(*_RELATED).filter(public_id=public_id).first()
    if found is None:
        raise ReceiptNotFoundError
    return found


def public_ids(rows: Iterable[int]) -> dict[int, UUID]:
    """Return the receipts' ids of rows by their numbers; for those who see every team."""
    return dict(Evidence.objects.filter(pk__in=list(rows)).values_list("pk", "public_id"))


def tombstone_of(evidence: Evidence) -> EvidenceTombstone | None:
    """Return what stands for a document's bytes that retention removed; `tombstone__plan` must have been selected."""
    return getattr(evidence, "tombstone", None)
