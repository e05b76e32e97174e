"""Services, ancestors, confidence and design: what a CycloneDX document says beside its plain components."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from inventory.formats.cyclonedx_evidence import is_unsure
from inventory.formats.graph import Graph
from inventory.formats.limits import DEFAULT_LIMITS
from inventory.formats.read import read_document
from inventory.formats.records import ROOT, FormatError, SbomRecord, Scope
from tests.inventory.formats.documents import component, cyclonedx, encode
from tests.inventory.formats.fixtures import read_sbom
from tests.inventory.formats.xml_writer import cyclonedx_xml


def told(record: SbomRecord) -> list[tuple[str, str]]:
    return [(warning.code, warning.pointer) for warning in record.warnings]


def names(record: SbomRecord) -> list[str]:
    return [one.name for one in record.components]


def test_services_are_nodes_that_lead_to_components_and_are_not_counted() -> None:
    record = read_sbom(
        encode(
            cyclonedx(
                component("library"),
                metadata={"component": component("root")},
                services=[{"bom-ref": "api", "name": "api", "version": "2", "services": [{"name": "inner"}]}],
                dependencies=[{"ref": "root", "dependsOn": ["api"]}, {"ref": "api", "dependsOn": ["library"]}],
            )
        )
    )

    assert [(one.name, one.type, one.scope, one.pointer, one.parent) for one in record.components[1:]] == [
        ("api", "service", Scope.PROVIDED, "/services/0", None),
        ("inner", "service", Scope.PROVIDED, "/services/0/services/0", 1),
    ]
    assert (record.component_count, record.stored_count, record.service_count) == (1, 1, 2)
    assert Graph.of(record).shortest_parents() == [1, ROOT, 1]


@pytest.mark.parametrize("write", [encode, cyclonedx_xml])
def test_an_ancestor_stands_below_what_was_made_from_it_and_is_never_sure(write: Any) -> None:
    fork = component(
        "fork", scope="optional", pedigree={"ancestors": [component("lodash", purl="pkg:npm/lodash@4.17.15")]}
    )

    record = read_sbom(write(cyclonedx(component("first"), fork)))

    assert names(record) == ["first", "fork", "lodash"]
    ancestor = record.components[2]
    assert (ancestor.parent, ancestor.is_unsure, ancestor.scope) == (1, True, Scope.OPTIONAL)
    assert ancestor.pointer in {
        "/components/1/pedigree/ancestors/0",
        "/bom/components/component[2]/pedigree/ancestors/component[1]",
    }
    assert (record.component_count, record.ancestor_count, record.components[1].is_unsure) == (2, 1, False)


def test_an_ancestor_that_cannot_be_read_is_told_and_costs_no_component() -> None:
    record = read_sbom(encode(cyclonedx(component("a", pedigree={"ancestors": [7, {"name": ""}, component("b")]}))))

    assert names(record) == ["a", "b"]
    assert (record.component_count, record.rejected_count) == (1, 0)
    assert told(record) == [
        ("wrong_shape", "/components/0/pedigree/ancestors/0"),
        ("bad_name", "/components/0/pedigree/ancestors/1/name"),
    ]


def test_a_patched_component_is_not_sure_to_have_what_its_version_has() -> None:
    record = read_sbom(encode(cyclonedx(component("a", pedigree={"patches": [{"type": "backport"}]}), component("b"))))

    assert [one.is_unsure for one in record.components] == [True, False]


def test_ancestors_of_the_same_bytes_are_read_in_every_document() -> None:
    document = encode(cyclonedx(component("a", pedigree={"ancestors": [component("b")]})))

    assert names(read_sbom(document)) == names(read_sbom(document)) == ["a", "b"]


@pytest.mark.parametrize(
    ("evidence", "expected"),
    [
        (None, False),
        ({}, False),
        ({"identity": {"field": "purl", "confidence": 0.3}}, True),
        ({"identity": [{"field": "purl", "confidence": 0.3}, {"field": "purl", "confidence": 0.8}]}, False),
        ({"identity": [{"field": "purl", "confidence": 0.3}, {"field": "cpe", "confidence": 1}]}, True),
        ({"identity": [{"field": "cpe", "confidence": 0.69}]}, True),
        ({"identity": [{"field": "name", "confidence": "0.7"}]}, False),
        ({"identity": [{"field": "name", "confidence": "much"}, 3, {"confidence": True}, {"confidence": 7}]}, False),
    ],
)
def test_the_best_confidence_of_the_purl_else_of_any_field_counts(evidence: Any, expected: bool) -> None:
    assert is_unsure(evidence) is expected


def test_evidence_of_a_component_makes_it_unsure() -> None:
    record = read_sbom(encode(cyclonedx(component("a", evidence={"identity": {"field": "name", "confidence": 0.1}}))))

    assert record.components[0].is_unsure


@pytest.mark.parametrize(
    ("phases", "expected"),
    [([], False), (["design"], True), (["design", "build"], False), (["build"], False), (["Design", "design"], True)],
)
def test_design_alone_is_a_plan(phases: list[str], expected: bool) -> None:
    record = read_sbom(
        encode(cyclonedx(component("a"), metadata={"lifecycles": [{"phase": phase} for phase in phases]}))
    )

    assert record.is_plan is expected
    assert (("design_only", "/metadata/lifecycles") in told(record)) is expected


def test_services_and_ancestors_keep_to_the_limit_of_components() -> None:
    limits = replace(DEFAULT_LIMITS, components=2)
    ancestors = component("a", pedigree={"ancestors": [component("b"), component("c")]})

    for document in (cyclonedx(services=[{"name": "a"}] * 3), cyclonedx(ancestors)):
        with pytest.raises(FormatError) as caught:
            read_document(encode(document), limits=limits)
        assert caught.value.code == "too_many_components"
