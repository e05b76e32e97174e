"""The product's own word on an artifact: signed, the same for the same evaluation, and PASSED for proven alone."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import subprocess
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from inventory.models import Attestation, SignerState, TrustedSigner, Verdict
from inventory.verification.changes import note_change
from inventory.verification.summaries import Summary, sign_summary
from supplychain.access.actors import Actor, system_actor
from supplychain.access.models import AuditEvent, Team
from supplychain.signing import NoSigningKeyError, public_keys
from tests.factories import cyclonedx, submit
from tests.judgements import judge
from tests.supplychain.actors import client_of, new_key
from tests.trust_lab import Lab, statement
from tests.trusted import NOW, accept, believe, declare, result, send, trusting_lab, verify

pytestmark = pytest.mark.django_db

SHOP = f"sha256:{hashlib.sha256(b'shop').hexdigest()}"
FIELDS = {
    "verifier", "timeVerified", "resourceUri", "policy", "inputAttestations", "verificationResult", "verifiedLevels",
    "slsaVersion",
}  # fmt: skip


def actor(*teams: str) -> Actor:
    return Actor(team_ids=frozenset(Team.objects.filter(slug__in=teams).values_list("pk", flat=True)), kind="user")


def signed(*, by: Actor | None = None, minutes: int = 0) -> Summary:
    return sign_summary(SHOP, actor=by or system_actor("test"), at=NOW + timedelta(minutes=minutes))


def predicate(summary: Summary) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(summary.statement)["predicate"]
    return found


def word(summary: Summary, name: str, settings: Any) -> str:
    return str(predicate(summary)[f"{settings.PUBLIC_URL}/{name}"])


def test_what_is_verified_and_expected_has_passed_at_its_level(settings) -> None:
    lab = trusting_lab()
    send(lab.dsse_bundle(statement()))
    verify()

    summary = signed()

    said = predicate(summary)
    assert set(said) == FIELDS | {f"{settings.PUBLIC_URL}/verdict", f"{settings.PUBLIC_URL}/reason"}
    assert (said["verificationResult"], said["verifiedLevels"]) == ("PASSED", ["SLSA_BUILD_LEVEL_3"])
    assert said["verifier"] == {"id": settings.PUBLIC_URL}
    assert said["resourceUri"] == "https://github.com/acme/shop"
    assert said["timeVerified"] == result().evaluated_at.isoformat(timespec="microseconds").replace("+00:00", "Z")
    envelope = Attestation.objects.get().envelope_digest.removeprefix("sha256:")
    assert said["inputAttestations"] == [{"digest": {"sha256": envelope}}]
    assert json.loads(summary.statement)["subject"] == [{"name": SHOP, "digest": {"sha256": SHOP[7:]}}]


def test_the_same_evaluation_is_signed_with_the_same_bytes_whenever_it_is_asked() -> None:
    lab = trusting_lab()
    send(lab.dsse_bundle(statement()))
    verify()

    assert signed().envelope == signed(minutes=90).envelope


def test_each_signature_is_on_record() -> None:
    trusting_lab()
    submit("shop", statement())

    summary = signed()

    event = AuditEvent.objects.get(action="summary.signed")
    details = json.loads(event.body)["details"]
    assert (event.subject, details["result"], details["verdict"]) == (SHOP, "FAILED", "unsigned_claim")
    assert details["statement"] == f"sha256:{hashlib.sha256(summary.statement).hexdigest()}"


@pytest.mark.parametrize("verdict", [one for one in Verdict if one not in {Verdict.VERIFIED_EXPECTED, Verdict.NONE}])
def test_nothing_but_verified_and_expected_has_passed(settings, verdict: Verdict) -> None:
    (attestation,) = send(statement())
    if verdict is Verdict.REPORTED:
        submit("shop", json.dumps(COSIGN_SAYS).encode())
    else:
        judge(attestation, verdict)

    summary = signed()

    assert (summary.result, predicate(summary)["verifiedLevels"]) == ("FAILED", ["FAILED"])
    assert predicate(summary)["resourceUri"] == f"{settings.PUBLIC_URL}/artifacts/{SHOP}"
    expected = Verdict.UNSIGNED_CLAIM if verdict is Verdict.REPORTED else verdict
    assert word(summary, "verdict", settings) == expected


COSIGN_SAYS = [
    {
        "critical": {
            "identity": {"docker-reference": "registry.example/shop"},
            "image": {"docker-manifest-digest": SHOP},
            "type": "cosign container image signature",
        },
        "optional": None,
    }
]


def test_of_an_artifact_of_which_nothing_is_attested_it_is_said_that_nothing_is(settings) -> None:
    submit("shop", cyclonedx("pkg:npm/left-pad@1", subject=SHOP))

    summary = signed()

    assert (summary.result, predicate(summary)["inputAttestations"]) == ("FAILED", [])
    assert (word(summary, "verdict", settings), word(summary, "reason", settings)) == ("none", "no_attestation")


def test_a_signer_that_lost_trust_fails_before_a_worker_looked_and_later_than_it_passed(settings) -> None:
    lab = trusting_lab()
    send(lab.dsse_bundle(statement()))
    verify()
    passed = predicate(signed())

    declare("repository", "github.com/acme/shop", declared_at=result().evaluated_at + timedelta(seconds=1))
    failed = signed()

    assert (failed.result, word(failed, "reason", settings)) == ("FAILED", "verification_due")
    assert predicate(failed)["timeVerified"] > passed["timeVerified"]
    assert predicate(failed)["policy"]["digest"] != passed["policy"]["digest"]


def test_the_policy_is_the_document_of_expectations_and_changes_with_them(settings) -> None:
    lab = trusting_lab()
    send(lab.dsse_bundle(statement()))
    verify()
    client = client_of(new_key("policy:read", team="shop"))

    first = client.get("/api/v1/expectations")
    policy = predicate(signed(by=actor("shop")))["policy"]

    assert policy["uri"] == f"{settings.PUBLIC_URL}/api/v1/expectations"
    assert policy["digest"]["sha256"] == hashlib.sha256(first.content).hexdigest()
    assert [len(first.json()[part]) for part in ("signers", "roots", "compromises")] == [1, 1, 0]
    accept(name="other", identity="https://example.org/other")
    TrustedSigner.objects.create(
        name="p", issuer="i", identity="n", state=SignerState.PROPOSED, is_production=True, maximum_level=1,
        created_at=NOW,
    )  # fmt: skip
    assert len(client.get("/api/v1/expectations").json()["signers"]) == 2


def test_another_teams_attestations_and_signers_change_nothing_that_is_signed() -> None:
    lab = Lab()
    believe(lab.trusted_root())
    send(statement())
    verify()
    alone = signed(by=actor("shop"))

    send(lab.dsse_bundle(statement()), team="stranger")
    accept(team=Team.objects.get(slug="stranger"))
    verify()

    assert signed(by=actor("shop")).statement == alone.statement
    assert signed(by=actor("stranger")).result == "PASSED"
    assert b"stranger" not in client_of(new_key("policy:read", team="shop")).get("/api/v1/expectations").content


def test_our_own_summary_is_read_as_what_it_is_and_accepted_of_a_registered_verifier(settings) -> None:
    lab = trusting_lab()
    send(lab.dsse_bundle(statement()))
    verify()
    summary = signed()

    (key,) = public_keys()
    send(summary.envelope, team="buyer")
    verify()
    read = Attestation.objects.get(team__slug="buyer")
    assert (read.predicate, read.subject_count) == ("verification_summary", 1)
    assert {"verifier": settings.PUBLIC_URL, "result": "PASSED"}.items() <= dict(read.facts).items()
    assert (result(read).verdict, result(read).code) == (Verdict.UNSUPPORTED, "key_unknown")

    accept(
        public_key=key.pem,
        key_fingerprint=key.key_id,
        builder_id=settings.PUBLIC_URL,
        repository="github.com/acme/shop",
    )
    verify()
    assert (result(read).verdict, result(read).level) == (Verdict.VERIFIED_EXPECTED, 3)


def test_our_own_summary_vouches_for_none_of_ours(settings) -> None:
    """Else it would pass for ever, after what it rests on is gone."""
    lab = trusting_lab()
    send(lab.dsse_bundle(statement()))
    verify()
    (key,) = public_keys()
    own = accept(
        public_key=key.pem,
        key_fingerprint=key.key_id,
        builder_id=settings.PUBLIC_URL,
        repository="github.com/acme/shop",
    )
    send(signed().envelope)
    TrustedSigner.objects.exclude(pk=own.pk).update(state=SignerState.REVOKED)
    note_change("revoked", at=NOW)
    verify()

    summary = signed()

    assert (summary.result, word(summary, "verdict", settings)) == ("FAILED", "verified_unexpected")


def test_a_summary_that_failed_is_no_pass_of_a_registered_verifier(settings) -> None:
    send(statement())
    verify()
    (key,) = public_keys()
    accept(
        public_key=key.pem,
        key_fingerprint=key.key_id,
        builder_id=settings.PUBLIC_URL,
        repository="github.com/acme/shop",
    )
    send(signed().envelope, team="buyer")
    verify()

    read = Attestation.objects.get(team__slug="buyer")
    assert (result(read).verdict, result(read).code) == (Verdict.VERIFIED_UNEXPECTED, "vsa_not_passed")


def test_without_a_key_nothing_is_signed_and_nothing_is_on_record(settings) -> None:
    settings.SIGNING_KEY = ""
    send(statement())

    with pytest.raises(NoSigningKeyError):
        signed()

    assert not AuditEvent.objects.filter(action="summary.signed").exists()


def test_the_recipe_of_the_documentation_verifies_it_and_no_other(settings, tmp_path: Path) -> None:
    lab = trusting_lab()
    send(lab.dsse_bundle(statement()))
    verify()
    recipe = _recipe()
    (tmp_path / "vsa.json").write_bytes(signed().envelope)
    (tmp_path / "key.pem").write_bytes(Client().get("/api/v1/signing-keys/current").content)

    good = subprocess.run(["bash", "-euc", recipe], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (good.returncode, "Verified OK" in good.stdout) == (0, True), good.stderr
    assert json.loads((tmp_path / "statement.json").read_bytes())["predicate"]["verificationResult"] == "PASSED"

    forged = json.loads(signed().envelope)
    forged["payload"] = base64.b64encode(signed().statement.replace(b"LEVEL_3", b"LEVEL_2")).decode()
    (tmp_path / "vsa.json").write_text(json.dumps(forged), encoding="utf-8")
    bad = subprocess.run(["bash", "-euc", recipe], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert bad.returncode != 0


def _recipe() -> str:
    text = (Path(__file__).parents[3] / "docs" / "trust.md").read_text(encoding="utf-8")
    return next(str(block) for block in re.findall(r"```sh\n(.*?)```", text, re.DOTALL) if "openssl" in block)


def test_it_is_downloaded_as_an_envelope_and_a_stranger_gets_what_a_missing_artifact_gives(settings) -> None:
    lab = trusting_lab()
    send(lab.dsse_bundle(statement()))
    verify()

    answer = client_of(new_key("inventory:read", team="shop")).get(f"/api/v1/artifacts/{SHOP}/vsa")

    assert answer.headers["Content-Type"] == "application/vnd.dsse.envelope.v1+json"
    assert answer.headers["Content-Disposition"].endswith('.vsa.dsse.json"')
    envelope = answer.json()
    assert json.loads(base64.b64decode(envelope["payload"]))["predicate"]["verificationResult"] == "PASSED"
    assert [one["keyid"] for one in envelope["signatures"]] == [key.key_id for key in public_keys()]
    stranger = client_of(new_key("inventory:read", team="other"))
    missing = stranger.get(f"/api/v1/artifacts/sha256:{'0' * 64}/vsa")
    foreign = stranger.get(f"/api/v1/artifacts/{SHOP}/vsa")
    assert (foreign.status_code, foreign.content) == (404, missing.content)
    settings.SIGNING_KEY = ""
    refused = client_of(new_key("inventory:read", team="shop")).get(f"/api/v1/artifacts/{SHOP}/vsa")
    assert (refused.status_code, refused.json()["code"]) == (409, "no_signing_key")
    assert Client().get(f"/api/v1/artifacts/{SHOP}/vsa").status_code == 401
