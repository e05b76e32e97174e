"""The tree of a document: each place once, in the document's order, by nesting and by the way it came in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from inventory.formats.records import ROOT
from inventory.graph.document_tree import DocumentTree, PlaceNotFoundError
from inventory.graph.outline import Way
from inventory.graph.sboms_inside import sboms_of
from tests.factories import cyclonedx, digest, image_index, submit

pytestmark = pytest.mark.django_db

APP = digest("app")
A, B, C, LOOSE = "pkg:npm/a@1", "pkg:npm/b@1", "pkg:npm/c@1", "pkg:npm/loose@1"
NESTED = {
    "name": "bundle.jar",
    "bom-ref": "bundle",
    "components": [{"type": "library", "name": "inner", "components": [{"type": "library", "name": "innermost"}]}],
}
CHAIN = {"root": [A], A: [B, C], B: [C]}


def tree(*components: str | Mapping[str, Any], **members: Any) -> DocumentTree:
    evidence = submit("a", cyclonedx(*components, subject=APP, **members))
    [only] = sboms_of(evidence)
    return DocumentTree(only.snapshot)


def names(found: DocumentTree, number: int, *, way: Way, is_loose: bool = False) -> list[str]:
    return [node.name for node in found.level(number, way=way, after=ROOT, limit=50, is_loose=is_loose).rows]


def test_the_way_in_has_every_connected_component_once():
    found = tree(A, B, C, LOOSE, dependencies=CHAIN)

    assert found.first_way is Way.DEPENDENCY
    assert names(found, ROOT, way=Way.DEPENDENCY) == ["a"]
    assert names(found, 0, way=Way.DEPENDENCY) == ["b", "c"]
    assert names(found, 1, way=Way.DEPENDENCY) == []


def test_what_nothing_leads_to_is_counted_and_listed_apart():
    found = tree(A, B, C, LOOSE, dependencies=CHAIN)

    assert found.level(ROOT, way=Way.DEPENDENCY, after=ROOT, limit=50).loose_count == 1
    assert names(found, ROOT, way=Way.DEPENDENCY, is_loose=True) == ["loose"]


def test_without_dependencies_the_document_is_shown_as_it_is_written():
    found = tree(A, NESTED)

    assert found.first_way is Way.WRITTEN
    assert names(found, ROOT, way=Way.WRITTEN) == ["a", "bundle.jar"]
    assert names(found, 1, way=Way.WRITTEN) == ["inner"]


def test_a_level_says_what_leads_to_it():
    found = tree(A, NESTED)
    innermost = found.place("/components/1/components/0/components/0")

    level = found.level(innermost, way=Way.WRITTEN, after=ROOT, limit=50)

    assert [node.name for node in level.trail] == ["bundle.jar", "inner", "innermost"]
    assert level.node is not None
    assert level.node.pointer == "/components/1/components/0/components/0"


@pytest.mark.parametrize(
    ("pointer", "name"),
    [
        ("/components/0", "a"),
        ("/components/0/purl", "a"),
        ("/components/1/components/0/hashes/3/alg", "inner"),
        ("/components/1/components/7/name", "bundle.jar"),
    ],
)
def test_a_warning_leads_to_the_component_it_is_inside_of(pointer: str, name: str):
    found = tree(A, NESTED)

    assert [node.name for node in found.nodes([found.place(pointer)])] == [name]


@pytest.mark.parametrize(
    "pointer", ["/components/10", "/metadata/component", "/components/x", "", "/components/01234567890"]
)
def test_a_place_without_a_component_is_not_found(pointer: str):
    found = tree(A, NESTED)

    with pytest.raises(PlaceNotFoundError):
        found.place(pointer)


@pytest.mark.parametrize("number", [-2, 2, 10**9])
def test_a_number_beyond_the_document_is_not_found(number: int):
    with pytest.raises(PlaceNotFoundError):
        tree(A, B).level(number, way=Way.WRITTEN, after=ROOT, limit=50)


def test_pages_of_a_level_join_without_gap_or_repeat():
    found = tree(*(f"pkg:npm/p@{number}" for number in range(25)))

    seen: list[int] = []
    after: int | None = ROOT
    while after is not None:
        level = found.level(ROOT, way=Way.WRITTEN, after=after, limit=10)
        seen += [node.number for node in level.rows]
        after = level.next

    assert seen == list(range(25))


def test_a_repeated_component_stands_at_each_of_its_places():
    found = tree(A, B, {"name": "a", "purl": A, "version": "1"})

    assert names(found, ROOT, way=Way.WRITTEN) == ["a", "b", "a"]
    assert found.snapshot.distinct_count == 2


def test_find_looks_into_this_document_alone():
    other = submit("a", cyclonedx("pkg:npm/hidden@1", subject=digest("other")))
    found = tree(A, B)

    assert [node.name for node in found.find("npm/B")] == ["b"]
    assert found.find("hidden") == ()
    assert len(sboms_of(other)) == 1


def test_what_is_no_sbom_has_no_tree():
    assert sboms_of(submit("a", image_index(APP))) == ()


def test_a_level_costs_one_statement_however_large_the_document(django_assert_num_queries):
    found = tree(*(f"pkg:npm/p@{number}" for number in range(300)))

    with django_assert_num_queries(1):
        found.level(ROOT, way=Way.WRITTEN, after=100, limit=50)
