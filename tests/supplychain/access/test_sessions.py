"""A session ends: when it is old, idle, or no longer its owner's."""

import time
from datetime import timedelta

import pytest
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from supplychain.access.sessions import SEEN_AT, STARTED_AT, end_sessions, forget_counters, forget_sessions
from tests.supplychain.actors import PASSWORD, make_user, signed_in

pytestmark = pytest.mark.django_db


def is_signed_in(client: Client) -> bool:
    return client.get("/api/v1/me").status_code == 200


def move_back(client: Client, name: str, *, seconds: int) -> None:
    session = client.session
    session[name] = int(time.time()) - seconds
    session.save()


def test_a_session_ends_after_its_longest_life_however_busy_it_was():
    client = signed_in(make_user())
    move_back(client, STARTED_AT, seconds=settings.SESSION_COOKIE_AGE)

    assert not is_signed_in(client)
    assert not client.session.keys()


def test_a_session_that_nobody_used_ends():
    client = signed_in(make_user())
    move_back(client, SEEN_AT, seconds=settings.SESSION_IDLE_SECONDS - 60)
    assert is_signed_in(client)

    move_back(client, SEEN_AT, seconds=settings.SESSION_IDLE_SECONDS)

    assert not is_signed_in(client)


def test_being_here_is_written_once_a_minute(django_assert_num_queries):
    client = signed_in(make_user())
    with django_assert_num_queries(3):  # session, user, memberships
        client.get("/api/v1/me")
    move_back(client, SEEN_AT, seconds=120)

    client.get("/api/v1/me")

    assert client.session[SEEN_AT] > time.time() - 60


def test_a_session_without_its_start_belongs_to_nobody():
    client = signed_in(make_user())
    session = client.session
    del session[STARTED_AT]
    session.save()

    assert not is_signed_in(client)


def test_another_password_ends_every_session_at_once():
    user = make_user()
    client = signed_in(user)

    user.set_password("another good password")
    user.save()

    assert not is_signed_in(client)


def test_another_role_ends_every_session_at_once():
    user = make_user(organisation="admin")
    client = signed_in(user)

    user.organisation_role = "none"
    user.save()

    assert not is_signed_in(client)


def test_who_leaves_is_out_at_once_and_stays_out_when_they_come_back():
    user = make_user("alice")
    client = Client()
    client.post("/sign-in", {"username": "alice", "password": PASSWORD})
    user.is_active = False
    user.save()
    assert not is_signed_in(client)

    end_sessions(user)
    user.is_active = True
    user.save()

    assert not is_signed_in(client)


def test_ending_sessions_spares_the_one_that_asks():
    user = make_user("alice")
    clients = [Client(), Client(), Client()]
    for client in clients:
        client.post("/sign-in", {"username": "alice", "password": PASSWORD})

    ended = end_sessions(user, but=clients[0].session.session_key)

    assert ended == 2
    assert [is_signed_in(client) for client in clients] == [True, False, False]


def test_what_is_left_of_ended_sessions_is_deleted():
    user = make_user("alice")
    clients = [Client(), Client(), Client()]
    for client in clients:
        client.post("/sign-in", {"username": "alice", "password": PASSWORD})
    now = timezone.now()
    long_ago = now - timedelta(seconds=settings.SESSION_IDLE_SECONDS + 1)
    UserSession.objects.filter(session_key=clients[0].session.session_key).update(last_seen_at=long_ago)
    Session.objects.filter(session_key=clients[1].session.session_key).update(expire_date=long_ago)

    assert forget_sessions(at=now) == 2

    assert [row.session_key for row in UserSession.objects.filter(user=user)] == [clients[2].session.session_key]
    assert is_signed_in(clients[2])
    assert forget_sessions(at=now) == 0


def test_counters_that_ran_out_are_deleted_and_the_others_are_not():
    cache.set("short", 1, timeout=1)
    cache.set("long", 1, timeout=600)

    assert forget_counters(at=timezone.now() + timedelta(seconds=5)) == 1

    assert cache.get("long") == 1


def test_many_strangers_push_no_counter_out():
    cache.set("counted", 5, timeout=600)
    for number in range(400):
        cache.set(f"stranger-{number}", 1, timeout=600)

    assert cache.get("counted") == 5


def test_health_needs_no_session_even_when_one_is_shown(django_assert_num_queries):
    client = signed_in(make_user())

    with django_assert_num_queries(0):
        assert client.get("/healthz").status_code == 200
