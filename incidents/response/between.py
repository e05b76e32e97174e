"""What differs between two kept answers of an incident, as far as somebody may see both."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from incidents.response.answers import read_shown
from incidents.response.differences import Changes, Known, compare, difference, difference_of_builds
from incidents.response.part import part_of_kept, whole_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from incidents.impact.answer import Builds, Row
    from incidents.models import QueryRun
    from incidents.response.answers import KeptAnswer
    from incidents.response.differences import BuildDifference, Difference
    from incidents.response.gists import Since
    from incidents.response.part import Part
    from supplychain.access.actors import Actor

_NOTHING = Known([], b"")


class Side:
    """An answer that is compared, as far as the actor may see it, read when somebody looks; None has nothing."""

    def __init__(self, run: QueryRun | None, *, actor: Actor, kept: KeptAnswer | None = None) -> None:
        self.run, self._actor, self._given = run, actor, kept

    @property
    def is_whole(self) -> bool:
        return self.run is None or self.run.incident.is_whole_for(self._actor)

    @cached_property
    def kept(self) -> KeptAnswer | None:
        return self._given or (None if self.run is None else read_shown(self.run))

    @cached_property
    def part(self) -> Part | None:
        return None if self.kept is None else part_of_kept(self.kept, actor=self._actor)

    @property
    def rows(self) -> Sequence[Row]:
        return () if self.part is None else self.part.rows

    @property
    def builds(self) -> Builds | None:
        return None if self.part is None or self.part.header is None else self.part.header.builds

    @property
    def known(self) -> Known:
        return _NOTHING if self.kept is None else self.kept.known

    def whole(self, rows: Sequence[Row]) -> tuple[Row, ...]:
        """Return rows of it with all that the actor may see of each match."""
        return () if not rows or self.kept is None else whole_of(self.kept, rows, actor=self._actor)


@dataclass(frozen=True, slots=True)
class Between:
    """What is other in the later of two answers. The earlier is read where it has something that the later has not."""

    before: Side
    after: Side

    @property
    def changes(self) -> Changes | None:
        """What is other, by places; None for who sees a part."""
        if not (self.before.is_whole and self.after.is_whole):
            return None
        since = self._since
        return compare(self.before.known, self.after.known) if since is None else since.rows

    def rows(self, changes: Changes | None) -> Difference:
        """Return the rows of these changes; of None all that are other in the parts that the actor sees."""
        if changes is None:
            return difference(self.before.rows, self.after.rows)
        before = self.before.rows if changes.retracted or changes.changed else ()
        return changes.of(before, self.after.rows)

    def builds(self) -> BuildDifference:
        since = self._since if self.before.is_whole and self.after.is_whole else None
        return difference_of_builds(self.before.builds, self.after.builds) if since is None else since.builds

    @property
    def _since(self) -> Since | None:
        """What was stored with the later one, if that is about the earlier one."""
        gist = None if self.after.kept is None else self.after.kept.gist
        since = None if gist is None else gist.head.since
        is_meant = since is not None and self.before.run is not None and since.number == self.before.run.number
        return since if is_meant else None
