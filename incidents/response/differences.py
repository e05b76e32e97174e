"""What changed between two answers of one incident. Pure.

A digest's content never changes, so a digest that matched and no longer does was withdrawn: the list was wrong, or
what is asked has changed. What left production is still affected; only nothing runs it any more.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from incidents.impact.answer import Status

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from incidents.impact.answer import Build, Builds, Row


@dataclass(frozen=True, slots=True)
class Difference:
    """Rows of the later answer, but `retracted` and the former of `changed`, which are of the earlier."""

    added: tuple[Row, ...]
    retracted: tuple[Row, ...]
    changed: tuple[tuple[Row, Row], ...]
    started: tuple[Row, ...]
    """Matched before, and runs now."""
    stopped: tuple[Row, ...]
    """Matched before and ran; nothing runs it now."""
    unchanged_count: int

    @property
    def is_empty(self) -> bool:
        return not (self.added or self.retracted or self.changed or self.started or self.stopped)


@dataclass(frozen=True, slots=True)
class BuildDifference:
    """Runs of builds by whether they were exposed. `retracted` are of the earlier answer, the others of the later."""

    added: tuple[Build, ...]
    retracted: tuple[Build, ...]
    changed: tuple[tuple[Build, Build], ...]
    """Exposed in both, and surer or less sure now."""

    @property
    def is_empty(self) -> bool:
        return not (self.added or self.retracted or self.changed)


_EXPOSED: Final = (Status.AFFECTED, Status.POSSIBLE)


def difference(before: Iterable[Row], after: Iterable[Row]) -> Difference:
    """Compare two answers by what their rows are about: the digest, or the names where there is none."""
    old, new = ({about(row): row for row in rows} for rows in (before, after))
    both = [(old[key], row) for key, row in new.items() if key in old]
    changed = tuple((was, now) for was, now in both if was.status != now.status)
    started = tuple(now for was, now in both if now.running and not was.running)
    stopped = tuple(now for was, now in both if was.running and not now.running)
    touched = {about(now) for _, now in changed} | {about(row) for row in (*started, *stopped)}
    return Difference(
        added=tuple(row for key, row in new.items() if key not in old),
        retracted=tuple(row for key, row in old.items() if key not in new),
        changed=changed,
        started=started,
        stopped=stopped,
        unchanged_count=len(both) - len(touched),
    )


def difference_of_builds(before: Builds | None, after: Builds | None) -> BuildDifference:
    """Compare the exposed runs of two answers, of each its worst; a run is its number, or its workflow's commit."""
    old, new = _exposed(before), _exposed(after)
    both = [(old[key], one) for key, one in new.items() if key in old]
    return BuildDifference(
        added=tuple(one for key, one in new.items() if key not in old),
        retracted=tuple(one for key, one in old.items() if key not in new),
        changed=tuple((was, now) for was, now in both if was.status is not now.status),
    )


def is_same_of_builds(before: Builds | None, after: Builds | None) -> bool:
    """Say whether two answers tell the same of every run, those too that they do not list."""
    return before == after if before is None or after is None else before.hash == after.hash


def _exposed(builds: Builds | None) -> Mapping[object, Build]:
    found: dict[object, Build] = {}
    for one in () if builds is None else builds.runs:
        if one.status in _EXPOSED:
            key = (one.repository, one.run_id, one.attempt) if one.run_id else _unnumbered(one)
            found.setdefault(key, one)  # the worst comes first
    return found


def _unnumbered(one: Build) -> object:
    return one.repository, one.workflow, one.commit, one.started_at, one.evidence


def is_same(before: Iterable[Row], after: Iterable[Row]) -> bool:
    """Say whether two answers have the same rows: status, effect, what matched, and what runs them, in any order."""
    return {about(row): _said(row) for row in before} == {about(row): _said(row) for row in after}


def _said(row: Row) -> object:
    matches = {(match.indicator, match.purl, match.reason) for match in row.matches}
    places = {
        (one.cluster, one.namespace, one.kind, one.name, one.container, one.team, one.ended_at is None)
        for one in row.workloads
    }
    return (row.status, row.effect, row.running, matches, places)


def about(row: Row) -> object:
    """Return what a row of an answer is about, and no other row of it."""
    return row.artifact.digest or row.artifact.names
