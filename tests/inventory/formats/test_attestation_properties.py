"""Whatever the bytes, a reader of attestations and registry documents answers or refuses, within its limits."""

import base64
import json
from contextlib import suppress
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inventory.formats.attestations.base64 import decode
from inventory.formats.attestations.records import (
    MAX_ATTESTATIONS,
    MAX_LOG_ENTRIES,
    MAX_SIGNATURES,
    MAX_SUBJECTS,
    AttestationsRecord,
)
from inventory.formats.image_records import RegistryRecord
from inventory.formats.records import FormatError
from tests import attested
from tests.attested import CYCLONEDX, bundle, dsse, encode, message_bundle, statement
from tests.inventory.formats.documents import component, cyclonedx
from tests.inventory.formats.test_properties import read

A = "sha256:" + "a" * 64
LINK = {"_type": "link", "name": "n", "products": {"a": {"sha256": "a" * 64}}}
SIMPLE = {"critical": {"image": {"docker-manifest-digest": A}, "identity": {}, "type": "x"}, "optional": {"a": "b"}}
EVENT = {"action": "push", "target": {"digest": A, "repository": "a/b", "tag": "1", "url": "https://r.example/"}}
LABELS = {"org.opencontainers.image.base.digest": A}
SEEDS: list[Any] = [
    statement(A),
    dsse(statement(A)),
    bundle(statement(A)),
    message_bundle(A),
    dsse(statement(A, predicate=cyclonedx(component("a")), predicate_type=CYCLONEDX)),
    LINK,
    {"signed": LINK, "signatures": [{"keyid": "k", "sig": "00"}]},
    SIMPLE,
    {"attestations": [{"bundle": bundle(statement(A))}]},
    {"attestation_bundles": [{"attestations": [{"envelope": {"statement": "e30="}, "verification_material": {}}]}]},
    {"Base64Signature": "eA==", "Payload": attested.text(json.dumps(SIMPLE)), "Cert": {"Raw": "eA=="}},
    {"events": [EVENT]},
    {"architecture": "a", "os": "l", "rootfs": {"diff_ids": [A]}, "config": {"Labels": LABELS}},
    {"schemaVersion": 2, "manifests": [{"digest": A, "artifactType": "x", "annotations": LABELS}]},
    {
        "schemaVersion": 2,
        "config": {"digest": A},
        "subject": {"digest": A},
        "layers": [
            {
                "mediaType": "application/vnd.dev.cosign.simplesigning.v1+json",
                "digest": A,
                "annotations": {"dev.cosignproject.cosign/signature": "eA=="},
            }
        ],
    },
]
LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=8),
    st.sampled_from(["", A, "a" * 64, "\ud800", "\0", "eA==", "link", "https://in-toto.io/Statement/v1"]),
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["digest", "sha256", "uri", "id", "a"]), inner, max_size=3)
    ),
    max_leaves=6,
)
SLOW = settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def places(value: Any, way: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a document, the whole first."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [way, *(found for key, item in inner for found in places(item, (*way, key)))]


def replaced(value: Any, way: tuple[Any, ...], new: Any) -> Any:
    if not way:
        return new
    if isinstance(value, dict):
        return {key: replaced(item, way[1:], new) if key == way[0] else item for key, item in value.items()}
    return [replaced(item, way[1:], new) if key == way[0] else item for key, item in enumerate(value)]


def check(record: Any) -> None:
    if isinstance(record, RegistryRecord):
        assert record.event_count == len(record.events) + record.passed_over_count + record.rejected_count
    if not isinstance(record, AttestationsRecord):
        return
    assert 0 < len(record.attestations) + record.rejected_count <= MAX_ATTESTATIONS
    for found in record.attestations:
        assert 0 < len(found.subjects) <= MAX_SUBJECTS
        assert len(found.signatures) <= MAX_SIGNATURES
        assert found.log_entry_count <= MAX_LOG_ENTRIES
        assert all(signature.value for signature in found.signatures)


@given(st.data())
@SLOW
def test_a_document_with_anything_anywhere_is_read_or_refused(data) -> None:
    seed = data.draw(st.sampled_from(SEEDS))
    way = data.draw(st.sampled_from(places(seed)))

    check(read(encode_any(replaced(seed, way, data.draw(VALUES)))))


@given(st.data())
@SLOW
def test_a_payload_with_anything_anywhere_is_read_or_refused(data) -> None:
    inner = data.draw(st.sampled_from([statement(A), SEEDS[4], LINK]))
    way = data.draw(st.sampled_from(places(inner)))

    check(read(encode(dsse(encode_any(replaced(inner, way, data.draw(VALUES)))))))


@given(st.sampled_from(SEEDS), st.data())
@SLOW
def test_a_document_with_other_bytes_is_read_or_refused(seed, data) -> None:
    whole = bytearray(encode(seed))
    for _ in range(data.draw(st.integers(1, 4))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))

    check(read(bytes(whole)))


@given(st.sampled_from(SEEDS), st.integers(min_value=0))
@SLOW
def test_a_document_that_was_cut_is_refused(seed, length) -> None:
    whole = encode(seed)

    assert read(whole[: length % len(whole)]) is None


@given(st.lists(st.sampled_from(SEEDS), max_size=4), st.sampled_from(["[", "\n"]))
@SLOW
def test_several_in_one_document_are_read_or_refused(seeds, how) -> None:
    lines = [encode(seed) for seed in seeds]

    check(read(b"[" + b",".join(lines) + b"]" if how == "[" else b"\n".join(lines)))


@given(st.binary(max_size=40))
def test_base64_of_both_alphabets_gives_the_bytes(data) -> None:
    for made in (base64.b64encode(data).decode(), base64.urlsafe_b64encode(data).decode()):
        assert decode(made, pointer="") == decode(made.rstrip("="), pointer="") == data


@given(st.text())
def test_any_text_is_base64_or_refused(text) -> None:
    with suppress(FormatError):
        assert isinstance(decode(text, pointer=""), bytes)


def encode_any(value: Any) -> bytes:
    return json.dumps(value).encode()
