"""Attestations are verified after they are applied, and again whenever trust changes; no evaluation is overwritten."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from inventory.models import (
    AttestationVerdict,
    EvidenceBlob,
    SignerState,
    TrustedSigner,
    Verdict,
    VerificationResult,
)
from inventory.trust.signatures import fingerprint, load_key
from inventory.verification.batch import verify_batch
from inventory.verification.changes import note_change
from inventory.verification.progress import count_due, is_due
from tests import cosign_lab as cosign
from tests.factories import digest
from tests.trust_lab import CLAIMS, COMMIT, ISSUER, WORKFLOW, Lab, new_key, spki, statement
from tests.trusted import NOW, accept, believe, declare, result, send, trusting_lab, verify

pytestmark = pytest.mark.django_db


def test_a_signature_of_a_trusted_workflow_is_verified_and_says_all_that_was_proven() -> None:
    lab = trusting_lab()
    send(lab.dsse_bundle(statement()))

    assert (count_due(), is_due(recent=10)) == (1, True)
    assert verify() == 1

    found = result()
    assert (found.verdict, found.outcome, found.code, found.reasons) == (Verdict.VERIFIED_EXPECTED, "valid", "", [])
    assert found.steps == [*range(1, 16)]
    assert (found.level, found.level_reasons) == (3, ["trusted_builder"])
    assert (found.issuer, found.identity, found.signed_at) == (ISSUER, WORKFLOW, lab.at)
    assert (found.repository, found.repository_id, found.commit) == ("github.com/acme/shop", "4711", COMMIT)
    assert (found.ref, found.workflow_path) == ("refs/heads/main", ".github/workflows/release.yml")
    assert (found.builder_id, found.run) == (WORKFLOW, CLAIMS["21"])
    assert (found.runner_environment, found.event) == ("github-hosted", "push")
    assert found.signer == TrustedSigner.objects.get()
    assert found.root_version_id is not None
    assert found.roots == [found.root_version_id]
    assert (count_due(), is_due(recent=10), verify()) == (0, False, 0)


def test_a_bare_statement_is_an_unsigned_claim_and_level_one_at_most() -> None:
    """Item 88: its builder is a trusted one."""
    trusting_lab()
    send(statement())
    verify()

    found = result()
    assert (found.verdict, found.outcome, found.level) == (Verdict.UNSIGNED_CLAIM, "unsigned", 1)
    assert "needs_signature" in found.level_reasons


def test_nobody_trusted_is_no_pass() -> None:
    lab = Lab()
    send(lab.dsse_bundle(statement()))
    verify()
    assert (result().verdict, result().code) == (Verdict.UNSUPPORTED, "root_unknown")

    believe(lab.trusted_root())
    verify()
    assert (result().verdict, result().code) == (Verdict.VERIFIED_UNEXPECTED, "signer_unknown")
    assert result().reasons == [["signer_unknown", "", WORKFLOW]]

    accept()
    verify()
    assert result().verdict == Verdict.VERIFIED_EXPECTED
    assert list(VerificationResult.objects.order_by("id").values_list("verdict", flat=True)) == [
        "unsupported", "verified_unexpected", "verified_expected"
    ]  # fmt: skip


def test_a_tampered_bundle_fails_and_a_later_trust_does_not_mend_it() -> None:
    lab = trusting_lab()
    bundle = lab.dsse_bundle(statement())
    bundle["dsseEnvelope"]["payload"] = lab.dsse_bundle(statement(subject=[{"digest": {"sha256": "0" * 64}}]))[
        "dsseEnvelope"
    ]["payload"]
    send(bundle)
    verify()

    assert (result().verdict, result().code, result().level) == (Verdict.FAILED, "tlog_mismatch", 0)


def test_provenance_that_its_certificate_contradicts_fails() -> None:
    """Item 89; SLSA's forged fields."""
    lab = trusting_lab()
    send(lab.dsse_bundle(statement(), claims={**CLAIMS, "13": "b" * 40}))
    verify()

    assert (result().verdict, result().code, result().stopped_at) == (Verdict.FAILED, "source_mismatch", 13)


