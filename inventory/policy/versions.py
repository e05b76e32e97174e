"""Which versions a block of a package means; this process remembers those that it judged.

What is remembered stays true: the range of a block never changes, nor the version of a component. It only spares the
database to look for what would be found not to be meant; a block, a package or a version that nobody judged yet is
looked for. That one has come since, its id tells, and only where all lower ids are settled: a row with a lower id may
be committed later. So a highest id counts when the writers of its moment are gone (hits_sql.WRITERS), and when it has
lain long enough to be on the disk: a server that crashed gives no such id again.
"""

from __future__ import annotations

import re
import threading
import time
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from inventory.identity.versions import UnevaluableVersion, parse_canonical_vers
from inventory.policy.hits_sql import NEWEST, VERSIONS, WRITERS
from supplychain.exchange import Query, Statement

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import datetime

    from inventory.identity.versions import VersionRange
    from supplychain.exchange import TypedRow, Value

    Ask = Callable[[Sequence[Query]], list[list[TypedRow]]]

MOST: Final = 5_000
"""Versions that are judged ahead: fewer than `why_meant` remembers, for one decision waits while they are judged."""
MOST_MEANT: Final = 64
"""Of a block: these are sent with each question. Where it means more, the database looks for them each time."""
AGAIN_SECONDS: Final = 60.0
"""Ids mean others in a database that was put back to an earlier day."""
SETTLE_SECONDS: Final = 5.0
"""How soon to look again where something has come: what was committed without waiting is on the disk long before."""
_NEWEST, _WRITERS, _VERSIONS = Statement(NEWEST), Statement(WRITERS), Statement(VERSIONS)
_REBUILD = re.compile(r"\+b[0-9]+$")


@lru_cache(maxsize=16_384)
def why_meant(wanted: str | None, version: str, *, type_: str, by_source: bool) -> str:
    """Say why a version is meant; '' where it is not. What has no place in the order is blocked, not let through."""
    if wanted is None:
        return "every version is blocked"
    versions = _range_of(wanted)
    plain = _REBUILD.sub("", version) if type_ == "deb" else version
    source = "its source package " if by_source else ""
    try:
        if versions.contains(version) or (plain != version and versions.contains(plain)):
            return f"{source}{version} is in {wanted}"
    except UnevaluableVersion:
        return f"version {version or '(none stated)'} cannot be compared with {wanted}"
    return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Settled:
    """Of a file of the table of components: no row will come with an id up to these."""

    file: int = 0
    component: int = 0
    package: int = 0


@dataclass(frozen=True, slots=True)
class _Seen:
    """The highest ids there were at a time of the clock, and who was writing then."""

    highest: _Settled
    writers: frozenset[str]
    at: float


@dataclass(frozen=True, slots=True)
class Judged:
    """What was found of blocks when they were judged: `values` are parameters of hits_sql.HITS.

    `count` of them. It holds as long as as many connections were lost: behind the next may be another server.
    """

    values: Mapping[str, Value]
    count: int = 0
    losses: int = 0


