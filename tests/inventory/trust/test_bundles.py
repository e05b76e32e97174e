"""Bundles of an instance of our own: good ones are valid, and each way to forge one is refused by its own step."""

from __future__ import annotations

import base64
import copy
import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from inventory.formats.attestations.dsse import pae
from inventory.trust.bundles import Verifier, verify_bundle
from inventory.trust.evaluation import Evaluation, Step, VerificationError
from inventory.trust.logs import check_included
from inventory.trust.outcomes import Outcome
from inventory.trust.roots import BadRootError, load_root
from inventory.trust.signatures import load_key
from tests.trust_lab import COMMIT, ISSUER, WORKFLOW, Lab, new_key, sign, spki, statement, text

Bundle = dict[str, Any]
STATEMENT = statement()


@pytest.fixture(scope="module")
def lab() -> Lab:
    return Lab()


@pytest.fixture(scope="module")
def good(lab: Lab) -> Bundle:
    return lab.dsse_bundle(STATEMENT)


def judge(lab: Lab, bundle: Bundle | bytes, **changes: Any) -> Evaluation:
    data = bundle if isinstance(bundle, bytes) else json.dumps(bundle).encode()
    verifier = Verifier(root=load_root(lab.trusted_root()), keys={}, now=datetime.now(UTC))
    return verify_bundle(data, verifier=replace(verifier, **changes))


@pytest.mark.parametrize("kind", ["dsse", "intoto"])
def test_a_signed_statement_is_valid_and_says_who_signed_it_when(lab: Lab, kind: str) -> None:
    evaluation = judge(lab, lab.dsse_bundle(STATEMENT, kind=kind))

    assert (evaluation.outcome, evaluation.code) == (Outcome.VALID, "")
    assert evaluation.payload == STATEMENT
    assert evaluation.signed_at == lab.at
    assert evaluation.claims is not None
    assert (evaluation.claims.identity, evaluation.claims.issuer) == (WORKFLOW, ISSUER)
    assert evaluation.claims.source_digest == COMMIT
    assert evaluation.steps == list(Step)[:8]
    assert evaluation.not_checked == []


def test_a_signed_artifact_is_valid_and_names_its_digest(lab: Lab) -> None:
    evaluation = judge(lab, lab.message_bundle(b"artifact"))

    assert evaluation.outcome is Outcome.VALID
    assert [digest.algorithm for digest in evaluation.digests] == ["sha256"]
    assert evaluation.payload == b""


def changed(bundle: Bundle, *path: str | int, to: Any) -> Bundle:
    """Return a bundle with one value replaced; `to` may be a function of the old one."""
    made = copy.deepcopy(bundle)
    place: Any = made
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = to(place[path[-1]]) if callable(to) else to
    return made


ENTRY: tuple[str | int, ...] = ("verificationMaterial", "tlogEntries", 0)
PROOF: tuple[str | int, ...] = (*ENTRY, "inclusionProof")


STAMPS = {"rfc3161Timestamps": [{"signedTimestamp": text(b"x")}]}


def later(seconds: int) -> Callable[[str], str]:
    return lambda value: str(int(value) + seconds)


