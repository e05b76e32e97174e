"""THE question: which digests contain it, where they run, and what we do not know (docs/architecture.md).

A fixed number of round trips, whatever the size: candidates, the answer with what it stands on, the page's rows, and
their texts with what is written. All reading is done in one state of the database, so header and rows cannot
contradict each other, from the replica where there is one that may answer (supplychain/database/replica.py); what is
written goes to the primary.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import msgspec

from incidents.impact import pages
from incidents.impact.advisories import with_advisories
from incidents.impact.answer import Header, Impact, Status
from incidents.impact.arrears import arrears
from incidents.impact.base_edges import AskedEdges
from incidents.impact.builds.targets import with_window
from incidents.impact.coverage import Groundwork
from incidents.impact.explain import fill
from incidents.impact.fact_reading import closed, parameters_of, parameters_of_matches, read_facts, times_of
from incidents.impact.heads import CLASSES, header_of
from incidents.impact.known_clusters import with_known_clusters
from incidents.impact.matching import find_matches, look_up
from incidents.impact.order import Rows
from incidents.impact.remembered import follow_generation, marks_statement
from incidents.impact.subjects import SUBJECTS
from incidents.impact.tally import judge_artifacts
from incidents.impact.untold import with_provenance
from incidents.impact.what_ran import WhatRan, silence
from incidents.impact.what_runs import WhatRuns
from inventory.formats.collector import collector_paused
from inventory.graph.families import visible_teams
from inventory.graph.one_state import one_state
from inventory.identity.indicators import IndicatorKind
from supplychain.access import audit
from supplychain.access.models import Team
from supplychain.database import replica
from supplychain.exchange import exchange

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from incidents.impact.answer import Builds, Row
    from incidents.impact.arrears import Arrears
    from incidents.impact.coverage import Ground
    from incidents.impact.question import Question
    from incidents.impact.runtime import Runtime
    from incidents.impact.tally import Judged, Tally
    from inventory.graph.one_state import Plans
    from supplychain.access.actors import Actor
    from supplychain.database.replica import Reading
    from supplychain.exchange import Query

_MAX_AUDITED = 50
_CANONICAL = msgspec.json.Encoder(order="sorted")
_FEW_INDICATORS = 20


def assess(question: Question, *, actor: Actor, at: datetime, audited: bool = True) -> Impact:
    """Answer a question as far as the actor may see, and leave its audit line.

    Not `audited` is what a worker asks by itself and shows to nobody: what it keeps of it, it tells itself.
    With `question.cursor` the next page of an earlier answer; raises pages.CursorExpiredError when that is gone. `at`
    is the clock, which only says how stale a silent cluster is.
    """
    with collector_paused():
        question = with_window(with_known_clusters(with_advisories(question, actor=actor), actor=actor))
        teams = _teams(question, actor=actor)
        if question.cursor is not None:
            return _next_page(question, actor=actor, teams=teams, at=at)
        return _first_page(_Asking(question, actor, at, audited), teams=teams)


def _first_page(asked: _Asking, *, teams: list[int] | None) -> Impact:
    answered = replica.read(lambda reading: _answer(asked, teams=teams, reading=reading))
    if answered.to_write:
        exchange(answered.to_write)
    return answered.impact


@dataclass(frozen=True, slots=True)
class _Asking:
    """What is asked, through whose eyes, by whose clock, and whether that is told."""

    question: Question
    actor: Actor
    at: datetime
    audited: bool


@dataclass(frozen=True, slots=True)
class _Answer:
    """What one state of the database says to a question, and what is still to be written of it at the primary."""

    impact: Impact
    to_write: Sequence[Query]


def _answer(asked: _Asking, *, teams: list[int] | None, reading: Reading) -> _Answer:
    question, actor, at = asked.question, asked.actor, asked.at
    with one_state(using=reading.using, plans=_plans(question)) as state:
        marks = state.along(marks_statement())
        asked_subjects = SUBJECTS.ask(using=reading.using)
        changed = state.along(asked_subjects.statement)
        silent = None if question.is_now else state.along(silence(times_of(question, now=at)[0]))
        found = look_up(
            question.indicators,
            actor=actor,
            state=state,
            tells_cleared=Status.CLEARED in question.statuses,
            build_limit=question.build_limit,
            meanwhile=partial(_spell, question),
        )
        follow_generation(marks.rows[0].generation)
        subjects = asked_subjects.reader(changed.rows, generation=marks.rows[0].generation, state=state)
        edges = AskedEdges(teams=teams, marks=marks.rows[0], state=state)
        asked_of = parameters_of(question, candidates=found.candidates, teams=teams, now=at)
        runtime: Runtime = (
            WhatRuns(asked_of, marks=marks.rows[0], state=state)
            if silent is None
            else WhatRan(asked_of, marks=marks.rows[0], silent=silent.rows[0], state=state)
        )
        groundwork = Groundwork(
            asked_of,
            marks=marks.rows[0],
            runtime=runtime,
            asks_publishers=any(one.kind is IndicatorKind.ACCOUNT for one in question.indicators),
            now=at,
            state=state,
        )
        read = read_facts(
            question, found=found, edges=edges, parameters=asked_of, runtime=runtime, subjects=subjects, state=state
        )
        matches, facts = read.matches, read.facts
        judged = judge_artifacts(facts, matches=matches, is_scoped=question.is_scoped)
        behind = arrears(reading, teams=teams, state=state)
        listed = Rows.listed(judged.statuses, judged.workload_counts, classes=_listed(question))
        shown = listed.first(question.limit, state=state) if len(listed) else []
        ground = with_provenance(groundwork.ground(), told=facts.told)
        head = _Head(asked, judged=judged, ground=ground, rows=listed)
        head.builds = matches.builds

        def put_together() -> Sequence[Query]:
            head.put_together(behind, as_of=reading.as_of)
            return () if reading.is_replica else head.to_write

        rows = fill(
            shown,
            matches=matches,
            parameters=read.parameters,
            is_now=question.is_now,
            state=state,
            facts=facts,
            meanwhile=put_together,
        )
    return _Answer(head.impact(rows), head.to_write if reading.is_replica else ())


def _spell(question: Question) -> tuple[()]:
    """Put the question in one spelling, which its hash is taken over: the longest thing that needs no answer."""
    _ = question.hash
    return ()


class _Head:
    """All of an answer but its rows, and what is written of it: counted and put together while the page is read."""

    header: Header
    answer_hash: str
    to_write: list[Query]
    builds: Builds | None = None
    _cursor: str | None

    def __init__(self, asked: _Asking, *, judged: Judged, ground: Ground, rows: Rows) -> None:
        self._asked, self._judged, self._ground, self._rows = asked, judged, ground, rows

    def put_together(self, behind: Arrears, *, as_of: datetime | None) -> None:
        """Make header, hash, and the queries that keep the answer; the audit line comes last.

        Appending to the chain makes everybody else who appends wait.
        """
        question, actor, at = self._asked.question, self._asked.actor, self._asked.at
        counts = self._judged.tally(listed=_listed(question), indicator_count=len(question.indicators))
        header = header_of(question, counts=counts, ground=self._ground, at=min(at, as_of or at))
        self.header = replace(header, replica=behind.note, backlog=behind.backlog or header.backlog, builds=self.builds)
        self.answer_hash = _hash(question, header=self.header, counts=counts, rows=self._rows)
        kept = pages.keep(
            self._rows, question=question, header=self.header, answer_hash=self.answer_hash, actor=actor, at=at
        )
        self.to_write = [] if kept is None else [kept.query]
        if self._asked.audited:
            self.to_write.append(_audit(question, header=self.header, answer_hash=self.answer_hash, actor=actor))
        self._cursor = None if kept is None else kept.cursor

    def impact(self, rows: tuple[Row, ...]) -> Impact:
        return Impact(self.header, rows, self._cursor, self.answer_hash)


def _plans(question: Question) -> Plans:
    """Return which plans suit: to look for thousands of components they are worth their time."""
    return "custom" if len(question.indicators) > _FEW_INDICATORS else "generic"


def _next_page(question: Question, *, actor: Actor, teams: list[int] | None, at: datetime) -> Impact:
    """Fill in a later page. What the first one found must be there, so a replica that is behind is passed over."""
    kept = pages.load(str(question.cursor), question=question, actor=actor, at=at)

    def fill_in(reading: Reading) -> tuple[Row, ...]:
        with one_state(using=reading.using, plans=_plans(question)) as state:
            marks = state.along(marks_statement())
            asked_subjects = SUBJECTS.ask(using=reading.using)
            changed = state.along(asked_subjects.statement)
            tells_cleared = Status.CLEARED in question.statuses
            matches = find_matches(question.indicators, actor=actor, state=state, tells_cleared=tells_cleared)
            follow_generation(marks.rows[0].generation)
            subjects = asked_subjects.reader(changed.rows, generation=marks.rows[0].generation, state=state)
            edges = AskedEdges(teams=teams, marks=marks.rows[0], state=state)
            parameters = parameters_of(question, candidates=matches.candidates, teams=teams, now=at)
            parameters |= parameters_of_matches(matches)
            matches = closed(matches, edges=edges, parameters=parameters, subjects=subjects, state=state)
            parameters |= parameters_of_matches(matches)
            return fill(kept.rows, matches=matches, parameters=parameters, is_now=question.is_now, state=state)

    return Impact(kept.header, replica.read(fill_in, needs_everything=True), kept.next, kept.answer_hash)


def _listed(question: Question) -> frozenset[int]:
    return frozenset(row_class for status in question.statuses for row_class in CLASSES[status])


def _teams(question: Question, *, actor: Actor) -> list[int] | None:
    mine = visible_teams(actor)
    if not question.teams:
        return mine
    asked = sorted(Team.objects.filter(slug__in=question.teams).values_list("pk", flat=True))
    return asked if mine is None else [team for team in asked if team in set(mine)]


def _hash(question: Question, *, header: Header, counts: Tally, rows: Rows) -> str:
    """Return the hash of the whole answer: question, time, counts, which artifact has which class, and the builds.

    Artifacts stand for their digests by this installation's numbers, which never change, in ascending order.
    """
    parts = [
        question.hash,
        header.data_as_of.isoformat(),
        header.summary,
        hashlib.sha256(rows.statuses.tobytes().rstrip(b"\0")).hexdigest(),
        [counts.by_indicator.get(place, ()) for place in range(len(question.indicators))],
    ]
    if header.builds is not None:
        parts.append(header.builds.hash)
    return f"sha256:{hashlib.sha256(_CANONICAL.encode(parts)).hexdigest()}"


def _audit(question: Question, *, header: Header, answer_hash: str, actor: Actor) -> Query:
    """Return the query of the audit line."""
    given = [indicator.given[:200] for indicator in question.indicators[:_MAX_AUDITED]]
    return audit.insertion(
        actor,
        "impact.asked",
        subject=question.hash,
        details={
            "asked": given,
            "indicator_count": len(question.indicators),
            "affected_artifact_count": header.summary.affected.artifact_count,
            "possible_artifact_count": header.summary.possible.artifact_count,
            "unknown_artifact_count": header.summary.unknown.artifact_count,
            "hash": answer_hash,
        },
    )
