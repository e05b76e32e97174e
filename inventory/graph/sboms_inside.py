"""The SBOMs of one document: it is one itself, or holds attestations of which several may be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from inventory.graph.document_tree import DocumentTree, PlaceNotFoundError
from inventory.models import Snapshot

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from inventory.models import Evidence


@dataclass(frozen=True, slots=True)
class SbomInside:
    """One SBOM of a document. `said` is what it says of itself; empty where ingest kept nothing of it.

    `address` is its tree's: what picks a place follows it.
    """

    snapshot: Snapshot
    said: Mapping[str, Any]
    address: str

    @property
    def number(self) -> int:
        """Count from 1, for people."""
        return self.snapshot.part + 1


def sboms_of(evidence: Evidence) -> tuple[SbomInside, ...]:
    """Return the SBOMs of a document in the order of their numbers; none where it holds none. One statement."""
    snapshots = tuple(Snapshot.objects.filter(evidence=evidence).order_by("part"))
    return tuple(
        SbomInside(
            snapshot, _said(evidence, part=snapshot.part), _address(evidence, snapshot, is_one=len(snapshots) == 1)
        )
        for snapshot in snapshots
    )


def pick(sboms: Sequence[SbomInside], *, part: int | None, pointer: str) -> SbomInside:
    """Return the SBOM with this number, else the one that has the place, else the first.

    Raises PlaceNotFoundError where there is none.
    """
    if part is not None:
        found = next((one for one in sboms if one.snapshot.part == part), None)
    else:
        found = next((one for one in sboms if pointer and _holds(one, pointer)), sboms[0] if sboms else None)
    if found is None:
        raise PlaceNotFoundError
    return found


def _holds(sbom: SbomInside, pointer: str) -> bool:
    place = str(sbom.said.get("place", ""))
    if place:
        return pointer == place or pointer.startswith(f"{place}/")
    try:
        DocumentTree(sbom.snapshot).place(pointer)
    except PlaceNotFoundError:
        return False
    return True


def _said(evidence: Evidence, *, part: int) -> Mapping[str, Any]:
    understood: Mapping[str, Any] = evidence.state.understood
    if "sboms" not in understood:
        return understood if part == 0 else {}
    inside: Sequence[Mapping[str, Any]] = understood["sboms"]
    return inside[part] if part < len(inside) else {}


def _address(evidence: Evidence, snapshot: Snapshot, *, is_one: bool) -> str:
    address = f"/evidence/{evidence.public_id}/tree?"
    return address if is_one else f"{address}sbom={snapshot.part}&"
