"""What is read of CycloneDX JSON, in the shapes that syft, trivy, cyclonedx-npm and Red Hat write."""

from datetime import UTC, datetime

import pytest

from inventory.formats.records import ROOT, ArtifactKind, Completeness, Edge, Hash, Scope
from tests.inventory.formats.documents import component, cyclonedx, encode
from tests.inventory.formats.fixtures import read_sbom, sbom

IMAGE = "sha256:" + "a" * 64
CONFIG = "sha256:" + "c" * 64


def names(record, indexes):
    return [record.components[index].name for index in indexes]


def test_syft_names_the_manifest_in_the_version_of_the_container() -> None:
    record = sbom("cyclonedx/syft-image.json")

    subject = record.subjects[0]
    assert (str(subject.digest), subject.kind) == (IMAGE, ArtifactKind.UNKNOWN)
    assert subject.pointer == "/metadata/component/version"
    assert record.names == ("registry.example/shop/payments",)


def test_what_a_document_says_of_itself_is_kept() -> None:
    record = sbom("cyclonedx/syft-image.json")

    assert (record.format, record.format_version) == ("cyclonedx", "1.6")
    assert (record.producer, record.producer_version) == ("syft", "1.18.1")
    assert record.created_at == datetime(2026, 2, 3, 3, 5, 6, tzinfo=UTC)
    assert record.serial == "urn:uuid:6f1f2b7c-5a2e-4f7e-9a43-0c8b8d2f6a11/1"
    assert record.warnings == []


def test_syft_and_trivy_give_one_identity_to_one_debian_package() -> None:
    syft, trivy = sbom("cyclonedx/syft-image.json"), sbom("cyclonedx/trivy-image.json")

    by_syft = next(item for item in syft.components if item.name == "bsdutils")
    by_trivy = next(item for item in trivy.components if item.name == "bsdutils")
    assert by_syft.purl is not None
    assert by_trivy.purl is not None
    assert by_syft.purl.text == by_trivy.purl.text
    assert by_syft.source_package == by_trivy.source_package == "util-linux"


def test_a_source_package_is_read_from_a_property_where_the_purl_has_none() -> None:
    record = sbom("cyclonedx/syft-image.json")

    assert record.components[1].source_package == "zlib"


def test_trivy_names_the_manifest_and_its_config() -> None:
    record = sbom("cyclonedx/trivy-image.json")

    assert [str(subject.digest) for subject in record.subjects] == [IMAGE]
    assert [(str(pair.manifest), str(pair.config)) for pair in record.configs] == [(IMAGE, CONFIG)]
    assert record.architecture == "amd64"
    assert "registry.example/shop/payments:1.0" in record.names


def test_an_image_known_by_its_config_alone_is_about_the_config() -> None:
    properties = [{"name": "aquasecurity:trivy:ImageID", "value": CONFIG}]
    subject = {"type": "container", "name": "app.tar", "properties": properties}

    record = read_sbom(encode(cyclonedx(metadata={"component": subject})))

    assert [(str(item.digest), item.kind) for item in record.subjects] == [(CONFIG, ArtifactKind.OCI_CONFIG)]
    assert record.configs == ()


@pytest.mark.parametrize("algorithm", ["SHA-256", "SHA-512"])
def test_a_file_is_about_its_hash(algorithm) -> None:
    content = "b" * (64 if algorithm == "SHA-256" else 128)
    subject = {"type": "file", "name": "app.jar", "hashes": [{"alg": algorithm, "content": content}]}

    record = read_sbom(encode(cyclonedx(metadata={"component": subject})))

    assert [(item.digest.value, item.kind) for item in record.subjects] == [(content, ArtifactKind.FILE)]


def test_md5_and_sha1_never_name_an_artifact() -> None:
    hashes = [{"alg": "MD5", "content": "0" * 32}, {"alg": "SHA-1", "content": "0" * 40}]

    record = read_sbom(encode(cyclonedx(metadata={"component": {"type": "file", "name": "a", "hashes": hashes}})))

    assert record.subjects == ()
    assert record.label_name == "a"


def test_nested_components_are_counted_and_know_what_they_are_nested_in() -> None:
    record = sbom("cyclonedx/npm-nested.json")

    nested = next(item for item in record.components if item.name == "ms")
    assert record.component_count == 4
    assert nested.parent is not None
    assert record.components[nested.parent].name == "debug"
    assert nested.pointer == "/components/0/components/0"


