"""Whose pack it is, and of what: fixed when the export begins, so that every part tells of the same state."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from uuid import UUID

from incidents.models import EventKind, Incident
from incidents.recovery.proofs import ProofState
from incidents.recovery.standing import recovery_of
from incidents.response.part import part_of
from incidents.response.runs import read
from incidents.timeline import IncidentNotFoundError, events_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from incidents.impact.answer import Row
    from incidents.models import IncidentEvent, QueryRun
    from incidents.recovery.standing import Recovery
    from supplychain.access.actors import Actor


@dataclass(frozen=True, slots=True)
class Subject:
    """One incident as one actor may see it; without raw bytes of evidence where `with_raw` is false."""

    incident: Incident
    actor: Actor
    is_whole: bool
    with_raw: bool
    runs: tuple[QueryRun, ...]
    events: tuple[IncidentEvent, ...]
    recovery: Recovery
    named: dict[UUID, list[int]] = field(default_factory=dict)
    """The evidence that rows name, with the numbers of the answers that do; and that by which a recovery is proven."""
    proving: dict[UUID, set[str]] = field(default_factory=dict)
    """What each of the latter proves, in words for people: a service and a proof."""
    facts: dict[str, int] = field(default_factory=dict)
    """What parts count for the README, by name."""

    def rows(self, run: QueryRun) -> tuple[Row, ...]:
        """Return the rows of an answer that the actor may see."""
        return read(run)[1] if self.is_whole else tuple(part_of(run, actor=self.actor).rows)


def read_subject(public_id: UUID, *, with_raw: bool, actor: Actor, at: datetime) -> Subject:
    """Return what is exported. Raises IncidentNotFoundError.

    An export is told on the timeline, but is none of the incident's content: lines of that kind are left out, so that
    to export twice gives the same bytes.
    """
    visible = Incident.objects.visible_to(actor).select_related("team", "owner")
    incident = visible.filter(public_id=public_id).first()
    if incident is None:
        raise IncidentNotFoundError
    events = events_for(incident, actor=actor).exclude(kind=EventKind.EXPORTED)
    subject = Subject(
        incident,
        actor,
        incident.is_whole_for(actor),
        with_raw,
        tuple(_runs(incident)),
        tuple(events.filter(number__lte=incident.event_count).order_by("number")),
        recovery_of(incident, actor=actor, at=at),
    )
    for run in subject.runs:
        matches = (match for row in subject.rows(run) for match in row.matches)
        for evidence in {match.evidence for match in matches if match.evidence is not None}:
            subject.named.setdefault(evidence, []).append(run.number)
    for evidence, proof in _proofs(subject.recovery):
        subject.named.setdefault(evidence, [])
        subject.proving.setdefault(evidence, set()).add(proof)
    return subject


def _proofs(recovery: Recovery) -> Iterator[tuple[UUID, str]]:
    """Yield the documents by which something is proven, and what: who checks a recovery has to read them."""
    for one in recovery.services:
        for proof in one.found.proofs:
            if proof.state is ProofState.PROVEN:
                for link in proof.evidence:
                    if link.kind == "evidence":
                        yield UUID(link.ref), f"{one.service.team.slug}/{one.service.title}: {proof.proof.value}"


def _runs(incident: Incident) -> Iterator[QueryRun]:
    for run in incident.runs.filter(number__lte=incident.run_count).order_by("number"):
        run.incident = incident
        yield run
