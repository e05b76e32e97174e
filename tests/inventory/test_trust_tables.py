"""What the database refuses of trust: half a change, a verdict without its proof."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from inventory.models import (
    Attestation,
    Compromise,
    CompromiseKind,
    SignerAction,
    SignerDecision,
    SignerState,
    TrustChange,
    TrustedSigner,
    TrustRoot,
    TrustRootVersion,
    VerificationResult,
    trust_version,
)
from supplychain.access.models import Team, User

pytestmark = pytest.mark.django_db
DIGEST = f"sha256:{'a' * 64}"


def person(name: str) -> User:
    return User.objects.create(username=name, email=f"{name}@example.org")


def signer(**fields: Any) -> TrustedSigner:
    stated = {
        "name": "releases",
        "state": SignerState.PROPOSED,
        "is_production": True,
        "issuer": "https://token.example.org",
        "identity": "https://example.org/build",
        "maximum_level": 3,
        "created_at": timezone.now(),
    }
    return TrustedSigner.objects.create(**(stated | fields))


def result(**fields: Any) -> VerificationResult:
    team = Team.objects.create(slug="payments", name="Payments")
    attestation = Attestation.objects.create(
        team=team, envelope_digest=DIGEST, envelope="dsse", predicate="provenance", subject_count=1,
        signature_count=1, log_entry_count=0, timestamp_count=0, first_received_at=timezone.now(),
    )  # fmt: skip
    stated = {
        "attestation": attestation,
        "trust_version": 1,
        "verifier_version": "1",
        "evaluated_at": timezone.now(),
        "outcome": "valid",
        "verdict": "verified_unexpected",
        "level": 0,
    }
    return VerificationResult.objects.create(**(stated | fields))


def refused(make: Any, by: str, **fields: Any) -> None:
    with pytest.raises(IntegrityError, match=by), transaction.atomic():
        make(**fields)


def test_the_trust_version_is_that_of_the_last_change():
    assert trust_version() == 0

    changes = [TrustChange.objects.create(at=timezone.now(), what="a root of trust") for _ in range(2)]

    assert trust_version() == changes[1].pk


def test_who_proposes_a_root_does_not_approve_it():
    root, one, other = TrustRoot.objects.create(name="public"), person("one"), person("other")

    def version(**fields: Any) -> TrustRootVersion:
        return TrustRootVersion.objects.create(
            root=root, number=1, data=b"{}", digest=DIGEST, proposed_by=one, proposed_at=timezone.now(), **fields
        )

    refused(version, "trust_root_version_two_people", approved_by=one)
    version(approved_by=other, active_from=timezone.now())


@pytest.mark.parametrize(
    "fields",
    [
        {"issuer": ""},
        {"identity": ""},
        {"identity_pattern": "https://.*"},
        {"public_key": "PEM", "key_fingerprint": DIGEST},
        {"issuer": "", "identity": "", "key_fingerprint": DIGEST},
        {"maximum_level": 4},
        {"valid_from": timezone.now(), "valid_to": timezone.now() - timedelta(days=1)},
    ],
)
def test_a_signer_is_one_identity_of_one_issuer_or_one_key(fields: dict[str, Any]):
    refused(signer, "trusted_signer_", **fields)


def test_nobody_decides_the_same_about_a_signer_twice():
    known, one = signer(), person("one")
    decided = {"signer": known, "user": one, "action": SignerAction.ACCEPT, "at": timezone.now()}
    SignerDecision.objects.create(**decided)

    refused(SignerDecision.objects.create, "signer_decision_once", **decided)
    refused(SignerDecision.objects.create, "signer_decision_by_person", **(decided | {"user": None}))


def test_a_compromise_is_lifted_by_two():
    one, other, now = person("one"), person("other"), timezone.now()

    def compromise(**fields: Any) -> Compromise:
        return Compromise.objects.create(
            kind=CompromiseKind.BUILDER, value="https://example.org/builder", since=now, reason="stolen",
            declared_by=one, declared_at=now, **fields,
        )  # fmt: skip

    refused(compromise, "compromise_lifted_by_two", lifted_by=one, lifted_at=now)
    refused(compromise, "compromise_lifted_by_two", lifted_by=one, lift_proposed_by=one, lifted_at=now)
    refused(compromise, "compromise_window", until=now)
    compromise(lift_proposed_by=one, lifted_by=other, lifted_at=now)


@pytest.mark.parametrize(
    "fields",
    [
        {"outcome": "failed"},
        {"outcome": "unsupported", "verdict": "verified_expected"},
        {"verdict": "verified_expected"},
        {"outcome": "failed", "verdict": "failed", "level": 2},
        {"level": 4},
    ],
)
def test_no_verdict_stands_without_what_proves_it(fields: dict[str, Any]):
    refused(result, "verification_result_", **fields)
