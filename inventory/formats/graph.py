"""Questions about the dependency graph inside one SBOM: how a component came in, and what was asked for directly."""

from __future__ import annotations

from typing import Final

from inventory.formats.records import ROOT, SbomRecord

UNREACHABLE: Final = -2
_STEPS: Final = frozenset({"application", "operating-system"})
"""Types of the lock files and operating systems that trivy puts between an image and its packages."""


def shortest_parents(record: SbomRecord) -> list[int]:
    """Return for each component the one before it on a shortest way from the root.

    ROOT for what the root itself depends on, UNREACHABLE where the document does not say how it came in. Ways follow
    dependencies and nesting. Breadth first over distinct components: time grows with edges, never with paths.
    """
    below = _adjacency(record)
    parents = [UNREACHABLE] * len(record.components)
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


def direct(record: SbomRecord) -> set[int] | None:
    """Return the components the root depends on directly, or None where the document does not say.

    A lock file or operating system among them, which has no purl, is no dependency but a step: what it depends on or
    holds is direct too.
    """
    below = _adjacency(record) if record.has_edges else {}
    found = set(below.get(ROOT, ()))
    if not found:
        return None
    for index in list(found):
        component = record.components[index]
        if component.purl is None and component.type in _STEPS:
            found.update(below.get(index, ()))
    return found


def _adjacency(record: SbomRecord) -> dict[int, list[int]]:
    below: dict[int, list[int]] = {}
    for edge in record.edges:
        below.setdefault(edge.source, []).append(edge.target)
    for index, component in enumerate(record.components):
        if component.parent is not None:
            below.setdefault(component.parent, []).append(index)
    return below
