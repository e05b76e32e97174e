"""What a component is also known by: hashes, CPEs and sources that a team's documents state for it.

Most of a document's were stated by the one before it, and only the rest is sent: a process remembers what it has seen
written, and each track what its newest document stated, for processes that have not seen it.
"""

from __future__ import annotations

import hashlib
from array import array
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec
from django.db import transaction

from inventory.identity.cpes import kept_cpe
from inventory.ingest.sbom_sql import ADD_CPES, ADD_HASHES, ADD_SOURCES

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from inventory.formats.records import ComponentRecord, Hash
    from inventory.formats.source_claims import SourceClaim
    from supplychain.exchange import Statement, Value

_MAX_KNOWN = 300_000
_MAX_VARIANTS = 4
_MOST_AT_ONCE = 5_000
"""What more a document states is not remembered: 100,000 are 50 MB, and its track tells the next build."""
_DIGEST_BYTES = 8


class Told(msgspec.Struct, frozen=True, gc=False):
    """All that a document says of one component: its hashes, its CPE, and where it comes from."""

    component_id: int
    hashes: tuple[Hash, ...]
    cpe: str | None
    sources: tuple[SourceClaim, ...]
    digest: int
    """Of all the others, 64 bits: what a track remembers it by."""

    @classmethod
    def of(
        cls, component_id: int, *, hashes: tuple[Hash, ...], cpe: str | None, sources: tuple[SourceClaim, ...] = ()
    ) -> Told:
        stated = [str(component_id), *[f"{hash_.algorithm}:{hash_.value}" for hash_ in hashes], cpe or ""]
        stated += [f"{source.kind}:{source.value}" for source in sources]
        digest = hashlib.blake2b("\x00".join(stated).encode(), digest_size=_DIGEST_BYTES).digest()
        return cls(component_id, hashes, cpe, sources, int.from_bytes(digest, "little"))


class _Written:
    """What documents stated of components, once it was committed, by team; a few variants of each component.

    A table that was rewritten (restored, truncated) is another generation.
    """

    def __init__(self) -> None:
        self._teams: dict[int, dict[int, tuple[Told, ...]]] = {}
        self._generation: int | None = None

    def follow(self, generation: int) -> None:
        if generation != self._generation:
            self.forget()
            self._generation = generation

    def forget(self) -> None:
        self._teams.clear()

    def of(self, team_id: int) -> Mapping[int, tuple[Told, ...]]:
        return self._teams.get(team_id, {})

    def add(self, stated: Collection[Told], *, team_id: int) -> None:
        if len(stated) > _MOST_AT_ONCE:
            return
        if sum(map(len, self._teams.values())) + len(stated) > _MAX_KNOWN:
            self._teams.clear()
        known = self._teams.setdefault(team_id, {})
        for told in stated:
            known[told.component_id] = (told, *known.get(told.component_id, ()))[:_MAX_VARIANTS]


_written = _Written()
follow_generation = _written.follow
forget_all = _written.forget


@dataclass(frozen=True, slots=True)
class Identifiers:
    """What a document states: all of it as a track remembers it, and what this process has not seen written."""

    packed: bytes
    """The digests, sorted little-endian uint64; equal for equal statements."""
    unknown: Sequence[Told]

    @classmethod
    def of(cls, components: Sequence[ComponentRecord], *, component_ids: Sequence[int], team_id: int) -> Identifiers:
        known = _written.of(team_id)
        digests: set[int] = set()
        unknown: dict[int, Told] = {}
        for component, component_id in zip(components, component_ids, strict=True):
            hashes, cpe, sources = component.hashes, component.cpe, component.sources
            if not hashes and not cpe and not sources:
                continue
            for told in known.get(component_id, ()):
                if told.hashes == hashes and told.cpe == cpe and told.sources == sources:
                    break
            else:
                told = Told.of(component_id, hashes=hashes, cpe=cpe, sources=sources)
                unknown[told.digest] = told
            digests.add(told.digest)
        return cls(array("Q", sorted(digests)).tobytes(), list(unknown.values()))

    def new(self, stated: Iterable[bytes]) -> list[Told]:
        """Return what neither this process nor tracks of the team know to be written; `stated` is what those hold."""
        before: set[int] = set()
        for packed in stated:
            column = array("Q")
            column.frombytes(packed)
            before.update(column)
        return [told for told in self.unknown if told.digest not in before]

    def writes(self, new: Sequence[Told], *, team_id: int) -> Iterator[tuple[Statement, dict[str, Value]]]:
        """Yield the statements that write what is new; sorted, so that documents cannot deadlock."""
        transaction.on_commit(lambda: _written.add(self.unknown, team_id=team_id))
        hashes = [(told.component_id, one.algorithm, one.value) for told in new for one in told.hashes]
        if hashes:
            yield ADD_HASHES, _columns(("components", "algorithms", "values"), hashes)
        cpes = [(told.component_id, kept_cpe(told.cpe)) for told in new if told.cpe]
        if cpes:
            yield ADD_CPES, _columns(("components", "cpes"), cpes)
        sources = [(told.component_id, one.kind, one.value) for told in new for one in told.sources]
        if sources:
            yield ADD_SOURCES, _columns(("components", "kinds", "values"), sources)


def _columns(names: Sequence[str], facts: Sequence[tuple[int | str, ...]]) -> dict[str, Value]:
    """Return the columns of facts, each once and sorted; they are nearly in order, which a set would lose."""
    in_order = sorted(dict.fromkeys(facts))
    return {name: list(column) for name, column in zip(names, zip(*in_order, strict=True), strict=True)}
