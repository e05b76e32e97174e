"""What is read of statements and envelopes, and what is refused; reliability's items 76 to 98 as far as shapes go."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

import pytest

from inventory.formats.attestations.records import AttestationRecord, AttestationsRecord, Envelope, Predicate
from inventory.formats.read import read_document
from inventory.formats.records import FormatError, SubjectSource
from tests import attested
from tests.attested import CYCLONEDX, bundle, dsse, encode, message_bundle, statement
from tests.inventory.formats.documents import component, cyclonedx

PUBLISH = "https://docs.pypi." + "org/attestations/publish/v1"
A, B = "sha256:" + "a" * 64, "sha256:" + "b" * 64


def read(document: Any) -> AttestationsRecord:
    record = read_document(document if isinstance(document, bytes) else encode(document))
    assert isinstance(record, AttestationsRecord)
    return record


def one(document: Any) -> AttestationRecord:
    (found,) = read(document).attestations
    return found


def refusal(document: Any) -> tuple[str, str]:
    with pytest.raises(FormatError) as caught:
        read(document)
    return caught.value.code, caught.value.pointer


def codes(document: Any) -> list[str]:
    return [warning.code for warning in read(document).warnings]


def test_a_bare_statement_is_unsigned():
    found = one(statement(A))

    assert (found.envelope, found.is_signed, found.predicate) == (Envelope.STATEMENT, False, Predicate.PROVENANCE)
    assert found.envelope_digest == found.payload_digest


def test_blanks_around_an_envelope_are_no_part_of_it():
    assert one(b"\n " + encode(dsse(statement(A))) + b"\n").envelope_digest == one(dsse(statement(A))).envelope_digest


def test_every_signature_of_an_envelope_is_kept_as_found():
    found = one(dsse(statement(A), signatures=3))

    assert [signature.key_id for signature in found.signatures] == ["key-0", "key-1", "key-2"]
    assert {signature.value for signature in found.signatures} == {b"signature"}


def test_an_envelope_without_signatures_or_with_empty_ones_is_unsigned():
    empty = dsse(statement(A))
    empty["signatures"][0]["sig"] = ""

    assert not one(dsse(statement(A), signatures=0)).is_signed
    assert not one(empty).is_signed


@pytest.mark.parametrize("payload_type", ["application/vnd.in-toto+json", "application/vnd.in-toto.provenance+json"])
def test_in_totos_payload_types_are_read(payload_type):
    assert one(dsse(statement(A), payload_type=payload_type)).payload_type == payload_type


@pytest.mark.parametrize("payload_type", ["application/json", "text/plain", "", "application/vnd.in-toto+jsonA"])
def test_another_payload_type_is_refused(payload_type):
    assert refusal(dsse(statement(A), payload_type=payload_type)) == ("payload_type", "")


@pytest.mark.parametrize(
    "spelled",
    [
        lambda data: base64.urlsafe_b64encode(data).decode(),
        lambda data: base64.b64encode(data).decode().rstrip("="),
        lambda data: "\n".join(base64.encodebytes(data).decode().splitlines()),
    ],
)
def test_both_alphabets_and_missing_padding_and_blanks_give_the_same_payload(spelled):
    envelope = dsse(statement({"name": "~~~???>>>", **attested.subject(A)}))
    payload = base64.b64decode(envelope["payload"])
    other = {**envelope, "payload": spelled(payload)}

    assert one(other).payload_digest == one(envelope).payload_digest


@pytest.mark.parametrize("payload", ["not base64!", "a", "+_+_", 7, None])
def test_junk_instead_of_base64_is_refused(payload):
    assert refusal(dsse(statement(A)) | {"payload": payload}) == ("bad_base64", "/payload")


def test_the_payload_is_kept_to_the_byte():
    spaced = json.dumps(statement(A), indent=4).encode()

    assert one(dsse(spaced)).payload_digest != one(dsse(statement(A))).payload_digest
    assert one(dsse(spaced)).payload_digest == attested_digest(spaced)


def attested_digest(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def test_a_name_twice_in_a_payload_is_refused_with_its_place():
    twice = encode(statement(A)).replace(b'"builder":{', b'"builder":{"id":"x",')

    assert refusal(dsse(twice)) == ("duplicate_key", "/payload/predicate/runDetails/builder/id")


def test_a_payload_that_is_no_statement_is_refused():
    assert refusal(dsse({"type": "https://in-toto.io/Statement/v1"})) == ("bad_statement", "/payload")
    assert refusal(dsse(b"[]")) == ("wrong_shape", "/payload")
    assert refusal(dsse(b"")) == ("empty_document", "/payload")


@pytest.mark.parametrize("kind", ["https://in-toto.io/Statement/v0.1", "https://in-toto.io/Statement/v1"])
def test_both_versions_of_the_statement_are_read_alike(kind):
    assert one(statement(A, _type=kind)).predicate is Predicate.PROVENANCE


def test_another_version_of_the_statement_is_kept_and_not_understood():
    document = statement(A, _type="https://in-toto.io/Statement/v9")

    assert (one(document).predicate, one(document).provenance) == (Predicate.UNKNOWN, None)
    assert codes(document) == ["unknown_statement_type"]


@pytest.mark.parametrize(
    "subjects",
    [
        None,
        [],
        [None],
        ["text"],
        [{"name": "only a name"}],
        [{"name": "x", "digest": {}}],
        [attested.subject(A), None],
        [{"digest": {"md5": "d" * 32}}],
        [{"digest": {"sha1": "d" * 40}}],
        [{"digest": {"sha256": "A" * 64}}],
        [{"digest": {"sha256": "sha256:" + "a" * 64}}],
        [{"digest": {"sha256": "a" * 63}}],
        [{"digest": {"sha256": 7}}],
    ],
)
def test_a_statement_about_nothing_is_refused(subjects):
    assert refusal(statement(A, subject=subjects))[0] == "bad_subject"


def test_algorithms_that_are_not_accepted_are_ignored():
    (subject,) = one(statement({"digest": {"md5": "d" * 32, "sha256": "a" * 64, "sha512": "b" * 128}})).subjects

    assert [str(digest) for digest in subject.digests] == [A, "sha512:" + "b" * 128]
    assert subject.others == (("md5", "d" * 32),)


def test_a_git_commit_alone_is_a_subject_and_no_artifact():
    document = statement({"name": "git+https://example.test/a", "digest": {"gitCommit": "c" * 40}})

    assert one(document).subjects[0].digests == ()
    assert codes(document) == ["no_usable_digest"]


@pytest.mark.parametrize(
    ("document", "code"),
    [
        (statement(*[A] * 1_025), "too_many_subjects"),
        (dsse(statement(A), signatures=17), "too_many_signatures"),
        (bundle(statement(A), log_entries=9), "too_many_log_entries"),
        ([statement(A)] * 1_001, "too_many_attestations"),
        (dsse(b'{"_type":' + b"[" * 70 + b"]" * 70 + b"}"), "too_deep"),
        (dsse(encode(statement(A, predicate={"a": "x" * (16 * 1024 * 1024)}))), "attestation_too_large"),
    ],
)
def test_endless_data_is_refused_by_its_limit(document, code):
    assert refusal(document)[0] == code


@pytest.mark.parametrize("version", ["0.1", "0.2", "0.3"])
def test_bundles_of_all_versions_are_read(version):
    new = bundle(statement(A))
    old = new | {"mediaType": f"application/vnd.dev.sigstore.bundle+json;version={version}"}

    assert (one(old).envelope, one(old).envelope_version) == (Envelope.BUNDLE, version)


@pytest.mark.parametrize("media_type", ["application/vnd.dev.sigstore.bundle.v0.9+json", "sigstore.bundle", 3, None])
def test_an_unknown_version_of_a_bundle_is_refused(media_type):
    assert refusal(bundle(statement(A)) | {"mediaType": media_type})[0] == "unsupported_version"


def test_a_chain_of_certificates_gives_its_leaf():
    old = bundle(statement(A))
    old["verificationMaterial"] = {
        "x509CertificateChain": {"certificates": [{"rawBytes": attested.text(name)} for name in ("leaf", "root")]}
    }

    assert one(old).signatures[0].certificate == b"leaf"


def test_what_proto3_leaves_out_is_not_missing():
    first = bundle(statement(A))
    first["verificationMaterial"]["tlogEntries"] = [{}]

    assert one(first).log_entry_count == 1


def test_a_signature_over_bytes_names_them_and_says_nothing():
    found = one(message_bundle(A))

    assert (found.envelope, found.predicate, found.payload_digest) == (Envelope.MESSAGE, Predicate.SIGNATURE, "")
    assert [str(digest) for digest in found.subjects[0].digests] == [A]


def test_a_bundle_of_both_or_neither_is_refused():
    both = bundle(statement(A)) | {"messageSignature": message_bundle(A)["messageSignature"]}
    neither = bundle(statement(A))
    del neither["dsseEnvelope"]

    assert refusal(both)[0] == refusal(neither)[0] == "bundle_shape"


@pytest.mark.parametrize(
    ("document", "count", "format_"),
    [
        ([bundle(statement(A)), dsse(statement(B))], 2, "sigstore-bundle"),
        ({"attestations": [{"bundle": bundle(statement(A)), "repository_id": 1}]}, 1, "attestations"),
        ({"attestations": [{"predicateType": "x", "bundle": bundle(statement(A))}] * 2}, 2, "attestations"),
        ([{"attestation": {"bundle": bundle(statement(A))}, "verificationResult": {}}], 1, "gh-verify"),
        (
            {"image_summary": {}, "provenance_summary": {"provenance": [{"envelope": dsse(statement(A))}]}},
            1,
            "gcloud-provenance",
        ),
    ],
)
def test_what_tools_hand_out_is_opened(document, count, format_):
    record = read(document)

    assert (len(record.attestations), record.format) == (count, format_)


def test_lines_are_read_each_and_told_by_their_number():
    lines = b"\n".join([encode(dsse(statement(A))), b"", encode(dsse(statement(A, subject=[]))), encode(statement(B))])
    record = read(lines + b"\n")

    assert [item.pointer for item in record.attestations] == ["/0", "/3"]
    assert [(warning.code, warning.pointer) for warning in record.warnings] == [("bad_subject", "/2/payload/subject")]
    assert record.rejected_count == 1


def test_lines_of_which_one_is_something_else_are_refused():
    lines = encode(dsse(statement(A))) + b"\n" + encode(cyclonedx(component("a")))

    assert refusal(lines) == ("not_an_attestation", "/1")


def test_an_item_that_is_no_attestation_is_counted():
    record = read([bundle(statement(A)), None, {"bundle": None}])

    assert (len(record.attestations), record.rejected_count) == (1, 2)


def test_pypis_provenance_is_opened():
    envelope = {"statement": attested.text(json.dumps(publish())), "signature": attested.text("signature")}
    material = {"certificate": attested.text("certificate"), "transparency_entries": [{}]}
    attestation = {"version": 1, "verification_material": material, "envelope": envelope}
    document = {"version": 1, "attestation_bundles": [{"publisher": {}, "attestations": [attestation]}]}

    for found in (one(document), one(attestation)):
        assert (found.envelope, found.predicate) == (Envelope.PYPI, Predicate.PYPI_PUBLISH)
        assert (found.signatures[0].certificate, found.log_entry_count) == (b"certificate", 1)


def publish() -> dict[str, Any]:
    made = statement(A, predicate_type=PUBLISH)
    return made | {"predicate": None}


def simple_signing(digest: str = A) -> dict[str, Any]:
    return {
        "critical": {
            "identity": {"docker-reference": "registry.example/shop/api"},
            "image": {"docker-manifest-digest": digest},
            "type": "cosign container image signature",
        },
        "optional": {"ref": "refs/heads/main"},
    }


def test_cosigns_payload_names_an_image():
    found = one(simple_signing())

    assert (found.predicate, found.is_signed) == (Predicate.IMAGE_SIGNATURE, False)
    assert (found.subjects[0].name, str(found.subjects[0].digests[0])) == ("registry.example/shop/api", A)
    assert found.facts == (("ref", "refs/heads/main"),)
    assert refusal(simple_signing("latest")) == ("bad_subject", "/critical/image")


def test_cosigns_download_joins_payload_and_signature():
    line = {
        "Base64Signature": attested.text("signature"),
        "Payload": attested.text(json.dumps(simple_signing())),
        "Cert": {"Raw": attested.text("certificate")},
        "Bundle": {"SignedEntryTimestamp": "x"},
    }
    found = one(line)

    assert found.payload_digest == attested_digest(json.dumps(simple_signing()).encode())
    assert (found.signatures[0].certificate, found.log_entry_count) == (b"certificate", 1)


def test_a_legacy_link_is_about_its_products():
    link = {"_type": "link", "name": "package", "products": {"a.tar": {"sha256": "a" * 64}}, "command": ["tar", "c"]}
    metablock = {"signed": link, "signatures": [{"keyid": "k", "sig": "00ff"}]}

    for document, signed in ((link, False), (metablock, True), (dsse(link), True)):
        found = one(document)
        assert (found.predicate, found.is_signed, found.subjects[0].name) == (Predicate.LINK, signed, "a.tar")
    assert refusal({"signed": {"_type": "layout"}, "signatures": []})[0] == "bad_statement"


def test_an_sbom_inside_is_read_by_its_reader_about_the_statements_subjects():
    sbom = cyclonedx(component("left-pad", purl="pkg:npm/left-pad@1.3.0"))
    found = one(dsse(statement(A, predicate=sbom, predicate_type=CYCLONEDX)))

    assert found.sbom is not None
    assert [item.pointer for item in found.sbom.components] == ["/payload/predicate/components/0"]
    assert [(str(item.digest), item.source) for item in found.sbom.subjects] == [(A, SubjectSource.SIGNED)]


def test_an_sbom_of_a_bare_statement_is_not_called_signed():
    found = one(statement(A, predicate=cyclonedx(component("a")), predicate_type=CYCLONEDX))

    assert found.sbom is not None
    assert [item.source for item in found.sbom.subjects] == [SubjectSource.DOCUMENT]


def test_an_sbom_that_names_another_digest_keeps_both_and_says_so():
    sbom = cyclonedx(component("a"), metadata={"component": {"type": "container", "name": "x", "version": B}})
    document = dsse(statement(A, predicate=sbom, predicate_type=CYCLONEDX))

    found = one(document)
    assert found.sbom is not None
    assert [str(item.digest) for item in found.sbom.subjects] == [B, A]
    assert "subject_mismatch" in codes(document)


@pytest.mark.parametrize("data", [lambda sbom: sbom, json.dumps])
def test_older_cosign_wraps_the_sbom_once_more(data):
    predicate = {"Data": data(cyclonedx(component("a"))), "Timestamp": "2026-01-01T00:00:00Z"}
    found = one(dsse(statement(A, predicate=predicate, predicate_type=CYCLONEDX)))

    assert found.sbom is not None
    assert [item.pointer for item in found.sbom.components] == ["/payload/predicate/Data/components/0"]


def test_an_sbom_that_cannot_be_read_refuses_the_attestation_with_its_place():
    document = dsse(statement(A, predicate={"bomFormat": "CycloneDX", "specVersion": "9.9"}, predicate_type=CYCLONEDX))

    assert refusal(document)[0] == "unsupported_version"
    assert refusal(document)[1].startswith("/payload/predicate")


def test_an_unknown_predicate_is_kept_whatever_it_holds():
    found = one(statement(A, predicate={"anything": [1, None]}, predicate_type="https://example.test/own/v1"))

    assert (found.predicate, found.provenance, found.facts) == (Predicate.UNKNOWN, None, ())


@pytest.mark.parametrize(
    ("predicate_type", "predicate", "expected", "fact"),
    [
        (
            "https://slsa.dev/verification_summary/v1",
            {"verifier": {"id": "https://v"}, "verificationResult": "FAILED", "verifiedLevels": ["SLSA_BUILD_LEVEL_3"]},
            Predicate.VERIFICATION_SUMMARY,
            ("result", "FAILED"),
        ),
        (
            "https://in-toto.io/attestation/vulns/v0.1",
            {"scanner": {"uri": "pkg:x/trivy", "result": [{}, {}]}},
            Predicate.VULNERABILITIES,
            ("finding_count", "2"),
        ),
        (
            "https://cosign.sigstore.dev/attestation/vuln/v1",
            {"scanner": {"uri": "trivy"}},
            Predicate.VULNERABILITIES,
            ("scanner", "trivy"),
        ),
        (
            "https://in-toto.io/Link/v0.2",
            {"products": {"a": {"sha256": "a" * 64}}},
            Predicate.LINK,
            ("product_count", "1"),
        ),
        (
            "https://in-toto.io/attestation/test-result/v0.1",
            {"result": "PASSED", "passedTests": ["a"]},
            Predicate.TEST_RESULT,
            ("passed_count", "1"),
        ),
        (
            "https://in-toto.io/attestation/release/v0.1",
            {"purl": "pkg:npm/a@1"},
            Predicate.RELEASE,
            ("purl", "pkg:npm/a@1"),
        ),
        (
            "https://in-toto.io/attestation/link/v0.3",
            {"command": ["make", "all"]},
            Predicate.LINK,
            ("command", "make all"),
        ),
        (
            "https://in-toto.io/attestation/scai/attribute-report/v0.2",
            {"attributes": [{"attribute": "HERMETIC"}]},
            Predicate.SCAI,
            ("attribute", "HERMETIC"),
        ),
        (
            "https://in-toto.io/attestation/reference/v0.1",
            {"references": [{"downloadLocation": "https://example.test/s"}]},
            Predicate.REFERENCE,
            ("reference", "https://example.test/s"),
        ),
        (
            "https://in-toto.io/attestation/runtime-trace/v0.1",
            {"monitor": {"type": "https://m"}},
            Predicate.RUNTIME_TRACE,
            ("monitor", "https://m"),
        ),
        (
            "https://in-toto.io/attestation/svr/v0.1",
            {"verifier": {"id": "https://v"}, "properties": ["A", "B"]},
            Predicate.SIMPLE_VERIFICATION,
            ("property", "A B"),
        ),
        ("cosign.sigstore.dev/attestation/v1", {"Timestamp": "t"}, Predicate.COSIGN_CUSTOM, ("time", "t")),
        (
            "https://github.com/npm/attestation/tree/main/specs/publish/v0.1",
            {"name": "left-pad", "version": "1.3.0"},
            Predicate.NPM_PUBLISH,
            ("version", "1.3.0"),
        ),
    ],
)
def test_each_predicate_is_told_by_its_type_and_shows_its_facts(predicate_type, predicate, expected, fact):
    found = one(statement(A, predicate=predicate, predicate_type=predicate_type))

    assert found.predicate is expected
    assert fact in found.facts


def test_openvex_inside_is_read_as_vex():
    vex = {
        "@context": "https://openvex.dev/ns/v0.2.0",
        "@id": "https://example.test/vex/1",
        "author": "shop",
        "timestamp": "2026-01-01T00:00:00Z",
        "version": 1,
        "statements": [
            {
                "vulnerability": {"name": "CVE-2026-1"},
                "products": [{"@id": "pkg:npm/a@1"}],
                "status": "under_investigation",
            }
        ],
    }
    found = one(dsse(statement(A, predicate=vex, predicate_type="https://openvex.dev/ns/v0.2.0")))

    assert found.vex is not None
    assert [item.pointer for item in found.vex.statements] == ["/payload/predicate/statements/0"]


def test_the_report_of_a_scanner_inside_is_no_list_of_findings():
    predicate = {"scanner": {"uri": "trivy", "result": {"SchemaVersion": 2, "Results": []}}}
    found = one(statement(A, predicate=predicate, predicate_type="https://cosign.sigstore.dev/attestation/vuln/v1"))

    assert found.facts == (("scanner", "trivy"),)
