"""Rows of large answers in a fraction of the memory: what matches in every artifact alike is held once."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar, cast

import msgspec

from incidents.impact.answer import Match

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from incidents.impact.answer import Row

Same = TypeVar("Same")


class Slimming:
    """Makes the rows of one answer slim, a page at a time: all that matched, and not where it stands."""

    def __init__(self) -> None:
        self._known: dict[object, object] = {}

    def of(self, rows: Iterable[Row]) -> Iterator[Row]:
        for row in rows:
            yield msgspec.structs.replace(row, matches=tuple(map(self._bare, row.matches)))

    def _bare(self, one: Match) -> Match:
        return self._same(Match(one.indicator, one.purl, None, None, None, one.direct, one.confidence, one.reason))

    def _same(self, value: Same) -> Same:
        return cast("Same", self._known.setdefault(value, value))
