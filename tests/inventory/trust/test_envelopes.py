"""Every kind of envelope, by certificate and by key: the good one is valid, the changed one is not."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from inventory.formats.attestations.records import Envelope
from inventory.formats.read import read_document
from inventory.trust.bundles import Verifier
from inventory.trust.envelopes import Signed, verify_signed
from inventory.trust.evaluation import Evaluation, Step
from inventory.trust.keys import signers_of
from inventory.trust.meaning import understand
from inventory.trust.outcomes import Outcome
from inventory.trust.roots import NO_ROOT, load_root
from inventory.trust.signatures import SigningKey, fingerprint, load_key
from tests import cosign_lab as cosign
from tests.timestamp_lab import StampLab
from tests.trust_lab import WORKFLOW, Lab, new_key, statement, text

STATEMENT = statement()
IMAGE = "sha256:" + "d" * 64
PAYLOAD = cosign.payload(IMAGE)


@pytest.fixture(scope="module")
def lab() -> Lab:
    return Lab()


def public(key: Any) -> SigningKey:
    return load_key(key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))


def registered(*keys: Any) -> dict[str, SigningKey]:
    return {fingerprint(public(key)): public(key) for key in keys}


def judge(
    envelope: Envelope,
    value: Any,
    *,
    labs: tuple[Lab, ...] = (),
    keys: dict[str, SigningKey] | None = None,
    beside: bytes = b"",
) -> tuple[Evaluation, ...]:
    roots = [load_root(one.trusted_root()) for one in labs] or [NO_ROOT]
    verifiers = [Verifier(root, keys or {}, datetime.now(UTC)) for root in roots]
    raw = value if isinstance(value, bytes) else cosign.encoded(value)
    return verify_signed(Signed(envelope, raw, beside), verifiers=verifiers)


def ends(found: tuple[Evaluation, ...]) -> list[tuple[str, str]]:
    return [(one.outcome.value, one.code) for one in found]


@pytest.mark.parametrize(
    "make",
    [
        lambda: ec.generate_private_key(ec.SECP256R1()),
        lambda: ec.generate_private_key(ec.SECP384R1()),
        lambda: ec.generate_private_key(ec.SECP521R1()),
        ed25519.Ed25519PrivateKey.generate,
        lambda: rsa.generate_private_key(65537, 2048),
    ],
)
def test_an_envelope_of_a_registered_key_is_valid_without_a_time(make: Callable[[], Any]) -> None:
    key = make()

    [found] = judge(Envelope.DSSE, cosign.envelope(STATEMENT, key), keys=registered(key))

    assert (found.outcome, found.payload, found.signed_at) == (Outcome.VALID, STATEMENT, None)
    assert found.key_fingerprint == fingerprint(public(key))
    assert Step.SIGNED_TIME in found.not_checked


def test_a_key_of_a_kind_that_nobody_verifies_with_is_no_key() -> None:
    from inventory.trust.evaluation import UnsupportedError

    for key in (rsa.generate_private_key(65537, 1024), ec.generate_private_key(ec.SECP224R1())):
        with pytest.raises(UnsupportedError):
            public(key)


def test_without_a_signature_nothing_is_proven_and_nothing_wrong() -> None:
    """Item 78."""
    assert ends(judge(Envelope.STATEMENT, STATEMENT)) == [("unsigned", "")]
    assert ends(judge(Envelope.SIMPLE_SIGNING, PAYLOAD)) == [("unsigned", "")]
    assert ends(judge(Envelope.DSSE, cosign.envelope(STATEMENT))) == [("unsigned", "")]
    emptied = {**cosign.envelope(STATEMENT), "signatures": [{"sig": ""}]}
    assert ends(judge(Envelope.DSSE, emptied)) == [("unsigned", "")]


def test_of_two_signatures_the_good_one_is_valid() -> None:
    """Item 79."""
    good, bad = new_key(), new_key()
    made = cosign.envelope(STATEMENT, good, bad)

    found = judge(Envelope.DSSE, made, keys=registered(good))

    assert ends(found) == [("valid", ""), ("unsupported", "key_unknown")]
    assert signers_of(found) == frozenset(registered(good))


def test_sigstore_go_cve_2026_49834_the_same_key_twice_is_one_signer() -> None:
    """Item 80; DSSE: a threshold is over unique keys."""
    key, other = new_key(), new_key()

    twice = judge(Envelope.DSSE, cosign.envelope(STATEMENT, key, key), keys=registered(key))
    two = judge(Envelope.DSSE, cosign.envelope(STATEMENT, key, other), keys=registered(key, other))

    assert (len(signers_of(twice)), len(signers_of(two))) == (1, 2)


def test_a_key_id_that_names_a_trusted_key_proves_nothing() -> None:
    """Item 81."""
    trusted, mallory = new_key(), new_key()
    [name] = registered(trusted)
    digest = name.partition(":")[2]

    for keyid in (name, digest, base64.b64encode(bytes.fromhex(digest)).decode()):
        made = cosign.envelope(STATEMENT, mallory, keyid=keyid)
        assert ends(judge(Envelope.DSSE, made, keys=registered(trusted))) == [("failed", "signature_invalid")]


def test_a_key_id_that_lies_does_not_hide_who_signed() -> None:
    key, other = new_key(), new_key()
    made = cosign.envelope(STATEMENT, key, keyid=next(iter(registered(other))))

    [found] = judge(Envelope.DSSE, made, keys=registered(other, key))

    assert (found.outcome, found.key_fingerprint) == (Outcome.VALID, fingerprint(public(key)))


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("payload", text(STATEMENT + b" ")),
        ("payload", text(json.dumps(json.loads(STATEMENT), indent=1).encode())),
        ("payloadType", "application/vnd.in-toto.other+json"),
    ],
)
def test_a_payload_or_type_that_changed_after_signing_is_refused(member: str, value: str) -> None:
    """Item 82; DSSE: the payload's type is signed with it."""
    key = new_key()
    made = {**cosign.envelope(STATEMENT, key, keyid=next(iter(registered(key)))), member: value}

    assert ends(judge(Envelope.DSSE, made, keys=registered(key))) == [("failed", "signature_invalid")]


