"""Open an incident with its first answer, and ask it again."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from incidents.models import EventKind, Incident, IncidentTeam, Occasion, Severity, Stage
from incidents.response import runs
from incidents.response.basis import Answer, flag_withdrawn
from incidents.response.differences import Known, compare, difference_of_builds, is_same, is_same_of_builds
from incidents.response.gists import Since
from incidents.response.services import note_services
from incidents.response.slim import keep_slim, read_slim
from incidents.timeline import Change, IncidentNotFoundError, changing
from supplychain.access.models import Team
from supplychain.errors import DomainError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from uuid import UUID

    from incidents.impact.answer import Row
    from incidents.impact.question import Question
    from incidents.models import QueryRun
    from incidents.response.differences import BuildDifference, Changes, Difference
    from incidents.response.runs import Answered
    from supplychain.access.actors import Actor
    from supplychain.access.audit import JSON

_NAMED = 10
"""Artifacts that a line of the timeline names of each kind; the answers hold all."""


class NoViewError(DomainError):
    """Who opens an incident must see something: all teams, or one of their own."""

    def __init__(self) -> None:
        super().__init__("one_team_needed", "Who sees several teams, but not all, opens no incident.", status=403)


class NarrowViewError(DomainError):
    """An incident of the whole organisation is asked by who sees all of it, or its answers would lack rows."""

    def __init__(self) -> None:
        super().__init__("sees_not_all", "Only who sees all teams asks this incident again.", status=403)


class ClosedError(DomainError):
    """A closed incident is asked no more."""

    def __init__(self) -> None:
        super().__init__("incident_closed", "The incident is closed; reopen it first.", status=409)


def open_incident(
    question: Question, *, given: Mapping[str, object], title: str, severity: Severity, actor: Actor, at: datetime
) -> Incident:
    """Ask, and store incident, first answer and timeline in one transaction. `given` is the question as it was sent."""
    team_id = _view_of(actor)
    answered = runs.ask(question, actor=actor, at=at)
    with transaction.atomic():
        incident = Incident.objects.create(
            team_id=team_id,
            title=title,
            severity=severity,
            stage=Stage.OPEN,
            owner_id=actor.user_id,
            question=dict(given),
            opened_by=actor.label,
            opened_at=at,
            changed_at=at,
            version=0,
        )
        change = Change(incident, actor, at)
        change.tell(EventKind.OPENED, title, details={"severity": severity.value})
        _keep(change, answered, occasion=Occasion.OPENED, given=given)
        change.save()
    return incident


def ask_again(
    public_id: UUID,
    *,
    question: Question,
    given: Mapping[str, object],
    occasion: Occasion,
    actor: Actor,
    at: datetime,
) -> QueryRun:
    """Ask the incident's question, or another in its place, and keep the answer as its next run.

    It is asked through the eyes it was opened with, whoever asks. Raises IncidentNotFoundError, ClosedError and
    NarrowViewError.
    """
    known = Incident.objects.visible_to(actor).filter(public_id=public_id).first()
    if known is None:
        raise IncidentNotFoundError
    _check_open(known)
    answered = runs.ask(question, actor=_with_view_of(known, actor=actor), at=at)
    with changing(public_id, actor=actor, at=max(at, timezone.now())) as change:
        _check_open(change.incident)
        if dict(given) != change.incident.question:
            change.tell(EventKind.QUESTION_CHANGED, details={"question": _short(given)})
            change.incident.question = dict(given)
        return _keep(change, answered, occasion=occasion, given=given)


def ask_if_different(
    public_id: UUID, *, question: Question, given: Mapping[str, object], actor: Actor, at: datetime
) -> QueryRun | None:
    """Ask because evidence came, and keep the answer only where its rows or counts differ from the newest one's.

    None where they do not, where the incident was closed meanwhile, or where it asks something else by now. Raises
    IncidentNotFoundError. An answer that is not kept was shown to nobody, and leaves no audit line.
    """
    answered = runs.ask(question, actor=actor, at=at, audited=False)
    with changing(public_id, actor=actor, at=max(at, timezone.now())) as change:
        incident = change.incident
        newest = incident.runs.order_by("-number").first()
        if incident.stage == Stage.CLOSED or incident.question != dict(given) or newest is None:
            return None
        known = read_slim(newest)
        if (
            known.header.summary == answered.header.summary
            and is_same(known.rows, answered.rows)
            and is_same_of_builds(known.header.builds, answered.header.builds)
        ):
            return None
        return _keep(change, answered, occasion=Occasion.EVIDENCE, given=given)


def _view_of(actor: Actor) -> int | None:
    if actor.sees_all:
        return None
    if actor.team_ids is None or len(actor.team_ids) != 1:
        raise NoViewError
    return next(iter(actor.team_ids))


def _with_view_of(incident: Incident, *, actor: Actor) -> Actor:
    if incident.team_id is not None:
        return replace(actor, team_ids=frozenset({incident.team_id}))
    if not actor.sees_all:
        raise NarrowViewError
    return actor


def _check_open(incident: Incident) -> None:
    if incident.stage == Stage.CLOSED:
        raise ClosedError


def _keep(change: Change, answered: Answered, *, occasion: Occasion, given: Mapping[str, object]) -> QueryRun:
    """Store the run, tell what it changed, and note whom it concerns."""
    incident = change.incident
    earlier = incident.runs.order_by("-number").first() if incident.run_count else None
    stored = runs.keep(answered, incident=incident, given=given, occasion=occasion, actor=change.actor, at=change.at)
    run = stored.run
    summary = answered.header.summary
    change.tell(
        EventKind.ASKED,
        details={
            "run": run.number,
            "occasion": occasion.value,
            "hash": run.answer_hash,
            "affected_artifact_count": summary.affected.artifact_count,
            "possible_artifact_count": summary.possible.artifact_count,
            "running_artifact_count": summary.affected.running_artifact_count,
        },
    )
    rows, since = answered.rows, None
    if earlier is not None:
        before = read_slim(earlier)
        changes = compare(before.known, Known.of(rows))
        builds = difference_of_builds(before.header.builds, answered.header.builds)
        since = Since(earlier.number, changes, builds)
        if not (changes.is_empty and builds.is_empty):
            counts = {**_counts(changes), **_counts_of_builds(builds)}
            named = _named(changes.first(_NAMED).of(before.rows, rows))
            details: dict[str, JSON] = {"run": run.number, "before": earlier.number, **counts, **named}
            change.tell(EventKind.FOUND, details=details)
    kept = keep_slim(stored, answered, since=since)
    _note_teams(change, rows)
    note_services(change, rows, run_number=run.number)
    asked = tuple(one.asked for one in answered.header.asked.indicators)
    flag_withdrawn(change, Answer(run.number, run.answer_hash, kept.rows, asked, gist=kept.gist))
    return run


def _counts(found: Changes) -> dict[str, int]:
    return {
        "added_count": len(found.added),
        "retracted_count": len(found.retracted),
        "changed_count": len(found.changed),
        "started_count": len(found.started),
        "stopped_count": len(found.stopped),
    }


def _counts_of_builds(found: BuildDifference) -> dict[str, int]:
    counts = {
        "added_build_count": len(found.added),
        "retracted_build_count": len(found.retracted),
        "changed_build_count": len(found.changed),
    }
    return {} if found.is_empty else counts


def _named(found: Difference) -> dict[str, list[str]]:
    """Name what is new, gone from what runs, or withdrawn: the first few of each, as they are shown."""
    kinds = {"added": found.added, "stopped": found.stopped, "retracted": found.retracted}
    return {kind: [_shown(row) for row in rows] for kind, rows in kinds.items() if rows}


def _shown(row: Row) -> str:
    name = row.artifact.names[0] if row.artifact.names else ""
    return f"{name} {row.artifact.digest or ''}".strip()[:300]


def _note_teams(change: Change, rows: Sequence[Row]) -> None:
    slugs = {one.team for row in rows for one in row.workloads}
    known = set(change.incident.teams.values_list("team_id", flat=True))
    for team in Team.objects.filter(slug__in=slugs).exclude(pk__in=known).order_by("slug"):
        IncidentTeam.objects.create(incident=change.incident, team=team, since=change.at)
        change.tell(EventKind.TEAM_CONCERNED, team.slug)


def _short(given: Mapping[str, object]) -> Mapping[str, JSON]:
    """What of a question an audit line can hold."""
    text = given.get("text")
    stated = given.get("indicators")
    return {
        "text": text[:500] if isinstance(text, str) else None,
        "indicator_count": len(stated) if isinstance(stated, list) else 0,
    }
