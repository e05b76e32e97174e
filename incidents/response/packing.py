"""Make the gist of a large answer (gists.py), out of its slim rows."""

from __future__ import annotations

from array import array
from collections import defaultdict
from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING, TypeVar

import msgspec
import numpy as np

from incidents.impact.columns import different
from incidents.response import gists
from incidents.response.exposed import ids_of
from incidents.response.gists import Line, SaidOf, Spot
from incidents.response.reach import reach_of
from incidents.response.said import MAX_ARTIFACTS, Said, subjects_of_places, workload_of
from incidents.response.strengths import unknown_of
from incidents.response.verdicts import runs, verdict_of
from inventory.graph.packed import pack

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from incidents.impact.answer import Match, Provenance, Row
    from incidents.response.basis import Answer
    from incidents.response.gists import Since, StoredPage

Shared = TypeVar("Shared")
_NO_SHA256 = b"\0" * gists.DIGEST_BYTES


def pack_gist(answer: Answer, *, pages: Sequence[StoredPage], since: Since | None) -> dict[int, bytes]:
    """Return the parts of the gist, by their numbers. One statement.

    `answer` has slim rows (slimming.py), and no gist yet.
    """
    columns = _Columns()
    lines = [columns.add(place, row) for place, row in enumerate(answer.rows)]
    ids = {digest: artifact_id for artifact_id, digest in ids_of(answer).items()}
    artifacts = array("i", (ids.get(str(key), 0) for key in answer.known.keys))
    parts = {
        gists.HEAD: gists.packed(columns.head(answer, pages=pages, since=since)),
        gists.DIGESTS: bytes(columns.digests),
        gists.ACTIONS: gists.packed(
            gists.Actions(answer.derive(), tuple(_said(answer, columns, lines=lines)), pack(artifacts))
        ),
        gists.MATCHES: gists.packed(gists.Matches(tuple(columns.matches), tuple(columns.provenances))),
    }
    stretches = (lines[start : start + gists.STRETCH] for start in range(0, len(lines), gists.STRETCH))
    return parts | {number: gists.packed(some) for number, some in enumerate(stretches, start=gists.FIRST_ROWS)}


@dataclass(slots=True)
class _Columns:
    """What is said of the rows so far, and the numbers of what they share."""

    verdicts: bytearray = field(default_factory=bytearray)
    digests: bytearray = field(default_factory=bytearray)
    odd: dict[int, str | tuple[str, ...]] = field(default_factory=dict)
    spots: dict[Spot, int] = field(default_factory=dict)
    spot_rows: array[int] = field(default_factory=lambda: array("i"))
    spot_numbers: array[int] = field(default_factory=lambda: array("i"))
    matches: dict[Match, int] = field(default_factory=dict)
    provenances: dict[Provenance, int] = field(default_factory=dict)
    via: set[str] = field(default_factory=set)

    def add(self, place: int, row: Row) -> Line:
        self.verdicts.append(verdict_of(row))
        self._add_digest(place, row)
        for spot in {Spot(one.cluster, one.namespace, one.service, one.team) for one in row.workloads}:
            self.spot_rows.append(place)
            self.spot_numbers.append(_number(spot, self.spots))
        self.via.update(via.digest for via in row.via)
        matches = self.matches
        return Line(
            row.artifact.names,
            row.artifact.kind,
            tuple([matches.setdefault(match, len(matches)) for match in row.matches]),
            row.via,
            _number(row.provenance, self.provenances),
            row.workloads,
            row.vex,
            row.confidence,
        )

    def _add_digest(self, place: int, row: Row) -> None:
        digest = row.artifact.digest
        if digest is not None and digest.startswith(gists.DIGEST_PREFIX):
            self.digests += bytes.fromhex(digest[len(gists.DIGEST_PREFIX) :])
        else:
            self.digests += _NO_SHA256
            self.odd[place] = digest or row.artifact.names

    def head(self, answer: Answer, *, pages: Sequence[StoredPage], since: Since | None) -> gists.Head:
        return gists.Head(
            tuple(pages),
            bytes(self.verdicts),
            self.odd,
            tuple(self.spots),
            pack(self.spot_rows),
            pack(self.spot_numbers),
            tuple(sorted(self.via)),
            unknown_of(answer.rows, indicators=answer.indicators),
            since,
            msgspec.Raw(msgspec.msgpack.encode(reach_of(answer.rows))),
        )


def _number(one: Shared, known: dict[Shared, int]) -> int:
    return known.setdefault(one, len(known))


def _said(answer: Answer, columns: _Columns, *, lines: Sequence[Line]) -> Iterator[SaidOf]:
    """Yield what is said of everything that an action may be done to, but of digests: that is one row each."""
    yield from _said_of_packages(answer, columns, lines=lines)
    found: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for place, row in enumerate(answer.rows):
        found["repository", row.provenance.repository or ""].append(place)
        if row.workloads:
            for subject in set(subjects_of_places(row)):
                found[subject].append(place)
    for subject, places in found.items():
        yield SaidOf(subject, _said_of_places(answer.rows, places, verdicts=columns.verdicts))


def _said_of_places(rows: Sequence[Row], places: Sequence[int], *, verdicts: Sequence[int]) -> Said:
    running = sum(runs(verdicts[place]) for place in places)
    workloads = {workload_of(one) for place in places for one in rows[place].workloads}
    return Said(len(places), running, len(workloads), tuple(places[:MAX_ARTIFACTS]))


def _said_of_packages(answer: Answer, columns: _Columns, *, lines: Sequence[Line]) -> Iterator[SaidOf]:
    """Yield what is said of packages: a long list matches millions of times, so that is counted in columns."""
    subjects: dict[tuple[str, ...], int] = {}
    of_match = [
        _number(subject, subjects) if (subject := answer.subject_of(match.indicator)) else -1
        for match in columns.matches
    ]
    if not subjects:
        return
    lengths = np.fromiter((len(line.matches) for line in lines), np.int64, len(lines))
    numbers = np.fromiter(chain.from_iterable(line.matches for line in lines), np.int64, int(lengths.sum()))
    named = np.array(of_match, np.int64)[numbers]
    pairs = different((named * len(lines) + np.repeat(np.arange(len(lines)), lengths))[named >= 0])
    of, places = pairs // len(lines), pairs % len(lines)
    bounds = np.searchsorted(of, np.arange(len(subjects) + 1)).tolist()
    is_placed = np.fromiter((bool(line.workloads) for line in lines), np.bool_, len(lines))
    is_running = np.fromiter(map(runs, columns.verdicts), np.bool_, len(lines))
    for name, number in subjects.items():
        mine = places[bounds[number] : bounds[number + 1]]
        placed = mine[is_placed[mine]].tolist()
        workloads = {workload_of(one) for place in placed for one in answer.rows[place].workloads}
        first = tuple(mine[:MAX_ARTIFACTS].tolist())
        yield SaidOf(name, Said(len(mine), int(np.count_nonzero(is_running[mine])), len(workloads), first))