def test_a_trusted_builder_of_an_unexpected_source_is_unexpected_and_says_what_differs() -> None:
    """SLSA's threat of a forged digest: who builds is trusted, what it builds is another's."""
    lab = Lab()
    believe(lab.trusted_root())
    accept(repository="github.com/acme/other", events=["release"])
    send(lab.dsse_bundle(statement()))
    verify()

    found = result()
    assert (found.verdict, found.level) == (Verdict.VERIFIED_UNEXPECTED, 3)
    assert found.reasons == [
        ["unexpected_repository", "github.com/acme/other", "github.com/acme/shop"],
        ["unexpected_event", "release", "push"],
    ]


def test_a_compromise_colours_the_past_without_reading_a_byte() -> None:
    lab = trusting_lab()
    send(lab.dsse_bundle(statement()))
    verify()
    break_bytes()

    declare("repository", "github.com/acme/shop")
    done = verify_batch(NOW)

    assert (done.count, done.read_count) == (1, 0)
    assert (result().verdict, result().code, result().level) == (Verdict.FAILED, "identity_compromised", 0)
    assert result().outcome == "valid"

    declared = declare("identity", "somebody else")
    assert verify_batch(NOW).read_count == 0
    assert result().verdict == Verdict.FAILED
    type(declared).objects.all().delete()
    note_change("lifted", at=NOW)
    verify()
    assert (result().verdict, result().steps) == (Verdict.VERIFIED_EXPECTED, [*range(1, 16)])


def test_a_signer_that_is_revoked_turns_what_it_signed() -> None:
    lab = trusting_lab()
    send(lab.dsse_bundle(statement()))
    verify()
    changed_at = AttestationVerdict.objects.get().changed_at

    TrustedSigner.objects.update(state=SignerState.REVOKED)
    note_change("revoked", at=NOW)
    verify()

    assert (result().verdict, result().code) == (Verdict.VERIFIED_UNEXPECTED, "signer_revoked")
    assert AttestationVerdict.objects.get().changed_at > changed_at


def test_what_came_to_the_same_is_confirmed_and_not_written_again() -> None:
    lab = trusting_lab()
    send(lab.dsse_bundle(statement()))
    send(statement())
    verify()
    before = AttestationVerdict.objects.values_list("changed_at", flat=True)

    note_change("something else", at=NOW)

    assert verify() == 2
    assert VerificationResult.objects.count() == 2
    assert list(before) == list(AttestationVerdict.objects.values_list("changed_at", flat=True))
    assert count_due() == 0


def test_a_new_root_has_everything_verified_anew() -> None:
    lab = trusting_lab()
    send(lab.dsse_bundle(statement()))
    verify()
    other = believe(Lab(name="other").trusted_root(), name="other")

    done = verify_batch(NOW)

    assert (done.count, done.read_count) == (1, 1)
    assert other.pk in result().roots
    assert VerificationResult.objects.count() == 2


def test_a_root_that_is_retired_or_only_proposed_is_not_believed() -> None:
    lab = trusting_lab()
    send(lab.dsse_bundle(statement()))
    root = believe(lab.trusted_root(tlogs=[]))
    type(root).objects.exclude(pk=root.pk).update(retired_at=NOW)
    root.active_from = None
    root.save()

    verify()

    assert (result().verdict, result().code) == (Verdict.UNSUPPORTED, "root_unknown")


def test_a_signature_of_a_private_instance_is_verified_by_its_own_root() -> None:
    trusting_lab()
    private = Lab(name="private")
    own = believe(private.trusted_root(), name="private")
    send(private.dsse_bundle(statement()))
    verify()

    assert (result().verdict, result().root_version) == (Verdict.VERIFIED_EXPECTED, own)


def unreadable(lab: Lab) -> bytes:
    """Write a root that has a root's shape, and a version that our reader does not know."""
    return lab.trusted_root(mediaType="application/vnd.dev.sigstore.trustedroot+json;version=0.9")


