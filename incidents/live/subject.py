"""What is followed: a question, through whose eyes it is asked, and what its newest answer holds."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Generic, TypeVar

import msgspec

from incidents.asking import read_incident_question
from incidents.impact.advisories import with_advisories
from incidents.live.interests import interests_of
from incidents.models import WatchHit
from incidents.response.slim import read_slim
from inventory.graph.advisories import newest_sighting
from supplychain.access.actors import system_actor

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Mapping

    from incidents.impact.question import Question
    from incidents.live.interests import Interests
    from incidents.models import LiveQuestion, QueryRun
    from supplychain.access.actors import Actor

KEPT = 200
"""Questions whose meaning a worker remembers: a list of thousands of packages takes a tenth of a second to read."""
_CANONICAL = msgspec.json.Encoder(order="sorted")

Value = TypeVar("Value")


class _Latest(Generic[Value]):
    """The values used last, by keys that never mean another."""

    def __init__(self) -> None:
        self._values: OrderedDict[Hashable, Value] = OrderedDict()

    def get(self, key: Hashable, make: Callable[[], Value]) -> Value:
        if key not in self._values:
            self._values[key] = make()
        self._values.move_to_end(key)
        while len(self._values) > KEPT:
            self._values.popitem(last=False)
        return self._values[key]


@dataclass(frozen=True, slots=True)
class Meant:
    """A question as it is asked, and what can touch it."""

    question: Question
    interests: Interests


_MEANT: _Latest[Meant] = _Latest()
_FOUND: _Latest[frozenset[str]] = _Latest()


def eyes(team_id: int | None) -> Actor:
    """Return who asks by himself: through the eyes of the team, or of who sees all."""
    actor = system_actor("live")
    return actor if team_id is None else replace(actor, team_ids=frozenset({team_id}))


def meaning(given: Mapping[str, object], *, team_id: int | None, sighting: int | None = None) -> Meant:
    """Return what a stored question asks today. What its advisories name is read again when any has changed.

    `sighting` is the newest one, where it is known.
    """

    def make() -> Meant:
        question = read_incident_question(given).question
        named = with_advisories(question, actor=eyes(team_id))
        return Meant(question, interests_of(question.indicators, named.indicators))

    return _MEANT.get((_CANONICAL.encode(given), team_id, sighting or newest_sighting()), make)


@dataclass(frozen=True, slots=True)
class Asked:
    """A stored question, and the team through whose eyes it is asked (None: of who sees all)."""

    given: Mapping[str, object]
    team_id: int | None


def asked_by(question: LiveQuestion) -> Asked:
    """Return what the incident or the watch asks."""
    of = question.incident or question.watch
    assert of is not None  # noqa: S101  a constraint of the table
    return Asked(of.question, of.team_id)


def digests_found(question: LiveQuestion) -> frozenset[str]:
    """Return the digests that it has found so far, and through which they are reached. Raises DamagedRunError."""
    if question.incident is None:
        hits = WatchHit.objects.filter(watch=question.watch, artifact__startswith="sha")
        return frozenset(hits.values_list("artifact", flat=True).distinct())
    runs_of = question.incident.runs.select_related("incident").defer("header", "question")
    run = runs_of.order_by("-number").first()
    return frozenset() if run is None else _digests_of(run)


def _digests_of(run: QueryRun) -> frozenset[str]:
    def make() -> frozenset[str]:
        answer = read_slim(run)
        own = {key for key in answer.known.keys if isinstance(key, str)}
        if answer.gist is not None:
            return frozenset(own.union(answer.gist.head.via))
        return frozenset(own | {via.digest for row in answer.rows for via in row.via})

    return _FOUND.get((run.pk, run.content_digest), make)
