"""How components are shown, as far as this process has read it: a component never changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from incidents.impact import statements
from incidents.impact.remembered import forget_with_the_tables
from inventory.graph.one_state import Statement, array_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from inventory.graph.one_state import OneState


class Text(NamedTuple):
    """How a component is shown: its purl, or its name when it has none."""

    text: str
    has_purl: bool


TEXTS: dict[int, Text] = {}
"""How components are shown, as far as this process has read it: a component never changes, so any state tells."""
_KEPT = 50_000
forget_with_the_tables(TEXTS.clear)


class _Component(NamedTuple):
    """A row of COMPONENT_TEXTS."""

    component_id: int
    identity: str
    has_purl: bool

    @property
    def text(self) -> Text:
        """A purl as it is; of a `name:` identity the group, name and version."""
        if self.has_purl:
            return Text(self.identity, has_purl=True)
        shown = self.identity.removeprefix("name:").partition("/")[2].lstrip("/").partition("#")[0]
        return Text(shown, has_purl=False)


def known_texts(ids: Iterable[int]) -> dict[int, Text] | None:
    """Return how these components are shown; None where one of them was never shown before."""
    known = {component_id: TEXTS.get(component_id) for component_id in ids}
    found = {component_id: text for component_id, text in known.items() if text is not None}
    return found if len(found) == len(known) else None


def read_texts(ids: Iterable[int], *, state: OneState) -> dict[int, Text]:
    """Return how these components are shown; one round trip, the last of the state, for those never shown before."""
    wanted = set(ids)
    known = {component_id: text for component_id in wanted if (text := TEXTS.get(component_id)) is not None}
    if unknown := wanted - known.keys():
        statement = Statement(_Component, statements.COMPONENT_TEXTS, {"components": array_of(sorted(unknown))})
        read = {component.component_id: component.text for component in state.fetch(statement, last=True)}
        if len(TEXTS) + len(read) > _KEPT:
            TEXTS.clear()
        TEXTS.update(read)
        known.update(read)
    return known
