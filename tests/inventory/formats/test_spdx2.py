"""What is read of SPDX 2.2 and 2.3 JSON, in the shapes that syft, trivy, ko and GitHub write."""

import pytest

from inventory.formats.records import ROOT, ArtifactKind, Completeness, Edge, Scope
from tests.inventory.formats.documents import encode, package, relation, spdx
from tests.inventory.formats.fixtures import read_sbom, sbom

IMAGE = "sha256:" + "a" * 64


def digests(record):
    return [str(subject.digest) for subject in record.subjects]


def test_every_package_is_a_component_the_described_one_too() -> None:
    record = sbom("spdx/syft-image.json")

    assert record.component_count == record.stored_count == 3
    assert record.components[2].type == "container"


def test_syft_names_the_manifest_in_the_checksum_and_purl_of_the_root() -> None:
    record = sbom("spdx/syft-image.json")

    assert digests(record) == [IMAGE]
    assert (record.architecture, record.producer, record.producer_version) == ("amd64", "syft", "1.18.1")
    assert (record.label_name, record.label_version) == ("registry.example/shop/payments", "1.0")
    assert record.warnings == []


def test_syft_and_trivy_give_one_identity_in_both_formats() -> None:
    texts = {
        item.purl.text
        for name in ("spdx/syft-image.json", "spdx/trivy-image.json", "cyclonedx/syft-image.json")
        for item in sbom(name).components
        if item.name == "bsdutils" and item.purl is not None
    }

    assert len(texts) == 1


def test_a_dependency_may_be_written_from_either_side_and_need_not_start_at_the_root() -> None:
    record = sbom("spdx/syft-image.json")

    assert record.edges == [Edge(0, 1)]
    assert (record.has_edges, record.dependency_count) == (False, 1)


def test_trivy_writes_digests_as_annotations() -> None:
    record = sbom("spdx/trivy-image.json")

    assert digests(record) == [IMAGE]
    assert [(str(pair.manifest), pair.config.value[0]) for pair in record.configs] == [(IMAGE, "c")]
    assert "registry.example/shop/payments:1.0" in record.names


def test_a_lock_file_held_by_the_image_is_a_step_to_what_it_holds() -> None:
    record = sbom("spdx/trivy-image.json")

    assert Edge(ROOT, 2) in record.edges
    assert [item.parent for item in record.components] == [None, None, None, 1, 2, 2]
    assert record.components[3].source_package == "util-linux"


def test_ko_lists_the_images_of_an_index_whatever_side_it_writes_first() -> None:
    record = sbom("spdx/ko-index.json")

    members = [(item.index.value[0], item.member.value[0], item.os, item.architecture) for item in record.memberships]
    assert members == [("1", "2", "linux", "amd64"), ("1", "3", "linux", "arm64")]
    assert [(subject.digest.value[0], subject.kind) for subject in record.subjects] == [("1", ArtifactKind.OCI_INDEX)]


def test_the_other_direction_gives_the_same_members() -> None:
    index = package("index", name="sha256:" + "1" * 64)
    member = package("amd64", name="sha256:" + "2" * 64)
    described = relation("DOCUMENT", "DESCRIBES", "index")

    record = read_sbom(encode(spdx(index, member, relationships=[relation("amd64", "VARIANT_OF", "index"), described])))

    assert [(item.index.value[0], item.member.value[0]) for item in record.memberships] == [("1", "2")]


def test_a_platform_image_is_about_its_checksum_and_a_member_of_the_index_in_its_purl() -> None:
    purl = "pkg:oci/app@sha256%3A" + "1" * 64 + "?arch=amd64"
    reference = {"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": purl}
    root = package("app", checksums=[{"algorithm": "SHA256", "checksumValue": "2" * 64}], externalRefs=[reference])

    record = read_sbom(encode(spdx(root)))

    assert [subject.digest.value[0] for subject in record.subjects] == ["2"]
    assert [(item.index.value[0], item.member.value[0]) for item in record.memberships] == [("1", "2")]


def test_githubs_export_is_read_inside_its_wrapper() -> None:
    record = sbom("spdx/github-export.json")

    assert [item.pointer for item in record.components] == ["/sbom/packages/0", "/sbom/packages/1"]
    assert record.edges == [Edge(ROOT, 1)]
    assert record.producer == "github.com-dependency-graph"


@pytest.mark.parametrize(
    ("kind", "scope"),
    [
        ("DEPENDENCY_OF", Scope.REQUIRED),
        ("RUNTIME_DEPENDENCY_OF", Scope.REQUIRED),
        ("DEV_DEPENDENCY_OF", Scope.DEVELOPMENT),
        ("TEST_DEPENDENCY_OF", Scope.TEST),
        ("BUILD_DEPENDENCY_OF", Scope.BUILD),
        ("BUILD_TOOL_OF", Scope.BUILD),
        ("OPTIONAL_DEPENDENCY_OF", Scope.OPTIONAL),
        ("PROVIDED_DEPENDENCY_OF", Scope.PROVIDED),
    ],
)
def test_each_kind_of_dependency_gives_its_scope(kind, scope) -> None:
    relations = [relation("DOCUMENT", "DESCRIBES", "app"), relation("lib", kind, "app")]

    record = read_sbom(encode(spdx(package("app"), package("lib"), relationships=relations)))

    assert record.edges == [Edge(ROOT, 1)]
    assert record.components[1].scope is scope