@pytest.mark.parametrize(
    ("path", "to", "code"),
    [
        (("dsseEnvelope", "payload"), text(b"{}"), "tlog_mismatch"),
        (("dsseEnvelope", "payloadType"), "application/vnd.in-toto.other+json", "signature_invalid"),
        (("dsseEnvelope", "signatures", 0, "sig"), text(b"no signature"), "tlog_mismatch"),
        (("dsseEnvelope", "signatures"), [], "signature_count"),
        (("dsseEnvelope", "signatures"), lambda found: found * 2, "signature_count"),
        ((*ENTRY, "integratedTime"), later(60), "set_invalid"),
        ((*ENTRY, "logIndex"), "8", "set_invalid"),
        ((*ENTRY, "logIndex"), str(2**63), "set_invalid"),
        ((*ENTRY, "inclusionPromise", "signedEntryTimestamp"), text(b"x"), "set_invalid"),
        ((*ENTRY, "kindVersion", "kind"), "intoto", "log_entry_unsupported"),
        ((*ENTRY, "kindVersion", "version"), "0.0.9", "log_entry_unsupported"),
        ((*ENTRY, "logId", "keyId"), text(b"another log" * 3), "log_unknown"),
        ((*ENTRY, "inclusionPromise"), None, "no_trusted_time"),
        ((*ENTRY, "inclusionProof"), None, "inclusion_missing"),
        ((*PROOF, "rootHash"), text(b"0" * 32), "inclusion_invalid"),
        ((*PROOF, "hashes"), [], "inclusion_invalid"),
        ((*PROOF, "treeSize"), "0", "inclusion_invalid"),
        ((*PROOF, "logIndex"), "1", "inclusion_invalid"),
        ((*PROOF, "checkpoint", "envelope"), lambda note: note.replace("lab.test - 1", "other"), "inclusion_invalid"),
        ((*PROOF, "checkpoint", "envelope"), "rubbish", "inclusion_invalid"),
        ((*PROOF, "checkpoint"), None, "inclusion_invalid"),
        (("verificationMaterial", "tlogEntries"), [], "no_trusted_time"),
        (("verificationMaterial", "tlogEntries"), lambda found: found * 9, "bundle_shape"),
        (("verificationMaterial", "certificate", "rawBytes"), text(b"no certificate"), "certificate_unreadable"),
        (("verificationMaterial", "certificate"), None, "bundle_shape"),
        (("verificationMaterial", "publicKey"), {"hint": "x"}, "bundle_shape"),
        (("verificationMaterial", "timestampVerificationData"), STAMPS, "tsa_unknown"),
        (("messageSignature",), {"signature": text(b"x")}, "bundle_shape"),
        (("mediaType",), "application/vnd.dev.sigstore.bundle.v0.9+json", "bundle_shape"),
    ],
)  # fmt: skip
def test_a_bundle_with_one_part_changed_is_not_valid(lab: Lab, good: Bundle, path: Any, to: Any, code: str) -> None:
    base = good if path[-1] in good or len(path) > 1 else {**good, path[0]: None}
    if path[:-1] and path[-1] in {"publicKey", "timestampVerificationData"}:
        base = changed(good, *path[:-1], to=lambda material: {**material, path[-1]: None})

    evaluation = judge(lab, changed(base, *path, to=to))

    assert (evaluation.outcome is Outcome.VALID, evaluation.code) == (False, code)
    assert (evaluation.payload, evaluation.digests) == (b"", ())


def test_cve_2022_23649_and_2026_22703_an_entry_of_another_signing_proves_nothing(lab: Lab, good: Bundle) -> None:
    """Also CVE-2022-36056: the entry's signature was not compared."""
    other = lab.dsse_bundle(STATEMENT)

    evaluation = judge(lab, changed(good, *ENTRY, to=other["verificationMaterial"]["tlogEntries"][0]))

    assert (evaluation.outcome, evaluation.code) == (Outcome.FAILED, "tlog_mismatch")


def test_a_certificate_of_another_signer_proves_nothing(lab: Lab, good: Bundle) -> None:
    other = lab.dsse_bundle(STATEMENT)["verificationMaterial"]["certificate"]

    evaluation = judge(lab, changed(good, "verificationMaterial", "certificate", to=other))

    assert (evaluation.outcome, evaluation.code) == (Outcome.FAILED, "tlog_mismatch")


def test_a_bundle_of_another_instance_cannot_be_judged(lab: Lab) -> None:
    evaluation = judge(lab, Lab().dsse_bundle(STATEMENT))

    assert (evaluation.outcome, evaluation.code) == (Outcome.UNSUPPORTED, "log_unknown")


def test_an_authority_of_another_name_cannot_be_judged(lab: Lab) -> None:
    other = Lab(name="other", at=lab.at, log=lab.log, certificate_log=lab.certificate_log)

    evaluation = judge(lab, other.dsse_bundle(STATEMENT))

    assert (evaluation.outcome, evaluation.code) == (Outcome.UNSUPPORTED, "root_unknown")


def test_a_bundle_from_0_3_on_brings_no_chain(lab: Lab, good: Bundle) -> None:
    certificate = good["verificationMaterial"]["certificate"]
    chain = {"certificates": [certificate]}
    material = {"x509CertificateChain": chain, "tlogEntries": good["verificationMaterial"]["tlogEntries"]}
    older = {"mediaType": "application/vnd.dev.sigstore.bundle+json;version=0.2"}

    assert judge(lab, {**good, "verificationMaterial": material}).code == "bundle_shape"
    assert judge(lab, {**good, **older, "verificationMaterial": material}).outcome is Outcome.VALID


