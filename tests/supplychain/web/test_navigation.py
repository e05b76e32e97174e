"""Which entries of the main menu a person finds."""

from __future__ import annotations

import pytest
from django.test import Client

from supplychain.access.models import Membership, Team, User

pytestmark = pytest.mark.django_db


def labels(user: User, client: Client) -> list[tuple[str, list[str]]]:
    client.force_login(user)
    shown = client.get("/settings/security").context["navigation"]
    return [(group.label, [item.label for item in group.items]) for group in shown]


def test_a_responder_finds_pages_in_menus(client: Client):
    user = User.objects.create_user("rita", password="a password", organisation_role="responder")

    shown = labels(user, client)

    assert ("", ["Impact"]) in shown
    assert ("Runtime", ["Workloads", "Clusters"]) in shown
    assert ("", ["Operations"]) in shown


def test_a_group_of_which_nothing_is_open_is_left_out(client: Client):
    user = User.objects.create_user("mia", password="a password")
    Membership.objects.create(user=user, team=Team.objects.create(slug="team-a", name="A"), role="member")

    shown = labels(user, client)

    assert ("Runtime", ["Workloads", "Clusters"]) in shown
    assert ("", ["Operations"]) not in shown
    assert all(items for _, items in shown)
