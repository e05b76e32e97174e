"""The history of one container: observations in, half-open intervals out, in whatever order they are delivered.

Pure. An interval [opened_at, closed_at) stands for all observations of one image that nothing interrupted. Of more
than two observations only the first and the last are kept, so a late observation of another image between them cannot
tell where to cut: it is laid beside the interval, because an incident answer over-matches rather than misses.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

_EXACT_COUNT = 2
"""Observations that an interval remembers exactly: its first and its last."""


class Reason(enum.StrEnum):
    """Why an interval ended; the values of models.CloseReason."""

    REPLACED = "replaced"
    ENDED = "ended"
    SNAPSHOT_ABSENT = "snapshot_absent"


@dataclass(frozen=True, slots=True)
class Run:
    """What a container runs and for whom, as its newest report says."""

    artifact_id: int | None
    image_name: str
    image_tag: str
    team_id: int
    container_class: str = "container"
    digest_kind: str = "unknown"
    node_architecture: str = ""
    environment_id: int | None = None

    def is_same(self, other: Run) -> bool:
        """Tell whether both belong to one interval: the same bytes, whatever they are called, for the same team."""
        if self.team_id != other.team_id:
            return False
        if self.artifact_id is None and other.artifact_id is None:
            return (self.image_name, self.image_tag) == (other.image_name, other.image_tag)
        return self.artifact_id == other.artifact_id


@dataclass(slots=True, eq=False)
class Interval:
    """One row of a history. `id` is the stored row's, None for one made here; `*_by` is the evidence that said so.

    A mark (`seen_count` 0, opened_at = closed_at) remembers an end that closed nothing: a late start may still need it.
    """

    run: Run
    opened_at: datetime
    last_seen_at: datetime
    opened_by: int
    seen_count: int = 1
    closed_at: datetime | None = None
    reason: Reason | None = None
    closed_by: int | None = None
    end_names_image: bool = False
    """The end was reported for this digest alone; otherwise for whatever ran."""
    id: int | None = None

    @property
    def is_mark(self) -> bool:
        return self.seen_count == 0

    @property
    def is_empty(self) -> bool:
        """A mark, or an observation that another one of the same instant overruled."""
        return self.closed_at == self.opened_at

    def covers(self, at: datetime) -> bool:
        return not self.is_mark and self.opened_at <= at and (self.closed_at is None or at < self.closed_at)

    def is_ended_for(self, run: Run) -> bool:
        """Tell whether this end would also have ended `run`."""
        return not self.end_names_image or self.run.artifact_id == run.artifact_id

    def see(self, at: datetime) -> None:
        self.last_seen_at = max(self.last_seen_at, at)
        self.seen_count += 1

    def close(self, at: datetime, *, reason: Reason, by: int, names_image: bool = False) -> None:
        self.closed_at, self.reason, self.closed_by, self.end_names_image = at, reason, by, names_image


class History:
    """The intervals of one container that an event at hand can touch. Events may come in any order, and twice.

    Of equal instants the later delivered wins. Changes rows in place; new rows have no id, `dropped` had one.
    """

    def __init__(self, intervals: Iterable[Interval] = ()) -> None:
        self.intervals = list(intervals)
        self.dropped: list[Interval] = []

    def observe(self, run: Run, *, at: datetime, by: int) -> None:
        """Record that `run` was seen running at an instant. An older sighting only fills the past."""
        if self._has_seen(run, at):
            return
        covering = [interval for interval in self.intervals if interval.covers(at)]
        same = next((interval for interval in covering if interval.run.is_same(run)), None)
        if same is not None:
            same.see(at)
            return
        current = max(covering, key=_last_seen, default=None)
        if current is not None and not self._cut(current, at, by=by):
            self._lay_beside(current, run, at, by=by)
            return
        self._fill(run, at, by=by)

    def start(self, run: Run, *, at: datetime, by: int) -> None:
        """Record what a later report tells of its start, unless something else was seen after that."""
        if any(
            interval.covers(at) and (interval.run.is_same(run) or interval.last_seen_at > at)
            for interval in self.intervals
        ):
            return
        self.observe(run, at=at, by=by)

    def end(self, run: Run, *, at: datetime, by: int) -> None:
        """Record an end of this digest, or of whatever ran when `run` has none; of another digest it closes nothing."""
        names_image = run.artifact_id is not None
        if self._has_ended(run, at):
            return
        covering = [
            interval
            for interval in self.intervals
            if interval.covers(at) and (not names_image or interval.run.artifact_id == run.artifact_id)
        ]
        current = max(covering, key=_last_seen, default=None)
        if current is None or not self._cut(current, at, by=by):
            self._mark(run, at, by=by, reason=Reason.ENDED, names_image=names_image)
            return
        current.close(at, reason=Reason.ENDED, by=by, names_image=names_image)

    def miss(self, *, at: datetime, by: int) -> None:
        """Record that a full list of an instant holds none of this: what is open and was not seen later has ended."""
        for interval in self.intervals:
            if interval.closed_at is None and interval.last_seen_at <= at:
                interval.close(at, reason=Reason.SNAPSHOT_ABSENT, by=by)

    def _cut(self, interval: Interval, at: datetime, *, by: int) -> bool:
        """End an interval at an instant it covers, as delivery in order would have; False when that cannot be told."""
        if at < interval.last_seen_at and interval.seen_count > _EXACT_COUNT:
            return False
        if at < interval.last_seen_at:
            self.intervals.append(replace(interval, opened_at=interval.last_seen_at, seen_count=1, id=None))
            interval.last_seen_at, interval.seen_count = interval.opened_at, 1
        else:
            self._release_end(interval)
        interval.close(at, reason=Reason.REPLACED, by=by)
        return True

    def _release_end(self, interval: Interval) -> None:
        """Keep the end of an interval that is about to end earlier: it may be the end of what comes between."""
        if interval.closed_at is None or interval.reason is None or interval.reason == Reason.REPLACED:
            return
        by = interval.opened_by if interval.closed_by is None else interval.closed_by
        self._mark(
            interval.run, interval.closed_at, by=by, reason=interval.reason, names_image=interval.end_names_image
        )

    def _mark(self, run: Run, at: datetime, *, by: int, reason: Reason, names_image: bool) -> None:
        named = run if names_image else replace(run, artifact_id=None, image_name="", image_tag="")
        mark = Interval(named, at, at, by, seen_count=0)
        mark.close(at, reason=reason, by=by, names_image=names_image)
        self.intervals.append(mark)

    def _fill(self, run: Run, at: datetime, *, by: int) -> None:
        """Put a first sighting where nothing runs: up to its remembered end, the next start, or still open."""
        later = [interval for interval in self.intervals if interval.opened_at > at]
        following = min((row for row in later if not row.is_empty), key=_opened, default=None)
        mark = min((row for row in later if row.is_mark and row.is_ended_for(run)), key=_opened, default=None)
        if mark is not None and (following is None or mark.opened_at <= following.opened_at):
            self._drop(mark)
            self.intervals.append(
                replace(mark, run=run, opened_at=at, last_seen_at=at, opened_by=by, seen_count=1, id=None)
            )
        elif following is not None and following.run.is_same(run):
            following.opened_at, following.opened_by = at, by
            following.seen_count += 1
        else:
            interval = Interval(run, at, at, by)
            if following is not None:
                interval.close(following.opened_at, reason=Reason.REPLACED, by=following.opened_by)
            self.intervals.append(interval)

    def _lay_beside(self, interval: Interval, run: Run, at: datetime, *, by: int) -> None:
        """Add a sighting between two sightings of something else, up to the last of these."""
        beside = min(
            (row for row in self.intervals if at < row.opened_at < interval.last_seen_at and row.run.is_same(run)),
            key=_opened,
            default=None,
        )
        if beside is not None and not beside.is_empty:
            beside.opened_at, beside.opened_by = at, by
            beside.seen_count += 1
            return
        beside = Interval(run, at, at, by)
        beside.close(interval.last_seen_at, reason=Reason.REPLACED, by=interval.opened_by)
        self.intervals.append(beside)

    def _drop(self, mark: Interval) -> None:
        self.intervals.remove(mark)
        if mark.id is not None:
            self.dropped.append(mark)

    def _has_seen(self, run: Run, at: datetime) -> bool:
        return any(
            at in (interval.opened_at, interval.last_seen_at) and not interval.is_mark and interval.run.is_same(run)
            for interval in self.intervals
        )

    def _has_ended(self, run: Run, at: datetime) -> bool:
        names_image = run.artifact_id is not None
        return any(
            interval.closed_at == at
            and interval.reason != Reason.REPLACED
            and interval.end_names_image == names_image
            and (not names_image or interval.run.artifact_id == run.artifact_id)
            for interval in self.intervals
        )


def _last_seen(interval: Interval) -> datetime:
    return interval.last_seen_at


def _opened(interval: Interval) -> datetime:
    return interval.opened_at
