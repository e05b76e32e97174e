"""What images say of themselves, what lies beside them in a registry, and what a registry tells of its tags."""

from __future__ import annotations

from typing import Any

import pytest

from inventory.formats.attestations.records import Envelope
from inventory.formats.claims import Claim
from inventory.formats.image_records import ImageRecord, RegistryRecord, TagAction
from inventory.formats.read import read_document
from inventory.formats.records import ArtifactKind, FormatError
from tests.attested import encode, text

A, B, C = (f"sha256:{letter * 64}" for letter in "abc")
CONFIG = "application/vnd.oci.image.config.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
SIMPLE_SIGNING = "application/vnd.dev.cosign.simplesigning.v1+json"
LABELS = {
    "org.opencontainers.image.source": "https://github.com/shop/api",
    "org.opencontainers.image.revision": "c" * 40,
    "org.opencontainers.image.base.name": "docker.io/library/alpine:3.20",
    "org.opencontainers.image.base.digest": A,
}


def image(document: dict[str, Any]) -> ImageRecord:
    record = read_document(encode(document))
    assert isinstance(record, ImageRecord)
    return record


def manifest(**members: Any) -> dict[str, Any]:
    config = {"mediaType": CONFIG, "digest": B, "size": 1}
    return {"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": [], **members}


def index(*manifests: dict[str, Any], **members: Any) -> dict[str, Any]:
    return {"schemaVersion": 2, "manifests": list(manifests), **members}


def claims(record: ImageRecord) -> dict[Claim, str]:
    return {claim.claim: claim.value for claim in record.claims}


def test_a_config_says_what_its_labels_and_layers_say():
    record = image(
        {
            "architecture": "amd64",
            "os": "linux",
            "config": {"Labels": LABELS},
            "rootfs": {"type": "layers", "diff_ids": [A, "none", C]},
        }
    )

    assert record.kind is ArtifactKind.OCI_CONFIG
    assert claims(record) == {
        Claim.SOURCE: "https://github.com/shop/api",
        Claim.REVISION: "c" * 40,
        Claim.BASE_NAME: "docker.io/library/alpine:3.20",
        Claim.BASE_DIGEST: A,
    }
    assert [(layer.position, str(layer.digest), layer.is_diff_id) for layer in record.layers] == [
        (0, A, True),
        (2, C, True),
    ]


def test_layers_without_the_first_one_are_none():
    assert image(manifest(layers=[{"digest": "none"}, {"digest": C}])).layers == ()


def test_a_manifest_says_what_its_annotations_and_layers_say():
    record = image(manifest(annotations=LABELS, layers=[{"digest": A}, {"digest": C}]))

    assert claims(record)[Claim.BASE_DIGEST] == A
    assert [str(layer.digest) for layer in record.layers] == [A, C]


def test_a_base_image_without_a_digest_is_told():
    record = image(manifest(annotations={"org.opencontainers.image.base.digest": "latest"}))

    assert claims(record) == {}
    assert [warning.code for warning in record.warnings] == ["bad_digest"]


def test_older_labels_count_where_the_newer_are_absent():
    old = {"org.label-schema.vcs-ref": "old", "org.label-schema.vcs-url": "https://old.example/x"}

    assert claims(image(manifest(annotations=old | LABELS)))[Claim.REVISION] == "c" * 40
    assert claims(image(manifest(annotations=old)))[Claim.REVISION] == "old"


def test_an_index_says_of_each_member_what_is_written_beside_it():
    record = image(index({"digest": A, "annotations": LABELS | {"org.opencontainers.image.base.digest": C}}))

    assert {str(claim.artifact) for claim in record.claims} == {A}


def test_buildkits_attestations_refer_to_their_image_and_are_no_members():
    marked = {
        "digest": B,
        "platform": {"os": "unknown", "architecture": "unknown"},
        "annotations": {
            "vnd.docker.reference.type": "attestation-manifest",
            "vnd.docker.reference.digest": A,
        },
    }
    record = image(index({"digest": A, "platform": {"os": "linux", "architecture": "amd64"}}, marked))

    assert [str(item.member) for item in record.memberships] == [A]
    assert [(str(one.subject), str(one.referrer), one.artifact_type) for one in record.referrers] == [
        (A, B, "attestation-manifest")
    ]


def test_a_manifest_with_a_subject_refers_to_it():
    record = image(manifest(subject={"digest": C}, artifactType="application/vnd.dev.sigstore.bundle.v0.3+json"))

    (one,) = record.referrers
    assert (str(one.subject), one.referrer, one.artifact_type) == (
        C,
        record.digest,
        "application/vnd.dev.sigstore.bundle.v0.3+json",
    )


