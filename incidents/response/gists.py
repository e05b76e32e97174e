"""The gist of a large kept answer: its rows without the places in documents, small enough to be read for a page.

What matched is written once and named by number in each row. The digests of the stored pages stand with it, so that a
page of rows can be read, and trusted, without the others. What pages derive from the whole answer is kept besides. It
says nothing of its own: it is made from what is stored, and one of another shape than this release's is left alone.
"""

from __future__ import annotations

import hashlib
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeVar

import msgspec
from msgspec import Struct

from incidents.impact.answer import ArtifactShown, Effect, Match, Provenance, Row, Status, Via, WorkloadShown
from incidents.response.derived import Keyed
from incidents.response.reach import Reach
from inventory.formats.collector import collector_paused

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

Shared = TypeVar("Shared")
SHAPE: Final = 2
"""Of what `pack` writes: one more whenever that changes. A process of another release may read what this one wrote, and
then reads the stored pages instead."""
_LEVEL: Final = 1


class StoredPage(Struct, frozen=True, array_like=True, gc=False):
    """A stored page: how many rows it has, and the SHA-256 of its bytes."""

    row_count: int
    digest: bytes


class _Line(Struct, frozen=True, array_like=True, gc=False):
    """A row. `matches` and `provenance` are numbers of what the gist holds once."""

    digest: str | None
    names: tuple[str, ...]
    kind: str
    status: Status
    effect: Effect
    running: bool
    matches: tuple[int, ...]
    via: tuple[Via, ...]
    provenance: int
    workloads: tuple[WorkloadShown, ...]
    vex: tuple[str, ...]
    confidence: str


class _Gist(Struct, frozen=True, array_like=True, gc=False):
    pages: tuple[StoredPage, ...]
    matches: tuple[Match, ...]
    provenances: tuple[Provenance, ...]
    lines: tuple[_Line, ...]
    proposed: msgspec.Raw
    artifacts: msgspec.Raw
    reach: msgspec.Raw


@dataclass(frozen=True, slots=True)
class Derived:
    """What pages and actions derive from the rows alone."""

    proposed: Iterable[Keyed]
    """What should be done (derived.py)."""
    artifacts: Mapping[int, str]
    """The digests of what was found, by the ids that they always had."""
    reach: Reach


@dataclass(frozen=True, slots=True)
class Gist:
    """Slim rows, the stored pages they were made of, and what is derived from them, not decoded yet."""

    rows: tuple[Row, ...]
    pages: tuple[StoredPage, ...]
    proposed: msgspec.Raw
    artifacts: msgspec.Raw
    reach: msgspec.Raw

    def read_proposed(self) -> dict[str, Keyed]:
        """Return what should be done, by key."""
        with collector_paused():
            return {one.key: one for one in _PROPOSED.decode(self.proposed)}

    def read_artifacts(self) -> dict[int, str]:
        """Return the digests of what was found, by the ids of the artifacts."""
        return _ARTIFACTS.decode(self.artifacts)

    def read_reach(self) -> Reach:
        """Return how far what was found reaches."""
        return _REACH.decode(self.reach)


_PROPOSED: Final = msgspec.msgpack.Decoder(tuple[Keyed, ...])
_ARTIFACTS: Final = msgspec.msgpack.Decoder(dict[int, str])
_REACH: Final = msgspec.msgpack.Decoder(Reach)
_GIST: Final = msgspec.msgpack.Decoder(_Gist)


def pack(rows: Iterable[Row], pages: Sequence[StoredPage], derived: Derived) -> bytes:
    """Return the gist of slim rows (slimming.py), packed."""
    matches: dict[Match, int] = {}
    provenances: dict[Provenance, int] = {}
    lines = tuple(
        _Line(
            row.artifact.digest,
            row.artifact.names,
            row.artifact.kind,
            row.status,
            row.effect,
            row.running,
            tuple(_number(match, matches) for match in row.matches),
            row.via,
            _number(row.provenance, provenances),
            row.workloads,
            row.vex,
            row.confidence,
        )
        for row in rows
    )
    kept = (tuple(derived.proposed), derived.artifacts, derived.reach)
    said = (msgspec.Raw(msgspec.msgpack.encode(one)) for one in kept)
    gist = _Gist(tuple(pages), tuple(matches), tuple(provenances), lines, *said)
    return zlib.compress(msgspec.msgpack.encode(gist), _LEVEL)


def unpack(packed: bytes) -> Gist:
    """Return what was packed."""
    with collector_paused():
        gist = _GIST.decode(zlib.decompress(packed))
        match_of, provenances = gist.matches.__getitem__, gist.provenances
        rows = tuple(
            Row(
                ArtifactShown(line.digest, line.names, line.kind),
                line.status,
                line.effect,
                line.running,
                tuple(map(match_of, line.matches)),
                line.via,
                provenances[line.provenance],
                line.workloads,
                line.vex,
                line.confidence,
            )
            for line in gist.lines
        )
    return Gist(rows, gist.pages, *(raw.copy() for raw in (gist.proposed, gist.artifacts, gist.reach)))


def digest_of(packed: bytes, *, content_digest: str) -> str:
    """Return what tells that a gist is whole, and of which answer it is."""
    return f"sha256:{hashlib.sha256(content_digest.encode() + packed).hexdigest()}"


def _number(one: Shared, known: dict[Shared, int]) -> int:
    return known.setdefault(one, len(known))
