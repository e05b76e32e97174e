"""Syft's own JSON: artifacts, what depends on what, the scanned image, the distribution."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from inventory.formats.limits import DEFAULT_LIMITS
from inventory.formats.read import read_document
from inventory.formats.records import ROOT, ArtifactKind, FormatError, SbomRecord
from tests.inventory.formats.documents import encode
from tests.inventory.formats.fixtures import read_sbom, sbom

MANIFEST = "sha256:ced9b1813935a450a50437c91a446ab6164ae5fa5668350bb68782060e59ab85"
CONFIG = "sha256:e200fb053c54e3e5a730078b752cdb665bbf257cdc2ec013c48053a5cad85ce9"


def document(*artifacts: Any, **members: Any) -> dict[str, Any]:
    return {
        "artifacts": list(artifacts),
        "artifactRelationships": [],
        "source": {"id": "root", "name": "shop", "version": "1.0", "type": "directory", "metadata": {"path": "."}},
        "distro": {},
        "descriptor": {"name": "syft", "version": "1.18.1"},
        "schema": {"version": "16.0.18"},
        **members,
    }


def artifact(name: str, **members: Any) -> dict[str, Any]:
    return {"id": f"id-{name}", "name": name, "version": "1.0", "type": "npm", "purl": f"pkg:npm/{name}@1.0", **members}


def told(record: SbomRecord) -> list[tuple[str, str]]:
    return [(warning.code, warning.pointer) for warning in record.warnings]


def test_it_holds_what_its_cyclonedx_twin_of_the_same_run_holds() -> None:
    own, twin = sbom("syft/image.json"), sbom("syft/image.cyclonedx.json")

    def found(record: SbomRecord) -> set[tuple[Any, ...]]:
        return {
            (
                one.type,
                one.name,
                one.version,
                one.purl and one.purl.text.partition("&package-id")[0],
                one.source_package,
            )
            for one in record.components
        }

    def edges(record: SbomRecord) -> set[tuple[str, str]]:
        return {(record.components[one.source].name, record.components[one.target].name) for one in record.edges}

    assert {row[:3] for row in found(own)} == {row[:3] for row in found(twin)}
    assert edges(own) == edges(twin) == {("libc6", "zlib1g"), ("zlib1g", "libc6")}
    assert (own.producer, own.producer_version, own.label_name) == (
        twin.producer,
        twin.producer_version,
        twin.label_name,
    )


def test_artifacts_are_counted_and_the_distribution_stands_behind_them_uncounted() -> None:
    record = sbom("syft/image.json")

    assert (record.format, record.format_version, record.component_count) == ("syft", "16.0.18", 4)
    assert record.metadata_component_count == 1
    system = record.components[-1]
    assert (system.type, system.name, system.version, system.parent) == ("operating-system", "debian", "12", ROOT)


def test_the_digest_is_the_manifests_and_the_image_id_is_its_config() -> None:
    record = sbom("syft/image.json")

    assert [(str(one.digest), one.kind, one.pointer) for one in record.subjects] == [
        (MANIFEST, ArtifactKind.OCI_MANIFEST, "/source/metadata/manifestDigest")
    ]
    assert [str(one.config) for one in record.configs] == [CONFIG]
    assert record.names == ("registry.example/shop/api",)


def test_repo_digests_tags_and_the_older_target_are_read_too() -> None:
    target = {
        "userInput": "shop/api:1", "manifestDigest": MANIFEST, "tags": ["registry.example/shop/api:1"],
        "repoDigests": ["registry.example/shop/api@sha256:" + "a" * 64], "architecture": "arm64",
    }  # fmt: skip

    record = read_sbom(encode(document(artifact("a"), source={"type": "image", "target": target})))

    assert [str(one.digest) for one in record.subjects] == [MANIFEST, "sha256:" + "a" * 64]
    assert (record.architecture, record.label_name) == ("arm64", "shop/api:1")
    assert set(record.names) == {"registry.example/shop/api:1", "shop/api:1"}


def test_a_scanned_file_is_known_by_its_hash() -> None:
    source = {"name": "app.jar", "type": "file", "metadata": {"digests": [{"algorithm": "sha256", "value": "b" * 64}]}}

    record = read_sbom(encode(document(source=source)))

    assert [(str(one.digest), one.kind) for one in record.subjects] == [("sha256:" + "b" * 64, ArtifactKind.FILE)]
    assert told(record) == [("empty_sbom", "/artifacts")]


def test_what_depends_on_what_is_read_and_what_contains_what_is_not() -> None:
    relations = [
        {"parent": "id-b", "child": "id-a", "type": "dependency-of"},
        {"parent": "id-a", "child": "root", "type": "dependency-of"},
        {"parent": "root", "child": "id-b", "type": "contains"},
        {"parent": "gone", "child": "id-a", "type": "dependency-of"},
    ]

    record = read_sbom(encode(document(artifact("a"), artifact("b"), artifactRelationships=relations)))

    assert [(edge.source, edge.target) for edge in record.edges] == [(0, 1), (ROOT, 0)]
    assert (record.has_edges, record.dependency_count) == (True, 3)
    assert told(record) == [("dangling_ref", "/artifactRelationships/3/parent")]


def test_cpes_are_texts_or_objects_and_the_first_counts() -> None:
    old = artifact("a", cpes=["cpe:2.3:a:a:a:1:*:*:*:*:*:*:*", "cpe:2.3:a:b:a:1:*:*:*:*:*:*:*"])
    new = artifact("b", cpes=[{"cpe": "cpe:2.3:a:b:b:1:*:*:*:*:*:*:*", "source": "nvd"}])

    record = read_sbom(encode(document(old, new)))

    assert [one.cpe for one in record.components] == [
        "cpe:2.3:a:a:a:1:*:*:*:*:*:*:*",
        "cpe:2.3:a:b:b:1:*:*:*:*:*:*:*",
    ]


def test_a_bad_artifact_costs_itself_alone_and_the_counts_add_up() -> None:
    record = read_sbom(
        encode(
            document(
                artifact("good"), {"id": "x"}, 7, artifact("typed", version=3, cpes="x"), artifact("nul", version="\0"),
                artifact("bad", purl="nonsense"),
            )
        )
    )  # fmt: skip

    assert [one.name for one in record.components] == ["good", "typed", "bad"]
    assert (record.component_count, record.stored_count, record.rejected_count) == (6, 3, 3)
    assert sorted(told(record)) == [
        ("bad_name", "/artifacts/1/name"),
        ("bad_purl", "/artifacts/5/purl"),
        ("nul_in_string", "/artifacts/4/version"),
        ("wrong_shape", "/artifacts/2"),
        ("wrong_type", "/artifacts/3/cpes"),
        ("wrong_type", "/artifacts/3/version"),
    ]


@pytest.mark.parametrize(
    ("members", "code"),
    [
        ({"artifacts": {}}, "wrong_shape"),
        ({"artifactRelationships": {}}, "wrong_shape"),
        ({"artifacts": [artifact("a")] * 3}, "too_many_components"),
        ({"artifactRelationships": [{"parent": "a", "child": "b", "type": "dependency-of"}] * 3}, "too_many_edges"),
    ],
)
def test_a_document_that_is_not_one_is_refused(members: dict[str, Any], code: str) -> None:
    with pytest.raises(FormatError) as caught:
        read_document(encode(document(**members)), limits=replace(DEFAULT_LIMITS, components=2, edges=2))

    assert caught.value.code == code
