"""Rows of large answers in a fraction of the memory: what matches in every artifact alike is held once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeVar, cast

import msgspec

from incidents.impact.answer import Match

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from incidents.impact.answer import Row

MATCHES_WHOLE: Final = 6
"""Matches of a row that keep their evidence, pointer and path: what a page shows of it."""
Same = TypeVar("Same")


class Slimming:
    """Makes the rows of one answer slim, a page at a time: all that matched, and where the first of it stands."""

    def __init__(self) -> None:
        self._known: dict[object, object] = {}

    def of(self, rows: Iterable[Row]) -> Iterator[Row]:
        for row in rows:
            whole = (self._whole(one) for one in row.matches[:MATCHES_WHOLE])
            bare = (self._bare(one) for one in row.matches[MATCHES_WHOLE:])
            yield msgspec.structs.replace(row, matches=(*whole, *bare))

    def _whole(self, one: Match) -> Match:
        same = self._same
        return Match(
            one.indicator,
            same(one.purl),
            same(one.evidence),
            same(one.pointer),
            same(one.path),
            one.direct,
            one.confidence,
            same(one.reason),
        )

    def _bare(self, one: Match) -> Match:
        return self._same(Match(one.indicator, one.purl, None, None, None, one.direct, one.confidence, one.reason))

    def _same(self, value: Same) -> Same:
        return cast("Same", self._known.setdefault(value, value))
