"""Where components stand is read out of an outline once, and told alike for ever."""

from __future__ import annotations

from incidents.impact.occurrences import OCCURRENCES, find_occurrences
from inventory.formats.records import ROOT, ComponentRecord
from inventory.graph.outline import pack, unpack


def outline(*component_ids: int) -> bytes:
    components = [
        ComponentRecord(f"c{place}", "1", "", "library", None, None, f"/components/{place}", None)
        for place in range(len(component_ids))
    ]
    return pack(components, component_ids=component_ids, came_by=[ROOT] * len(component_ids), has_edges=True)


def test_what_is_remembered_is_what_the_outline_tells_also_of_components_asked_for_later():
    OCCURRENCES.clear()
    data = outline(5, 7, 9)

    assert find_occurrences(1, data, [7]) == tuple(unpack(data).find([7]))
    assert find_occurrences(1, b"is not read", [7]) == tuple(unpack(data).find([7]))
    assert find_occurrences(1, data, [5, 7, 9]) == tuple(unpack(data).find([5, 7, 9]))


def test_another_document_is_another_place():
    OCCURRENCES.clear()
    find_occurrences(1, outline(5, 7), [7])

    (found,) = find_occurrences(2, outline(7, 5), [7])

    assert found.pointer == "/components/0"