def test_a_promise_in_an_entry_of_the_second_log_is_no_time(lab: Lab, good: Bundle) -> None:
    certificate = base64.b64decode(good["verificationMaterial"]["certificate"]["rawBytes"])
    envelope = good["dsseEnvelope"]
    digest = hashlib.sha256(pae(envelope["payloadType"], STATEMENT)).digest()
    verifier = {"x509Certificate": {"rawBytes": text(certificate)}, "keyDetails": "PKIX_ECDSA_P256_SHA_256"}
    record = {
        "data": {"algorithm": "SHA2_256", "digest": text(digest)},
        "signature": {"content": envelope["signatures"][0]["sig"], "verifier": verifier},
    }
    entry = lab.entry("hashedrekord", "0.0.2", {"hashedRekordV002": record})

    evaluation = judge(lab, changed(good, *ENTRY, to=entry))

    assert (evaluation.outcome, evaluation.code) == (Outcome.UNSUPPORTED, "log_entry_unsupported")
    assert evaluation.stopped_at is Step.SIGNED_TIME


def test_an_entry_whose_body_is_of_another_kind_proves_nothing(lab: Lab, good: Bundle) -> None:
    body = json.loads(base64.b64decode(good["verificationMaterial"]["tlogEntries"][0]["canonicalizedBody"]))
    entry = lab.entry("another", "0.0.1", body["spec"])
    entry["kindVersion"] = {"kind": "dsse", "version": "0.0.1"}

    evaluation = judge(lab, changed(good, *ENTRY, to=entry))

    assert (evaluation.outcome, evaluation.code) == (Outcome.FAILED, "tlog_mismatch")


def test_a_root_with_a_log_asks_for_an_entry(lab: Lab) -> None:
    with pytest.raises(VerificationError) as caught:
        check_included([], version="0.3", times=[lab.at], root=load_root(lab.trusted_root()))

    assert caught.value.code == "tlog_missing"


def test_an_authority_of_the_same_name_is_not_the_one_we_know(lab: Lab) -> None:
    other = Lab(at=lab.at, log=lab.log, certificate_log=lab.certificate_log)

    evaluation = judge(lab, other.dsse_bundle(STATEMENT))

    assert (evaluation.outcome, evaluation.code) == (Outcome.FAILED, "chain_invalid")


def test_a_certificate_that_nobody_logged_is_refused(lab: Lab) -> None:
    forged = Lab(at=lab.at, root_key=lab.root_key, middle_key=lab.middle_key, log=lab.log)
    forged.certificate_log = new_key()

    evaluation = judge(lab, forged.dsse_bundle(STATEMENT))

    assert (evaluation.outcome, evaluation.code) == (Outcome.UNSUPPORTED, "sct_log_unknown")


def test_a_timestamp_of_a_certificate_by_another_key_is_refused(lab: Lab) -> None:
    key = new_key()
    certificate = lab.certificate(key, logged_by=new_key())
    made = changed(lab.dsse_bundle(STATEMENT), "verificationMaterial", "certificate", "rawBytes", to=text(certificate))

    evaluation = judge(lab, made)

    assert (evaluation.outcome, evaluation.code) == (Outcome.FAILED, "sct_invalid")


@pytest.mark.parametrize("minutes", [-10, 30])
def test_a_signature_outside_of_the_certificates_life_is_refused(lab: Lab, minutes: int) -> None:
    late = Lab(at=lab.at + timedelta(minutes=minutes), log=lab.log)
    entry = late.entry("dsse", "0.0.1", {})
    made = changed(lab.dsse_bundle(STATEMENT), *ENTRY, to=entry)

    evaluation = judge(lab, made)

    assert (evaluation.outcome, evaluation.code) == (Outcome.FAILED, "cert_not_valid_at_signing")


def test_cve_2026_24122_an_intermediate_that_was_not_valid_then_is_refused(lab: Lab) -> None:
    """CVE-2026-24122: an expired intermediate was accepted."""
    late = Lab(
        at=lab.at + timedelta(days=2),
        root_key=lab.root_key, middle_key=lab.middle_key, log=lab.log, certificate_log=lab.certificate_log,
    )  # fmt: skip

    evaluation = judge(lab, late.dsse_bundle(STATEMENT), now=late.at)

    assert (evaluation.outcome, evaluation.code) == (Outcome.FAILED, "chain_invalid")


