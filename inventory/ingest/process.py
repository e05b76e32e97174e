"""The worker's side of the queue: claim a row, do its work in one transaction, write down what became of it.

What a claim is says held.py.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum, auto
from time import monotonic, perf_counter
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import OperationalError, connection, transaction
from psycopg.errors import DiskFull

from inventory.formats import known_components
from inventory.formats.limits import Limits
from inventory.formats.read import open_document, read_source
from inventory.formats.records import FormatError, SbomRecord, VexRecord
from inventory.formats.schema import check_source
from inventory.ingest import identifiers, queue_sql, upsert
from inventory.ingest.ahead import Ahead
from inventory.ingest.appliers import apply_document, kinds_for
from inventory.ingest.endings import applied_ending, rejected_ending
from inventory.ingest.held import (
    MAX_ATTEMPTS,
    Claim,
    claim_and_hold,
    claim_next,
    claimed,
    claiming,
    hold,
    overdue_before,
)
from inventory.ingest.lanes import Lane, NoLaneError
from inventory.ingest.result import UnfinishedError
from inventory.ingest.time_limit import OutOfTimeError, time_limit
from inventory.ingest.tries import Failure, noting, place_of
from inventory.models import READABLE, EvidenceKind, EvidenceState, State
from inventory.store import blobs
from inventory.store.errors import EvidenceCorruptError, EvidenceMissingError, EvidenceStoreUnavailableError
from supplychain.exchange import COMMIT, Query, exchange, is_outermost, to_int
from supplychain.ops import log_context, reporter

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from django.db.models.expressions import CombinedExpression

    from inventory.formats.document import Document
    from inventory.formats.schema_verdict import SchemaVerdict
    from inventory.ingest.held import Held
    from inventory.ingest.result import Applied
    from inventory.models import Evidence
    from supplychain.exchange import Value

logger = logging.getLogger(__name__)

SOFT_LIMIT_SECONDS, HARD_LIMIT_SECONDS = 270.0, 285.0
"""Of one document: below Celery's limit of a task, which begins earlier (settings.py)."""
RETRY_AFTER = timedelta(seconds=2)
"""Not before this after a first failure of ours, twice that after the second; the sweep rings for it then."""
LANE_AFTER = timedelta(seconds=1)
"""Not before this for a large document that found no lane free, though its claim had."""
WAIT_AFTER = timedelta(seconds=15)
"""Not before this after the storage of documents was away, or the disk of the database full."""
MAX_RINGS = 20
"""Rings of one sweep: enough to wake every worker, few enough not to flood the broker."""
_READ_AS: dict[str, str] = {EvidenceKind.SNAPSHOT: EvidenceKind.DEPLOYMENT}
"""A snapshot is a runtime report like another; that it is the whole, its route says."""
_OUTCOMES = {State.APPLIED: "applied", State.APPLIED_WITH_WARNINGS: "applied", State.REJECTED: "rejected"}
"""What /ops counts by the minute, under `documents.`; quarantined ones are counted where they are set aside."""


def process_next() -> bool:
    """Claim the fairest waiting document and work on it; False when nothing waits.

    The next is the oldest of the team with the fewest in work, so that a team's thousand documents delay no other team;
    of several such teams the one that comes after the last served.
    """
    return _process(None, goes_on=lambda: False) is not _NoEnd.NOTHING_WAITS


def work_for(seconds: float, *, told: Callable[[], None] = lambda: None) -> bool:
    """Work through what waits, for a turn; True when the turn ended before the queue did.

    The first document is claimed and held in one exchange. Each document's last exchange claims the next one, so that a
    document costs one commit less. `told` hears of each document that became searchable, behind its commit.
    """
    until = monotonic() + seconds

    def goes_on() -> bool:
        return monotonic() < until

    claim = None
    while True:
        ended = _process(claim, goes_on=goes_on)
        claim = ended.next_claim if isinstance(ended, _Ended) else None
        if isinstance(ended, _Ended) and ended.is_applied:
            told()
        if claim is None and (ended is not _NoEnd.SET_BACK or not goes_on()):
            return not goes_on()


