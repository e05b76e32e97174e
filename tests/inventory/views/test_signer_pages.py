"""The page of trusted signers: looked at, accepted by two people, revoked by one."""

from __future__ import annotations

import pytest
from django.test import Client

from inventory.models import Compromise, SignerState, TrustedSigner
from inventory.verification import registry
from supplychain.access.actors import actor_for_user
from tests.supplychain.actors import AT, make_user, signed_in

pytestmark = pytest.mark.django_db

IDENTITY = "https://example.org/acme/.github/workflows/release.yml@refs/heads/main"


@pytest.fixture
def anna() -> Client:
    return signed_in(make_user("anna", organisation="approver"))


@pytest.fixture
def ben() -> Client:
    return signed_in(make_user("ben", organisation="approver"))


@pytest.fixture
def signer() -> TrustedSigner:
    proposer = actor_for_user(make_user("olga", organisation="approver"))
    new = registry.NewSigner(name="acme releases", issuer="https://token.example.org", identity=IDENTITY)
    return registry.propose(new, actor=proposer, at=AT)


def page(client: Client, path: str = "/signers") -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return answer.content.decode()


def test_a_proposed_signer_is_shown_with_what_is_expected_and_accepted_by_two(anna: Client, ben: Client, signer):
    assert IDENTITY in page(anna)

    anna.post(f"/signers/{signer.public_id}/accept", {"note": "known <workflow>"})
    assert "known &lt;workflow&gt;" in page(ben, "/signers?state=proposed")
    assert "You accepted it. Another person must, too." in page(anna)
    assert "You accepted it" not in page(ben)
    assert anna.post(f"/signers/{signer.public_id}/accept").status_code == 409
    ben.post(f"/signers/{signer.public_id}/accept")

    signer.refresh_from_db()
    assert signer.state == SignerState.ACCEPTED
    assert "Revoke" in page(ben)


def test_a_responder_revokes_and_says_since_when(anna: Client, ben: Client, signer):
    for client in (anna, ben):
        client.post(f"/signers/{signer.public_id}/accept")
    responder = signed_in(make_user("rita", organisation="responder"))

    form = {"note": "runner stolen", "compromised_since": "2026-03-01T10:00"}
    assert responder.post(f"/signers/{signer.public_id}/revoke", form).status_code == 303

    signer.refresh_from_db()
    assert signer.state == SignerState.REVOKED
    assert Compromise.objects.get().since.isoformat() == "2026-03-01T10:00:00+00:00"


def test_a_time_that_is_none_changes_nothing(anna: Client, ben: Client, signer):
    for client in (anna, ben):
        client.post(f"/signers/{signer.public_id}/accept")

    answer = anna.post(f"/signers/{signer.public_id}/revoke", {"compromised_since": "yesterday"})

    signer.refresh_from_db()
    assert (answer.status_code, signer.state) == (400, SignerState.ACCEPTED)


def test_a_rejected_signer_stays_to_be_seen(anna: Client, signer):
    anna.post(f"/signers/{signer.public_id}/reject", {"note": "not ours"})

    assert "not ours" in page(anna, "/signers?state=rejected")
    assert "No signer is accepted" in page(anna, "/signers?state=accepted")


def test_who_only_reads_is_shown_no_buttons(signer):
    member = signed_in(make_user("mia", team="shop", role="member"))

    assert "Accept" not in page(member).replace("Accepted", "")
    assert member.post(f"/signers/{signer.public_id}/accept").status_code == 403
    assert member.post(f"/signers/{signer.public_id}/revoke").status_code == 403