def test_a_root_that_cannot_be_read_believes_nobody_and_takes_no_other_with_it(
    caplog: pytest.LogCaptureFixture,
) -> None:
    broken = believe(unreadable(Lab(name="broken")), name="broken")
    lab = trusting_lab()
    send(lab.dsse_bundle(statement()))
    verify()

    found = result()
    assert (found.verdict, found.roots) == (Verdict.VERIFIED_EXPECTED, [found.root_version_id])
    errors = [vars(record) for record in caplog.records if record.levelname == "ERROR"]
    assert [(one["code"], one["root"]) for one in errors] == [("root_unreadable", broken.digest)]


def test_where_the_only_root_cannot_be_read_nothing_passes_and_registered_keys_still_count() -> None:
    lab, key = Lab(name="broken"), new_key()
    believe(unreadable(lab))
    keyed(key)
    [bundled] = send(lab.dsse_bundle(statement()))
    verify()
    assert (result(bundled).verdict, result(bundled).code) == (Verdict.UNSUPPORTED, "root_unknown")

    *_, bare = send(cosign.envelope(statement(), key))
    verify()
    assert result(bare).verdict == Verdict.VERIFIED_EXPECTED

    believe(lab.trusted_root())
    accept(name="workflow")
    verify()
    assert result(bundled).verdict == Verdict.VERIFIED_EXPECTED


def keyed(key: Any, **fields: Any) -> TrustedSigner:
    name = fingerprint(load_key(spki(key)))
    return accept(public_key=cosign.public_pem(key), key_fingerprint=name, **fields)


def test_an_envelope_is_verified_by_a_key_that_is_registered_later() -> None:
    key = new_key()
    send(cosign.envelope(statement(), key))
    verify()
    assert (result().verdict, result().code) == (Verdict.UNSUPPORTED, "key_unknown")

    signer = keyed(key, maximum_level=2)
    verify()

    found = result()
    assert (found.verdict, found.code, found.signed_at) == (Verdict.VERIFIED_EXPECTED, "time_unknown", None)
    assert (found.signer, found.level, found.identity) == (signer, 2, "")
    assert found.key_fingerprint == signer.key_fingerprint


def test_of_several_signatures_the_best_counts_whichever_comes_first() -> None:
    """Item 79."""
    good, bad = new_key(), new_key()
    keyed(good)
    send(cosign.envelope(statement(), bad, good))
    verify()

    assert (result().verdict, result().signature_position) == (Verdict.VERIFIED_EXPECTED, 1)
    assert result().valid_signer_count == 1


def test_signers_are_counted_and_not_their_signatures() -> None:
    """sigstore-go CVE-2026-49834: two signatures by one key are one signer."""
    one, two = new_key(), new_key()
    for key in (one, two):
        keyed(key, name=str(id(key)))
    twice, both = send(cosign.envelope(statement(), one, one))[0], send(cosign.envelope(statement(), one, two))[-1]
    verify()

    assert (result(twice).valid_signer_count, result(both).valid_signer_count) == (1, 2)
    note_change("anything", at=NOW)
    verify()
    assert (result(twice).valid_signer_count, result(both).valid_signer_count) == (1, 2)


def test_another_teams_key_is_nobodys_here() -> None:
    from supplychain.access.models import Team

    key = new_key()
    other = Team.objects.create(slug="other", name="other")
    keyed(key, team=other)
    send(cosign.envelope(statement(), key))
    verify()

    assert (result().verdict, result().code) == (Verdict.UNSUPPORTED, "key_unknown")


def test_a_signature_of_cosign_and_its_payload_come_in_any_order() -> None:
    lab = trusting_lab()
    payload = cosign.payload(digest("image"))
    [layer] = send(cosign.manifest(cosign.signature_layer(lab, payload)))
    verify()
    assert (result(layer).verdict, result(layer).code) == (Verdict.UNSUPPORTED, "payload_missing")

    _, claim = send(payload)
    verify()

    assert result(claim).verdict == Verdict.UNSIGNED_CLAIM
    assert (result(layer).verdict, result(layer).code) == (Verdict.VERIFIED_EXPECTED, "")
    assert verify() == 0


