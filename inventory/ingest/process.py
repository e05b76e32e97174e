"""The worker's side of the queue: claim a row, do its work in one transaction, write down what became of it.

The row is claimed twice. First `processing` and attempts + 1 are committed, so that a worker that dies in the work has
still used up a try. Then the row lock is taken and held through the one transaction of the work: while it is held the
document is being worked on, and when its holder dies it is free, whatever any clock says.
"""

from __future__ import annotations

import logging
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from time import perf_counter
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import connection, transaction
from django.db.models.expressions import RawSQL

from inventory.formats.detect import detect
from inventory.formats.envelope import unwrap
from inventory.formats.limits import Limits
from inventory.formats.read import read_document
from inventory.formats.records import FormatError, ImageRecord, ReadWarning, RuntimeRecord, SbomRecord
from inventory.formats.schema import check
from inventory.ingest import identifiers, image, runtime, sbom, upsert
from inventory.ingest.time_limit import OutOfTimeError, time_limit
from inventory.models import EvidenceKind, EvidenceState, State
from inventory.store import blobs
from inventory.store.errors import EvidenceCorruptError, EvidenceMissingError, EvidenceStoreUnavailableError
from supplychain.ops import log_context, reporter

if TYPE_CHECKING:
    from collections.abc import Sequence

    from inventory.formats.records import Document
    from inventory.formats.schema import SchemaVerdict
    from inventory.ingest.result import Applied
    from inventory.models import Evidence

logger = logging.getLogger(__name__)

MAX_ATTEMPTS = 3
SOFT_LIMIT_SECONDS, HARD_LIMIT_SECONDS = 270.0, 285.0
"""Of one document: below Celery's limit of a task, which begins earlier (settings.py)."""
OVERDUE_AFTER = timedelta(seconds=10)
RETRY_AFTER = timedelta(seconds=2)
"""Not before this after a first failure of ours, twice that after the second; the sweep rings for it then."""
WAIT_AFTER = timedelta(seconds=15)
"""Not before this after the storage of documents was away."""
MAX_RINGS = 20
"""Rings of one sweep: enough to wake every worker, few enough not to flood the broker."""
MAX_WARNINGS_KEPT = 100
_READ_AS: dict[str, str] = {EvidenceKind.SNAPSHOT: EvidenceKind.DEPLOYMENT}
"""A snapshot is a runtime report like another; that it is the whole, its route says."""
_KINDS: dict[type, frozenset[str]] = {
    SbomRecord: frozenset({EvidenceKind.SBOM}),
    ImageRecord: frozenset({EvidenceKind.IMAGE}),
    RuntimeRecord: frozenset({EvidenceKind.DEPLOYMENT, EvidenceKind.SNAPSHOT}),
}
"""What a key must be for to send each of them; either word opens both ways to report what runs."""

_OUTCOMES = {State.APPLIED: "applied", State.APPLIED_WITH_WARNINGS: "applied", State.REJECTED: "rejected"}
"""What /ops counts by the minute, under `documents.`; quarantined ones are counted where they are set aside."""

_CLAIM = """
WITH RECURSIVE waiting(team_id) AS (
    (SELECT team_id FROM inventory_evidencestate WHERE state IN ('received', 'processing') ORDER BY team_id LIMIT 1)
    UNION ALL
    SELECT (SELECT s.team_id FROM inventory_evidencestate s
            WHERE s.state IN ('received', 'processing') AND s.team_id > w.team_id ORDER BY s.team_id LIMIT 1)
    FROM waiting w WHERE w.team_id IS NOT NULL
), fairest AS (
    SELECT w.team_id FROM waiting w
    WHERE w.team_id IS NOT NULL
    ORDER BY (SELECT count(*) FROM inventory_evidencestate s
              WHERE s.team_id = w.team_id AND s.state = 'processing' AND s.claimed_at > %(overdue)s), w.team_id
), next AS (
    SELECT n.evidence_id FROM fairest f CROSS JOIN LATERAL (
        SELECT s.evidence_id FROM inventory_evidencestate s
        WHERE s.team_id = f.team_id
          AND (s.state = 'received' AND s.queued_at <= %(now)s
               OR s.state = 'processing' AND s.claimed_at <= %(overdue)s)
        ORDER BY s.evidence_id LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED) n
    LIMIT 1
)
UPDATE inventory_evidencestate s SET state = 'processing', attempts = s.attempts + 1, claimed_at = %(now)s
FROM next WHERE s.evidence_id = next.evidence_id
RETURNING s.evidence_id, s.attempts
"""
_OVERDUE = """
SELECT count(*) FROM (
    SELECT 1 FROM inventory_evidencestate
    WHERE state = 'received' AND queued_at <= %(overdue)s OR state = 'processing' AND claimed_at <= %(overdue)s
    ORDER BY evidence_id LIMIT %(limit)s FOR NO KEY UPDATE SKIP LOCKED) overdue
"""


