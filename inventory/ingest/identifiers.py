"""What a component is also known by: hashes and CPEs that a team's documents state for it.

Most of a document's were stated by the one before it: a process remembers what it has written and sends only the rest.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction

from inventory.ingest.sbom_sql import ADD_CPES, ADD_HASHES

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from inventory.formats.records import ComponentRecord, Hash
    from supplychain.exchange import Statement, Value

_MAX_KNOWN = 300_000
_MAX_VARIANTS = 4
_MAX_CPE = 1024

Fact = tuple[int, str, str]
"""(component id, algorithm or 'cpe', value)."""
Stated = tuple[tuple["Hash", ...], "str | None"]
"""All that a document says of one component: its hashes and its CPE."""
_NOTHING_YET: tuple[Stated, ...] = (((), None),)
"""To state nothing needs no writing."""


class _Written:
    """What documents stated of components, once it was committed, by team; a few variants of each component.

    A table that was rewritten (restored, truncated) is another generation.
    """

    def __init__(self) -> None:
        self._teams: dict[int, dict[int, tuple[Stated, ...]]] = {}
        self._generation: int | None = None

    def follow(self, generation: int) -> None:
        if generation != self._generation:
            self._teams.clear()
            self._generation = generation

    def of(self, team_id: int) -> Mapping[int, tuple[Stated, ...]]:
        return self._teams.get(team_id, {})

    def add(self, stated: Collection[tuple[int, Stated]], *, team_id: int) -> None:
        if sum(map(len, self._teams.values())) + len(stated) > _MAX_KNOWN:
            self._teams.clear()
        known = self._teams.setdefault(team_id, {})
        for component_id, told in stated:
            known[component_id] = (told, *known.get(component_id, ()))[:_MAX_VARIANTS]


_written = _Written()
follow_generation = _written.follow


def state_identifiers(
    components: Sequence[ComponentRecord], *, component_ids: Sequence[int], team_id: int
) -> Iterator[tuple[Statement, dict[str, Value]]]:
    """Yield the statements that write what is not known to be written; sorted, so that documents cannot deadlock."""
    known = _written.of(team_id)
    stated = [
        (component_id, told)
        for component, component_id in zip(components, component_ids, strict=True)
        if (told := (component.hashes, component.cpe)) not in known.get(component_id, _NOTHING_YET)
    ]
    transaction.on_commit(lambda: _written.add(stated, team_id=team_id))
    new = sorted({fact for component_id, told in stated for fact in _facts(component_id, told)})
    hashes = [fact for fact in new if fact[1] != "cpe"]
    cpes = [fact for fact in new if fact[1] == "cpe"]
    if hashes:
        yield (
            ADD_HASHES,
            {
                "components": [component_id for component_id, _, _ in hashes],
                "algorithms": [algorithm for _, algorithm, _ in hashes],
                "values": [f"\\x{value}" for _, _, value in hashes],
            },
        )
    if cpes:
        yield (
            ADD_CPES,
            {"components": [component_id for component_id, _, _ in cpes], "cpes": [cpe for _, _, cpe in cpes]},
        )


def _facts(component_id: int, told: Stated) -> Iterator[Fact]:
    hashes, cpe = told
    for hash_ in hashes:
        yield component_id, hash_.algorithm, hash_.value
    if cpe:
        yield component_id, "cpe", cpe[:_MAX_CPE]
