"""How components came in: shortest ways, direct dependencies, graphs that would never end if walked path by path."""

from inventory.formats.graph import UNREACHABLE, Graph
from inventory.formats.records import ROOT, ComponentRecord, Edge, SbomRecord
from tests.effort import assert_linear
from tests.inventory.formats.fixtures import sbom


def record(count, edges, *, parents=None):
    components = [
        ComponentRecord(f"c{index}", "", "", "library", None, None, f"/components/{index}", (parents or {}).get(index))
        for index in range(count)
    ]
    return SbomRecord("cyclonedx", "1.6", "", components, [Edge(*pair) for pair in edges], has_edges=bool(edges))


def named(record, indexes):
    return {record.components[index].name for index in indexes}


def test_the_shortest_way_is_taken() -> None:
    graph = record(4, [(ROOT, 0), (0, 1), (1, 2), (0, 2), (2, 3)])

    assert Graph.of(graph).shortest_parents() == [ROOT, 0, 0, 2]


def test_circles_end_and_what_cannot_be_reached_says_so() -> None:
    graph = record(4, [(ROOT, 0), (0, 1), (1, 0), (2, 3), (3, 2)])

    assert Graph.of(graph).shortest_parents() == [ROOT, 0, UNREACHABLE, UNREACHABLE]


def test_nesting_is_a_way_too() -> None:
    graph = record(3, [(ROOT, 0)], parents={1: 0, 2: 1})

    assert Graph.of(graph).shortest_parents() == [ROOT, 0, 1]


def test_parts_of_the_subject_come_from_the_root() -> None:
    assert Graph.of(record(1, [], parents={0: ROOT})).shortest_parents() == [ROOT]


def ladder_of_diamonds(steps):
    """Return two ways on at each step, which double with each, and two edges from the first part to all others."""
    ladder = [(ROOT, 0)]
    for step in range(steps):
        low = 3 * step
        ladder += [(low, low + 1), (low, low + 2), (low + 1, low + 3), (low + 2, low + 3)]
    wide = [(0, index) for index in range(1, 3 * steps)] * 2
    return record(3 * steps + 1, ladder + wide)


def test_a_ladder_of_diamonds_takes_as_long_as_it_has_edges_and_not_ways() -> None:
    short, long = ladder_of_diamonds(2_000), ladder_of_diamonds(20_000)

    assert_linear(lambda graph: Graph.of(graph).shortest_parents(), short, long)
    assert Graph.of(long).shortest_parents()[1:4] == [0, 0, 0]


def test_direct_is_what_the_root_depends_on() -> None:
    npm = sbom("cyclonedx/npm-nested.json")

    assert named(npm, Graph.of(npm).direct() or ()) == {"debug", "jest"}


def test_a_lock_file_or_system_below_the_root_is_a_step() -> None:
    for name in ("cyclonedx/trivy-image.json", "spdx/trivy-image.json"):
        trivy = sbom(name)

        assert {"bsdutils", "express"} <= named(trivy, Graph.of(trivy).direct() or ())


def test_without_edges_from_the_root_directness_is_unknown() -> None:
    assert Graph.of(sbom("cyclonedx/syft-image.json")).direct() is None
    assert Graph.of(sbom("spdx/syft-image.json")).direct() is None
    assert Graph.of(record(2, [])).direct() is None