def test_base64_of_either_alphabet_is_read_and_rubbish_is_not() -> None:
    """Item 77."""
    key = new_key()
    made = cosign.envelope(STATEMENT, key)
    url_safe = {**made, "payload": base64.urlsafe_b64encode(STATEMENT).decode().rstrip("=")}

    assert ends(judge(Envelope.DSSE, url_safe, keys=registered(key))) == [("valid", "")]
    assert ends(judge(Envelope.DSSE, {**made, "payload": "%%%"}, keys=registered(key))) == [("failed", "malformed")]


@pytest.mark.parametrize(
    "value",
    [b"", b"[]", b"null", b'{"payload": "", "payload": ""}', {"payload": "", "signatures": {}}, {"payload": 1}],
)
def test_an_envelope_that_cannot_be_read_is_refused(value: Any) -> None:
    [found] = judge(Envelope.DSSE, value)

    assert (found.outcome, found.code in {"malformed", "bundle_shape"}) == (Outcome.FAILED, True)


def test_cosign_cve_2024_29902_endless_signatures_are_refused() -> None:
    """Also CVE-2023-46737, CVE-2024-29903, sigstore-go CVE-2024-45395, notation CVE-2023-33957 and -33958."""
    made = cosign.envelope(STATEMENT)
    made["signatures"] = [{"sig": text(b"x")}] * 17

    assert ends(judge(Envelope.DSSE, made)) == [("failed", "signature_count")]


def test_a_download_of_cosign_is_valid_and_is_about_its_image(lab: Lab) -> None:
    [found] = judge(Envelope.COSIGN_LAYER, cosign.downloaded(lab, PAYLOAD), labs=(lab,))
    meaning = understand(found, read_document=read_document)

    assert (found.outcome, found.code, found.payload) == (Outcome.VALID, "", PAYLOAD)
    assert found.claims is not None
    assert (found.claims.identity, found.signed_at) == (WORKFLOW, lab.at)
    assert meaning is not None
    assert {str(digest) for digest in meaning.digests} == {IMAGE}


