"""What a process remembers between questions, forgotten: for tests that compare two of them."""

from __future__ import annotations

from incidents.impact import coverage, estate, what_ran, what_runs
from incidents.impact.base_edges import EDGES_KEPT
from incidents.impact.contents import CONTENTS
from incidents.impact.digests import DIGESTS
from incidents.impact.occurrences import OCCURRENCES
from incidents.impact.subjects import SUBJECTS
from incidents.impact.texts import TEXTS
from inventory.graph import packages


def forget_everything() -> None:
    for remembered in (
        coverage.LABELLED,
        what_runs.COUNTED,
        what_runs.BARE,
        what_runs.RUNNING,
        what_runs.READ,
        estate.RUNNING,
        estate.PACKAGES,
        packages.DESCRIBED,
        packages.DETAILS,
        DIGESTS,
        SUBJECTS,
        CONTENTS,
        EDGES_KEPT,
    ):
        remembered.forget()
    what_ran.RAN_THEN.forget()
    TEXTS.clear()
    OCCURRENCES.forget()
