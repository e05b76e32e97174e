"""Fixtures: browsers of three kinds of people: a responder, a member of team A, and the stranger of team B."""

from collections.abc import Callable

import pytest
from django.test import Client

from supplychain.access.models import Membership, Team, User

Browser = Callable[..., Client]


@pytest.fixture
def browser() -> Browser:
    """Sign a new user in: browser("team-a"), browser(organisation_role="responder")."""

    def sign_in(*teams: str, organisation_role: str = "none", role: str = "member") -> Client:
        name = f"{organisation_role}-{'-'.join(teams)}"
        user = User.objects.create_user(name, password=None, organisation_role=organisation_role)
        for slug in teams:
            team, _ = Team.objects.get_or_create(slug=slug, defaults={"name": slug})
            Membership.objects.create(user=user, team=team, role=role)
        client = Client()
        client.force_login(user)
        return client

    return sign_in


@pytest.fixture
def responder(browser: Browser) -> Client:
    return browser(organisation_role="responder")


@pytest.fixture
def member(browser: Browser) -> Client:
    return browser("team-a")


@pytest.fixture
def stranger(browser: Browser) -> Client:
    return browser("team-b")
