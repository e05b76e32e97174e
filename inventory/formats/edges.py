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


class _DependencyPart(msgspec.Struct, gc=False, rename={"depends_on": "dependsOn"}):
    ref: str | None = None
    depends_on: list[str] | None = None


_PARTS: Final = msgspec.json.Decoder(list[_DependencyPart])


class References:
    """Knows which components (or the root) a reference names."""

    def __init__(self, refs: Sequence[str | None], *, root_refs: frozenset[str], other_refs: frozenset[str]) -> None:
        self._places: dict[str, tuple[int, ...]] = dict.fromkeys(root_refs, (ROOT,))
        self._others = other_refs
        self.repeated: set[str] = set()
        alone = {ref: (index,) for index, ref in enumerate(refs) if ref is not None}
        if len(alone) + refs.count(None) == len(refs) and root_refs.isdisjoint(alone):
            self._places |= alone
        else:
            self._note_repeated(refs)

    def _note_repeated(self, refs: Sequence[str | None]) -> None:
        for index, ref in enumerate(refs):
            if ref is None:
                continue
            known = self._places.get(ref)
            if known is None:
                self._places[ref] = (index,)
            elif ROOT not in known:
                self.repeated.add(ref)
                if len(known) < _SAME_REF_KEPT:
                    self._places[ref] = (*known, index)

    def place(self, ref: str) -> int | None:
        """Return the index of the one component a ref names; None for none, several and the like: ask `places`."""
        found = self._places.get(ref, ())
        return found[0] if len(found) == 1 else None

    def places(self, ref: object) -> tuple[int, ...] | None:
        """Return the indexes a ref names; () for something that is no component, None when nothing has this ref."""
        if not isinstance(ref, str):
            return None
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
        self.edges: list[Edge] = []
        self.count = 0
        self._seen: set[Edge] = set()
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
                edge = Edge(source, target)
                if target != source and target != ROOT and edge not in self._seen:  # noqa: PLR1714 a hot path
                    self._seen.add(edge)
                    self.edges.append(edge)

    @property
    def has_root(self) -> bool:
        """Tell whether anything is said of what the root depends on."""
        return any(edge.source == ROOT for edge in self.edges)

    def place(self, ref: object, *, pointer: str) -> tuple[int, ...]:
        """Return what a ref names; warn `dangling_ref` or `ambiguous_ref`."""
        found = self.references.places(ref)
        if found is None:
            self._defects.add("dangling_ref", pointer, f"Nothing in the document has the reference {str(ref)[:120]!r}.")
            return ()
        if len(found) > 1:
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
        sources, place_of, seen = self._place_at(ref, index, None), self.references.place, self._seen
        source = sources[0] if len(sources) == 1 else None
        for position, target in enumerate(targets):
            place = place_of(target)
            if source is None or place is None:
                self.add(sources, self._place_at(target, index, position))
            elif place != source and place != ROOT and (edge := Edge(source, place)) not in seen:  # noqa: PLR1714
                seen.add(edge)
                self.edges.append(edge)

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
