"""What is read of image indexes and manifests."""

import hashlib

from inventory.formats.records import ArtifactKind
from tests.inventory.formats.fixtures import image, raw


def test_an_index_is_named_by_its_bytes_and_lists_its_images() -> None:
    record = image("oci/index.json")

    assert record.digest.value == hashlib.sha256(raw("oci/index.json")).hexdigest()
    assert record.kind is ArtifactKind.OCI_INDEX
    members = [(item.member.value[0], item.os, item.architecture, item.variant) for item in record.memberships]
    assert members == [("2", "linux", "amd64", ""), ("3", "linux", "arm64", "v8")]


def test_a_member_with_a_bad_digest_is_left_out_with_its_place() -> None:
    record = image("oci/index.json")

    assert [(warning.code, warning.pointer) for warning in record.warnings] == [("bad_digest", "/manifests/3/digest")]


def test_a_manifest_names_its_config() -> None:
    record = image("oci/manifest.json")

    assert record.kind is ArtifactKind.OCI_MANIFEST
    assert [(pair.manifest, pair.config.value[0]) for pair in record.configs] == [(record.digest, "c")]


def test_dockers_list_is_an_index_too() -> None:
    record = image("oci/docker-list.json")

    assert record.kind is ArtifactKind.OCI_INDEX
    assert record.media_type == "application/vnd.docker.distribution.manifest.list.v2+json"
    assert len(record.memberships) == 1
