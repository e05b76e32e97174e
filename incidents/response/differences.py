"""What changed between two answers of one incident. Pure.

A digest's content never changes, so a digest that matched and no longer does was withdrawn: the list was wrong, or
what is asked has changed. What left production is still affected; only nothing runs it any more.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from incidents.impact.answer import Row


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


def difference(before: Iterable[Row], after: Iterable[Row]) -> Difference:
    """Compare two answers by what their rows are about: the digest, or the names where there is none."""
    old, new = ({_about(row): row for row in rows} for rows in (before, after))
    both = [(old[about], row) for about, row in new.items() if about in old]
    changed = tuple((was, now) for was, now in both if was.status != now.status)
    started = tuple(now for was, now in both if now.running and not was.running)
    stopped = tuple(now for was, now in both if was.running and not now.running)
    touched = {_about(now) for _, now in changed} | {_about(row) for row in (*started, *stopped)}
    return Difference(
        added=tuple(row for about, row in new.items() if about not in old),
        retracted=tuple(row for about, row in old.items() if about not in new),
        changed=changed,
        started=started,
        stopped=stopped,
        unchanged_count=len(both) - len(touched),
    )


def is_same(before: Iterable[Row], after: Iterable[Row]) -> bool:
    """Say whether two answers have the same rows: status, effect, what matched, and what runs them, in any order."""
    return {_about(row): _said(row) for row in before} == {_about(row): _said(row) for row in after}


def _said(row: Row) -> object:
    matches = {(match.indicator, match.purl, match.reason) for match in row.matches}
    places = {
        (one.cluster, one.namespace, one.kind, one.name, one.container, one.team, one.ended_at is None)
        for one in row.workloads
    }
    return (row.status, row.effect, row.running, matches, places)


def _about(row: Row) -> object:
    return row.artifact.digest or row.artifact.names
