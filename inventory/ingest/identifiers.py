"""What a component is also known by: hashes and CPEs that a team's documents state for it.

Most of a document's were stated by the one before it: a process remembers what it has written and sends only the rest.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction

from inventory.ingest.sbom_sql import ADD_CPES, ADD_HASHES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from inventory.formats.records import ComponentRecord
    from supplychain.exchange import Statement, Value

_MAX_KNOWN = 500_000
_MAX_CPE = 1024

Fact = tuple[int, str, str]
"""(component id, algorithm or 'cpe', value)."""


class _Written:
    """Facts that are committed, by team. A table that was rewritten (restored, truncated) is another generation."""

    def __init__(self) -> None:
        self._facts: set[tuple[int, Fact]] = set()
        self._generation: int | None = None

    def follow(self, generation: int) -> None:
        if generation != self._generation:
            self._facts.clear()
            self._generation = generation

    def new(self, facts: set[Fact], *, team_id: int) -> list[Fact]:
        return sorted(fact for fact in facts if (team_id, fact) not in self._facts)

    def add(self, facts: Sequence[Fact], *, team_id: int) -> None:
        if len(self._facts) + len(facts) > _MAX_KNOWN:
            self._facts.clear()
        self._facts.update((team_id, fact) for fact in facts)


_written = _Written()
follow_generation = _written.follow


def state_identifiers(
    components: Sequence[ComponentRecord], *, component_ids: Sequence[int], team_id: int
) -> Iterator[tuple[Statement, dict[str, Value]]]:
    """Yield the statements that write what is not known to be written; sorted, so that documents cannot deadlock."""
    stated: set[Fact] = set()
    for component, component_id in zip(components, component_ids, strict=True):
        stated.update((component_id, hash_.algorithm, hash_.value) for hash_ in component.hashes)
        if component.cpe:
            stated.add((component_id, "cpe", component.cpe[:_MAX_CPE]))
    new = _written.new(stated, team_id=team_id)
    transaction.on_commit(lambda: _written.add(new, team_id=team_id))
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
