"""The review of a commit: proven by a summary of the revision that a trusted verifier signed, and by nothing else."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest

from inventory.graph.trace import read_trace
from inventory.graph.trace_links import Link, LinkKind
from inventory.models import Attestation, AttestationVerdict, SignerState, TrustedSigner
from inventory.trust.signatures import fingerprint, load_key
from inventory.verification.changes import note_change
from supplychain.access.actors import Actor
from tests import cosign_lab as cosign
from tests.factories import SEES_ALL, member_of, submit
from tests.trust_lab import COMMIT, REPOSITORY, Lab, new_key, spki, statement
from tests.trusted import NOW, accept, believe, send, trusting_lab, verify

pytestmark = pytest.mark.django_db

SHOP = f"sha256:{hashlib.sha256(b'shop').hexdigest()}"
HOST = "https://source.example/v1"
REVIEWED = ("SLSA_SOURCE_LEVEL_3", "SLSA_SOURCE_TWO_PARTY_REVIEWED")


def revision(
    *levels: str, commit: str = COMMIT, repository: str = REPOSITORY, refs: Any = ("refs/heads/main",), **more: Any
) -> bytes:
    """Write a summary of a source revision, as a source control system issues it."""
    predicate = {
        "verifier": {"id": HOST},
        "timeVerified": "2026-11-01T12:00:00Z",
        "resourceUri": f"git+{repository}",
        "policy": {"uri": "https://source.example/policy"},
        "verificationResult": "PASSED",
        "verifiedLevels": list(levels or REVIEWED),
    }
    subject = {"uri": f"{repository}/commit/{commit}", "digest": {"gitCommit": commit, **more}}
    return json.dumps(
        {
            "_type": "https://in-toto.io/Statement/v1",
            "subject": [{**subject, "annotations": {"sourceRefs": list(refs)}}],
            "predicateType": "https://slsa.dev/verification_summary/v1",
            "predicate": predicate,
        }
    ).encode()


@pytest.fixture
def key() -> Any:
    """Return the key of a verifier who is trusted for revisions of the repository; the artifact is proven."""
    made = new_key()
    lab = trusting_lab()
    accept(
        name="source",
        public_key=cosign.public_pem(made),
        key_fingerprint=fingerprint(load_key(spki(made))),
        builder_id=HOST,
        repository="github.com/acme/shop",
        ref_pattern="refs/heads/main",
    )
    send(lab.dsse_bundle(statement()))
    verify()
    return made


def sign(payload: bytes, key: Any, *, team: str = "shop") -> Attestation:
    sent = send(cosign.envelope(payload, key), team=team)[-1]
    verify()
    return sent


def review(*, actor: Actor = SEES_ALL) -> Link:
    return next(one for one in read_trace(SHOP, actor=actor).links if one.kind is LinkKind.REVIEW)


def test_a_revision_that_two_people_agreed_to_is_proven_and_no_build_is(key) -> None:
    before = read_trace(SHOP, actor=SEES_ALL)
    sent = sign(revision(), key)

    assert (review().state, review().is_satisfied) == ("verified", True)
    assert [(fact.name, fact.value) for fact in review().facts] == [("SLSA source level", "3"), ("Verifier", HOST)]
    assert review().proofs[0].evidence == sent.sources.get().evidence.public_id
    after = read_trace(SHOP, actor=SEES_ALL)
    assert (after.verdict, after.slsa_build_level) == (before.verdict, before.slsa_build_level)
    assert AttestationVerdict.objects.get(attestation=sent).result.level == 0


def test_level_four_is_a_review_and_a_lower_one_is_shown_and_proves_none(key) -> None:
    sign(revision("SLSA_SOURCE_LEVEL_3"), key)

    assert (review().state, review().is_satisfied) == ("claimed", None)
    assert review().facts[0].value == "3"
    assert "that a second person reviewed it is not" in review().summary

    sign(revision("SLSA_SOURCE_LEVEL_4"), key)

    assert (review().state, review().facts[0].value) == ("verified", "4")


@pytest.mark.parametrize(
    "changes",
    [
        {"commit": "b" * 40},
        {"repository": "https://github.com/acme/other"},
        {"refs": ["refs/heads/topic"]},
        {"refs": ["main"]},
        {"refs": ["refs/heads/main x"]},
        {"sha256": SHOP[7:]},
    ],
    ids=["commit", "repository", "branch", "short ref", "blank", "artifact"],
)
def test_what_is_of_something_else_proves_nothing(key, changes: dict[str, Any]) -> None:
    sign(revision(**changes), key)

    assert review().state == "missing"


def test_a_summary_that_is_about_an_artifact_too_never_vouches_for_it(key) -> None:
    sent = sign(revision(sha256="f" * 64), key)

    found = AttestationVerdict.objects.get(attestation=sent).result
    assert (found.verdict, found.level) == ("verified_unexpected", 0)
    assert "vsa_levels" in {code for code, *_ in found.reasons}


def test_an_unsigned_one_is_a_claim_and_so_is_one_whose_key_nobody_knows(key) -> None:
    submit("shop", revision())
    verify()

    assert (review().state, review().is_satisfied) == ("claimed", None)
    assert "nothing proves it" in review().summary

    sign(revision(), new_key())

    assert review().state == "claimed"


def test_a_good_signature_of_somebody_who_is_no_verifier_says_nothing(key) -> None:
    lab = Lab(name="second")
    believe(lab.trusted_root(), name="second")
    sent = send(lab.dsse_bundle(revision()))[-1]
    verify()

    found = AttestationVerdict.objects.get(attestation=sent).result
    assert (found.verdict, "vsa_verifier" in {code for code, *_ in found.reasons}) == ("verified_unexpected", True)
    assert review().state == "missing"


def test_a_verifier_who_loses_trust_proves_nothing_from_then_on(key) -> None:
    sign(revision(), key)
    TrustedSigner.objects.filter(name="source").update(state=SignerState.REVOKED)
    note_change("the verifier was revoked", at=NOW)

    assert review().state == "claimed"

    verify()

    assert review().state == "missing"


def test_another_teams_summary_is_not_told(key) -> None:
    sign(revision(), key, team="other")

    assert review(actor=member_of("shop")).state == "missing"
    assert review(actor=member_of("shop", "other")).state == "verified"


def test_it_proves_no_commit_that_is_itself_a_claim(key) -> None:
    sign(revision(), key)
    TrustedSigner.objects.filter(name="release").update(state=SignerState.REVOKED)
    note_change("the builder was revoked", at=NOW)
    verify()

    assert review().state == "claimed"