@pytest.mark.parametrize(
    ("member", "value", "end"),
    [
        ("Payload", text(cosign.payload("sha256:" + "e" * 64)), ("failed", "tlog_mismatch")),
        ("Base64Signature", text(b"x"), ("failed", "tlog_mismatch")),
        ("Bundle", None, ("unsupported", "no_trusted_time")),
        ("Cert", None, ("unsupported", "key_unknown")),
        ("Bundle", {"Payload": {}}, ("failed", "bundle_shape")),
        ("Bundle", [], ("unsupported", "no_trusted_time")),
        ("Bundle", "rubbish", ("failed", "bundle_shape")),
        ("RFC3161Timestamp", {"SignedRFC3161Timestamp": "AAAA"}, ("unsupported", "tsa_unknown")),
    ],
)
def test_a_download_with_one_part_changed_is_not_valid(lab: Lab, member: str, value: Any, end: Any) -> None:
    made = cosign.downloaded(lab, PAYLOAD, **{member: value})

    assert ends(judge(Envelope.COSIGN_LAYER, made, labs=(lab,))) == [end]


def test_cosign_cve_2022_23649_a_promise_for_another_signature_is_refused(lab: Lab) -> None:
    """Also CVE-2022-36056 and, on the path of old bundles, CVE-2026-22703."""
    other = cosign.downloaded(lab, PAYLOAD)["Bundle"]

    made = cosign.downloaded(lab, PAYLOAD, Bundle=other)

    assert ends(judge(Envelope.COSIGN_LAYER, made, labs=(lab,))) == [("failed", "tlog_mismatch")]


def test_a_promise_that_was_changed_is_refused(lab: Lab) -> None:
    made = cosign.downloaded(lab, PAYLOAD)
    made["Bundle"]["Payload"]["integratedTime"] += 1

    assert ends(judge(Envelope.COSIGN_LAYER, made, labs=(lab,))) == [("failed", "set_invalid")]


@pytest.mark.parametrize("value", [-1, True, "7"])
def test_a_promise_at_no_time_is_refused(lab: Lab, value: Any) -> None:
    made = cosign.downloaded(lab, PAYLOAD)
    made["Bundle"]["Payload"]["integratedTime"] = value

    assert ends(judge(Envelope.COSIGN_LAYER, made, labs=(lab,))) == [("failed", "bundle_shape")]


def test_what_another_key_signed_is_refused_whatever_the_log_wrote_down(lab: Lab) -> None:
    layer = cosign.signature_layer(lab, PAYLOAD, forger=new_key())
    message = lab.message_bundle(b"artifact", forger=new_key())

    assert ends(judge(Envelope.COSIGN_LAYER, layer, labs=(lab,), beside=PAYLOAD)) == [("failed", "signature_invalid")]
    assert ends(judge(Envelope.MESSAGE, message, labs=(lab,))) == [("failed", "signature_invalid")]


def test_a_layer_signs_the_payload_that_lies_beside_it(lab: Lab) -> None:
    layer = cosign.signature_layer(lab, PAYLOAD)

    assert ends(judge(Envelope.COSIGN_LAYER, layer, labs=(lab,))) == [("unsupported", "payload_missing")]
    assert ends(judge(Envelope.COSIGN_LAYER, layer, labs=(lab,), beside=PAYLOAD)) == [("valid", "")]
    other = cosign.payload("sha256:" + "e" * 64)
    assert ends(judge(Envelope.COSIGN_LAYER, layer, labs=(lab,), beside=other)) == [("failed", "tlog_mismatch")]


def test_a_layer_that_a_key_signed_is_valid(lab: Lab) -> None:
    key = new_key()
    layer = cosign.signature_layer(lab, PAYLOAD, key=key)

    assert ends(judge(Envelope.COSIGN_LAYER, layer, keys=registered(key), beside=PAYLOAD)) == [("valid", "")]
    assert ends(judge(Envelope.COSIGN_LAYER, layer, beside=PAYLOAD)) == [("unsupported", "key_unknown")]