def count_overdue(after: timedelta | None = None) -> int:
    """Count documents that waited too long and that no living worker holds, at most MAX_RINGS."""
    now = datetime.now(UTC)
    overdue = overdue_before(now) if after is None else now - after
    [rows] = exchange([Query(queue_sql.OVERDUE, {"overdue": overdue, "limit": MAX_RINGS})])
    return to_int(rows[0][0])


def is_any_overdue(seconds: float) -> bool:
    """Tell whether a document has waited so long without a worker that holds it; what the watchdog asks."""
    return count_overdue(timedelta(seconds=seconds)) > 0


def retry(evidence_id: int, *, at: datetime) -> bool:
    """Put a rejected or quarantined document back into the queue; False when it is in no such state."""
    count = EvidenceState.objects.filter(pk=evidence_id, state__in=(State.REJECTED, State.QUARANTINED)).update(
        state=State.RECEIVED, attempts=0, queued_at=at, claimed_at=None, error=None, failed_tries=[]
    )
    return count == 1


class _NoEnd(Enum):
    """What a look at the queue came to when it ended no document."""

    NOTHING_WAITS = auto()
    SET_BACK = auto()
    """It waits for another try, is quarantined, or is another worker's."""


def _process(claim: Claim | None, *, goes_on: Callable[[], bool]) -> _Ended | _NoEnd:
    """Give a document its try: the one that is claimed already, or the next that waits."""
    if connection.in_atomic_block and claim is None:  # of the caller, whose commit is the claim's too
        claim = claim_next(now=datetime.now(UTC))
        if claim is None:
            return _NoEnd.NOTHING_WAITS
    with log_context.bound():
        try:
            return _try(claim, goes_on=goes_on)
        except _NotAskedError:  # the connection broke while the worker slept
            connection.close()
            return _try(claim, goes_on=goes_on)


class _NotAskedError(Exception):
    """The connection to the database turned out to be broken before anything was claimed."""


def _try(claim: Claim | None, *, goes_on: Callable[[], bool]) -> _Ended | _NoEnd:
    """Work on a document in one transaction, and write down what became of it."""
    began = perf_counter()
    try:
        with (
            time_limit(soft_seconds=SOFT_LIMIT_SECONDS, hard_seconds=HARD_LIMIT_SECONDS),
            transaction.atomic(),
        ):
            claim, held = _take(claim)
            if claim is None:
                return _NoEnd.NOTHING_WAITS
            with reporter.working_on(f"evidence:{claim.evidence_id}"):
                ended = _work(held, goes_on=goes_on)
    except Exception as error:
        if claim is None:
            raise
        failure = _set_back(claim, error, seconds=perf_counter() - began)
    else:
        if ended is not None:
            _tell(ended, seconds=perf_counter() - began)
        return ended or _NoEnd.SET_BACK
    # Behind the handlers: the error's stack, and with it the document's memory, is gone.
    if failure is not None:
        upsert.forget_all()
        _put_back(claim, failure)
    return _NoEnd.SET_BACK


def _take(claim: Claim | None) -> tuple[Claim | None, Held | None]:
    """Hold a claimed document, or claim and hold the next; in a turn each is claimed with the end of the one before."""
    if claim is not None:
        log_context.add(evidence_row=claim.evidence_id, attempt=claim.attempt)
        return claim, hold(claim)
    try:
        claim, held = claim_and_hold(now=datetime.now(UTC))
    except OperationalError as error:
        raise _NotAskedError from error
    if claim is not None:
        log_context.add(evidence_row=claim.evidence_id, attempt=claim.attempt)
    return claim, held


