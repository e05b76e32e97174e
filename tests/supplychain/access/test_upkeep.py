"""What administrators do with the accounts of others, on the command line."""

from __future__ import annotations

import io
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.core.management import CommandError, call_command
from django.test import Client

from supplychain.access.models import AuditEvent, Membership, User
from tests.supplychain.access.factors import enter_password, is_signed_in, set_up_app
from tests.supplychain.actors import PASSWORD, make_user

pytestmark = pytest.mark.django_db


def run(command: str, *arguments: str) -> str:
    output = io.StringIO()
    call_command(command, *arguments, stdout=output)
    return output.getvalue()


@pytest.fixture
def alice() -> User:
    return make_user("alice", team="payments", organisation="responder")


def test_reset_password_prints_one_that_must_be_changed_and_ends_the_sessions(alice: User):
    client = enter_password(alice)

    output = run("reset_password", "--username", "alice")

    alice.refresh_from_db()
    assert output.count("\n") == 1
    assert alice.check_password(output.strip())
    assert alice.must_change_password
    assert not is_signed_in(client)
    assert output.strip() not in AuditEvent.objects.get(action="password.reset").body


def test_reset_second_factor_leaves_the_password_alone(alice: User):
    client = enter_password(alice)
    set_up_app(client)

    run("reset_second_factor", "--username", "alice")

    assert not Authenticator.objects.exists()
    assert not is_signed_in(client)
    assert is_signed_in(enter_password(alice))
    assert AuditEvent.objects.get(action="second_factors.reset").subject == "user:alice"


def test_a_role_that_is_taken_is_gone_at_once(alice: User):
    client = enter_password(alice)

    run("change_user", "--username", "alice", "--organisation-role", "none")

    assert not is_signed_in(client)
    event = AuditEvent.objects.get(action="user.role_set")
    assert ('"before":"responder"' in event.body, '"after":"none"' in event.body) == (True, True)


def test_the_same_role_again_changes_nothing(alice: User):
    client = enter_password(alice)

    run("change_user", "--username", "alice", "--organisation-role", "responder")

    assert is_signed_in(client)
    assert not AuditEvent.objects.filter(action="user.role_set").exists()


def test_teams_are_joined_and_left_with_the_next_request(alice: User):
    alice.organisation_role = "none"
    alice.save()
    client = enter_password(alice)

    run("change_user", "--username", "alice", "--team", "Search", "--role", "owner", "--leave-team", "payments")

    assert dict(Membership.objects.values_list("team__slug", "role")) == {"search": "owner"}
    assert client.get("/api/v1/me").json()["teams"] == ["search"]


def test_who_is_shut_out_is_out_and_comes_back_without_the_old_sessions(alice: User):
    client = enter_password(alice)
    run("change_user", "--username", "alice", "--deactivate")
    assert not is_signed_in(client)
    assert Client().post("/sign-in", {"username": "alice", "password": PASSWORD}).status_code == 200

    run("change_user", "--username", "alice", "--activate")

    assert not is_signed_in(client)
    assert is_signed_in(enter_password(alice))


def test_a_subject_is_linked_once(alice: User, settings: Any):
    settings.OIDC_ISSUER = "https://id.example"
    make_user("bob")
    run("change_user", "--username", "alice", "--link-subject", "8001")

    with pytest.raises(CommandError, match="linked already"):
        run("change_user", "--username", "bob", "--link-subject", "8001")


@pytest.mark.parametrize(
    "arguments",
    [
        ("reset_password", "--username", "nobody"),
        ("reset_second_factor", "--username", "nobody"),
        ("change_user", "--username", "nobody", "--deactivate"),
        ("change_user", "--username", "alice", "--leave-team", "search"),
        ("change_user", "--username", "alice", "--team", "ä/b"),
        ("change_user", "--username", "alice", "--link-subject", "8001"),
        ("change_user", "--username", "alice", "--activate", "--deactivate"),
    ],
)
def test_what_cannot_be_done_is_said_and_changes_nothing(alice: User, arguments: tuple[str, ...]):
    with pytest.raises(CommandError):
        run(*arguments)

    assert not AuditEvent.objects.exists()


def test_a_broken_seal_changes_nothing(alice: User, settings: Any):
    set_up_app(enter_password(alice))
    settings.SECRET_KEY = "another-" + "9" * 50
    before = list(Authenticator.objects.values_list("data", flat=True))

    with pytest.raises(CommandError, match="neither"):
        run("reseal_second_factors")

    assert list(Authenticator.objects.values_list("data", flat=True)) == before
