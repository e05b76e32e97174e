"""OSV's algorithm: is a version affected by what an advisory lists? Source: ossf/osv-schema, "Evaluation".

The events of a range are made one set of versions, so that an answer over many components sorts them once. What cannot
be placed in the ecosystem's order is `unevaluable`: neither affected nor cleared.
"""

from __future__ import annotations

import enum
import json
from dataclasses import dataclass
from functools import cmp_to_key
from itertools import groupby
from typing import TYPE_CHECKING, Final

from inventory.identity.versions import parse_range
from inventory.identity.versions.errors import RangeError, UnevaluableVersion
from inventory.identity.versions.intervals import NOTHING, Interval, after, before, intersection, interval, union
from inventory.identity.versions.ranges import VersionRange
from inventory.identity.versions.schemes import scheme_of, sort_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from inventory.identity.versions.intervals import Cut, Intervals


class EventKind(enum.StrEnum):
    """What happens at a version."""

    INTRODUCED = "introduced"
    FIXED = "fixed"
    LAST_AFFECTED = "last_affected"
    LIMIT = "limit"


class RangeType(enum.StrEnum):
    """How the versions of a range are written; NATIVE is none of OSV's: the ecosystem's own syntax."""

    ECOSYSTEM = "ECOSYSTEM"
    SEMVER = "SEMVER"
    GIT = "GIT"
    NATIVE = "NATIVE"


class OsvVerdict(enum.StrEnum):
    """What an advisory says of one version."""

    AFFECTED = "affected"
    UNAFFECTED = "unaffected"
    UNEVALUABLE = "unevaluable"


@dataclass(frozen=True, slots=True)
class OsvEvent:
    """At this version (for LIMIT: before it) something begins or ends. `0` is before every version."""

    kind: EventKind
    version: str


@dataclass(frozen=True, slots=True)
class OsvRange:
    """The events of one range, in any order; `native` where it is written in the ecosystem's own syntax instead."""

    type: RangeType
    events: tuple[OsvEvent, ...]
    native: str = ""


_KINDS: Final = frozenset(kind.value for kind in EventKind)
_BEGINNING: Final = "0"
_NO_LIMIT: Final = "*"


@dataclass(frozen=True, slots=True)
class AffectedVersions:
    """The versions one entry of an advisory names: listed ones, and those inside its ranges.

    `range` is None where no range could be placed. `problems` says what could not be read: then nothing is cleared.
    """

    type: str
    listed: frozenset[str]
    range: VersionRange | None
    problems: tuple[str, ...] = ()

    def judge(self, version: str) -> OsvVerdict:
        """Say whether a version is affected. An empty version is unevaluable, whatever is named."""
        if not version.strip():
            return OsvVerdict.UNEVALUABLE
        if version in self.listed:
            return OsvVerdict.AFFECTED
        try:
            if self._is_inside(version):
                return OsvVerdict.AFFECTED
        except UnevaluableVersion:
            return OsvVerdict.UNEVALUABLE
        return OsvVerdict.UNEVALUABLE if self.problems else OsvVerdict.UNAFFECTED

    def _is_inside(self, version: str) -> bool:
        if self.range is not None and self.range.contains(version):
            return True
        key = sort_key(self.type, version) if self.listed else None
        return any(_equals(self.type, listed, key) for listed in self.listed)


def read_ranges(text: str) -> tuple[OsvRange, ...]:
    """Read ranges that a reader has checked, from the JSON text they are kept as."""
    return tuple(
        OsvRange(
            RangeType(one["type"]),
            tuple(
                OsvEvent(EventKind(kind), version)
                for event in one.get("events", ())
                for kind, version in event.items()
                if kind in _KINDS
            ),
            native=one.get("range", ""),
        )
        for one in (json.loads(text) if text else ())
    )


def affected_versions(purl_type: str, *, ranges: Iterable[OsvRange], versions: Iterable[str] = ()) -> AffectedVersions:
    """Return what an entry's ranges and versions mean for packages of this type.

    A GIT range speaks of commits: it is passed over where versions or other ranges stand beside it, else a problem. So
    is a range with an event that has no place in the order, and an entry that names nothing at all.
    """
    scheme = scheme_of(purl_type)
    listed = frozenset(versions)
    found: list[Intervals] = []
    problems: list[str] = []
    only_git = True
    for one in ranges:
        if one.type is RangeType.GIT:
            continue
        only_git = False
        try:
            if one.type is RangeType.NATIVE:
                native = parse_range(purl_type, one.native)
                found.append(native.intervals)
                listed |= native.exact
            else:
                found.append(_inside(scheme, one.events))
        except (UnevaluableVersion, RangeError) as error:
            problems.append(error.message)
    if only_git and not listed:
        problems.append("no version and no range of versions is named")
    inside = union(found)
    return AffectedVersions(purl_type, listed, VersionRange(scheme, inside) if inside else None, tuple(problems))


def judge_all(entries: Sequence[AffectedVersions], version: str) -> OsvVerdict:
    """Judge a version by several entries of one package: affected by any is affected, unevaluable outweighs cleared."""
    verdicts = {entry.judge(version) for entry in entries}
    for verdict in (OsvVerdict.AFFECTED, OsvVerdict.UNEVALUABLE):
        if verdict in verdicts:
            return verdict
    return OsvVerdict.UNAFFECTED


@dataclass(frozen=True, slots=True)
class _Placed:
    """An event in the order: at this cut something begins, or ends."""

    cut: Cut | None
    begins: bool


def _inside(scheme: str, events: Sequence[OsvEvent]) -> Intervals:
    limits = [event.version for event in events if event.kind is EventKind.LIMIT]
    swept = _sweep(scheme, [event for event in events if event.kind is not EventKind.LIMIT])
    if not limits or _NO_LIMIT in limits:
        return swept
    # A version counts when it is before any of the limits, so before the last one.
    last = max((before(scheme, limit) for limit in limits), key=cmp_to_key(_order))
    return intersection(swept, interval(None, last))


def _sweep(scheme: str, events: Sequence[OsvEvent]) -> Intervals:
    """Walk the events in the order of their cuts, and collect what lies between a beginning and an end.

    Where a beginning and an end fall on one cut, what was affected stays so, and what was not holds nothing.
    """
    placed = [_Placed(_cut(scheme, event), event.kind is EventKind.INTRODUCED) for event in events]
    placed.sort(key=cmp_to_key(lambda one, other: _order(one.cut, other.cut)))
    found: list[Intervals] = []
    low: Cut | None = None
    is_open = False
    for cut, group in groupby(placed, key=lambda event: event.cut):
        kinds = {event.begins for event in group}
        if kinds == {True} and not is_open:
            low, is_open = cut, True
        elif kinds == {False} and is_open:
            found.append(interval(low, cut))
            is_open = False
    if is_open:
        found.append((Interval(low, None),))
    return union(found) if found else NOTHING


def _cut(scheme: str, event: OsvEvent) -> Cut | None:
    """Return where an event takes effect; None is before every version."""
    if event.version == _BEGINNING and event.kind is EventKind.INTRODUCED:
        return None
    if event.kind is EventKind.LAST_AFFECTED:
        return after(scheme, event.version)
    return before(scheme, event.version)


def _order(one: Cut | None, other: Cut | None) -> int:
    if one is None or other is None:
        return (one is not None) - (other is not None)
    return -1 if one < other else 1 if other < one else 0


def _equals(purl_type: str, listed: str, key: object) -> bool:
    try:
        return bool(sort_key(purl_type, listed) == key)
    except UnevaluableVersion:
        return False
