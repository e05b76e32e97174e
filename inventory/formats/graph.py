"""Questions about the dependency graph inside one SBOM: how a component came in, and what was asked for directly."""

from __future__ import annotations

from typing import Final

from inventory.formats.records import ROOT, SbomRecord

UNREACHABLE: Final = -2
_STEPS: Final = frozenset({"application", "operating-system"})
"""Types of the lock files and operating systems that trivy puts between an image and its packages."""


class Graph:
    """What comes directly below what in one SBOM: by dependencies and by nesting."""

    def __init__(self, record: SbomRecord, below: dict[int, list[int]]) -> None:
        self._record = record
        self._below = below

    @classmethod
    def of(cls, record: SbomRecord) -> Graph:
        """Collect the edges once; both questions below read them."""
        below: dict[int, list[int]] = {}
        for source, target in record.edges:
            if (targets := below.get(source)) is None:
                below[source] = [target]
            else:
                targets.append(target)
        for index, component in enumerate(record.components):
            if component.parent is not None:
                below.setdefault(component.parent, []).append(index)
        return cls(record, below)

    def shortest_parents(self) -> list[int]:
        """Return for each component the one before it on a shortest way from the root.

        ROOT for what the root itself depends on, UNREACHABLE where the document does not say how it came in. Ways
        follow dependencies and nesting. Breadth first over distinct components: time grows with edges, never with
        paths.
        """
        below = self._below
        parents = [UNREACHABLE] * len(self._record.components)
        level = [ROOT]
        while level:
            reached: list[int] = []
            for source in level:
                for target in below.get(source, ()):
                    if parents[target] == UNREACHABLE:
                        parents[target] = source
                        reached.append(target)
            level = reached
        return parents

    def direct(self) -> set[int] | None:
        """Return the components the root depends on directly, or None where the document does not say.

        A lock file or operating system among them, which has no purl, is no dependency but a step: what it depends on
        or holds is direct too.
        """
        if not self._record.has_edges:
            return None
        found = set(self._below.get(ROOT, ()))
        if not found:
            return None
        for index in list(found):
            component = self._record.components[index]
            if component.purl is None and component.type in _STEPS:
                found.update(self._below.get(index, ()))
        return found