@dataclass(frozen=True, slots=True)
class Claim:
    """A row this worker may work on, and which try this is."""

    evidence_id: int
    attempt: int


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a try failed; shown on the receipt when it was the last."""

    code: str
    message: str


def process_next() -> bool:
    """Claim the fairest waiting document and work on it; False when nothing waits.

    The next is the oldest of the team with the fewest in work, so that a team's thousand documents delay no other team.
    """
    claim = _claim(now=datetime.now(UTC))
    if claim is None:
        return False
    about = f"evidence:{claim.evidence_id}"
    with log_context.bound(evidence_row=claim.evidence_id, attempt=claim.attempt), reporter.working_on(about):
        _work_on(claim)
    return True


def _work_on(claim: Claim) -> None:
    """Give a claimed document its try, and write down what became of it."""
    if claim.attempt > MAX_ATTEMPTS:
        _quarantine(claim, Failure("worker_died", f"{MAX_ATTEMPTS} workers died over this document."))
        return
    began = perf_counter()
    try:
        with (
            time_limit(soft_seconds=SOFT_LIMIT_SECONDS, hard_seconds=HARD_LIMIT_SECONDS),
            transaction.atomic(),
        ):
            ended = _work(claim, now=datetime.now(UTC))
    except EvidenceStoreUnavailableError as error:
        logger.warning("The storage of documents is away; a document waits.", extra={"reason": error.reason})
        _wait(claim)
        return
    except MemoryError as error:  # without its stack, to be written into memory that is not there
        logger.error("A document failed: out of memory.")  # noqa: TRY400
        failure = _failure(error)
    except Exception as error:
        logger.exception("A document failed.")
        failure = _failure(error)
    else:
        if ended is not None:
            _tell(ended, seconds=perf_counter() - began)
        return
    # Behind the handlers: the error's stack, and with it the document's memory, is gone.
    upsert.forget_all()
    _put_back(claim, failure)


def _failure(error: Exception) -> Failure:
    if isinstance(error, EvidenceCorruptError | EvidenceMissingError):
        return Failure(error.code, error.message)
    if isinstance(error, MemoryError):
        return Failure("resource_limit", f"It needs more memory than a worker may have; tried {MAX_ATTEMPTS} times.")
    if isinstance(error, OutOfTimeError):
        return Failure("time_limit", f"It needs more time than a worker may take; tried {MAX_ATTEMPTS} times.")
    return Failure("internal_error", f"Processing failed {MAX_ATTEMPTS} times: {type(error).__name__}.")


def count_overdue(after: timedelta | None = None) -> int:
    """Count documents that waited too long and that no living worker holds, at most MAX_RINGS."""
    overdue = datetime.now(UTC) - (OVERDUE_AFTER if after is None else after)
    with connection.cursor() as cursor:
        cursor.execute(_OVERDUE, {"overdue": overdue, "limit": MAX_RINGS})
        row = cursor.fetchone()
    return int(row[0]) if row else 0


def is_any_overdue(seconds: float) -> bool:
    """Tell whether a document has waited so long without a worker that holds it; what the watchdog asks."""
    return count_overdue(timedelta(seconds=seconds)) > 0


def retry(evidence_id: int, *, at: datetime) -> bool:
    """Put a rejected or quarantined document back into the queue; False when it is in no such state."""
    count = EvidenceState.objects.filter(pk=evidence_id, state__in=(State.REJECTED, State.QUARANTINED)).update(
        state=State.RECEIVED, attempts=0, queued_at=at, claimed_at=None, error=None
    )
    return count == 1


def _claim(*, now: datetime) -> Claim | None:
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, {"now": now, "overdue": now - OVERDUE_AFTER})
        row = cursor.fetchone()
    return None if row is None else Claim(evidence_id=row[0], attempt=row[1])


def _work(claim: Claim, *, now: datetime) -> EvidenceState | None:
    """Read and apply one document, and return how it ended; what cannot be read is rejected, an end like any other.

    Returns None when somebody else has taken the row over meanwhile. Waits for the row: the claim of another worker,
    or the sweep, may hold it for the moment in which they see that it is taken.
    """
    held = (
        EvidenceState.objects.select_for_update(of=("self",), no_key=True)
        .select_related("evidence__blob", "evidence__api_key")
        .defer("evidence__api_key__secret_digest")  # none of the worker's business (supplychain/database/grants.py)
        .annotate(generation=RawSQL("pg_relation_filenode('inventory_component')", []))
        .filter(pk=claim.evidence_id, state=State.PROCESSING, attempts=claim.attempt)
        .first()
    )
    if held is None:
        logger.info("Another worker took a document over.")
        return None
    for memory in (upsert, identifiers):
        memory.follow_generation(held.generation)
    try:
        applied, verdict = _read_and_apply(held.evidence, now=now)
    except FormatError as error:
        _finish(held, state=State.REJECTED, error=error)
    else:
        _finish_applied(held, applied=applied, verdict=verdict)
    return held


def _read_and_apply(evidence: Evidence, *, now: datetime) -> tuple[Applied, SchemaVerdict | None]:
    data = blobs.read(evidence.blob)
    limits = Limits(inflated_bytes=settings.MAX_INFLATED_BYTES, components=settings.MAX_COMPONENTS)
    body = unwrap(data, limits=limits).data
    kind = _READ_AS.get(evidence.declared_kind, evidence.declared_kind)
    document = read_document(body, limits=limits, kind=kind or None)
    _refuse_outside_binding(document, evidence=evidence)
    verdict = check(body, detect(body), limits=limits) if isinstance(document, SbomRecord) else None
    del data, body
    if verdict is not None and not verdict.valid and settings.REFUSE_SCHEMA_INVALID:
        first = verdict.errors[0]
        raise FormatError("schema_invalid", first.message, pointer=first.pointer)
    return _apply(document, evidence=evidence, at=now), verdict


def _refuse_outside_binding(document: Document, *, evidence: Evidence) -> None:
    """Hold a key that is bound to kinds to them by what the document is, not by what its sender calls it."""
    bound = set(evidence.api_key.kinds) if evidence.api_key else set()
    found = _KINDS[type(document)]
    if bound and not bound & found:
        raise FormatError("outside_binding", f"This key is not for documents of the kind {min(found)}.")


def _apply(document: Document, *, evidence: Evidence, at: datetime) -> Applied:
    """Apply a document; one that is refused leaves nothing behind.

    An SBOM is refused before its first write, so the commonest document is spared a savepoint.
    """
    if isinstance(document, SbomRecord):
        return sbom.apply(document, evidence=evidence, at=at)
    with transaction.atomic():
        if isinstance(document, ImageRecord):
            return image.apply(document, evidence=evidence, at=at)
        return runtime.apply(document, evidence=evidence, at=at)


def _finish_applied(held: EvidenceState, *, applied: Applied, verdict: SchemaVerdict | None) -> None:
    warnings = [*applied.warnings, *_schema_warnings(applied, verdict=verdict)]
    held.applied_sequence = RawSQL("nextval('inventory_applied_sequence')", [])  # a constant
    held.applied_at = datetime.now(UTC)
    held.kind, held.format, held.format_version = applied.kind, applied.format, applied.format_version
    held.schema_valid = None if verdict is None else verdict.valid
    held.schema_error_count = None if verdict is None else verdict.error_count
    held.subjects = list(applied.subjects)
    held.counts = dict(applied.counts)
    _finish(held, state=State.APPLIED_WITH_WARNINGS if warnings else State.APPLIED, warnings=warnings)


def _schema_warnings(applied: Applied, *, verdict: SchemaVerdict | None) -> list[ReadWarning]:
    if verdict is not None:
        return list(verdict.errors)
    if applied.kind != EvidenceKind.SBOM:
        return []
    return [ReadWarning("schema_not_checked", "", "The document is too large, or has no schema to be checked against.")]


def _finish(
    held: EvidenceState, *, state: State, warnings: Sequence[ReadWarning] = (), error: FormatError | None = None
) -> None:
    held.state = state
    held.warnings = [asdict(warning) for warning in warnings[:MAX_WARNINGS_KEPT]]
    held.warning_count = len(warnings)
    held.error = None if error is None else {"code": error.code, "pointer": error.pointer, "message": error.message}
    held.save(force_update=True)


def _wait(claim: Claim) -> None:
    """Queue a document whose bytes could not be fetched, and give its try back: the storage is to blame."""
    EvidenceState.objects.filter(pk=claim.evidence_id, attempts=claim.attempt, state=State.PROCESSING).update(
        state=State.RECEIVED, attempts=claim.attempt - 1, queued_at=datetime.now(UTC) + WAIT_AFTER, claimed_at=None
    )


def _tell(ended: EvidenceState, *, seconds: float) -> None:
    """Log one line a document and count it, once its end is committed."""
    reporter.count(f"documents.{_OUTCOMES[State(ended.state)]}")
    logger.info(
        "A document was processed.",
        extra={
            "evidence_id": str(ended.evidence.public_id),
            "team_id": ended.team_id,
            "state": ended.state,
            "kind": ended.kind,
            "code": (ended.error or {}).get("code"),
            "warning_count": ended.warning_count,
            "size_bytes": ended.evidence.size_bytes,
            "duration_ms": round(seconds * 1000, 1),
        },
    )


def _put_back(claim: Claim, failure: Failure) -> None:
    """Let another try follow after a failure that is ours, not the document's; the third ends in quarantine."""
    if claim.attempt >= MAX_ATTEMPTS:
        _quarantine(claim, failure)
        return
    EvidenceState.objects.filter(pk=claim.evidence_id, attempts=claim.attempt, state=State.PROCESSING).update(
        state=State.RECEIVED, queued_at=datetime.now(UTC) + claim.attempt * RETRY_AFTER, claimed_at=None
    )


def _quarantine(claim: Claim, failure: Failure) -> None:
    """Put a document aside. The claim that found three dead workers was no try."""
    logger.error("A document is quarantined.", extra={"code": failure.code})
    reporter.count("documents.quarantined")
    EvidenceState.objects.filter(pk=claim.evidence_id, attempts=claim.attempt, state=State.PROCESSING).update(
        state=State.QUARANTINED,
        attempts=min(claim.attempt, MAX_ATTEMPTS),
        error={"code": failure.code, "pointer": "", "message": failure.message},
    )
