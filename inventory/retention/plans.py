"""A removal from its proposal to its end: one person plans, another approves, then the bytes go, one by one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from inventory.models import BlobPlace, EvidenceBlob, EvidenceTombstone, RetentionItem, RetentionPlan
from inventory.retention.candidates import Candidate, judge
from inventory.store import locks
from supplychain.access import audit
from supplychain.access.actors import Actor, actor_for_user
from supplychain.access.audit import JSON
from supplychain.access.models import User
from supplychain.access.scopes import OrganisationRole
from supplychain.errors import DomainError

MAX_DOCUMENTS = 10_000
_DECIDE = frozenset({OrganisationRole.ADMIN.value, OrganisationRole.APPROVER.value})


class RetentionRefusedError(DomainError):
    """A removal that may not be planned, approved or run like this."""

    def __init__(self, message: str) -> None:
        super().__init__("retention_refused", message, status=409)


@dataclass(frozen=True, slots=True)
class Proposal:
    """A plan and what was found: documents whose bytes it would remove, and how many old ones stay, by reason."""

    plan: RetentionPlan | None
    going: tuple[Candidate, ...]
    staying: dict[str, int]


@dataclass(frozen=True, slots=True)
class Removal:
    """What became of one document of a plan: `kept_because` is empty when its bytes are gone."""

    public_id: UUID
    size_bytes: int
    kept_because: str


def propose(*, user: User, keep_since: datetime, reason: str, at: datetime, limit: int = MAX_DOCUMENTS) -> Proposal:
    """Write down which bytes could go; nothing is removed. No plan is made when nothing could.

    Raises RetentionRefusedError.
    """
    _check_right(user)
    if not reason.strip():
        raise RetentionRefusedError("Say why the bytes should go.")
    if keep_since >= at:
        raise RetentionRefusedError("Only what is old can go: RETENTION_DAYS is a number of days.")
    found = judge(keep_since=keep_since, limit=limit)
    going = tuple(candidate for candidate in found if not candidate.kept_because)
    staying = Counter(candidate.kept_because for candidate in found if candidate.kept_because)
    if not going:
        return Proposal(None, going, dict(staying))
    with transaction.atomic():
        plan = RetentionPlan.objects.create(keep_since=keep_since, reason=reason, planned_by=user, planned_at=at)
        RetentionItem.objects.bulk_create(
            [RetentionItem(plan=plan, evidence_id=candidate.evidence_id) for candidate in going], batch_size=1000
        )
        _record(user, "retention.planned", plan, at=at, documents=len(going), reason=reason)
    return Proposal(plan, going, dict(staying))


def approve(plan: RetentionPlan, *, user: User, at: datetime) -> None:
    """Approve another person's plan. Raises RetentionRefusedError for one's own, and for one that was decided."""
    _check_right(user)
    if user.pk == plan.planned_by_id:
        raise RetentionRefusedError("Removing evidence takes two people: somebody else must approve this plan.")
    with transaction.atomic():
        mine = RetentionPlan.objects.filter(pk=plan.pk, approved_at__isnull=True)
        if not mine.update(approved_by=user, approved_at=at):
            raise RetentionRefusedError("This plan was approved before.")
        _record(user, "retention.approved", plan, at=at)
    plan.refresh_from_db()


def carry_out(plan: RetentionPlan, *, actor: Actor, at: datetime) -> Iterator[Removal]:
    """Remove the bytes of an approved plan; what has come to be needed meanwhile stays. Begun again, it goes on.

    Raises RetentionRefusedError.
    """
    if plan.approved_at is None:
        raise RetentionRefusedError("Nobody has approved this plan.")
    if plan.finished_at is not None:
        raise RetentionRefusedError("This plan was carried out before.")
    waiting = _waiting(plan).order_by("evidence__blob_id", "evidence_id")
    rows = list(waiting.values_list("evidence__blob_id", "evidence_id"))
    for digest, group in groupby(rows, key=lambda row: row[0]):
        yield from _remove(digest, [evidence_id for _, evidence_id in group], plan=plan, actor=actor, at=at)
    RetentionPlan.objects.filter(pk=plan.pk, finished_at__isnull=True).update(finished_at=at)


def _waiting(plan: RetentionPlan) -> QuerySet[RetentionItem]:
    return RetentionItem.objects.filter(plan=plan, kept_because="", evidence__tombstone__isnull=True)


def _remove(
    digest: str, evidence_ids: list[int], *, plan: RetentionPlan, actor: Actor, at: datetime
) -> Iterator[Removal]:
    """Judge the documents of one digest again, then put a tombstone for each in place of the bytes: all or nothing."""
    with transaction.atomic():
        locks.own(digest)
        judged = judge(keep_since=plan.keep_since, limit=len(evidence_ids), only=evidence_ids)
        kept = next((found.kept_because for found in judged if found.kept_because), "")
        if len(judged) < len(evidence_ids):
            kept = kept or "no longer an old, applied document"
        if kept:
            RetentionItem.objects.filter(plan=plan, evidence_id__in=evidence_ids).update(kept_because=kept)
        else:
            _bury(digest, judged, plan=plan, actor=actor, at=at)
        removed = [Removal(found.public_id, found.size_bytes, kept) for found in judged]
    yield from removed


def _bury(digest: str, going: list[Candidate], *, plan: RetentionPlan, actor: Actor, at: datetime) -> None:
    EvidenceTombstone.objects.bulk_create(
        EvidenceTombstone(
            evidence_id=found.evidence_id, plan=plan, digest=digest, size_bytes=found.size_bytes, removed_at=at
        )
        for found in going
    )
    EvidenceBlob.objects.filter(pk=digest).update(place=BlobPlace.REMOVED, data=None)
    for found in going:
        details: dict[str, JSON] = {"digest": digest, "size_bytes": found.size_bytes, "plan": str(plan.public_id)}
        audit.record(
            actor, "evidence.removed", subject=str(found.public_id), details=details, team_id=found.team_id, at=at
        )


def _check_right(user: User) -> None:
    if not user.is_active or user.organisation_role not in _DECIDE:
        raise RetentionRefusedError("Only an approver or an administrator decides what is removed.")


def _record(user: User, action: str, plan: RetentionPlan, *, at: datetime, **details: JSON) -> None:
    audit.record(actor_for_user(user), action, subject=str(plan.public_id), details=details, at=at)


def find_plan(public_id: UUID) -> RetentionPlan:
    """Return a plan. Raises RetentionRefusedError when there is none of this id."""
    plan = RetentionPlan.objects.select_related("planned_by", "approved_by").filter(public_id=public_id).first()
    if plan is None:
        raise RetentionRefusedError(f"There is no plan {public_id}.")
    return plan