def test_what_an_index_lists_that_is_no_image_is_no_member():
    record = image(index({"digest": A, "artifactType": "application/spdx+json"}, {"digest": B}))

    assert [str(item.member) for item in record.memberships] == [B]
    assert [(str(digest), kind) for digest, kind in record.artifacts] == [(A, "application/spdx+json")]


def cosign(**annotations: str) -> dict[str, Any]:
    return manifest(layers=[{"mediaType": SIMPLE_SIGNING, "digest": A, "annotations": annotations}])


def test_cosigns_manifest_holds_signatures_and_is_no_image():
    pem = f"-----BEGIN CERTIFICATE-----\n{text('leaf')}\n-----END CERTIFICATE-----\n"
    record = image(
        cosign(
            **{
                "dev.cosignproject.cosign/signature": text("signature"),
                "dev.sigstore.cosign/certificate": pem,
                "dev.sigstore.cosign/bundle": "{}",
            }
        )
    )

    (found,) = record.signatures
    assert (found.envelope, found.payload_digest, found.log_entry_count) == (Envelope.COSIGN_LAYER, A, 1)
    assert (found.signatures[0].value, found.signatures[0].certificate) == (b"signature", b"leaf")
    assert not record.configs
    assert not record.layers


def test_cosigns_attestation_layers_sign_themselves():
    layer = {"mediaType": "application/vnd.dsse.envelope.v1+json", "digest": A}
    record = image(manifest(layers=[layer | {"annotations": {"dev.cosignproject.cosign/signature": ""}}]))

    assert not record.signatures
    assert not record.configs


def event(**target: Any) -> dict[str, Any]:
    return {
        "id": "e-1",
        "timestamp": "2026-03-01T10:00:00.123456789Z",
        "action": "push",
        "target": {
            "digest": A,
            "repository": "shop/api",
            "tag": "1.0",
            "url": f"https://Registry.example/v2/shop/api/manifests/{A}",
            **target,
        },
        "request": {"host": "10.0.0.1:5000"},
        "actor": {"name": "ci"},
    }


def events(*listed: Any) -> RegistryRecord:
    record = read_document(encode({"events": list(listed)}))
    assert isinstance(record, RegistryRecord)
    return record


def test_an_event_says_where_a_tag_pointed():
    (found,) = events(event()).events

    assert (found.repository, found.tag, str(found.digest), found.action) == (
        "registry.example/shop/api",
        "1.0",
        A,
        TagAction.PUSH,
    )
    assert found.observed_at is not None
    assert (found.event_id, found.actor, found.pointer) == ("e-1", "ci", "/events/0")


def test_without_an_address_the_requests_host_names_the_registry():
    assert events(event(url="")).events[0].repository == "10.0.0.1:5000/shop/api"


@pytest.mark.parametrize("other", [event(tag=""), event() | {"action": "unheard of"}, {"action": "push"}])
def test_what_says_nothing_of_a_tag_is_passed_over_and_counted(other):
    record = events(event(), other)

    assert (record.event_count, len(record.events), record.passed_over_count) == (2, 1, 1)


@pytest.mark.parametrize(
    ("target", "digest", "tag"), [({"tag": ""}, A, ""), ({"digest": "", "tag": "1.0"}, None, "1.0")]
)
def test_a_deletion_names_a_digest_or_a_tag(target, digest, tag):
    (found,) = events(event(**target) | {"action": "delete"}).events

    assert (str(found.digest) if found.digest else None, found.tag) == (digest, tag)


@pytest.mark.parametrize(
    ("broken", "code"),
    [
        (event(digest="latest"), "bad_digest"),
        (event(repository="UPPER CASE"), "bad_image"),
        (event(tag="\0"), "nul_in_string"),
    ],
)
def test_an_event_that_cannot_be_read_is_counted_and_told(broken, code):
    record = events(event(), broken)

    assert record.event_count == len(record.events) + record.passed_over_count + record.rejected_count
    assert (record.rejected_count, [warning.code for warning in record.warnings]) == (1, [code])


def test_a_time_that_is_none_leaves_it_to_the_receipt():
    record = events(event() | {"timestamp": "yesterday"})

    assert record.events[0].observed_at is None
    assert [warning.code for warning in record.warnings] == ["bad_timestamp"]


def test_other_events_are_no_registrys():
    with pytest.raises(FormatError) as caught:
        read_document(encode({"events": [{"kind": "click"}]}))
    assert caught.value.code == "unknown_format"
