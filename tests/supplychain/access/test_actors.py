import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext

from supplychain.access.actors import ANONYMOUS, Actor, actor_for_key, actor_for_user, actor_of, system_actor
from supplychain.access.models import ApiKey, Membership
from supplychain.access.scopes import READ_SCOPES
from tests.supplychain.actors import make_team, make_user, new_key

pytestmark = pytest.mark.django_db


def test_a_key_sees_and_writes_its_team_alone():
    key = new_key("evidence:write", team="payments", clusters=("prod-eu",)).row

    actor = actor_for_key(key)

    assert actor.team_ids == actor.write_team_ids == {key.team_id}
    assert (actor.team_id, actor.key_id, actor.user_id) == (key.team_id, key.pk, None)
    assert actor.cluster_bindings == {"prod-eu"}
    assert actor.can("evidence:write")
    assert not actor.can("inventory:read")


def test_the_admin_scope_of_a_key_does_not_show_other_teams():
    assert not actor_for_key(new_key("admin").row).sees_all


def test_an_organisation_key_sees_all_teams_and_writes_its_own():
    key = new_key("incidents:read", sees_all=True).row

    actor = actor_for_key(key)

    assert actor.sees_all
    assert actor.write_team_ids == {key.team_id}


@pytest.mark.parametrize(
    ("role", "scopes"),
    [
        ("viewer", READ_SCOPES),
        ("member", READ_SCOPES | {"evidence:write"}),
        ("owner", READ_SCOPES | {"evidence:write"}),
    ],
)
def test_a_team_role_gives_its_scopes_within_the_team(role: str, scopes: frozenset[str]):
    actor = actor_for_user(make_user(team="payments", role=role))

    assert actor.scopes == scopes
    assert actor.team_ids == frozenset({make_team("payments").pk})


@pytest.mark.parametrize(
    ("role", "can", "cannot"),
    [
        ("responder", "incidents:write", "policy:write"),
        ("approver", "policy:write", "incidents:write"),
        ("admin", "admin", ""),
    ],
)
def test_an_organisation_role_sees_all_teams(role: str, can: str, cannot: str):
    actor = actor_for_user(make_user(organisation=role))

    assert actor.sees_all
    assert actor.scopes >= READ_SCOPES
    assert actor.can(can)
    assert not actor.can(cannot)


def test_a_user_of_two_teams_writes_only_where_a_member():
    user = make_user(team="payments", role="member")
    Membership.objects.create(user=user, team=make_team("search"), role="viewer")

    actor = actor_for_user(user)

    assert actor.team_ids == frozenset({make_team("payments").pk, make_team("search").pk})
    assert actor.write_team_ids == {make_team("payments").pk}
    assert actor.team_id == make_team("payments").pk


def test_a_user_without_a_role_sees_nothing():
    actor = actor_for_user(make_user())

    assert actor.team_ids == frozenset()
    assert actor.scopes == frozenset()


def test_the_actor_of_a_request_costs_one_query_however_often_it_is_asked():
    request = RequestFactory().get("/")
    request.user = make_user(team="payments")

    with CaptureQueriesContext(connection) as queries:
        assert actor_of(request) is actor_of(request)

    assert len(queries) == 1


def test_a_request_without_a_user_is_anonymous():
    request = RequestFactory().get("/")
    request.user = AnonymousUser()

    assert actor_of(request) is ANONYMOUS


@pytest.mark.parametrize(
    ("actor", "expected"),
    [(system_actor("test"), {"payments", "search"}), (ANONYMOUS, set()), (Actor(team_ids=frozenset({-1})), set())],
)
def test_visible_to_shows_all_or_nothing(actor: Actor, expected: set[str]):
    new_key(team="payments")
    new_key(team="search")

    assert {key.team.slug for key in ApiKey.objects.visible_to(actor)} == expected


def test_visible_to_keeps_the_rows_of_the_team():
    mine = new_key(team="payments").row
    new_key(team="search")

    assert list(ApiKey.objects.visible_to(actor_for_key(mine))) == [mine]
    assert list(ApiKey.objects.filter(scopes__contains=["admin"]).visible_to(actor_for_key(mine))) == []
