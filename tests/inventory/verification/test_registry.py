"""Whom the organisation trusts: proposed on sight, accepted by people, taken back by one; and what was compromised."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from inventory.models import Compromise, SignerDecision, SignerState, TrustedSigner, Verdict, trust_version
from inventory.verification import registry
from inventory.verification.compromises import CompromiseRefusedError, LiftRefusedError, declare_of_signer, lift
from inventory.verification.people import PersonNeededError
from supplychain.access.actors import Actor, actor_for_user, system_actor
from supplychain.access.models import AuditEvent
from tests.supplychain.actors import make_user
from tests.trust_lab import ISSUER, WORKFLOW, Lab, statement
from tests.trusted import believe, result, send, verify

pytestmark = pytest.mark.django_db


@pytest.fixture
def anna() -> Actor:
    return actor_for_user(make_user("anna", organisation="approver"))


@pytest.fixture
def ben() -> Actor:
    return actor_for_user(make_user("ben", organisation="approver"))


def now() -> datetime:
    return timezone.now()


def new(**fields: Any) -> registry.NewSigner:
    return registry.NewSigner(**({"name": "release", "issuer": ISSUER, "identity": WORKFLOW} | fields))


def seen() -> TrustedSigner:
    """Let a good signature of nobody known arrive, and return who is proposed."""
    lab = Lab()
    believe(lab.trusted_root())
    send(lab.dsse_bundle(statement()))
    verify()
    return TrustedSigner.objects.get()


# --- On first sight ------------------------------------------------------------------------------------------------


def test_a_good_signature_of_nobody_known_proposes_its_signer_and_trusts_it_in_nothing() -> None:
    proposed = seen()

    assert (proposed.state, proposed.is_production, proposed.maximum_level) == (SignerState.PROPOSED, True, 2)
    assert (proposed.issuer, proposed.identity, proposed.identity_pattern) == (ISSUER, WORKFLOW, "")
    assert (proposed.repository, proposed.repository_id) == ("github.com/acme/shop", "4711")
    assert (proposed.workflow_path, proposed.events) == (".github/workflows/release.yml", ["push"])
    assert proposed.ref_pattern == "refs/heads/main"
    assert result().verdict == Verdict.VERIFIED_UNEXPECTED
    assert SignerDecision.objects.get().user is None


def test_who_is_seen_again_is_not_proposed_again() -> None:
    lab = Lab()
    believe(lab.trusted_root())
    for _ in range(2):
        send(lab.dsse_bundle(statement()))
        verify()

    assert TrustedSigner.objects.count() == 1


def test_who_was_rejected_is_not_proposed_again(anna: Actor) -> None:
    registry.reject(seen().public_id, actor=anna, at=now())

    lab = Lab()
    believe(lab.trusted_root(), name="second")
    send(lab.dsse_bundle(statement()))
    verify()

    assert TrustedSigner.objects.get().state == SignerState.REJECTED


# --- Accepting -----------------------------------------------------------------------------------------------------


def test_a_signer_for_production_takes_two_people_and_turns_what_it_signed(anna: Actor, ben: Actor) -> None:
    proposed, before = seen(), trust_version()

    once = registry.accept(proposed.public_id, actor=anna, at=now())
    assert (once.state, trust_version()) == (SignerState.PROPOSED, before)
    with pytest.raises(registry.SamePersonError):
        registry.accept(proposed.public_id, actor=anna, at=now())

    assert registry.accept(proposed.public_id, actor=ben, at=now()).state == SignerState.ACCEPTED
    assert trust_version() > before
    verify()
    assert result().verdict == Verdict.VERIFIED_EXPECTED
    audited = AuditEvent.objects.filter(subject=str(proposed.public_id)).order_by("sequence")
    assert list(audited.values_list("action", "actor")) == [
        ("signer.accept", "user:anna"),
        ("signer.accept", "user:ben"),
    ]


def test_a_signer_of_no_production_takes_one_person(anna: Actor) -> None:
    signer = registry.propose(new(is_production=False), actor=anna, at=now())

    assert registry.accept(signer.public_id, actor=anna, at=now()).state == SignerState.ACCEPTED
    with pytest.raises(registry.SignerStateError):
        registry.accept(signer.public_id, actor=anna, at=now())


def test_no_key_decides_whom_the_organisation_trusts() -> None:
    with pytest.raises(PersonNeededError):
        registry.propose(new(), actor=system_actor("pipeline"), at=now())


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"identity": ""}, "identity_or_key"),
        ({"identity_pattern": "https://.*"}, "identity_or_key"),
        ({"public_key": "PEM"}, "identity_or_key"),
        ({"identity": "", "identity_pattern": "(a+)+"}, "bad_pattern"),
        ({"ref_pattern": "["}, "bad_pattern"),
        ({"issuer": "", "identity": "", "public_key": "no key"}, "bad_key_pem"),
        ({"repository": "nowhere"}, "bad_repository"),
        (
            {"valid_from": datetime(2026, 2, 1, tzinfo=UTC), "valid_to": datetime(2026, 1, 1, tzinfo=UTC)},
            "out_of_range",
        ),
    ],
)
def test_a_signer_that_cannot_be_known_is_not_registered(anna: Actor, fields: dict[str, Any], code: str) -> None:
    with pytest.raises(registry.BadSignerError) as refused:
        registry.propose(new(**fields), actor=anna, at=now())

    assert code in [detail.code for detail in refused.value.details]
    assert not TrustedSigner.objects.exists()


# --- Taking back ---------------------------------------------------------------------------------------------------


def accepted(anna: Actor, **fields: Any) -> TrustedSigner:
    signer = registry.propose(new(is_production=False, **fields), actor=anna, at=now())
    return registry.accept(signer.public_id, actor=anna, at=now())


def test_a_revoked_signer_is_expected_no_more(anna: Actor, ben: Actor) -> None:
    lab = Lab()
    believe(lab.trusted_root())
    signer = accepted(anna)
    send(lab.dsse_bundle(statement()))
    verify()
    assert result().verdict == Verdict.VERIFIED_EXPECTED

    assert registry.revoke(signer.public_id, actor=ben, at=now()).state == SignerState.REVOKED
    verify()

    assert result().verdict == Verdict.VERIFIED_UNEXPECTED


def test_a_signer_compromised_since_an_instant_recolours_the_past(anna: Actor) -> None:
    lab = Lab()
    believe(lab.trusted_root())
    signer = accepted(anna)
    send(lab.dsse_bundle(statement()))
    verify()

    registry.revoke(signer.public_id, actor=anna, at=now(), compromised_since=lab.at - timedelta(hours=1))
    verify()

    assert (result().verdict, result().code) == (Verdict.FAILED, "identity_compromised")
    assert (Compromise.objects.get().kind, Compromise.objects.get().value) == ("identity", WORKFLOW)


def test_a_pattern_alone_is_no_name_for_what_was_compromised(anna: Actor) -> None:
    signer = accepted(anna, identity="", identity_pattern="https://.+")

    with pytest.raises(CompromiseRefusedError):
        registry.revoke(signer.public_id, actor=anna, at=now(), compromised_since=now())

    signer.refresh_from_db()
    assert signer.state == SignerState.ACCEPTED


def test_a_compromise_is_lifted_by_two_people_once(anna: Actor, ben: Actor) -> None:
    compromise = declare_of_signer(accepted(anna), since=now(), reason="stolen", actor=anna, at=now())

    assert lift(compromise.public_id, actor=anna, at=now()).lifted_at is None
    with pytest.raises(LiftRefusedError, match="another person"):
        lift(compromise.public_id, actor=anna, at=now())
    before = trust_version()
    assert lift(compromise.public_id, actor=ben, at=now()).lifted_at is not None
    assert trust_version() > before
    with pytest.raises(LiftRefusedError, match="already"):
        lift(compromise.public_id, actor=ben, at=now())


def test_who_differs_from_a_signer_that_is_known_is_shown_as_a_difference_and_not_proposed(anna: Actor) -> None:
    lab = Lab()
    believe(lab.trusted_root())
    accepted(anna, ref_pattern="refs/tags/.+")
    send(lab.dsse_bundle(statement()))
    verify()

    assert result().code == "unexpected_ref"
    assert TrustedSigner.objects.count() == 1
