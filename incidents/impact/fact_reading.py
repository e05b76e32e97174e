"""Read what an answer is counted from, for one round trip, one more where that is the base of other images.

What a long list means is judged while the server looks for what it clears, which hangs on the packages alone.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from incidents.impact import long_lists, statements
from incidents.impact.answer import Status
from incidents.impact.bases import Holders, built_on, evidence_statement, matches_of
from incidents.impact.columns import octets
from incidents.impact.contents import CONTENTS, MOST_READ, contents_statement
from incidents.impact.facts import NO_CONTAINERS, Containers, Facts, Placed, Spans
from incidents.impact.judging import MatchClass
from incidents.impact.matching import is_long
from incidents.impact.stretches import CLEARED_FROM
from incidents.impact.untold import Needed, told_statement, untold
from inventory.graph.one_state import Statement, array_of
from inventory.graph.packed import sql_array

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from uuid import UUID

    from incidents.impact.base_edges import AskedEdges, Edges
    from incidents.impact.bases import Built
    from incidents.impact.facts import Points
    from incidents.impact.lookup import ArtifactMatch
    from incidents.impact.matching import LookedUp, Matches
    from incidents.impact.portions import Packages
    from incidents.impact.question import Question
    from incidents.impact.runtime import Runtime
    from incidents.impact.subjects import Subjects
    from inventory.graph.one_state import OneState

_ALWAYS = datetime(1, 1, 1, tzinfo=UTC)
_INSTANT = timedelta(microseconds=1)
Parameters = dict[str, object]
SubjectsRead: TypeAlias = "Callable[[], Subjects]"
"""What all snapshots are about, once the exchange is over."""


@dataclass(frozen=True, slots=True)
class Read:
    """What the indicators mean, the parameters of all that is asked about it, and the facts."""

    matches: Matches
    parameters: Parameters
    facts: Facts


def parameters_of(question: Question, *, candidates: Packages, teams: list[int] | None, now: datetime) -> Parameters:
    """Return the parameters that do not hang on what is judged."""
    since, until = times_of(question, now=now)
    asks_what_runs, are_few = is_long(candidates), len(candidates.ids) <= long_lists.MOST_LOOKED_UP
    return {
        "candidates": candidates.marks() if asks_what_runs else b"",
        "few_candidates": sql_array(candidates.ids) if asks_what_runs and are_few else None,
        "teams": teams,
        "clusters": list(question.clusters) or None,
        "environments": list(question.environments) or None,
        "since": since,
        "until": until,
        "at": question.at or since or now,
    }


def parameters_of_matches(matches: Matches) -> Parameters:
    """Return the parameters that say what was found."""
    best = matches.best()
    return {
        "components": sql_array(best),
        "classes": array_of(best.values()),
        "artifacts": array_of({match.artifact_id for match in matches.artifacts}),
    }


def times_of(question: Question, *, now: datetime) -> tuple[datetime | None, datetime | None]:
    """Return the half-open window asked for; an instant is the shortest window there is, and one that is to come."""
    if question.is_now:
        return None, None
    if question.at is not None:
        return question.at, question.at + _INSTANT
    since = question.window_from or _ALWAYS
    return since, question.window_to or max(now, since + _INSTANT)


def read_facts(
    question: Question,
    *,
    found: LookedUp,
    edges: AskedEdges,
    parameters: Parameters,
    runtime: Runtime,
    subjects: SubjectsRead,
    state: OneState,
) -> Read:
    """Judge what was looked up, and read where it is and what was built on that."""
    needed = Needed.of(question.indicators)
    told = None
    if needed.asks_origins:
        told = state.along(told_statement(parameters, is_now=question.is_now))
    asks_which = edges.may_be or len(question.indicators) > 1
    look = _look_for_many if found.is_long else partial(_look, asks_which=asks_which)
    read = look(question, found=found, parameters=parameters, runtime=runtime, subjects=subjects, state=state)
    read = _with_built(read, question=question, edges=edges, state=state)
    undescribed = runtime.undescribed()
    facts = replace(read.facts, undescribed=undescribed if needed.asks_sboms else NO_CONTAINERS)
    if told is not None:
        containers = Containers.of(told.rows)
        facts = replace(facts, told=containers, untold=untold(containers, needed=needed.bits))
    return replace(read, facts=facts)


def _look(
    question: Question,
    *,
    found: LookedUp,
    asks_which: bool,
    parameters: Parameters,
    runtime: Runtime,
    subjects: SubjectsRead,
    state: OneState,
) -> Read:
    matches = found.matches()
    parameters = parameters | parameters_of_matches(matches)
    runtime.ask(parameters, is_long=False)
    held = statements.HELD if asks_which else statements.HELD_BY_ANY
    (spans,), *named = state.fetch_together(
        Statement(Spans.unpack, held, parameters), *_named(question, matches=matches, parameters=parameters)
    )
    return Read(matches, parameters, _facts(spans, subjects(), runtime.points(), named))


def _look_for_many(
    question: Question,
    *,
    found: LookedUp,
    parameters: Parameters,
    runtime: Runtime,
    subjects: SubjectsRead,
    state: OneState,
) -> Read:
    runtime.ask(parameters, is_long=True)
    judged: list[tuple[Matches, Parameters]] = []

    def judge() -> Sequence[Statement[Any]]:
        matches = found.matches()
        wanted = parameters | parameters_of_matches(matches)
        judged.append((matches, wanted))
        held = Statement(Spans.unpack, statements.HELD, wanted)
        return held, *_named(question, matches=matches, parameters=wanted)

    tells_effects = Status.CLEARED in question.statuses
    sql = long_lists.cleared(is_now=question.is_now, tells_effects=tells_effects)
    ask_cleared = Statement(Spans.unpack, sql, parameters)
    if question.is_now and not tells_effects:
        (held,), *named = state.fetch_then(then=judge)
        cleared = _cleared_now(runtime.points(), parameters=parameters, ask=ask_cleared, state=state)
    else:
        (cleared,), (held,), *named = state.fetch_then(ask_cleared, then=judge)
    ((matches, wanted),) = judged
    return Read(matches, wanted, _facts(held + cleared, subjects(), runtime.points(), named))


def closed(
    matches: Matches, *, edges: AskedEdges, parameters: Parameters, subjects: SubjectsRead, state: OneState
) -> Matches:
    """Return the matches with what was built on them, for who reads no facts: two round trips at most."""
    if not edges.may_be:
        return matches
    (spans,) = state.fetch(Statement(Spans.unpack, statements.HELD, parameters))
    found = _built(matches, spans=spans, subjects=subjects(), edges=edges)
    if found is None:
        return matches
    return found.matches(state.fetch(found.evidence), matches=matches)


@dataclass(frozen=True, slots=True)
class _FoundBuilt:
    """What was built on what an answer finds; `named` are the matches that it may be built on."""

    built: Built
    edges: Edges
    named: Sequence[ArtifactMatch]

    @property
    def evidence(self) -> Statement[tuple[int, UUID]]:
        return evidence_statement(self.built, edges=self.edges)

    def matches(self, rows: Sequence[tuple[int, UUID]], *, matches: Matches) -> Matches:
        """Return the matches with these; `rows` are what the evidence is called."""
        built = matches_of(self.built, edges=self.edges, evidence=dict(rows), matches=matches, named=self.named)
        return replace(matches, artifacts=(*matches.artifacts, *built), asks_artifacts=True)


def _built(matches: Matches, *, spans: Spans, subjects: Subjects, edges: AskedEdges) -> _FoundBuilt | None:
    known = edges.read()
    if not len(known):
        return None
    named = [match for match in matches.artifacts if match.match_class < CLEARED_FROM]
    built = built_on(Holders.of(spans, subjects=subjects, named=named), edges=known)
    return _FoundBuilt(built, known, named) if len(built.artifacts) else None


def _with_built(read: Read, *, question: Question, edges: AskedEdges, state: OneState) -> Read:
    """Add what was built on what was found, and read where that runs: one round trip, where there is any."""
    facts = read.facts
    found = _built(read.matches, spans=facts.spans, subjects=facts.subjects, edges=edges)
    if found is None:
        return read
    artifacts = {match.artifact_id for match in read.matches.artifacts} | set(found.built.artifacts.tolist())
    parameters = read.parameters | {"artifacts": array_of(artifacts)}
    rows, visible, places = state.fetch_together(found.evidence, *_of_named(question, parameters=parameters))
    facts = replace(facts, named=visible, named_points=Containers.of(places))
    return Read(found.matches(rows, matches=read.matches), parameters, facts)


def _cleared_now(points: Points, *, parameters: Parameters, ask: Statement[Spans], state: OneState) -> Spans:
    """Return where anything runs that is cleared: from what this process knows, one round trip where that lacks."""
    at, known = points.different, CONTENTS.contents
    missing = known.missing(at)
    if len(missing):
        read = [contents_statement(missing[:MOST_READ])] if CONTENTS.may_hold(at) else []
        if read and len(missing) <= MOST_READ:
            (rows,) = state.fetch_together(*read)
            known = CONTENTS.keep(rows, among=at)
        else:
            (asked,), *more = state.fetch_together(ask, *read)
            for rows in more:
                CONTENTS.keep(rows, among=at)
            cleared: Spans = asked
            return cleared
    wanted = octets(parameters["candidates"]).astype(np.bool_)  # type: ignore[arg-type]  # parameters are of all types
    return Spans.at(at[known.holding(at, wanted=wanted)], row_class=MatchClass.CLEARED)


def _named(question: Question, *, matches: Matches, parameters: Parameters) -> tuple[Statement[Any], ...]:
    """Return the statements of what runs of artifacts that are themselves asked for, where any are."""
    return _of_named(question, parameters=parameters) if matches.asks_artifacts else ()


def _of_named(question: Question, *, parameters: Parameters) -> tuple[Statement[Any], ...]:
    return (
        Statement(int, statements.VISIBLE_NAMED, parameters),
        Statement(Placed.of, statements.named_runs(is_now=question.is_now), parameters),
    )


def _facts(spans: Spans, subjects: Subjects, points: Points, named: Sequence[Any]) -> Facts:
    if not named:
        return Facts(spans, subjects, points)
    visible, places = named
    return Facts(spans, subjects, points, named=visible, named_points=Containers.of(places))