def _set_back(claim: Claim, error: Exception, *, seconds: float) -> Failure | None:
    """Say what went wrong with a try, or let a document wait with which nothing is wrong."""
    if isinstance(error, NoLaneError):
        _let_wait(claim, after=LANE_AFTER, is_large=True)  # as it turned out to be, if it was not known before
        return None
    if isinstance(error, UnfinishedError):
        logger.info("A large document gives way; the rest of it follows.")
        _let_wait(claim, after=timedelta())
        return None
    if isinstance(error, _WornOutError):
        _quarantine(claim, Failure("worker_died", f"{MAX_ATTEMPTS} workers died over this document."))
        return None
    if isinstance(error, EvidenceStoreUnavailableError):
        logger.warning("The storage of documents is away; a document waits.", extra={"reason": error.reason})
        _let_wait(claim, after=WAIT_AFTER)
        return None
    if isinstance(error, MemoryError):  # without its stack, to be written into memory that is not there
        logger.error("A document failed: out of memory.")
        return _failure(error, seconds=seconds)
    logger.error("A document failed.", exc_info=error)
    if isinstance(error.__cause__, DiskFull):  # whatever the document is, the next one would fail too
        upsert.forget_all()
        _let_wait(claim, after=WAIT_AFTER)
        return None
    return _failure(error, seconds=seconds)


def _failure(error: Exception, *, seconds: float) -> Failure:
    code, message = _told(error)
    return Failure(code, message, type(error).__name__, place_of(error), round(seconds, 1))


def _told(error: Exception) -> tuple[str, str]:
    if isinstance(error, EvidenceCorruptError | EvidenceMissingError):
        return error.code, error.message
    if isinstance(error, MemoryError):
        return "resource_limit", f"It needs more memory than a worker may have; tried {MAX_ATTEMPTS} times."
    if isinstance(error, OutOfTimeError):
        return "time_limit", f"It needs more time than a worker may take; tried {MAX_ATTEMPTS} times."
    return "internal_error", f"Processing failed {MAX_ATTEMPTS} times: {type(error).__name__}."


@dataclass(frozen=True, slots=True)
class _Ended:
    """How a document ended, and what is claimed next."""

    evidence: Evidence
    values: Mapping[str, Value]
    code: str | None
    next_claim: Claim | None

    @property
    def is_applied(self) -> bool:
        return self.values["state"] in READABLE


class _WornOutError(Exception):
    """The claim found that as many workers died over this document as there are tries; it is not read again."""


def _work(held: Held | None, *, goes_on: Callable[[], bool]) -> _Ended | None:
    """Read and apply one document, and return how it ended; what cannot be read is rejected, an end like any other.

    Returns None when somebody else has taken the row over meanwhile. To hold it waits for the row: the claim of another
    worker, or the sweep, may hold it for the moment in which they see that it is taken.
    """
    if held is None:
        logger.info("Another worker took a document over.")
        return None
    claim, now = held.claim, datetime.now(UTC)
    if claim.attempt > MAX_ATTEMPTS:
        raise _WornOutError
    lane = Lane(held)
    for memory in (upsert, identifiers):
        memory.follow_generation(held.generation)
    code = None
    try:
        applied, verdict = _read_and_apply(held, lane=lane, now=now)
    except FormatError as error:
        code = error.code
        ending = [rejected_ending(claim, error=error)]
    else:
        ending = [*applied.writes, applied_ending(claim, applied=applied, verdict=verdict)]
    return _Ended(held.evidence, ending[-1].values, code, _end(ending, goes_on=goes_on))


def _end(ending: Sequence[Query], *, goes_on: Callable[[], bool]) -> Claim | None:
    """Send the last writes of a document, the claim of the next and the commit in one exchange."""
    next_one = [claiming(datetime.now(UTC))] if goes_on() else []
    commit = [COMMIT] if is_outermost() else []
    answers = exchange([*ending, *next_one, *commit])
    return claimed(answers[len(ending)]) if next_one else None