def test_the_generator_is_named_not_its_library() -> None:
    record = sbom("cyclonedx/npm-nested.json")

    assert (record.producer, record.label_name, record.label_version) == ("cyclonedx-npm", "@acme/shop", "3.2.1")


def test_scopes_come_from_the_field_and_from_what_generators_write() -> None:
    record = sbom("cyclonedx/npm-nested.json")

    scopes = {item.name: item.scope for item in record.components}
    assert scopes == {"debug": Scope.REQUIRED, "ms": Scope.REQUIRED, "jest": Scope.DEVELOPMENT, "core": Scope.OPTIONAL}


@pytest.mark.parametrize(
    ("members", "scope"),
    [
        ({"scope": "excluded"}, Scope.EXCLUDED),
        ({"isExternal": True}, Scope.PROVIDED),
        ({"properties": [{"name": "cdx:maven:package:test", "value": "true"}]}, Scope.TEST),
        ({"properties": [{"name": "cdx:poetry:group", "value": "dev"}]}, Scope.DEVELOPMENT),
        ({"properties": [{"name": "cdx:npm:package:development", "value": "false"}]}, Scope.REQUIRED),
        ({"properties": ["text", {"name": 5, "value": "x"}]}, Scope.REQUIRED),
    ],
)
def test_each_convention_gives_its_scope(members, scope) -> None:
    record = read_sbom(encode(cyclonedx(component("a", **members))))

    assert record.components[0].scope is scope


def test_edges_join_components_by_reference_and_the_root() -> None:
    record = sbom("cyclonedx/npm-nested.json")

    index = {item.name: place for place, item in enumerate(record.components)}
    assert record.edges == [
        Edge(ROOT, index["debug"]),
        Edge(ROOT, index["jest"]),
        Edge(index["debug"], index["ms"]),
    ]
    assert record.has_edges
    assert record.dependency_count == 3


def test_an_edge_to_a_repeated_reference_goes_to_each_and_is_marked() -> None:
    twins = [component("a", bom_ref="twin"), component("b", bom_ref="twin"), component("user")]
    record = read_sbom(encode(cyclonedx(*twins, dependencies=[{"ref": "user", "dependsOn": ["twin"]}])))

    assert record.edges == [Edge(2, 0), Edge(2, 1)]
    assert [warning.code for warning in record.warnings] == ["ambiguous_ref"]


def test_a_repeated_edge_is_drawn_once_but_counted() -> None:
    dependencies = [{"ref": "a", "dependsOn": ["b", "b", "a"]}, {"ref": "b", "dependsOn": ["a"]}]

    record = read_sbom(encode(cyclonedx(component("a"), component("b"), dependencies=dependencies)))

    assert record.edges == [Edge(0, 1), Edge(1, 0)]
    assert record.dependency_count == 4


def test_broken_dependencies_are_left_out_and_the_others_read() -> None:
    dependencies = [{"ref": 5, "dependsOn": ["a"]}, "text", {"ref": "a", "dependsOn": ["b", 7]}]

    record = read_sbom(encode(cyclonedx(component("a"), component("b"), dependencies=dependencies)))

    assert record.edges == [Edge(0, 1)]
    assert [warning.pointer for warning in record.warnings] == [f"/dependencies/{index}" for index in range(3)]


def test_a_service_is_no_dangling_target() -> None:
    services = [{"name": "queue", "bom-ref": "queue", "services": [{"name": "inner", "bom-ref": "inner"}]}]
    document = cyclonedx(
        component("a"), services=services, dependencies=[{"ref": "a", "dependsOn": ["queue", "inner"]}]
    )

    assert read_sbom(encode(document)).warnings == []


def test_parts_of_the_subject_are_found_but_not_counted() -> None:
    subject = {"type": "application", "name": "app", "bom-ref": "app", "components": [component("part")]}
    document = cyclonedx(component("a"), metadata={"component": subject})

    record = read_sbom(encode(document))

    assert (record.component_count, record.stored_count, record.metadata_component_count) == (1, 1, 1)
    assert [(item.name, item.parent) for item in record.components] == [("a", None), ("part", ROOT)]
    assert record.components[1].pointer == "/metadata/component/components/0"


