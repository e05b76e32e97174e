"""Which findings a list shows, and which of them were known before something happened."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from inventory.formats.posture.action_uses import read_use
from inventory.graph.families import visible_teams
from inventory.graph.statements import fetch
from inventory.graph.visibility import own
from inventory.identity.repositories import canonical_repository, repository_on
from inventory.models import Finding, FindingState

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime
    from uuid import UUID

    from inventory.detectors.records import Detector, Severity
    from inventory.models.findings import FindingQuerySet
    from supplychain.access.actors import Actor

_HOST: Final = "github.com"


@dataclass(frozen=True, slots=True)
class FindingFilter:
    """What a list is narrowed to; None does not narrow. Times are of the first evidence, half-open."""

    detector: Detector | None = None
    severity: Severity | None = None
    state: FindingState | None = None
    repository: str | None = None
    seen_from: datetime | None = None
    seen_before: datetime | None = None


def find_findings(wanted: FindingFilter, *, actor: Actor) -> FindingQuerySet:
    """Return the findings of the reader's teams that a filter keeps, with their documents."""
    rows = with_documents(Finding.objects.visible_to(actor))
    if wanted.state is not None:
        rows = rows.in_state(wanted.state)
    named = {"detector": wanted.detector, "severity": wanted.severity}
    rows = rows.filter(**{name: value for name, value in named.items() if value is not None})
    if wanted.repository is not None:
        name = wanted.repository
        rows = rows.filter(repository=canonical_repository(name) or repository_on(_HOST, name) or name)
    if wanted.seen_from is not None:
        rows = rows.filter(first_seen_at__gte=wanted.seen_from)
    if wanted.seen_before is not None:
        rows = rows.filter(first_seen_at__lt=wanted.seen_before)
    return rows


def with_documents(findings: FindingQuerySet) -> FindingQuerySet:
    """Return findings with their team and the documents that say so."""
    return findings.select_related("team", "first_evidence", "last_evidence", "closed_by")


@dataclass(frozen=True, slots=True)
class UsedIn:
    """What a build used, as its answer writes it, and the document of the file in which that stands."""

    file: UUID
    uses: str


@dataclass(frozen=True, slots=True)
class _Known:
    file: UUID
    subject: str
    finding_id: int


_OPEN_BEFORE: Final = f"""
SELECT e.public_id, f.subject, f.id
FROM inventory_evidence e
JOIN inventory_workflowversion w ON w.evidence_id = e.id AND {own("w.team_id")}
JOIN inventory_finding f ON f.repository = w.repository AND f.path = w.path AND f.team_id = w.team_id
CROSS JOIN LATERAL (
    SELECT v.kind FROM inventory_findingevent v
    WHERE v.finding_id = f.id AND v.recorded_at < %(before)s ORDER BY v.recorded_at DESC, v.id DESC LIMIT 1
) last
WHERE e.public_id = ANY(%(files)s::uuid[]) AND f.subject = ANY(%(subjects)s::text[]) AND last.kind <> 'closed'
"""


def known_before(
    used: Iterable[UsedIn], *, before: datetime, actor: Actor
) -> Sequence[tuple[Finding, Sequence[UsedIn]]]:
    """Return the findings that were open then, each with what of `used` they are about. Two statements at most.

    Open, and told: what was computed later from older evidence was not known. By when it was first seen, the oldest
    first.
    """
    by_subject: dict[tuple[UUID, str], list[UsedIn]] = defaultdict(list)
    for one in dict.fromkeys(used):
        for subject in subjects_of(one.uses):
            by_subject[one.file, subject].append(one)
    if not by_subject:
        return ()
    asked = {
        "files": sorted({file for file, _ in by_subject}),
        "subjects": sorted({subject for _, subject in by_subject}),
        "before": before,
        "teams": visible_teams(actor),
    }
    found: dict[int, list[UsedIn]] = defaultdict(list)
    for known in fetch(_Known, _OPEN_BEFORE, asked):
        if about := by_subject.get((known.file, known.subject)):
            found[known.finding_id] += about
    if not found:
        return ()
    rows = with_documents(Finding.objects.filter(pk__in=found)).order_by("first_seen_at", "pk")
    return [(row, found[row.pk]) for row in rows]


def subjects_of(uses: str) -> frozenset[str]:
    """Return what a finding about this may have as its subject: an address, an action, or an image without its tag."""
    action, image = read_use(uses), read_use(f"docker://{uses.removeprefix('docker://')}")
    named = f"{action.owner_repository}/{action.path}".rstrip("/") if action.owner_repository else uses
    return frozenset({uses, named, f"docker://{image.path}"})
