"""Kept answers, read once, as pages, actions and proofs rest on them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from incidents.impact.answer import Status
from incidents.response import runs
from incidents.response.basis import Answer

if TYPE_CHECKING:
    from incidents.impact.answer import Header, Row
    from incidents.models import Incident, QueryRun


@dataclass(frozen=True)
class KeptAnswer:
    """A stored answer as it was read: a thousand rows are unpacked once, whoever looks at them."""

    run: QueryRun
    header: Header
    rows: tuple[Row, ...]

    @cached_property
    def basis(self) -> Answer:
        """The same as actions rest on it."""
        asked = tuple(one.asked for one in self.header.asked.indicators)
        builds = self.header.builds
        if builds is None:
            return Answer(self.run.number, self.run.answer_hash, self.rows, asked)
        listed = sum(one.status is not Status.CLEARED for one in builds.runs)
        exposed = builds.affected_count + builds.possible_count + builds.unknown_count
        unlisted = max(0, exposed - listed)
        return Answer(self.run.number, self.run.answer_hash, self.rows, asked, builds.runs, unlisted)


def read_kept(run: QueryRun) -> KeptAnswer:
    """Read a stored answer. One statement. Raises DamagedRunError."""
    return KeptAnswer(run, *runs.read(run))


def read_newest(incident: Incident) -> KeptAnswer:
    """Read the newest kept answer. Two statements."""
    run = incident.runs.get(number=incident.run_count)
    run.incident = incident
    return read_kept(run)


def newest_answer(incident: Incident) -> Answer:
    """Return the newest kept answer as actions rest on it. Two statements."""
    return read_newest(incident).basis
