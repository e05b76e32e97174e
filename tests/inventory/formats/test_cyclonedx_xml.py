"""CycloneDX XML says what the same document says in JSON, with places of its own."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from inventory.formats.limits import DEFAULT_LIMITS
from inventory.formats.read import read_document
from inventory.formats.records import ROOT, Completeness, FormatError, SbomRecord, Scope
from tests.inventory.formats.documents import component, cyclonedx, encode
from tests.inventory.formats.fixtures import raw, read_sbom
from tests.inventory.formats.xml_writer import cyclonedx_xml

DIGEST = "sha256:" + "a" * 64
NAMESPACE = "http://cyclonedx.org/schema/bom/1.6"


def bom(inner: str, *, version: str = "1.6", head: str = "") -> bytes:
    return f'<bom xmlns="http://cyclonedx.org/schema/bom/{version}"{head}>{inner}</bom>'.encode()


def one(inner: str, *, attributes: str = ' type="library"') -> SbomRecord:
    """Read a document of one component."""
    return read_sbom(bom(f"<components><component{attributes}>{inner}</component></components>"))


def told(record: SbomRecord) -> list[tuple[str, str]]:
    return [(warning.code, warning.pointer) for warning in record.warnings]


def facts(record: SbomRecord) -> dict[str, Any]:
    """All that a record says, but for the order of components, their places and the form it was read from."""
    names = [(one.ref, one.name, one.version) for one in record.components]
    return {
        "components": sorted(
            (
                one.name, one.version, one.group, one.type, one.purl.text if one.purl else "", one.ref or "",
                str(names[one.parent]) if one.parent is not None and one.parent != ROOT else str(one.parent),
                one.scope, one.hashes, one.cpe or "", one.source_package or "", one.is_unsure,
            )
            for one in record.components
        ),
        "edges": sorted(
            (str(names[edge.source]) if edge.source != ROOT else "", str(names[edge.target])) for edge in record.edges
        ),
        "subjects": {(one.digest, one.kind) for one in record.subjects},
        "vex": statements(record),
        "codes": sorted(warning.code for warning in record.warnings),
        **{
            name: getattr(record, name)
            for name in (
                "format", "format_version", "names", "label_name", "label_version", "producer", "producer_version",
                "serial", "architecture", "created_at", "lifecycles", "completeness", "has_edges", "rejected_count",
                "metadata_component_count", "service_count", "ancestor_count",
                "dependency_count", "memberships", "configs", "component_count",
            )
        },
    }  # fmt: skip


def statements(record: SbomRecord) -> Any:
    if record.vex is None:
        return None
    bare = [
        replace(one, pointer="", products=tuple(replace(product, pointer="") for product in one.products))
        for one in record.vex.statements
    ]
    return (bare, record.vex.issuer, record.vex.document_id, record.vex.statement_count, record.vex.rejected_count)


TWINS: dict[str, dict[str, Any]] = {
    "plain": cyclonedx(component("a", purl="pkg:npm/a@1.0.0", hashes=[{"alg": "SHA-256", "content": "b" * 64}])),
    "nested": cyclonedx(
        component("a", components=[component("b", components=[component("c")]), component("d")]), component("e")
    ),
    "nested in a rejected one": cyclonedx(
        component("top", components=[component("", bom_ref="bad", components=[component("kept")])])
    ),
    "scopes": cyclonedx(
        component("a", scope="optional"),
        component("b", scope="strange"),
        component("c", isExternal=True),
        component("d", isExternal=False),
        component("e", properties=[{"name": "cdx:npm:package:development", "value": "true"}]),
        component("f", properties=[{"name": "syft:metadata:sourceRpm", "value": "bash-5.1-2.el9.src.rpm"}]),
        component("g", properties=[{"name": "x", "value": "y"}]),
    ),
    "edges": cyclonedx(
        component("a"),
        component("b"),
        component("b"),
        metadata={"component": component("root", components=[component("part")])},
        services=[{"bom-ref": "service", "name": "s", "services": [{"bom-ref": "inner", "name": "i"}]}],
        dependencies=[
            {"ref": "root", "dependsOn": ["a", "service", "inner"]},
            {"ref": "a", "dependsOn": ["b", "nowhere", "a"]},
            {"ref": "nobody", "dependsOn": ["a"]},
            {"ref": "b"},
        ],
    ),
    "image": cyclonedx(
        serialNumber="urn:uuid:3e671687-395b-41f5-a30f-a58921a69b79",
        metadata={
            "timestamp": "2026-01-02T03:04:05Z",
            "lifecycles": [{"phase": "build"}, {"name": "ours"}],
            "tools": {"components": [component("Syft")], "services": [{"name": "scanner"}]},
            "component": component(
                "shop/api",
                type="container",
                version=DIGEST,
                properties=[
                    {"name": "aquasecurity:trivy:ImageID", "value": "sha256:" + "c" * 64},
                    {"name": "aquasecurity:trivy:RepoTag", "value": "registry.example/shop/api:1.0"},
                ],
            ),
        },
        compositions=[{"aggregate": "complete", "assemblies": ["shop/api"]}],
    ),
    "old tools": cyclonedx(metadata={"tools": [{"vendor": "a", "name": "npm"}, {"name": "Made By", "version": "2"}]}),
    "related": cyclonedx(
        component(
            "fork",
            purl="pkg:npm/fork@1.0.0",
            pedigree={"ancestors": [component("lodash", purl="pkg:npm/lodash@4.17.15"), component("")]},
        ),
        component("patched", pedigree={"patches": [{"type": "backport"}]}),
        component("doubtful", evidence={"identity": [{"field": "purl", "confidence": 0.4}]}),
        component("certain", evidence={"identity": [{"field": "purl", "confidence": 0.9}, {"field": "cpe"}]}),
        metadata={"lifecycles": [{"phase": "design"}], "component": component("root")},
        services=[{"bom-ref": "api", "name": "api", "version": "2", "services": [{"name": "inner"}]}, {"name": ""}],
        dependencies=[{"ref": "root", "dependsOn": ["api"]}, {"ref": "api", "dependsOn": ["fork"]}],
    ),
    "incomplete": cyclonedx(
        component("a"), compositions=[{"aggregate": "complete"}, {"aggregate": "incomplete_first_party_only"}]
    ),
    "defects": cyclonedx(
        component("a", purl="pkg:npm/%00", hashes=[{"alg": "SHA-255", "content": "00"}]),
        component("left", purl="pkg:npm/right@9"),
        component(" "),
        component("x" * 5_000),
        component("long", cpe="c" * 5_000),
        metadata={"timestamp": "yesterday"},
    ),
    "index": cyclonedx(
        component(
            "index",
            purl=f"pkg:oci/api@{DIGEST}",
            pedigree={"variants": [component("m", purl=f"pkg:oci/api@sha256:{'d' * 64}?arch=arm64&os=linux")]},
        )
    ),
    "vex": cyclonedx(
        component("a", purl="pkg:npm/a@1.0.0"),
        metadata={"supplier": {"name": "Shop"}, "component": component("root")},
        vulnerabilities=[
            {
                "id": "CVE-2026-1",
                "references": [{"id": "GHSA-1", "source": {"name": "x"}}],
                "recommendation": "Update.",
                "analysis": {"state": "not_affected", "justification": "code_not_reachable", "detail": "Not called."},
                "affects": [
                    {"ref": "a", "versions": [{"range": "vers:npm/<2", "status": "affected"}]},
                    {"ref": "root"},
                ],
            },
            {"id": "CVE-2026-2", "analysis": {"state": "strange"}},
            {"id": "CVE-2026-3", "affects": [{"ref": "a"}]},
        ],
    ),
    "empty": cyclonedx(),
}


@pytest.mark.parametrize("name", TWINS)
def test_xml_says_what_json_says(name: str) -> None:
    document = TWINS[name]

    assert facts(read_sbom(cyclonedx_xml(document))) == facts(read_sbom(encode(document)))


@pytest.mark.parametrize("name", ["npm-nested", "syft-image", "trivy-image", "index-variants"])
def test_a_generators_document_says_the_same_as_xml(name: str) -> None:
    document = json.loads(raw(f"cyclonedx/{name}.json"))

    assert facts(read_sbom(cyclonedx_xml(document))) == facts(read_sbom(encode(document)))


@pytest.mark.parametrize("version", ["1.0", "1.1", "1.2", "1.3", "1.4", "1.5", "1.6", "1.7"])
def test_every_version_of_the_format_is_read(version: str) -> None:
    record = read_sbom(bom("<components><component><name>a</name></component></components>", version=version))

    assert (record.format, record.format_version, record.component_count) == ("cyclonedx", version, 1)
    assert record.media_type == "application/vnd.cyclonedx+xml"


def test_each_component_has_an_xpath_and_stands_before_those_nested_in_it() -> None:
    document = cyclonedx(
        component("a", components=[component("b"), component("c", components=[component("d")])]),
        component("e"),
        metadata={"component": component("root", components=[component("part")])},
    )

    record = read_sbom(cyclonedx_xml(document))

    assert [(one.name, one.pointer, one.parent) for one in record.components] == [
        ("a", "/bom/components/component[1]", None),
        ("b", "/bom/components/component[1]/components/component[1]", 0),
        ("c", "/bom/components/component[1]/components/component[2]", 0),
        ("d", "/bom/components/component[1]/components/component[2]/components/component[1]", 2),
        ("e", "/bom/components/component[2]", None),
        ("part", "/bom/metadata/component/components/component[1]", ROOT),
    ]
    assert (record.component_count, record.metadata_component_count) == (5, 1)


def test_every_warning_names_its_place_as_an_xpath() -> None:
    record = read_sbom(
        cyclonedx_xml(
            cyclonedx(
                component("ok"),
                component("a", purl="nonsense", scope="strange", hashes=[{"alg": "x", "content": "y"}]),
                component(""),
                metadata={"timestamp": "yesterday", "component": component("r", purl="bad")},
                dependencies=[{"ref": "ok", "dependsOn": ["a", "gone"]}, {"ref": "lost", "dependsOn": ["a"]}],
            )
        )
    )

    assert sorted(told(record)) == [
        ("bad_hash", "/bom/components/component[2]/hashes/hash[1]"),
        ("bad_name", "/bom/components/component[3]/name"),
        ("bad_purl", "/bom/components/component[2]/purl"),
        ("bad_purl", "/bom/metadata/component/purl"),
        ("bad_timestamp", "/bom/metadata/timestamp"),
        ("dangling_ref", "/bom/dependencies/dependency[1]/dependency[2]/@ref"),
        ("dangling_ref", "/bom/dependencies/dependency[2]/@ref"),
        ("unknown_scope", "/bom/components/component[2]/scope"),
    ]


def test_other_namespaces_are_passed_over_with_all_they_hold() -> None:
    record = read_sbom(
        f"""<x:bom xmlns:x="{NAMESPACE}" xmlns:o="urn:other">
        <o:components><x:component><x:name>no</x:name></x:component></o:components>
        <x:components><o:component><x:name>no</x:name></o:component><x:component o:type="file"
        type="library"><o:name>no</o:name><x:name>yes</x:name></x:component></x:components></x:bom>""".encode()
    )

    assert [(one.name, one.type) for one in record.components] == [("yes", "library")]
    assert record.warnings == []


def test_an_element_the_format_does_not_have_is_told_and_one_it_has_is_not() -> None:
    record = read_sbom(bom("<components/><component/><externalReferences/><formulation/>"))

    assert told(record) == [("unknown_field", "/bom/component"), ("empty_sbom", "/bom/components")]


def test_text_is_taken_without_the_space_around_it_and_across_entities_sections_and_comments() -> None:
    record = one("<name>\n  R&amp;D <!-- no --><![CDATA[<x>]]>&#233; \n</name><version/><group>  </group>")

    assert record.components[0].name == "R&D <x>é"
    assert (record.components[0].version, record.components[0].group) == ("", "")


def test_of_a_repeated_element_the_first_counts_and_the_second_is_told() -> None:
    record = one("<name>a</name><purl>pkg:npm/a@1</purl><purl>pkg:npm/b@1</purl>")

    assert record.components[0].purl is not None
    assert record.components[0].purl.text == "pkg:npm/a@1"
    assert told(record) == [("duplicate_key", "/bom/components/component[1]/purl")]


def test_components_twice_in_one_component_are_all_read() -> None:
    inner = "<components><component><name>b</name></component></components>"

    record = one(f"<name>a</name>{inner}{inner.replace('b', 'c')}")

    assert [(item.name, item.parent) for item in record.components] == [("a", None), ("b", 0), ("c", 0)]


def test_a_document_type_in_text_or_comments_is_none() -> None:
    record = one("<name>a</name><description><![CDATA[<!DOCTYPE html>]]></description><!-- <!DOCTYPE x> -->")

    assert record.component_count == 1


def test_addresses_in_a_document_are_never_fetched() -> None:
    head = ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="urn:x http://127.0.0.1:1/x"'
    include = '<i:include xmlns:i="http://www.w3.org/2001/XInclude" href="file:///etc/hosts"/>'

    record = read_sbom(
        bom(f"{include}<components><component><name>a</name>{include}</component></components>", head=head)
    )

    assert record.component_count == 1


def test_a_string_that_cannot_be_stored_costs_its_component_alone() -> None:
    record = read_sbom(
        bom(
            f"<components><component><name>a</name><cpe>{'x' * 2_000_000}</cpe></component>"
            "<component><name>b</name><version>\ufdd0</version></component>"
            "<component><name>c</name></component></components>"
        )
    )

    assert [item.name for item in record.components] == ["c"]
    assert sorted(told(record)) == [
        ("bad_string", "/bom/components/component[2]/version"),
        ("string_too_long", "/bom/components/component[1]/cpe"),
    ]
    assert record.component_count == 3


def test_limits_hold_while_reading() -> None:
    limits = replace(DEFAULT_LIMITS, components=2, edges=2)
    many = "<component><name>a</name></component>" * 3
    refs = '<dependency ref="a"/>' * 3

    assert refused(bom(f"<components>{many}</components>"), limits) == "too_many_components"
    assert (
        refused(bom(f'<dependencies><dependency ref="b">{refs}</dependency></dependencies>'), limits)
        == "too_many_edges"
    )


def test_a_component_of_a_million_parts_is_refused() -> None:
    hashes = "<hash/>" * 1_000_001

    assert (
        refused(bom(f"<components><component><hashes>{hashes}</hashes></component></components>")) == "too_many_values"
    )


def test_completeness_and_scope_words_are_those_of_json() -> None:
    record = read_sbom(cyclonedx_xml(TWINS["image"]))

    assert record.completeness is Completeness.COMPLETE
    assert read_sbom(cyclonedx_xml(TWINS["scopes"])).components[2].scope is Scope.PROVIDED


def refused(data: bytes, limits: Any = DEFAULT_LIMITS) -> str:
    with pytest.raises(FormatError) as caught:
        read_document(data, limits=limits)
    return caught.value.code


def test_statements_and_their_products_are_placed_by_xpath() -> None:
    data = bom(
        '<components><component type="library" bom-ref="a"><name>a</name></component></components>'
        "<vulnerabilities><vulnerability><id>CVE-1</id><analysis><state>exploitable</state></analysis>"
        "<affects><target><ref>a</ref></target></affects></vulnerability></vulnerabilities>"
    )

    record = read_document(data)

    assert isinstance(record, SbomRecord)
    assert record.vex is not None
    [statement] = record.vex.statements
    assert statement.pointer == "/bom/vulnerabilities/vulnerability[1]"
    assert [product.pointer for product in statement.products] == [
        "/bom/vulnerabilities/vulnerability[1]/affects/target[1]/ref"
    ]
