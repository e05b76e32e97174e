"""Turns references between components into edges between their indexes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

import msgspec

from inventory.formats import json_parts
from inventory.formats.defects import Defects
from inventory.formats.limits import Limits
from inventory.formats.records import ROOT, Edge, FormatError

_SAME_REF_KEPT: Final = 4
"""Components of one repeated ref that an edge is drawn to: every one may be meant, but not without limit."""


class _DependencyPart(msgspec.Struct, gc=False, rename={"depends_on": "dependsOn"}):
    ref: Any = None
    depends_on: Any = None


_DECODER: Final = msgspec.json.Decoder(_DependencyPart)


class References:
    """Knows which components (or the root) a reference names."""

    def __init__(self, refs: Sequence[str | None], *, root_refs: frozenset[str], other_refs: frozenset[str]) -> None:
        self._places: dict[str, tuple[int, ...]] = dict.fromkeys(root_refs, (ROOT,))
        self._others = other_refs
        self.repeated: set[str] = set()
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

    def places(self, ref: object) -> tuple[int, ...] | None:
        """Return the indexes a ref names; () for something that is no component, None when nothing has this ref."""
        if not isinstance(ref, str):
            return None
        found = self._places.get(ref)
        return () if found is None and ref in self._others else found


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
        self.stated = False
        self._seen: set[tuple[int, int]] = set()
        self._limits = limits
        self._defects = defects

    def read_dependencies(self, raw: msgspec.Raw | None) -> None:
        """Read CycloneDX `dependencies`. Raises FormatError `wrong_shape` or `too_many_edges`."""
        if raw is None:
            return
        for index, item in enumerate(json_parts.array_items(raw, pointer="/dependencies")):
            pointer = f"/dependencies/{index}"
            try:
                part = _DECODER.decode(item)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
                problem = json_parts.decode_error(error, item, pointer=pointer)
                self._defects.add(problem.code, problem.pointer, f"Dependency not read: {problem.message}")
                continue
            self._read_part(part, pointer=pointer)

    def add(self, sources: Iterable[int], targets: Iterable[int]) -> None:
        """Draw an edge between each pair, once; from a component to itself none. Does not count it as stated."""
        for source in sources:
            for target in targets:
                pair = (source, target)
                if target not in {source, ROOT} and pair not in self._seen:
                    self._seen.add(pair)
                    self.edges.append(Edge(source, target))

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
        self.stated = True
        self.count += number
        if self.count > self._limits.edges:
            message = f"The document states more than {self._limits.edges} dependencies."
            raise FormatError("too_many_edges", message, pointer=pointer)

    def _read_part(self, part: _DependencyPart, *, pointer: str) -> None:
        targets = part.depends_on
        if targets is None:
            targets = []
        if not isinstance(targets, list):
            self._defects.add("wrong_type", pointer + "/dependsOn", "dependsOn is not an array; it was left out.")
            return
        self.count_stated(len(targets), pointer=pointer)
        sources = self.place(part.ref, pointer=pointer + "/ref")
        for index, target in enumerate(targets):
            self.add(sources, self.place(target, pointer=f"{pointer}/dependsOn/{index}"))