def test_a_package_needed_in_two_ways_is_required() -> None:
    relations = [
        relation("lib", "TEST_DEPENDENCY_OF", "app"),
        relation("app", "DEPENDS_ON", "lib"),
        relation("DOCUMENT", "DESCRIBES", "app"),
    ]

    record = read_sbom(encode(spdx(package("app"), package("lib"), relationships=relations)))

    assert record.components[1].scope is Scope.REQUIRED


@pytest.mark.parametrize(
    ("target", "completeness"), [("NONE", Completeness.COMPLETE), ("NOASSERTION", Completeness.UNKNOWN)]
)
def test_none_means_complete_and_noassertion_unknown(target, completeness) -> None:
    relations = [relation("DOCUMENT", "DESCRIBES", "app"), relation("app", "DEPENDS_ON", target)]

    record = read_sbom(encode(spdx(package("app"), relationships=relations)))

    assert record.completeness is completeness
    assert record.warnings == []


def test_the_only_package_that_nothing_holds_is_the_root() -> None:
    relations = [relation("app", "CONTAINS", "lib")]

    record = read_sbom(encode(spdx(package("lib"), package("app"), relationships=relations)))

    assert record.label_name == "app"


def test_a_container_wins_among_several_described() -> None:
    documents = spdx(package("a"), package("b", primaryPackagePurpose="CONTAINER"))
    documents["documentDescribes"] = ["SPDXRef-a", "SPDXRef-b"]

    assert read_sbom(encode(documents)).label_name == "b"


def test_several_described_packages_leave_the_root_open() -> None:
    documents = spdx(package("a"), package("b"), documentDescribes=["SPDXRef-a", "SPDXRef-b"])

    record = read_sbom(encode(documents))

    assert (record.label_name, record.subjects) == ("", ())
    assert [warning.code for warning in record.warnings] == ["ambiguous_root"]


def test_a_described_file_is_the_subject_by_its_checksum() -> None:
    file = {
        "SPDXID": "SPDXRef-File",
        "fileName": "./app.jar",
        "checksums": [{"algorithm": "SHA256", "checksumValue": "f" * 64}],
    }

    record = read_sbom(encode(spdx(package("lib"), files=[file], documentDescribes=["SPDXRef-File"])))

    assert [(subject.digest.value[0], subject.kind) for subject in record.subjects] == [("f", ArtifactKind.FILE)]
    assert record.names == ("./app.jar",)


def test_packages_that_hold_each_other_are_nested_in_nothing_endless() -> None:
    relations = [relation("a", "CONTAINS", "b"), relation("b", "CONTAINS", "c"), relation("c", "CONTAINS", "a")]

    record = read_sbom(encode(spdx(package("a"), package("b"), package("c"), relationships=relations)))

    assert sum(item.parent is None for item in record.components) == 1


def test_files_and_foreign_documents_are_no_dangling_targets() -> None:
    relations = [
        relation("app", "CONTAINS", "File-1"),
        {
            "spdxElementId": "SPDXRef-app",
            "relationshipType": "DEPENDS_ON",
            "relatedSpdxElement": "DocumentRef-x:SPDXRef-y",
        },
    ]
    document = spdx(package("app"), files=[{"SPDXID": "SPDXRef-File-1", "fileName": "a"}], relationships=relations)

    assert read_sbom(encode(document)).warnings == []


def test_relationships_that_are_none_are_left_out() -> None:
    document = spdx(package("app"), relationships=["text", {"spdxElementId": 5}, None])

    record = read_sbom(encode(document))

    assert [warning.pointer for warning in record.warnings] == [f"/relationships/{index}" for index in range(3)]


def test_relationships_that_say_nothing_here_are_counted() -> None:
    relations = [
        relation("DOCUMENT", "DESCRIBES", "a"), relation("a", "DEPENDS_ON", "b"), relation("a", "OTHER", "b"),
        relation("b", "PATCH_FOR", "a"),
    ]  # fmt: skip

    record = read_sbom(encode(spdx(package("a"), package("b"), relationships=relations)))

    assert (record.passed_over_count, record.dependency_count) == (2, 1)
    assert record.warnings == []


@pytest.mark.parametrize("kind", ["GENERATED_FROM", "GENERATES"])
def test_a_distribution_s_package_knows_the_source_it_was_generated_from(kind: str) -> None:
    made = package("liblzma5", externalRefs=[purl_ref("pkg:deb/debian/liblzma5@5.6.1-1")])
    source = package("xz-utils", externalRefs=[purl_ref("pkg:deb/debian/xz-utils@5.6.1-1?arch=source")])
    other = package("git", externalRefs=[purl_ref("pkg:github/tukaani/xz@v5.6.1")])
    names = ("liblzma5", "xz-utils") if kind == "GENERATED_FROM" else ("xz-utils", "liblzma5")
    relations = [relation("DOCUMENT", "DESCRIBES", "app"), relation(names[0], kind, names[1])]
    relations.append(relation("xz-utils", "GENERATED_FROM", "git"))

    found = read_sbom(encode(spdx(package("app"), made, source, other, relationships=relations))).components

    assert [component.source_package for component in found] == [None, "xz-utils", None, None]


def purl_ref(locator: str) -> dict[str, str]:
    return {"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": locator}
