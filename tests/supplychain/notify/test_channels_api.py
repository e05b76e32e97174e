"""Channels over HTTP and on pages: who may set one up, what is shown of it, and what becomes of the forms."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from inventory.models import Environment
from supplychain.access.models import AuditEvent
from supplychain.notify.models import Channel, ChannelSecret, Delivery
from tests.supplychain.actors import client_of, make_team, make_user, new_key, signed_in

pytestmark = pytest.mark.django_db

CHANNELS = "/api/v1/channels"
HOOK = "https://hooks.example.com/services/T0/hush"
NEW = {"name": "on call", "kind": "webhook", "target": HOOK}


@pytest.fixture
def responder() -> Client:
    return signed_in(make_user("rita", organisation="responder"))


@pytest.fixture
def member() -> Client:
    return signed_in(make_user("mia", team="payments", role="member"))


def described(*names: str) -> None:
    Environment.objects.bulk_create(Environment(slug=name) for name in names)


def post(client: Client, path: str, body: object = None):
    return client.post(path, body or {}, content_type="application/json")


def test_a_channel_is_made_and_its_key_is_shown_once(responder):
    made = post(responder, CHANNELS, NEW)

    assert made.status_code == 201, made.content
    body = made.json()
    assert body["signing_key"].startswith("whsec_")
    assert (body["target"], body["team"], body["event_kinds"]) == ("https://hooks.example.com", None, [])
    again = responder.get(f"{CHANNELS}/{body['id']}")
    assert "signing_key" not in again.json()
    assert "hush" not in made.content.decode() + again.content.decode()
    assert AuditEvent.objects.filter(action="channel.made", subject=body["id"]).exists()
    assert "hush" not in "".join(AuditEvent.objects.values_list("body", flat=True))


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"target": "http://hooks.example.com/"}, "bad_target"),
        ({"target": "https://169.254.169.254/"}, "bad_target"),
        ({"kind": "email", "target": "a@example.com"}, "bad_target"),
        ({"event_kinds": ["everything!"]}, "bad_filter"),
        ({"severities": ["worst"]}, "validation_failed"),
        ({"team": "nobody"}, "validation_failed"),
        ({"secret": "x"}, "validation_failed"),
        ({"kind": "fax"}, "validation_failed"),
    ],
)
def test_what_cannot_be_used_is_refused_and_nothing_is_stored(responder, more, code):
    answer = post(responder, CHANNELS, {**NEW, **more})

    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert not Channel.objects.exists()


def test_mail_addresses_are_read_where_a_mail_server_is_set_up(responder, settings):
    settings.EMAIL_HOST = "mail.example.com"

    good = post(responder, CHANNELS, {"name": "x", "kind": "email", "target": "a@example.com; b@example.com"})
    bad = post(responder, CHANNELS, {"name": "x", "kind": "email", "target": "a@example.com, nobody"})

    assert (good.json()["target"], good.json()["signing_key"]) == ("a@example.com, b@example.com", None)
    assert bad.json()["code"] == "bad_target"


def test_a_member_has_channels_of_their_team_and_no_other(member, responder):
    make_team("search")

    own = post(member, CHANNELS, {**NEW, "team": "payments"})
    assert own.status_code == 201
    assert post(member, CHANNELS, NEW).json()["code"] == "channel_not_yours"
    assert post(member, CHANNELS, {**NEW, "team": "search"}).status_code == 400
    post(responder, CHANNELS, NEW)

    assert [one["team"] for one in member.get(CHANNELS).json()["results"]] == ["payments"]
    assert len(responder.get(CHANNELS).json()["results"]) == 2


def test_a_viewer_and_a_key_decide_nothing(responder):
    viewer = signed_in(make_user("vera", team="payments", role="viewer"))
    key = client_of(new_key("incidents:read", "incidents:write", "evidence:write", "admin"))

    assert post(viewer, CHANNELS, {**NEW, "team": "payments"}).json()["code"] == "missing_scope"
    assert post(key, CHANNELS, {**NEW, "team": "payments"}).json()["code"] == "person_needed"
    assert key.get(CHANNELS).status_code == 200


def test_a_channel_is_changed_paused_given_a_new_key_and_ended(responder):
    made = post(responder, CHANNELS, NEW).json()
    path = f"{CHANNELS}/{made['id']}"

    changed = responder.patch(
        path, {"only_production": True, "is_paused": True, "target": "https://b.example.com/"}, "application/json"
    ).json()
    assert (changed["only_production"], changed["is_paused"], changed["target"]) == (
        True,
        True,
        "https://b.example.com",
    )
    rotated = post(responder, f"{path}/key")
    assert (rotated.status_code, rotated.json()["signing_key"] != made["signing_key"]) == (201, True)
    assert ChannelSecret.objects.filter(retires_at__isnull=True).count() == 2
    assert responder.delete(path).status_code == 204
    assert responder.patch(path, {"name": "x"}, "application/json").status_code == 404
    assert responder.get(CHANNELS).json()["results"] == []


def test_a_test_and_a_replay_are_deliveries_that_are_listed(responder):
    channel = post(responder, CHANNELS, NEW).json()["id"]

    sent = post(responder, f"{CHANNELS}/{channel}/test")
    assert sent.status_code == 202
    assert post(responder, f"/api/v1/deliveries/{sent.json()['id']}/replay").json()["code"] == "still_waiting"
    Delivery.objects.update(state="given_up", ended_at="2026-03-02T00:00:00Z")
    again = post(responder, f"/api/v1/deliveries/{sent.json()['id']}/replay")

    listed = responder.get(f"/api/v1/deliveries?channel={channel}&state=given_up").json()["results"]
    assert [one["id"] for one in listed] == [sent.json()["id"]]
    assert (again.status_code, again.json()["replay_of"]) == (202, sent.json()["id"])
    assert again.json()["event_id"] == sent.json()["event_id"]


def test_chat_channels_have_no_key_to_rotate(responder):
    channel = post(responder, CHANNELS, {**NEW, "kind": "slack"}).json()["id"]

    assert post(responder, f"{CHANNELS}/{channel}/key").json()["code"] == "channel_not_signed"


def test_a_filter_may_name_environments_that_there_are_and_no_others(responder):
    described("production", "staging")
    mistyped = post(responder, CHANNELS, {**NEW, "environments": ["staging", "prod"]})
    known = post(responder, CHANNELS, {**NEW, "environments": ["staging"]})

    assert (mistyped.status_code, mistyped.json()["code"]) == (400, "bad_filter")
    assert mistyped.json()["detail"] == "No environment is called prod. There are production, staging."
    assert known.status_code == 201
    page = responder.get("/settings/notifications").content.decode()
    assert "there are production, staging" in page


def test_where_clusters_have_reported_nothing_a_filter_for_environments_is_refused(responder):
    refused = post(responder, CHANNELS, {**NEW, "environments": ["production"]})

    assert refused.json()["detail"] == "No environment is called production. Clusters have reported none yet."
    assert "clusters have reported none yet" in responder.get("/settings/notifications").content.decode()


def test_the_pages_do_all_of_it(responder):
    described("prod", "test")
    home = "/settings/notifications"
    made = responder.post(home, {**NEW, "event_kinds": ["incident.opened"], "only_production": "true"})
    assert made.status_code == 200
    assert "whsec_" in made.content.decode()
    channel = Channel.objects.get()
    assert (channel.event_kinds, channel.only_production) == (["incident.opened"], True)
    page = f"{home}/{channel.public_id}"
    assert "whsec_" not in responder.get(page).content.decode()

    for deed, form in (
        ("test", {}),
        ("change", {"paused": "true"}),
        ("change", {"name": "night shift", "environments": "prod, test"}),
    ):
        assert responder.post(f"{page}/{deed}", form).status_code == 303, deed
    channel.refresh_from_db()
    assert (channel.name, channel.is_paused, channel.environments) == ("night shift", True, ["prod", "test"])
    assert "whsec_" in responder.post(f"{page}/key").content.decode()
    Delivery.objects.update(state="given_up", ended_at="2026-03-02T00:00:00Z", last_problem="it answered 503")
    assert "it answered 503" in responder.get(page).content.decode()
    again = f"{home}/deliveries/{Delivery.objects.get().public_id}/replay"
    assert responder.post(again).status_code == 303
    assert responder.post(f"{page}/end").status_code == 303
    assert "night shift" not in responder.get(home).content.decode()


@pytest.mark.parametrize(
    "form",
    [
        {"name": ""},
        {"target": "http://hooks.example.com/"},
        {"kind": "fax"},
        {"event_kinds": ["no kind"]},
        {"environments": "prod us"},
        {"name": "x" * 101},
    ],
)
def test_a_form_that_cannot_be_used_is_shown_again_with_what_is_wrong(responder, form):
    described("prod", "eu")
    typed = {**NEW, "severities": ["critical"], "environments": "prod eu", **form}
    answer = responder.post("/settings/notifications", typed)

    html = answer.content.decode()
    assert answer.status_code == 400
    assert "Nothing was changed." in html
    assert 'id="problem-new"' in html
    for value in (typed["name"], typed["target"], typed["environments"]):
        assert f'value="{value}"' in html
    assert 'value="critical" checked' in html
    assert 'value="high" checked' not in html
    if "event_kinds" not in form:
        (wrong,) = re.findall(r'<(?:input|select)[^>]*aria-invalid="true"[^>]*>', html)
        assert f'name="{next(iter(form))}"' in wrong
    assert not Channel.objects.exists()


def test_a_change_that_is_refused_is_shown_again_as_typed(responder):
    channel = post(responder, CHANNELS, NEW).json()["id"]
    typed = {"name": "night shift", "target": "http://hooks.example.com/", "event_kinds": ["watch.hit"]}

    refused = responder.post(f"/settings/notifications/{channel}/change", typed)
    nameless = responder.post(f"/settings/notifications/{channel}/change", {"name": " "})

    html = refused.content.decode()
    assert (refused.status_code, nameless.status_code) == (400, 400)
    assert 'value="night shift"' in html
    assert 'value="http://hooks.example.com/" aria-invalid="true"' in html
    assert 'value="watch.hit" checked' in html
    assert Channel.objects.get().name == NEW["name"]


def test_what_one_may_not_do_is_not_offered(member, responder):
    channel = post(responder, CHANNELS, {**NEW, "team": "payments"}).json()["id"]
    viewer = signed_in(make_user("vera", team="payments", role="viewer"))
    page = f"/settings/notifications/{channel}"

    assert "Send a test" in member.get(page).content.decode()
    assert "Send a test" not in viewer.get(page).content.decode()
    assert viewer.post(f"{page}/test").status_code == 403
