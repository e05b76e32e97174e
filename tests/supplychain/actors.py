"""Teams, people and keys for the tests of access and of the API's frame: plain functions, each one row or two."""

from __future__ import annotations

from datetime import UTC, datetime

from django.test import Client

from supplychain.access.actors import system_actor
from supplychain.access.keys import Bindings, NewKey, make_key
from supplychain.access.models import Membership, Team, User

AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
PASSWORD = "correct horse battery"


def make_team(slug: str = "payments") -> Team:
    return Team.objects.get_or_create(slug=slug, defaults={"name": slug})[0]


def make_user(
    name: str = "alice", *, team: str | None = None, role: str = "viewer", organisation: str = "none"
) -> User:
    user = User.objects.create_user(name, password=PASSWORD, organisation_role=organisation)
    if team is not None:
        Membership.objects.create(user=user, team=make_team(team), role=role)
    return user


def new_key(*scopes: str, team: str = "payments", clusters: tuple[str, ...] = (), sees_all: bool = False) -> NewKey:
    return make_key(
        make_team(team),
        scopes=scopes or ("inventory:read",),
        actor=system_actor("test"),
        at=AT,
        bindings=Bindings(clusters=clusters),
        sees_all_teams=sees_all,
    )


def client_of(key: NewKey) -> Client:
    return Client(headers={"Authorization": f"Bearer {key.text}"})


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client
