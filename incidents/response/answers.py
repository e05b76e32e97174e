"""Kept answers as actions and proofs rest on them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from incidents.impact.answer import Status
from incidents.response import runs
from incidents.response.basis import Answer

if TYPE_CHECKING:
    from incidents.models import Incident, QueryRun


def newest_answer(incident: Incident) -> Answer:
    """Return the newest kept answer. Two statements."""
    run = incident.runs.get(number=incident.run_count)
    run.incident = incident
    return answer_of(run)


def answer_of(run: QueryRun) -> Answer:
    """Return a kept answer as actions rest on it."""
    header, rows = runs.read(run)
    asked = tuple(one.asked for one in header.asked.indicators)
    if header.builds is None:
        return Answer(run.number, run.answer_hash, rows, asked)
    builds = header.builds
    listed = sum(one.status is not Status.CLEARED for one in builds.runs)
    exposed = builds.affected_count + builds.possible_count + builds.unknown_count
    return Answer(run.number, run.answer_hash, rows, asked, builds.runs, max(0, exposed - listed))
