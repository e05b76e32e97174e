"""Kept answers, read once, as pages, actions and proofs rest on them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar, cast

from incidents.impact.answer import Status
from incidents.response import runs
from incidents.response.basis import Answer
from incidents.response.reach import reach_of
from incidents.response.slim import read_slim

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from incidents.impact.answer import Header, Row
    from incidents.models import Incident, QueryRun
    from incidents.response.differences import Known
    from incidents.response.gists import Gist
    from incidents.response.reach import Reach

Derived = TypeVar("Derived")


@dataclass(frozen=True)
class KeptAnswer:
    """A stored answer as it was read: a thousand rows are unpacked once, whoever looks at them."""

    run: QueryRun
    header: Header
    rows: Sequence[Row]
    derived: dict[str, object] = field(default_factory=dict)
    """What was derived from it, by name: of a large answer once a process, since it never changes."""
    whole: Callable[[Sequence[Row]], tuple[Row, ...]] = tuple
    """Gives rows of it, or what was made of them, with all that is told of each match."""
    gist: Gist | None = None

    @property
    def basis(self) -> Answer:
        """The same as actions rest on it."""
        return self.once("basis", self._basis)

    @property
    def known(self) -> Known:
        """Which rows it has, and what they are."""
        return self.basis.known

    @property
    def reach(self) -> Reach:
        """How far what was found reaches."""
        return self.once("reach", lambda: reach_of(self.rows) if self.gist is None else self.gist.read_reach())

    def once(self, name: str, derive: Callable[[], Derived]) -> Derived:
        """Return what is derived from the answer alone, whoever asks: derived the first time."""
        found = self.derived.get(name)
        if found is None:
            found = self.derived[name] = derive()
        return cast("Derived", found)

    def _basis(self) -> Answer:
        asked = tuple(one.asked for one in self.header.asked.indicators)
        builds = self.header.builds
        if builds is None:
            return Answer(self.run.number, self.run.answer_hash, self.rows, asked, gist=self.gist)
        listed = sum(one.status is not Status.CLEARED for one in builds.runs)
        exposed = builds.affected_count + builds.possible_count + builds.unknown_count
        unlisted = max(0, exposed - listed)
        return Answer(self.run.number, self.run.answer_hash, self.rows, asked, builds.runs, unlisted, self.gist)


def read_kept(run: QueryRun) -> KeptAnswer:
    """Read a stored answer. One statement. Raises DamagedRunError."""
    header, rows = runs.read(run)
    return KeptAnswer(run, header, rows)


def read_shown(run: QueryRun) -> KeptAnswer:
    """Read a stored answer as pages and actions need it (slim.py). One statement at most. Raises DamagedRunError."""
    slim = read_slim(run)
    return KeptAnswer(run, slim.header, slim.rows, slim.derived, slim.whole, slim.gist)


def read_newest(incident: Incident) -> KeptAnswer:
    """Read the newest kept answer. Two statements."""
    run = incident.runs.light().get(number=incident.run_count)
    run.incident = incident
    return read_shown(run)


def newest_answer(incident: Incident) -> Answer:
    """Return the newest kept answer as actions rest on it. Two statements."""
    return read_newest(incident).basis
