"""Keep the findings of a workflow file up with its versions, in the transaction that writes a version.

The newest version of a file, in the order in which they were received, says what is open. A worker may write versions
in another order than they came: an older one then tells only how long something has been there, and what had been.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from inventory.detectors.publishing import JobFact, publishers_of
from inventory.detectors.records import DownloadFact, Hit, Place, UseFact, WorkflowFacts
from inventory.detectors.workflows import detect
from inventory.formats.posture.workflow_records import DownloadCheck, RefKind, UseKind
from inventory.models import Finding, FindingChange, FindingEvent, WorkflowJob, WorkflowVersion
from supplychain.exchange import Query, Statement, exchange

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

FILE_LANE: Final = 23670
"""The first half of the lock of a file; the second is made of its team, repository and path."""
_LOCK: Final = Statement(f"SELECT pg_advisory_xact_lock({FILE_LANE}, %(file)s::int)")
_ROWS_AT_ONCE: Final = 500
_CHANGING: Final = (
    *("rule", "severity", "given", "places", "first_evidence", "last_evidence", "closed_by"),
    *("first_seen_at", "last_seen_at", "closed_at"),
)


def follow(version: WorkflowVersion, *, at: datetime) -> None:
    """Bring the findings of a file up to one of its versions, inside the caller's transaction. Repeats change nothing.

    A file without path is no file that could be told from another. A version that was read before its downloads were
    kept cannot say that something is gone.
    """
    jobs = list(version.jobs.order_by("pk"))
    if not version.path or any(job.env is None for job in jobs):
        return
    _lock(version)
    hits = {_fingerprint(version, hit): hit for hit in detect(_facts(version, jobs))}
    known = {one.fingerprint: one for one in Finding.objects.filter(_of_file(version))}
    later = _next_version(version)
    turn = _Turn(version, known, at=at)
    if later is None:
        turn.write_newest(hits)
    else:
        turn.write_earlier(hits, later=later)
    turn.save()


def follow_all(*, at: datetime) -> int:
    """Bring the findings of every file up to all its versions, and return how many files there are. Safe to repeat.

    For versions that were applied before anything was looked for in them, and after a detector has learned something.
    The newest goes first: it alone says what is open.
    """
    versions = WorkflowVersion.objects.exclude(path="")
    files = list(versions.values_list("team_id", "repository", "path").distinct())
    for team_id, repository, path in files:
        of_file = versions.filter(team_id=team_id, repository=repository, path=path)
        with transaction.atomic():
            for version in of_file.order_by("-observed_at", "-pk").iterator(chunk_size=_ROWS_AT_ONCE):
                follow(version, at=at)
    return len(files)


class _Turn:
    """What one version changes of the findings of its file."""

    def __init__(self, version: WorkflowVersion, known: Mapping[str, Finding], *, at: datetime) -> None:
        self._version, self._known, self._at = version, known, at
        self._new: dict[str, Finding] = {}
        self._changed: dict[str, Finding] = {}
        self._events: list[FindingEvent] = []

    def write_newest(self, hits: Mapping[str, Hit]) -> None:
        """Open what it shows, and close what it does not show any more."""
        for fingerprint, hit in hits.items():
            found = self._known.get(fingerprint)
            if found is None:
                self._tell(self._add(fingerprint, hit), FindingChange.OPENED)
            else:
                self._see_again(found, hit)
        for fingerprint, found in self._known.items():
            if fingerprint not in hits and found.closed_at is None:
                self._close(found, by=self._version)

    def write_earlier(self, hits: Mapping[str, Hit], *, later: WorkflowVersion) -> None:
        """Date back what it shows; what no later version shows was there, and ended with the next one."""
        for fingerprint, hit in hits.items():
            found = self._known.get(fingerprint)
            if found is None:
                found = self._add(fingerprint, hit)
                self._tell(found, FindingChange.OPENED)
                self._close(found, by=later)
            elif self._version.observed_at < found.first_seen_at:
                found.first_seen_at, found.first_evidence_id = self._version.observed_at, self._version.evidence_id
                self._changed[fingerprint] = found
            elif found.last_seen_at < self._version.observed_at:
                self._see_late(found, later=later)

    def save(self) -> None:
        """Write it: three statements, however many findings a file of a usual size has."""
        Finding.objects.bulk_create(self._new.values())
        Finding.objects.bulk_update(self._changed.values(), _CHANGING, batch_size=_ROWS_AT_ONCE)
        FindingEvent.objects.bulk_create(self._events)

    def _add(self, fingerprint: str, hit: Hit) -> Finding:
        version = self._version
        found = Finding(
            team_id=version.team_id,
            detector=hit.detector,
            rule=hit.rule,
            severity=hit.severity,
            repository=version.repository,
            path=version.path,
            subject=hit.subject,
            given=hit.given,
            places=_places(hit),
            fingerprint=fingerprint,
            first_evidence_id=version.evidence_id,
            last_evidence_id=version.evidence_id,
            first_seen_at=version.observed_at,
            last_seen_at=version.observed_at,
        )
        self._new[fingerprint] = found
        return found

    def _see_again(self, found: Finding, hit: Hit) -> None:
        grade = found.rule, found.severity
        found.rule, found.severity, found.given, found.places = hit.rule, hit.severity, hit.given, _places(hit)
        found.last_seen_at, found.last_evidence_id = self._version.observed_at, self._version.evidence_id
        if found.closed_at is not None:
            found.closed_at, found.closed_by_id = None, None
            self._tell(found, FindingChange.REOPENED)
        elif grade != (hit.rule, hit.severity):
            self._tell(found, FindingChange.REGRADED)
        self._changed[found.fingerprint] = found

    def _see_late(self, found: Finding, *, later: WorkflowVersion) -> None:
        """Note that something closed was there longer; where it had been closed before this, it ended later again."""
        found.last_seen_at, found.last_evidence_id = self._version.observed_at, self._version.evidence_id
        self._changed[found.fingerprint] = found
        if found.closed_at is not None and found.closed_at <= self._version.observed_at:
            self._tell(found, FindingChange.REOPENED)
            self._close(found, by=later)

    def _close(self, found: Finding, *, by: WorkflowVersion) -> None:
        found.closed_at, found.closed_by_id = by.observed_at, by.evidence_id
        self._tell(found, FindingChange.CLOSED, by=by)
        if found.fingerprint not in self._new:
            self._changed[found.fingerprint] = found

    def _tell(self, found: Finding, kind: FindingChange, *, by: WorkflowVersion | None = None) -> None:
        version = by or self._version
        event = FindingEvent(
            finding=found,
            kind=kind,
            rule=found.rule,
            severity=found.severity,
            evidence_id=version.evidence_id,
            at=version.observed_at,
            recorded_at=self._at,
        )
        self._events.append(event)


def _lock(version: WorkflowVersion) -> None:
    """Let one worker at a time look at a file: the others see what it wrote."""
    named = json.dumps([version.team_id, version.repository, version.path]).encode()
    exchange([Query(_LOCK, {"file": zlib.crc32(named) - 2**31})])


def _of_file(version: WorkflowVersion) -> Q:
    return Q(team_id=version.team_id, repository=version.repository, path=version.path)


def _next_version(version: WorkflowVersion) -> WorkflowVersion | None:
    """Return the version of the file that came next, as far as it is applied and says what it downloads."""
    came_later = Q(observed_at__gt=version.observed_at) | Q(observed_at=version.observed_at, pk__gt=version.pk)
    versions = WorkflowVersion.objects.filter(_of_file(version) & came_later)
    versions = versions.exclude(Exists(WorkflowJob.objects.filter(workflow=OuterRef("pk"), env=None)))
    return versions.order_by("observed_at", "pk").first()


def _fingerprint(version: WorkflowVersion, hit: Hit) -> str:
    said = json.dumps([hit.detector, version.repository, version.path, hit.subject])
    return hashlib.sha256(said.encode()).hexdigest()


def _places(hit: Hit) -> list[list[str | int | None]]:
    return [[place.job, place.step, place.line] for place in hit.places]


def _facts(version: WorkflowVersion, jobs: Sequence[WorkflowJob]) -> WorkflowFacts:
    told = [JobFact(job.name, job.permissions, job.environment) for job in jobs]
    return WorkflowFacts(
        publishers=publishers_of(path=version.path, name=version.name, triggers=version.triggers, jobs=told),
        uses=tuple(
            UseFact(
                Place(use.job, use.step, use.line),
                UseKind(use.kind),
                use.given,
                use.owner_repository,
                use.path,
                use.ref,
                RefKind(use.ref_kind),
            )
            for use in version.uses.order_by("pk")
        ),
        downloads=tuple(
            DownloadFact(
                Place(one.job, one.step, one.line),
                one.url,
                one.is_run,
                DownloadCheck(one.check_kind),
                tuple(one.checksums),
            )
            for one in version.downloads.order_by("pk")
        ),
    )
