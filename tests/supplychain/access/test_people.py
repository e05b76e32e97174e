import io
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, IntegrityError, transaction
from django.utils import timezone

from supplychain.access.keys import verify_key
from supplychain.access.models import ApiKey, AuditEvent, Membership, Team, User
from tests.supplychain.actors import make_team, make_user

pytestmark = pytest.mark.django_db


def run(command: str, *arguments: str) -> str:
    output = io.StringIO()
    call_command(command, *arguments, stdout=output)
    return output.getvalue()


def test_create_key_prints_only_the_key_and_makes_the_team():
    output = run(
        "create_key", "--team", "Payments", "--scopes", "evidence:write, inventory:read", "--cluster", "prod-eu"
    )

    key = verify_key(output.strip(), at=timezone.now())
    assert output.count("\n") == 1
    assert key is not None
    assert (key.team.slug, key.team.name) == ("payments", "Payments")
    assert key.scopes == ["evidence:write", "inventory:read"]
    assert key.clusters == ["prod-eu"]
    assert key.expires_at is None


def test_create_key_binds_and_expires():
    run(
        "create_key", "--team", "a", "--scopes", "evidence:write", "--repository", "r1", "--repository", "r2",
        "--environment", "production", "--kind", "sbom", "--expires-days", "30", "--name", "release job",
    )  # fmt: skip

    key = ApiKey.objects.get()
    assert (key.repositories, key.environments, key.kinds) == (["r1", "r2"], ["production"], ["sbom"])
    assert key.expires_at is not None
    assert (key.expires_at - key.created_at).days == 30


def test_create_key_a_second_time_uses_the_same_team():
    first = run("create_key", "--team", "a", "--scopes", "admin")
    second = run("create_key", "--team", "a", "--scopes", "admin")

    assert first != second
    assert Team.objects.count() == 1
    assert AuditEvent.objects.filter(action="team.created").count() == 1


@pytest.mark.parametrize(
    "arguments",
    [("--team", "a", "--scopes", "root"), ("--team", "a", "--scopes", ""), ("--team", "ä/b", "--scopes", "admin")],
)
def test_create_key_refuses_and_leaves_nothing_behind(arguments: tuple[str, ...]):
    with pytest.raises(CommandError):
        run("create_key", *arguments)

    assert not Team.objects.exists()
    assert not AuditEvent.objects.exists()


def test_create_user_prints_only_a_generated_password():
    output = run("create_user", "--username", "bob", "--team", "payments", "--role", "owner")

    user = User.objects.get(username="bob")
    assert output.count("\n") == 1
    assert user.check_password(output.strip())
    assert Membership.objects.get(user=user).role == "owner"


def test_create_user_takes_the_password_of_a_file_and_prints_nothing(tmp_path: Path):
    file = tmp_path / "password"
    file.write_text("correct horse battery\nsecond line\n")

    output = run("create_user", "--username", "bob", "--password-file", str(file), "--organisation-role", "responder")

    user = User.objects.get(username="bob")
    assert output == ""
    assert user.check_password("correct horse battery")
    assert user.organisation_role == "responder"


def test_create_user_takes_the_password_of_standard_input(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("correct horse battery\n"))

    assert run("create_user", "--username", "bob", "--password-stdin") == ""
    assert User.objects.get(username="bob").check_password("correct horse battery")


@pytest.mark.parametrize("password", ["short", "password1234"])
def test_create_user_refuses_a_weak_password(password: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("sys.stdin", io.StringIO(password))

    with pytest.raises(CommandError, match="password"):
        run("create_user", "--username", "bob", "--password-stdin")


def test_create_user_refuses_a_name_that_is_taken_or_no_name(tmp_path: Path):
    make_user("bob")

    for name in ("bob", "bob smith\n", ""):
        with pytest.raises(CommandError):
            run("create_user", "--username", name)

    with pytest.raises(CommandError, match="cannot be read"):
        run("create_user", "--username", "eve", "--password-file", str(tmp_path / "none"))


def test_making_a_user_is_recorded_without_the_password():
    password = run("create_user", "--username", "bob", "--team", "payments").strip()

    event = AuditEvent.objects.get(action="user.created")
    assert event.subject == "user:bob"
    assert event.team == Team.objects.get(slug="payments")
    assert password not in event.body


@pytest.mark.parametrize("slug", ["", "Payments", "-a", "a b", "a" * 64])
def test_the_database_refuses_a_slug_that_is_none(slug: str):
    with pytest.raises(DatabaseError, match=r"team_slug_pattern|too long"), transaction.atomic():
        Team.objects.create(slug=slug, name="x")


def test_the_database_refuses_a_second_membership_and_unknown_roles():
    user = make_user(team="payments")

    with pytest.raises(IntegrityError, match="membership_user_team_unique"), transaction.atomic():
        Membership.objects.create(user=user, team=make_team("payments"), role="owner")
    with pytest.raises(IntegrityError, match="membership_role_known"), transaction.atomic():
        Membership.objects.create(user=user, team=make_team("search"), role="root")
    with pytest.raises(IntegrityError, match="user_organisation_role_known"), transaction.atomic():
        User.objects.filter(pk=user.pk).update(organisation_role="root")
    with pytest.raises(IntegrityError, match="user_username_not_empty"), transaction.atomic():
        User.objects.filter(pk=user.pk).update(username="")