class JudgedVersions:
    """What is meant by the blocks in force, as far as it was judged. Thread-safe."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._mark, self._until = "", 0.0
        self._seen: _Seen | None = None
        self._settled = _Settled()
        self._lock = threading.Lock()
        self._known = NOTHING

    def known(self, *, losses: int) -> Judged:
        """Return what was judged, nothing of it where connections have been lost since."""
        known = self._known
        return known if known.losses == losses else NOTHING

    def follow(self, mark: str, *, at: datetime, ask: Ask, losses: int = 0) -> None:
        """Judge all versions there are of blocked packages, where a block or a version is new or it was long ago.

        Three statements. `losses`: connections that were lost before `mark` was read.
        """
        now = self._clock()
        mark = f"{mark} {losses}" if mark else ""
        if (mark == self._mark and now < self._until) or not self._lock.acquire(blocking=False):
            return
        try:
            if mark != self._mark and losses != self._known.losses:
                self._seen, self._settled = None, _Settled()
            self._mark, self._until = mark, now + AGAIN_SECONDS
            self._known = self._judge(ask, at=at, now=now, losses=losses) if mark else Judged(NOTHING.values, 0, losses)
        finally:
            self._lock.release()

    def _judge(self, ask: Ask, *, at: datetime, now: float, losses: int) -> Judged:
        newest, writers, rows = ask(
            [Query(_NEWEST), Query(_WRITERS), Query(_VERSIONS, {"at": at, "limit": MOST + 1})]  # in this order
        )
        self._settle(_Settled(file=newest[0][2], component=newest[0][0], package=newest[0][1]), writers, now=now)
        return _judged(rows, settled=self._settled, losses=losses)

    def _settle(self, highest: _Settled, writers: Sequence[TypedRow], *, now: float) -> None:
        """Take what was the highest then for settled, once who wrote then is gone; look again soon if not all is."""
        writing = frozenset(writer for (writer,) in writers)
        seen = self._seen
        if self._settled.file != highest.file:
            self._settled = _Settled(file=highest.file)
        if seen is None or seen.highest.file != highest.file:
            self._seen = seen = _Seen(highest, writing, now)
        elif now - seen.at >= SETTLE_SECONDS and not seen.writers & writing:
            self._settled, self._seen = seen.highest, _Seen(highest, writing, now)
        if self._settled != highest:
            self._until = now + SETTLE_SECONDS


def _judged(rows: Sequence[TypedRow], *, settled: _Settled, losses: int) -> Judged:
    if len(rows) > MOST:  # the last block may go on
        rows = [row for row in rows if row[0] != rows[-1][0]]
    pairs: set[tuple[int, int]] = set()
    meant: dict[int, list[tuple[int, int, bool]]] = {}
    sources: list[tuple[int, int]] = []
    for block, wanted, type_, package, component, by_source, version in rows:
        pairs.add((block, package or 0))
        if component is None or component > settled.component:
            continue
        if by_source:
            sources.append((block, component))
        if why_meant(wanted, version, type_=type_, by_source=by_source):
            meant.setdefault(block, []).append((component, block, by_source))
    many = {block for block, found in meant.items() if len(found) > MOST_MEANT}
    blocks = [pair for pair in sorted(pairs) if pair[0] not in many]
    told = [one for block, found in meant.items() if block not in many for one in found]
    judged_sources = [(block << 32) + component for block, component in sources if block not in many]
    if not settled.component:
        return Judged(NOTHING.values, 0, losses)
    values = _values(settled, blocks=blocks, meant=told, sources=judged_sources)
    return Judged(values, len({block for block, _ in blocks}), losses)


def _values(
    settled: _Settled,
    *,
    blocks: Sequence[tuple[int, int]],
    meant: Sequence[tuple[int, int, bool]],
    sources: Sequence[int],
) -> Mapping[str, Value]:
    """Return the parameters, arrays as PostgreSQL writes them: they are sent with each question."""
    return {
        "judged_file": settled.file,
        "settled": settled.component,
        "settled_package": settled.package,
        "judged_blocks": _array(block for block, _ in blocks),
        "judged_packages": _array(package for _, package in blocks),
        "meant": _array(component for component, _, _ in meant),
        "meant_blocks": _array(block for _, block, _ in meant),
        "meant_by_source": _array("t" if by_source else "f" for _, _, by_source in meant),
        "judged_sources": _array(sources),
    }


def _array(values: Iterable[int | str]) -> str:
    return f"{{{','.join(map(str, values))}}}"


NOTHING: Final = Judged(_values(_Settled(), blocks=(), meant=(), sources=()))
judged = JudgedVersions()
"""Of this process."""


@lru_cache(maxsize=4_096)
def _range_of(text: str) -> VersionRange:
    return parse_canonical_vers(text)
