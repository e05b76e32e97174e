"""The outline gives back pointers and shortest paths exactly, whatever the document's shape."""

from __future__ import annotations

import itertools
from collections import deque

from hypothesis import given
from hypothesis import strategies as st

from inventory.formats.graph import Graph
from inventory.formats.records import ROOT, ComponentRecord, Edge, SbomRecord
from inventory.graph import outline


def component(pointer: str, *, parent: int | None = None) -> ComponentRecord:
    return ComponentRecord(
        name="x", version="1", group="", type="library", purl=None, ref=None, pointer=pointer, parent=parent
    )


def document(parents: list[int | None], edges: list[Edge], *, has_edges: bool = True) -> SbomRecord:
    """A document whose component n is nested in `parents[n]`, which comes before it."""
    components: list[ComponentRecord] = []
    for place, parent in enumerate(parents):
        over = "" if parent is None else components[parent].pointer
        components.append(component(f"{over}/components/{place}", parent=parent))
    return SbomRecord("cyclonedx", "1.6", "", components, edges, has_edges=has_edges)


@st.composite
def documents(draw: st.DrawFn) -> SbomRecord:
    count = draw(st.integers(1, 12))
    parents = [draw(st.one_of(st.none(), st.integers(0, place - 1))) if place else None for place in range(count)]
    end = st.integers(ROOT, count - 1)
    edges = draw(st.lists(st.builds(Edge, end, st.integers(0, count - 1)), max_size=25))
    return document(parents, edges, has_edges=draw(st.booleans()))


def unpacked(record: SbomRecord, *, component_ids: list[int]) -> outline.Outline:
    return outline.unpack(
        outline.pack(
            record.components,
            component_ids=component_ids,
            came_by=Graph.of(record).shortest_parents(),
            has_edges=record.has_edges,
        )
    )


def steps_of(record: SbomRecord) -> set[tuple[int, int]]:
    """One thing leads to another by dependency or by nesting."""
    nested = {(one.parent, place) for place, one in enumerate(record.components) if one.parent is not None}
    return {(edge.source, edge.target) for edge in record.edges} | nested


def distances(record: SbomRecord) -> dict[int, int]:
    """Steps from the root, by plain breadth-first search."""
    found, waiting, steps = {ROOT: 0}, deque([ROOT]), steps_of(record)
    while waiting:
        here = waiting.popleft()
        for source, target in steps:
            if source == here and target not in found:
                found[target] = found[here] + 1
                waiting.append(target)
    return found


@given(record=documents())
def test_pointers_and_shortest_paths_come_back(record: SbomRecord) -> None:
    ids = [100 + place for place in range(len(record.components))]
    found = unpacked(record, component_ids=ids).find(ids)

    assert [one.component_id for one in found] == ids
    assert [one.pointer for one in found] == [one.pointer for one in record.components]
    far, steps = distances(record), steps_of(record)
    for place, one in enumerate(found):
        if record.has_edges and place in far:
            assert one.path is not None
            way = [ROOT, *(step - 100 for step in one.path)]
            assert (way[-1], len(one.path)) == (place, far[place])
            assert set(itertools.pairwise(way)) <= steps
        else:
            assert one.path is None


def test_of_repeated_components_the_one_nearest_to_the_root_is_shown() -> None:
    record = document([None, None, None], [Edge(ROOT, 0), Edge(0, 1), Edge(ROOT, 2)])

    (one,) = unpacked(record, component_ids=[7, 9, 9]).find([9])

    assert (one.pointer, one.path) == ("/components/2", (9,))


def test_a_component_is_not_found_across_two_others() -> None:
    ids = [1 << bits for bits in range(0, 31, 8)] + [0x01010101, 0x00010100]
    record = document([None] * len(ids), [Edge(ROOT, place) for place in range(len(ids))])

    for place, component_id in enumerate(ids):
        (one,) = unpacked(record, component_ids=ids).find([component_id])
        assert (one.index, one.pointer) == (place, f"/components/{place}")
    assert unpacked(record, component_ids=ids).find([0x00000101, 0x01000001]) == []


def test_a_cycle_ends() -> None:
    record = document([None, None], [Edge(0, 1), Edge(1, 0)])

    assert {one.path for one in unpacked(record, component_ids=[1, 2]).find([1, 2])} == {None}


def test_what_is_not_in_the_document_is_not_found() -> None:
    assert unpacked(document([None], []), component_ids=[5]).find([6]) == []


def test_an_empty_document_has_an_outline() -> None:
    assert unpacked(document([], []), component_ids=[]).find([1]) == []


def test_places_of_other_formats_come_back_as_they_were() -> None:
    places = [
        "/bom/components/component[17]",
        "/bom/components/component[17]/components/component[2]",
        "/bom/components/component[17]/components/component[2]/components/component[1]",
        "/bom/metadata/component/components/component[1]",
        "line 12",
        "/@graph/40",
        "/packages/007",
        "",
        "[12]",
        "/a/99999999999",
    ]
    parents = [None, 0, 1, None, None, None, None, None, None, None]
    components = [component(place, parent=parent) for place, parent in zip(places, parents, strict=True)]
    record = SbomRecord("cyclonedx", "1.6", "", components, [])

    found = unpacked(record, component_ids=list(range(len(places)))).find(range(len(places)))

    assert [one.pointer for one in found] == places


def test_an_outline_stored_before_there_were_other_places_is_still_read() -> None:
    stored = outline.unpack(
        outline.pack([component("/components/3")], component_ids=[5], came_by=[ROOT], has_edges=True)
    )

    assert stored.prefix_table == ["/components"]


@given(documents())
def test_every_place_is_found_by_its_own_pointer_and_by_what_is_in_it(record: SbomRecord):
    ids = list(range(len(record.components)))
    found = unpacked(record, component_ids=ids)

    for index, one in enumerate(record.components):
        assert found.at(one.pointer) == index
        assert found.at(one.pointer + "/purl") == index


def test_a_place_of_xml_or_of_a_line_is_found_too():
    top, line = component("/bom/components/component[12]"), component("line 40")
    inner = component("/bom/components/component[12]/components/component[3]", parent=0)
    record = SbomRecord("cyclonedx", "1.6", "", [top, line, inner], [])
    found = unpacked(record, component_ids=[1, 2, 3])

    places = (
        "/bom/components/component[12]/purl", "line 40", "/bom/components/component[12]/components/component[3]/cpe",
        "/bom/components/component[1]", "line 4",
    )  # fmt: skip
    assert [found.at(place) for place in places] == [0, 1, 2, None, None]
