"""What is read of SPDX 3.0 JSON-LD, and where in the graph a defect is told."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inventory.formats.detect import detect
from inventory.formats.limits import Limits
from inventory.formats.read import read_document
from inventory.formats.records import ROOT, Completeness, Edge, FormatError, SbomRecord, Scope
from inventory.formats.schema import check
from tests.inventory.formats.documents import encode
from tests.inventory.formats.fixtures import read_sbom

BASE = "https://example.test/spdx/3/"
CREATION = {
    "type": "CreationInfo", "@id": "_:made", "specVersion": "3.0.1", "created": "2026-01-02T03:04:05Z",
    "createdBy": [BASE + "me"], "createdUsing": [BASE + "tool"],
}  # fmt: skip
TOOL = {"type": "Tool", "spdxId": BASE + "tool", "name": "syft-1.18.1", "creationInfo": "_:made"}
DOCUMENT = {
    "type": "SpdxDocument", "spdxId": BASE + "document", "creationInfo": "_:made", "rootElement": [BASE + "sbom"],
}  # fmt: skip
SBOM = {"type": "software_Sbom", "spdxId": BASE + "sbom", "creationInfo": "_:made", "rootElement": [BASE + "app"]}


def graph(*elements):
    context = "https://spdx.org/rdf/3.0.1/spdx-context.jsonld"
    return {"@context": context, "@graph": [CREATION, TOOL, DOCUMENT, SBOM, *elements]}


def package(name, /, **members):
    return {"type": "software_Package", "spdxId": BASE + name, "name": name, "creationInfo": "_:made", **members}


def related(source, kind, /, *targets, **members):
    to = [one if one.startswith("http") else BASE + one for one in targets]
    return {"type": "Relationship", "from": BASE + source, "relationshipType": kind, "to": to, **members}


def read(*elements):
    return read_sbom(encode(graph(*elements)))


def test_a_package_has_its_identity_hashes_and_kind() -> None:
    record = read(
        package(
            "app",
            software_packageVersion="1.0",
            software_packageUrl="pkg:npm/app@1.0",
            software_primaryPurpose="operatingSystem",
            verifiedUsing=[{"type": "Hash", "algorithm": "sha256", "hashValue": "a" * 64}],
            externalIdentifier=[{"externalIdentifierType": "cpe23", "identifier": "cpe:2.3:a:b:c:1:*:*:*:*:*:*:*"}],
        )
    )

    [component] = record.components
    assert (component.name, component.version, component.type) == ("app", "1.0", "operating-system")
    assert component.purl is not None
    assert (component.purl.text, component.cpe) == ("pkg:npm/app@1.0", "cpe:2.3:a:b:c:1:*:*:*:*:*:*:*")
    assert component.pointer == "/@graph/4"
    assert [str(one.digest) for one in record.subjects] == ["sha256:" + "a" * 64]
    assert record.warnings == []


def test_the_root_is_found_through_the_sbom_that_the_document_is_about() -> None:
    record = read(package("lib"), package("app"))

    assert (record.format, record.format_version, record.producer) == ("spdx", "3.0.1", "syft")
    assert (record.label_name, record.serial) == ("app", BASE + "document")
    assert str(record.created_at) == "2026-01-02 03:04:05+00:00"


def test_a_relationship_describes_the_root_too() -> None:
    document = graph(package("lib"), package("app"), related("document", "describes", "lib"))
    document["@graph"][2:4] = [{**DOCUMENT, "rootElement": []}]

    assert read_sbom(encode(document)).label_name == "lib"


@pytest.mark.parametrize(
    ("kind", "members", "scope"),
    [
        ("dependsOn", {}, Scope.REQUIRED),
        ("dependsOn", {"scope": "build"}, Scope.BUILD),
        ("dependsOn", {"scope": "development"}, Scope.DEVELOPMENT),
        ("dependsOn", {"scope": "test"}, Scope.TEST),
        ("dependsOn", {"scope": "runtime"}, Scope.REQUIRED),
        ("hasStaticLink", {}, Scope.REQUIRED),
        ("hasOptionalDependency", {}, Scope.OPTIONAL),
        ("hasProvidedDependency", {}, Scope.PROVIDED),
    ],
)
def test_each_kind_of_dependency_gives_its_edge_and_scope(kind, members, scope) -> None:
    record = read(package("app"), package("lib"), related("app", kind, "lib", **members))

    assert record.edges == [Edge(ROOT, 1)]
    assert record.components[1].scope is scope


@pytest.mark.parametrize(
    ("relationship", "completeness"),
    [
        (related("app", "dependsOn", "lib", completeness="complete"), Completeness.COMPLETE),
        (related("app", "dependsOn", "lib", completeness="incomplete"), Completeness.INCOMPLETE),
        (related("app", "dependsOn", "lib", completeness="noAssertion"), Completeness.UNKNOWN),
        (related("app", "dependsOn", completeness="complete"), Completeness.COMPLETE),
        (related("app", "dependsOn", "https://spdx.org/rdf/3.0.1/terms/Core/NoneElement"), Completeness.COMPLETE),
        (related("app", "dependsOn", "https://spdx.org/rdf/3.0.1/terms/Core/NoAssertionElement"), Completeness.UNKNOWN),
    ],
)
def test_completeness_is_what_the_relationship_says(relationship, completeness) -> None:
    assert read(package("app"), package("lib"), relationship).completeness is completeness


def test_packages_of_every_profile_count_and_other_elements_do_not() -> None:
    record = read(
        package("app"), package("model", type="ai_AIPackage"), package("data", type="dataset_DatasetPackage"),
        package("file", type="software_File"), related("app", "contains", "model", "file"),
        related("app", "dependsOn", "tool"),
    )  # fmt: skip

    assert [one.name for one in record.components] == ["app", "model", "data"]
    assert record.warnings == []


@pytest.mark.parametrize(
    ("element", "found"),
    [
        (package("x", name=None), ("bad_name", "/@graph/5/name")),
        (package("x", software_packageUrl="x"), ("bad_purl", "/@graph/5/software_packageUrl")),
        (package("x", externalIdentifier=[{}, {"externalIdentifierType": "packageUrl", "identifier": "x"}]),
         ("bad_purl", "/@graph/5/externalIdentifier/1/identifier")),
        (package("x", verifiedUsing=[{"type": "Hash", "algorithm": "sha256", "hashValue": "0"}]),
         ("bad_hash", "/@graph/5/verifiedUsing/0")),
        (package("x", software_packageVersion=1), ("wrong_type", "/@graph/5/software_packageVersion")),
        (package("x", comment="\0"), ("nul_in_string", "/@graph/5/comment")),
        (related("app", "dependsOn", "gone"), ("dangling_ref", "/@graph/5")),
        ({"type": "Relationship"}, ("wrong_shape", "/@graph/5")),
        (5, ("wrong_shape", "/@graph/5")),
    ],
)  # fmt: skip
def test_each_defect_is_told_with_its_place_in_the_graph(element, found) -> None:
    assert [(one.code, one.pointer) for one in read(package("app"), element).warnings] == [found]


def refused(document, **limits):
    with pytest.raises(FormatError) as caught:
        read_document(encode(document), limits=Limits(**limits))
    return caught.value.code, caught.value.pointer


def test_what_is_no_such_document_is_refused() -> None:
    newer = graph()
    newer["@graph"][0] = {**CREATION, "specVersion": "4.0"}

    assert refused(newer) == ("unsupported_version", "/@graph/0/specVersion")
    assert refused({**graph(), "@graph": {}}) == ("wrong_shape", "/@graph")
    assert refused(graph(package("a"), package("b")), components=1) == ("too_many_components", "/@graph")
    assert refused({"@context": "https://example.test", "@graph": []})[0] == "unknown_format"


def test_the_shape_is_held_to_the_mandatory_fields() -> None:
    good, bad = encode(graph(package("app"))), encode(graph({"type": "software_Package", "spdxId": "x"}))

    verdicts = [check(data, detect(data)) for data in (good, bad)]

    assert verdicts[0] is not None
    assert verdicts[0].valid
    assert verdicts[1] is not None
    assert {one.pointer for one in verdicts[1].errors} == {"/@graph/4"}


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(["a", "\0", "software_Package", "dependsOn", "\ud800"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["type", "identifier"]), inner),
    max_leaves=8,
)
FIELDS = st.sampled_from(
    ["type", "@type", "spdxId", "@id", "name", "software_packageUrl", "externalIdentifier", "verifiedUsing", "from",
     "to", "relationshipType", "rootElement", "import", "created", "createdUsing", "software_primaryPurpose", "scope"]
)  # fmt: skip


@given(st.lists(st.dictionaries(FIELDS, VALUES, max_size=6) | VALUES, max_size=5))
@settings(max_examples=150, deadline=None)
def test_whatever_the_graph_holds_it_is_read_or_refused_and_no_package_lost(elements) -> None:
    document = graph(*elements)
    try:
        record = read_document(encode(document))
    except FormatError:
        return

    assert isinstance(record, SbomRecord)
    kinds = [one.get("type") or one.get("@type") for one in document["@graph"] if isinstance(one, dict)]
    assert record.component_count == sum(kind == "software_Package" for kind in kinds)