def _read_and_apply(held: Held, *, lane: Lane, now: datetime) -> tuple[Applied, SchemaVerdict | None]:
    evidence = held.evidence
    data = blobs.read(evidence.blob)
    evidence.blob.data = None  # It is unpacked: a feed's frame is as large as the feed.
    limits = Limits(inflated_bytes=settings.MAX_INFLATED_BYTES, components=settings.MAX_COMPONENTS)
    kind = _READ_AS.get(evidence.declared_kind, evidence.declared_kind)
    source = open_document(data, limits=limits, kind=kind or None, grown=lane.need_for)
    with Ahead() as ahead:
        source.hear = ahead.hear
        document = read_source(source)
    if isinstance(document, SbomRecord) and known_components.is_long(len(document.components)):
        known_components.give_room()  # no other document has what it brought
    _refuse_outside_binding(document, evidence=evidence)
    verdict = check_source(source) if isinstance(document, SbomRecord | VexRecord) else None
    del data, source
    if verdict is not None and not verdict.valid and settings.REFUSE_SCHEMA_INVALID:
        first = verdict.errors[0]
        raise FormatError("schema_invalid", first.message, pointer=first.pointer)
    return apply_document(document, held=held, at=now), verdict


def _refuse_outside_binding(document: Document, *, evidence: Evidence) -> None:
    """Hold a key that is bound to kinds to them by what the document is, not by what its sender calls it."""
    bound = set(evidence.api_key.kinds) if evidence.api_key else set()
    found = kinds_for(document)
    if bound and not bound & found:
        raise FormatError("outside_binding", f"This key is not for documents of the kind {min(found)}.")


def _tell(ended: _Ended, *, seconds: float) -> None:
    """Log one line a document and count it, once its end is committed."""
    reporter.count(f"documents.{_OUTCOMES[State(str(ended.values['state']))]}")
    evidence, values = ended.evidence, ended.values
    logger.info(
        "A document was processed.",
        extra={
            "evidence_id": str(evidence.public_id),
            "team_id": evidence.team_id,
            "state": values["state"],
            "kind": values.get("kind", ""),
            "code": ended.code,
            "warning_count": values.get("warning_count", 0),
            "size_bytes": evidence.size_bytes,
            "duration_ms": round(seconds * 1000, 1),
        },
    )


def _let_wait(claim: Claim, *, after: timedelta, **known: bool) -> None:
    """Queue a document that could not be worked on now, and give its try back: nothing is wrong with it."""
    EvidenceState.objects.filter(pk=claim.evidence_id, attempts=claim.attempt, state=State.PROCESSING).update(
        state=State.RECEIVED, attempts=claim.attempt - 1, queued_at=datetime.now(UTC) + after, claimed_at=None, **known
    )


def _put_back(claim: Claim, failure: Failure) -> None:
    """Let another try follow after a failure that is ours, not the document's; the third ends in quarantine."""
    if claim.attempt >= MAX_ATTEMPTS:
        _quarantine(claim, failure, failed_tries=noting(claim, failure))
        return
    EvidenceState.objects.filter(pk=claim.evidence_id, attempts=claim.attempt, state=State.PROCESSING).update(
        state=State.RECEIVED,
        queued_at=datetime.now(UTC) + claim.attempt * RETRY_AFTER,
        claimed_at=None,
        failed_tries=noting(claim, failure),
    )


def _quarantine(claim: Claim, failure: Failure, **noted: CombinedExpression) -> None:
    """Put a document aside. The claim that found three dead workers was no try."""
    logger.error("A document is quarantined.", extra={"code": failure.code})
    reporter.count("documents.quarantined")
    EvidenceState.objects.filter(pk=claim.evidence_id, attempts=claim.attempt, state=State.PROCESSING).update(
        state=State.QUARANTINED,
        attempts=min(claim.attempt, MAX_ATTEMPTS),
        error={"code": failure.code, "pointer": "", "message": failure.message},
        **noted,
    )
