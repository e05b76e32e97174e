"""Turns references between components into edges between their indexes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from inventory.formats import json_parts
from inventory.formats.defects import Defects
from inventory.formats.limits import Limits
from inventory.formats.records import ROOT, Edge, FormatError

_SAME_REF_KEPT: Final = 4
"""Components of one repeated ref that an edge is drawn to: every one may be meant, but not without limit."""


_FOREIGN: Final = ("DocumentRef-", "urn:cdx:")
"""How SPDX and CycloneDX begin a reference into another document."""


_new_tuple: Final = tuple.__new__
"""Makes an Edge in half the time of `Edge(…)`, which is a function in Python."""


class _DependencyPart(msgspec.Struct, gc=False, rename={"depends_on": "dependsOn"}):
    ref: str | None = None
    depends_on: list[str] | None = None


_PARTS: Final = msgspec.json.Decoder(list[_DependencyPart])


class References:
    """Knows which components (or the root) a reference names."""

    def __init__(self, refs: Sequence[str | None], *, root_refs: frozenset[str], other_refs: frozenset[str]) -> None:
        self._others = other_refs
        self._places: dict[str, tuple[int, ...]] = {}
        self.alone: dict[str, int] = {ref: index for index, ref in enumerate(refs) if ref is not None}
        """The index of the one component a ref names, or ROOT; whatever is not here, `places` knows."""
        if len(self.alone) + refs.count(None) != len(refs) or not root_refs.isdisjoint(self.alone):
            self._note_repeated(refs, root_refs=root_refs)
        self.alone |= dict.fromkeys(root_refs, ROOT)

    def _note_repeated(self, refs: Sequence[str | None], *, root_refs: frozenset[str]) -> None:
        """Keep, of refs that several components have, the first few; the root's own is the root's alone."""
        first, self.alone = self.alone, {}
        for index, ref in enumerate(refs):
            if ref is not None and ref not in root_refs and len(known := self._places.get(ref, ())) < _SAME_REF_KEPT:
                self._places[ref] = (*known, index)
        for ref in first:
            if len(found := self._places.get(ref, ())) == 1:
                self.alone[ref] = found[0]

    def places(self, ref: object) -> tuple[int, ...] | None:
        """Return the indexes a ref names; () for something that is no component, None when nothing has this ref."""
        if not isinstance(ref, str):
            return None
        if (place := self.alone.get(ref)) is not None:
            return (place,)
        found = self._places.get(ref)
        is_elsewhere = found is None and (ref in self._others or ref.startswith(_FOREIGN))
        return () if is_elsewhere else found


class EdgeReader:
    """Reads the dependency graph of one document. `count` is of all stated, `edges` are those drawn."""

    def __init__(
        self,
        refs: Sequence[str | None],
        *,
        root_refs: frozenset[str],
        other_refs: frozenset[str],
        limits: Limits,
        defects: Defects,
    ) -> None:
        self.references = References(refs, root_refs=root_refs, other_refs=other_refs)
        self.count = 0
        self._edges: dict[Edge, None] = {}
        self._limits = limits
        self._defects = defects

    def read_dependencies(self, raw: msgspec.Raw | None) -> None:
        """Read CycloneDX `dependencies`. Raises FormatError `wrong_shape` or `too_many_edges`."""
        if raw is None:
            return
        try:
            parts = _PARTS.decode(raw)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            parts = self._repair(raw)
        for index, part in enumerate(parts):
            if targets := part.depends_on:
                self.count_stated(len(targets), pointer="/dependencies")
                if part.ref is not None:
                    self._draw(part.ref, targets, index=index)

    def read_dependency(self, ref: str | None, targets: Sequence[str], *, index: int) -> None:
        """Read one entry of `dependencies` that another syntax than JSON gave. Raises FormatError `too_many_edges`."""
        self.count_stated(len(targets), pointer="/dependencies")
        if ref is not None and targets:
            self._draw(ref, targets, index=index)

    def add(self, sources: Iterable[int], targets: Iterable[int]) -> None:
        """Draw an edge between each pair, once; from a component to itself none. Does not count it as stated."""
        for source in sources:
            for target in targets:
                if target != source and target != ROOT:  # noqa: PLR1714 a hot path
                    self._edges[_new_tuple(Edge, (source, target))] = None

    @property
    def edges(self) -> list[Edge]:
        """Those drawn so far, each once, in the order of the document."""
        return list(self._edges)

    @property
    def has_root(self) -> bool:
        """Tell whether anything is said of what the root depends on."""
        return any(edge.source == ROOT for edge in self._edges)

    def place(self, ref: object, *, pointer: str) -> tuple[int, ...]:
        """Return what a ref names; warn `dangling_ref` or `ambiguous_ref`."""
        found = self.references.places(ref)
        if found is not None and len(found) < 2:
            return found
        if found is None:
            self._defects.add("dangling_ref", pointer, f"Nothing in the document has the reference {str(ref)[:120]!r}.")
            return ()
        self._defects.add("ambiguous_ref", pointer, f"Several components have the reference {str(ref)[:120]!r}.")
        return found

    def count_stated(self, number: int, *, pointer: str) -> None:
        """Count edges as the document states them. Raises FormatError `too_many_edges`."""
        self.count += number
        if self.count > self._limits.edges:
            message = f"The document states more than {self._limits.edges} dependencies."
            raise FormatError("too_many_edges", message, pointer=pointer)

    def _draw(self, ref: str, targets: Sequence[str], *, index: int) -> None:
        """Draw the edges of one entry; the plain case, one component a reference, without a call for each."""
        sources, alone, edges = self._place_at(ref, index, None), self.references.alone, self._edges
        source = sources[0] if len(sources) == 1 else None
        for position, target in enumerate(targets):
            place = alone.get(target)
            if source is None or place is None:
                self.add(sources, self._place_at(target, index, position))
            elif place != source and place != ROOT:  # noqa: PLR1714 a hot path
                edges[_new_tuple(Edge, (source, place))] = None

    def _place_at(self, ref: str, index: int, position: int | None) -> tuple[int, ...]:
        found = self.references.places(ref)
        if found is not None and len(found) <= 1:
            return found
        pointer = f"/dependencies/{index}/" + ("ref" if position is None else f"dependsOn/{position}")
        return self.place(ref, pointer=pointer)

    def _repair(self, raw: msgspec.Raw) -> list[_DependencyPart]:
        """Read dependencies that break the schema, entry by entry; what is no reference is left out with a warning."""
        parts = []
        for index, item in enumerate(json_parts.array_items(raw, pointer="/dependencies")):
            value = json_parts.decode_value(item, pointer=f"/dependencies/{index}")
            entry = value if isinstance(value, dict) else {}
            ref, targets = entry.get("ref"), entry.get("dependsOn")
            texts = [target for target in targets if isinstance(target, str)] if isinstance(targets, list) else []
            if not isinstance(ref, str) or (targets is not None and texts != targets):
                message = "A dependency is no object of references; what is none was left out."
                self._defects.add("wrong_shape", f"/dependencies/{index}", message)
            parts.append(_DependencyPart(ref if isinstance(ref, str) else None, texts))
        return parts