def test_an_attestation_of_cosign_and_its_layer_prove_each_other(lab: Lab) -> None:
    layer, blob = cosign.attestation_layer(lab, STATEMENT)

    [alone] = judge(Envelope.DSSE, blob, labs=(lab,))
    [together] = judge(Envelope.DSSE, blob, labs=(lab,), beside=cosign.encoded(layer))
    [of_layer] = judge(Envelope.COSIGN_LAYER, layer, labs=(lab,), beside=blob)

    assert (alone.outcome, alone.code) == (Outcome.UNSUPPORTED, "key_unknown")
    assert (together.outcome, together.payload) == (Outcome.VALID, STATEMENT)
    assert (of_layer.outcome, of_layer.payload) == (Outcome.VALID, STATEMENT)


def test_an_attestation_of_a_package_index_is_valid(lab: Lab) -> None:
    made = cosign.pypi(lab.dsse_bundle(STATEMENT))
    forged = {**made, "envelope": {**made["envelope"], "statement": text(STATEMENT + b" ")}}

    assert ends(judge(Envelope.PYPI, made, labs=(lab,))) == [("valid", "")]
    assert ends(judge(Envelope.PYPI, forged, labs=(lab,))) == [("failed", "tlog_mismatch")]


def test_an_older_envelope_of_in_toto_cannot_be_judged() -> None:
    made = {"signed": {"_type": "link"}, "signatures": [{"keyid": "a", "sig": "00"}]}

    assert ends(judge(Envelope.METABLOCK, made)) == [("unsupported", "envelope_unsupported")]


def test_each_bundle_is_judged_by_the_root_it_is_of(lab: Lab) -> None:
    """Item 95: a private instance beside the public one; unknown is not bad."""
    private = Lab(name="private")
    stamps = StampLab(at=private.at)
    made = private.dsse_bundle(STATEMENT)
    made["verificationMaterial"]["tlogEntries"] = []
    stamp = stamps.stamp(base64.b64decode(made["dsseEnvelope"]["signatures"][0]["sig"]))
    made["verificationMaterial"]["timestampVerificationData"] = {
        "rfc3161Timestamps": [{"signedTimestamp": text(stamp)}]
    }
    root = load_root(private.trusted_root(tlogs=[], ctlogs=[], timestampAuthorities=[stamps.authority()]))
    both = [Verifier(one, {}, datetime.now(UTC)) for one in (load_root(lab.trusted_root()), root)]

    def judged(bundle: dict[str, Any], verifiers: list[Verifier]) -> list[tuple[str, str]]:
        return ends(verify_signed(Signed(Envelope.BUNDLE, cosign.encoded(bundle)), verifiers=verifiers))

    assert judged(made, both) == [("valid", "")]
    assert judged(lab.dsse_bundle(STATEMENT), both) == [("valid", "")]
    assert judged(made, both[:1]) == [("unsupported", "root_unknown")]
    tampered = {**made, "dsseEnvelope": {**made["dsseEnvelope"], "payload": text(b"{}")}}
    assert judged(tampered, both) == [("failed", "signature_invalid")]


def test_a_root_that_was_rotated_still_judges_signatures_of_its_time(lab: Lab) -> None:
    """Item 95."""
    rotated = Lab()
    made = lab.dsse_bundle(STATEMENT)

    assert ends(judge(Envelope.BUNDLE, made, labs=(rotated, lab))) == [("valid", "")]
    assert ends(judge(Envelope.BUNDLE, made, labs=(lab, rotated))) == [("valid", "")]
    assert judge(Envelope.BUNDLE, made, labs=(rotated,))[0].outcome is not Outcome.VALID


def test_nobody_trusted_verifies_nothing(lab: Lab) -> None:
    assert ends(judge(Envelope.BUNDLE, lab.dsse_bundle(STATEMENT))) == [("unsupported", "root_unknown")]


def test_the_digest_of_the_verified_bytes_is_told(lab: Lab) -> None:
    raw = cosign.encoded(lab.dsse_bundle(STATEMENT))

    [found] = judge(Envelope.BUNDLE, raw, labs=(lab,))

    assert found.envelope_digest == f"sha256:{hashlib.sha256(raw).hexdigest()}"