def test_an_attestation_of_cosign_is_verified_by_its_layer() -> None:
    lab = trusting_lab()
    layer, blob = cosign.attestation_layer(lab, statement())
    [bare] = send(blob)
    verify()
    assert (result(bare).verdict, result(bare).code) == (Verdict.UNSUPPORTED, "key_unknown")

    _, beside = send(cosign.manifest(layer))
    verify()

    assert result(bare).verdict == Verdict.VERIFIED_EXPECTED
    assert result(beside).outcome == "valid"
    assert verify() == 0


def test_a_bad_layer_beside_an_envelope_takes_nothing_away_and_ends() -> None:
    lab = trusting_lab()
    layer, blob = cosign.attestation_layer(lab, statement())
    forged = {**layer, "annotations": {**layer["annotations"], f"{cosign.PREFIX}certificate": "rubbish"}}
    bare, *_ = send(blob)
    send(cosign.manifest(forged))
    assert verify() < 10
    assert result(bare).verdict == Verdict.UNSUPPORTED

    send(cosign.manifest(layer))
    verify()

    assert result(bare).verdict == Verdict.VERIFIED_EXPECTED


def test_cve_2025_25204_bytes_that_are_gone_are_no_pass() -> None:
    """gh: no attestation was found, and the answer was success."""
    lab = trusting_lab()
    send(lab.dsse_bundle(statement()))
    break_bytes()
    verify()

    assert (result().verdict, result().code) == (Verdict.UNSUPPORTED, "evidence_corrupt")


def break_bytes() -> None:
    """Damage the stored bytes, as a disk does: the database refuses it to everybody else."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        EvidenceBlob.objects.update(data=b"broken")
        cursor.execute("SET LOCAL session_replication_role = origin")


def test_gitsign_cve_2026_44310_a_crash_is_no_pass_and_does_not_stop_the_others(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    lab = trusting_lab()
    send(lab.dsse_bundle(statement()))
    send(statement())
    monkeypatch.setattr("inventory.verification.prover.verify_signed", _crash)

    assert verify() == 2

    verdicts = AttestationVerdict.objects.order_by("attestation_id")
    assert [row.verdict for row in verdicts] == [Verdict.UNSUPPORTED, Verdict.UNSIGNED_CLAIM]
    assert verdicts[0].result.code == "verifier_error"
    assert any(record.levelname == "ERROR" for record in caplog.records)

    monkeypatch.undo()
    note_change("anything", at=NOW)
    verify()
    assert verdicts.all()[0].verdict == Verdict.VERIFIED_EXPECTED


def _crash(*_arguments: Any, **_named: Any) -> None:
    raise KeyError("nobody foresaw this")


def test_a_signers_validity_is_asked_of_the_time_of_signing() -> None:
    lab = Lab()
    believe(lab.trusted_root())
    accept(valid_from=lab.at - timedelta(hours=1), valid_to=lab.at + timedelta(seconds=1))
    send(lab.dsse_bundle(statement()))
    verify()
    assert result().verdict == Verdict.VERIFIED_EXPECTED

    late = accept(valid_from=lab.at + timedelta(minutes=1), identity=WORKFLOW)
    TrustedSigner.objects.exclude(pk=late.pk).update(state=SignerState.REVOKED)
    note_change("again", at=NOW)
    verify()
    assert result().verdict == Verdict.VERIFIED_UNEXPECTED


def test_many_in_one_document_are_judged_in_batches_of_one_cost(django_assert_num_queries: Any) -> None:
    lab = trusting_lab()
    lines = [json.dumps(lab.dsse_bundle(statement())).encode() for _ in range(12)]
    send(b"\n".join(lines))

    with django_assert_num_queries(12):
        assert verify_batch(NOW, limit=2).count == 2
    with django_assert_num_queries(12):
        assert verify_batch(NOW, limit=10).count == 10
    assert count_due() == 0