def test_a_time_in_the_future_is_refused(lab: Lab, good: Bundle) -> None:
    evaluation = judge(lab, good, now=lab.at - timedelta(hours=1))

    assert (evaluation.outcome, evaluation.code) == (Outcome.FAILED, "time_future")


@pytest.mark.parametrize(
    ("name", "code", "outcome"),
    [
        ("tlogs", "log_not_valid_then", Outcome.FAILED),
        ("ctlogs", "sct_invalid", Outcome.FAILED),
        ("certificateAuthorities", "chain_invalid", Outcome.FAILED),
    ],
)
def test_what_the_root_did_not_believe_then_is_refused(
    lab: Lab, good: Bundle, name: str, code: str, outcome: Any
) -> None:
    parts = json.loads(lab.trusted_root())[name]
    later_on = {"start": (lab.at + timedelta(minutes=1)).isoformat()}
    for part in parts:
        part.get("publicKey", part)["validFor"] = later_on
    root = load_root(lab.trusted_root(**{name: parts}))

    evaluation = judge(lab, good, root=root)

    assert (evaluation.outcome, evaluation.code) == (outcome, code)


def test_a_root_without_logs_asks_for_none_and_says_what_was_not_checked(lab: Lab, good: Bundle) -> None:
    root = load_root(lab.trusted_root(ctlogs=[]))

    evaluation = judge(lab, good, root=root)

    assert evaluation.outcome is Outcome.VALID
    assert evaluation.not_checked == [Step.CERTIFICATE_LOGGED]
    assert judge(lab, good, root=load_root(lab.trusted_root(tlogs=[]))).outcome is Outcome.UNSUPPORTED


def test_a_broken_root_is_no_root(lab: Lab) -> None:
    for data in (b"", b"{}", b"[]", lab.trusted_root(certificateAuthorities=[{}])):
        with pytest.raises(BadRootError):
            load_root(data)


def key_bundle(lab: Lab, key: Any, *, hint: str = "release") -> Bundle:
    made = lab.message_bundle(b"artifact")
    made["verificationMaterial"] = {"publicKey": {"hint": hint}}
    made["messageSignature"]["signature"] = text(sign(key, b"artifact"))
    return made


def test_a_registered_key_is_believed_without_a_time(lab: Lab) -> None:
    key = new_key()

    evaluation = judge(lab, key_bundle(lab, key), keys={"release": load_key(spki(key))})

    assert (evaluation.outcome, evaluation.signed_at, evaluation.claims) == (Outcome.VALID, None, None)
    assert Step.SIGNED_TIME in evaluation.not_checked


def test_a_hint_is_nobodys_proof(lab: Lab) -> None:
    key, other = new_key(), new_key()

    unknown = judge(lab, key_bundle(lab, key))
    lying = judge(lab, key_bundle(lab, key), keys={"release": load_key(spki(other))})

    assert (unknown.outcome, unknown.code) == (Outcome.UNSUPPORTED, "key_unknown")
    assert (lying.outcome, lying.code) == (Outcome.FAILED, "signature_invalid")


@pytest.mark.parametrize("data", [b"", b"{}", b"[]", b'{"a": 1, "a": 2}', b"\xff", b"null", b'{"mediaType": 1}'])
def test_what_is_no_bundle_is_refused(lab: Lab, data: bytes) -> None:
    evaluation = judge(lab, data)

    assert evaluation.outcome is Outcome.FAILED
    assert evaluation.code in {"malformed", "bundle_shape"}


def test_gitsign_cve_2024_51746_a_surprise_in_a_library_is_no_pass(
    lab: Lab, good: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    """gitsign CVE-2024-51746: a crash was taken for success."""

    def surprise(*_arguments: Any, **_named: Any) -> None:
        raise KeyError("nobody foresaw this")

    monkeypatch.setattr("inventory.trust.bundles.check_bodies", surprise)

    evaluation = judge(lab, good)

    assert (evaluation.outcome, evaluation.code, evaluation.payload) == (Outcome.UNSUPPORTED, "verifier_error", b"")
    assert evaluation.stopped_at is Step.LOG_BODY