@pytest.mark.parametrize(
    ("compositions", "completeness"),
    [
        (None, Completeness.UNKNOWN),
        ([{"aggregate": "complete", "assemblies": ["app"]}], Completeness.COMPLETE),
        ([{"aggregate": "complete"}], Completeness.COMPLETE),
        ([{"aggregate": "complete", "assemblies": ["other"]}], Completeness.UNKNOWN),
        ([{"aggregate": "incomplete_first_party_only", "dependencies": ["app"]}], Completeness.INCOMPLETE),
        ([{"aggregate": "complete"}, {"aggregate": "incomplete"}], Completeness.INCOMPLETE),
        ([{"aggregate": "not_specified"}], Completeness.UNKNOWN),
        (["text", {"aggregate": 5}], Completeness.UNKNOWN),
        ([{"aggregate": "complete"}, {"aggregate": "incomplete", "dependencies": ["a"]}], Completeness.INCOMPLETE),
        ([{"aggregate": "complete"}, {"aggregate": "unknown", "assemblies": ["a"]}], Completeness.UNKNOWN),
        ([{"aggregate": "complete"}, {"aggregate": "not_specified", "assemblies": ["a"]}], Completeness.COMPLETE),
        ([{"aggregate": "complete"}, {"aggregate": "incomplete", "vulnerabilities": ["v"]}], Completeness.COMPLETE),
    ],
)
def test_completeness_is_what_compositions_say_of_the_subject(compositions, completeness) -> None:
    metadata = {"component": {"type": "application", "name": "app", "bom-ref": "app"}}

    record = read_sbom(encode(cyclonedx(component("a"), metadata=metadata, compositions=compositions)))

    assert record.completeness is completeness


def test_each_part_that_is_not_complete_is_told_with_its_place() -> None:
    compositions = [{"aggregate": "complete"}, {"aggregate": "incomplete_third_party_only", "dependencies": ["a"]}]

    record = read_sbom(encode(cyclonedx(component("a"), compositions=compositions)))

    [warning] = [warning for warning in record.warnings if warning.code == "incomplete_part"]
    assert warning.pointer == "/compositions/1/aggregate"
    assert "a is incomplete_third_party_only" in warning.message


def test_a_cpe_that_our_own_export_wrote_as_text_comes_back() -> None:
    told = component("a", properties=[{"name": "supplychain:cpe", "value": "cpe:2.3:a:b:b:1:2-5:*"}])

    assert read_sbom(encode(cyclonedx(told))).components[0].cpe == "cpe:2.3:a:b:b:1:2-5:*"


def test_a_range_of_versions_is_a_requirement_whose_version_nobody_knows() -> None:
    required = {**component("a"), "isExternal": True, "versionRange": "vers:npm/>=1.0.0|<2.0.0"}
    del required["version"]
    required["purl"] = "pkg:npm/a"

    [found] = read_sbom(encode(cyclonedx(required, specVersion="1.7"))).components

    assert (found.version, found.scope, found.is_unsure) == ("", Scope.PROVIDED, True)


def test_hashes_are_normalised() -> None:
    hashes = [{"alg": "SHA-256", "content": "A" * 64}, {"alg": "sha1", "content": "SHA1:" + "b" * 40}]

    record = read_sbom(encode(cyclonedx(component("a", hashes=hashes))))

    assert record.components[0].hashes == (Hash("sha256", "a" * 64), Hash("sha1", "b" * 40))


def test_a_component_without_purl_keeps_its_cpe() -> None:
    record = read_sbom(encode(cyclonedx(component("a", cpe="cpe:2.3:a:acme:a:1:*:*:*:*:*:*:*"))))

    assert record.components[0].purl is None
    assert record.components[0].cpe == "cpe:2.3:a:acme:a:1:*:*:*:*:*:*:*"


def test_an_index_and_its_variants_are_related() -> None:
    record = sbom("cyclonedx/index-variants.json")

    members = [(item.index.value[0], item.member.value[0], item.os, item.architecture) for item in record.memberships]
    assert members == [("1", "2", "linux", "amd64"), ("1", "3", "linux", "arm64")]


def test_lifecycle_phases_are_kept() -> None:
    record = read_sbom(
        encode(cyclonedx(component("a"), metadata={"lifecycles": [{"phase": "build"}, {"name": "own"}, 5]}))
    )

    assert record.lifecycles == ("build", "own")
