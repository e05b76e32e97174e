"""Watches: what is kept is told of when it comes later, once, through the eyes of who keeps it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from incidents.asking import read_incident_question
from incidents.live import asking, following
from incidents.models import FollowedEvidence, LiveQuestion, Watch, WatchHit
from incidents.watches.keeping import change_watch, end_watch, make_watch, would_have_matched
from supplychain.access.actors import Actor
from supplychain.notify.models import ChannelKind, Delivery
from tests.factories import SEES_ALL, cyclonedx, deployment, digest, member_of, report, submit
from tests.supplychain.actors import client_of, make_user, new_key, signed_in
from tests.supplychain.notify.made import a_channel, a_responder

# An answer is read from one snapshot of the database, which a test's own transaction would forbid.
pytestmark = pytest.mark.django_db(transaction=True)

BAD = "pkg:npm/lodash@4.17.20"
NOW = timezone.now()


def a_watch(text: str = BAD, *, actor: Actor = SEES_ALL) -> Watch:
    given = {"text": text}
    question = read_incident_question(given).question
    return make_watch(question, given=given, name="lodash", actor=actor, at=timezone.now())


def bill(of: str, *, team: str = "shop", days_ago: int = 0) -> None:
    document = cyclonedx(BAD, subject=digest(of), name=f"registry.example/{of}:1")
    submit(team, document, at=NOW - timedelta(days=days_ago))


def runs(of: str, *, days_ago: int = 0) -> None:
    report("shop", deployment(digest=digest(of), workload=f"Deployment/{of}"), at=NOW - timedelta(days=days_ago))


def follow() -> None:
    at = timezone.now() + timedelta(minutes=1)
    following.follow(at)
    FollowedEvidence.objects.update(rests_until=at)
    LiveQuestion.objects.update(asked_at=None)
    asking.ask_what_waits(at)


def told(watch: Watch) -> list[tuple[str, str]]:
    hits = WatchHit.objects.filter(watch=watch, is_before=False).order_by("pk")
    return list(hits.values_list("name", "sight"))


def test_a_later_sbom_and_a_later_deployment_are_told_once_each():
    watch = a_watch()
    follow()
    assert told(watch) == []

    bill("api")
    follow()
    assert told(watch) == [("registry.example/api:1", "found")]
    runs("api")
    follow()
    bill("api")
    follow()
    follow()

    assert told(watch) == [("registry.example/api:1", "found"), ("registry.example/api:1", "running")]
    hit = WatchHit.objects.get(sight="running")
    assert (hit.indicator, hit.status, hit.artifact) == (BAD, "affected", digest("api"))
    assert hit.evidence is not None
    assert hit.places[0]["workload"] == "Deployment/api"


def test_what_runs_when_it_is_first_seen_is_told_once():
    watch = a_watch()

    runs("api")
    bill("api")
    follow()

    assert told(watch) == [("registry.example/api:1", "running")]


def test_what_matched_before_is_never_told_and_shows_the_month_before():
    bill("old", days_ago=90)
    bill("new", days_ago=3)
    bill("ancient", days_ago=90)
    runs("ancient", days_ago=2)

    watch = a_watch()
    follow()

    assert told(watch) == []
    assert WatchHit.objects.filter(watch=watch, is_before=True).count() == 3
    assert would_have_matched(watch) == 2


def test_what_was_there_before_is_told_when_it_begins_to_run():
    bill("old", days_ago=90)
    watch = a_watch()

    runs("old")
    follow()

    assert told(watch) == [("registry.example/old:1", "running")]


def test_a_watch_of_a_list_follows_the_list_as_it_is_sent_again():
    bill("api")
    submit("shop", b"package,version\nleft-pad,1.0.0\n", declared_kind="list", name="worms")
    watch = a_watch("list:worms")

    submit("shop", b"package,version\nleft-pad,1.0.0\nlodash,4.17.20\n", declared_kind="list", name="worms")
    follow()

    assert told(watch) == [("registry.example/api:1", "found")]
    assert "lodash" in WatchHit.objects.get(watch=watch).indicator


def test_a_watch_of_a_team_sees_what_the_team_sees():
    watch = a_watch(actor=member_of("shop"))

    bill("theirs", team="search")
    follow()
    assert told(watch) == []
    bill("ours", team="shop")
    follow()

    assert told(watch) == [("registry.example/ours:1", "found")]


def test_a_paused_watch_tells_what_came_meanwhile_when_it_goes_on_and_an_ended_one_nothing():
    watch, ended = a_watch(), a_watch()
    change_watch(watch.public_id, is_paused=True, actor=SEES_ALL, at=timezone.now())
    end_watch(ended.public_id, actor=SEES_ALL, at=timezone.now())

    bill("api")
    follow()
    assert told(watch) == []
    change_watch(watch.public_id, is_paused=False, actor=SEES_ALL, at=timezone.now())
    follow()

    assert told(watch) == [("registry.example/api:1", "found")]
    assert told(ended) == []


def test_hits_are_told_to_the_channels_of_who_keeps_the_watch():
    responder = a_responder()
    for team in (None, "shop", "search"):
        a_channel("https://hooks.example.com/x", kind=ChannelKind.SLACK, team=team, actor=responder)
    a_watch(actor=member_of("shop"))

    bill("api")
    follow()

    deliveries = Delivery.objects.filter(kind="watch.hit").order_by("pk")
    assert {one.channel.team and one.channel.team.slug for one in deliveries} == {None, "shop"}
    assert deliveries[0].body["data"]["hits"][0]["name"] == "registry.example/api:1"


def test_the_database_keeps_a_hit_once():
    bill("api")
    hit = WatchHit.objects.get(watch=a_watch())

    again = WatchHit(
        watch=hit.watch,
        artifact=hit.artifact,
        indicator=hit.indicator,
        sight=hit.sight,
        status="affected",
        happened_at=NOW,
        seen_at=NOW,
    )
    with pytest.raises(IntegrityError, match="watch_hit_once"), transaction.atomic():
        again.save(force_insert=True)


def client_for(team: str) -> Client:
    return client_of(new_key("incidents:read", team=team))


def test_the_api_keeps_pauses_reads_and_ends_a_watch():
    bill("api")
    mine, stranger = client_for("shop"), client_for("search")
    body = {"name": "lodash", "text": BAD}

    made = mine.post("/api/v1/watches", body, content_type="application/json")
    assert made.status_code == 201, made.content
    watch = made.json()
    assert (watch["team"], watch["would_have_matched_count"], watch["hit_count"]) == ("shop", 1, 0)
    path = watch["url"]
    hits = mine.get(f"{path}/hits?before=true").json()["results"]
    assert [(hit["name"], hit["is_before"]) for hit in hits] == [("registry.example/api:1", True)]
    assert mine.get(f"{path}/hits").json()["results"] == []
    assert mine.patch(path, {"is_paused": True}, content_type="application/json").json()["is_paused"] is True
    for answer in (stranger.get(path), stranger.get(f"{path}/hits"), stranger.delete(path)):
        assert answer.status_code == 404
    assert stranger.get("/api/v1/watches").json()["results"] == []
    assert mine.delete(path).status_code == 204
    assert mine.get("/api/v1/watches").json()["results"] == []


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"text": BAD}, "validation_failed"),
        ({"name": "x"}, "bad_question"),
        ({"name": "x", "text": BAD, "from": "2026-01-01T00:00:00Z"}, "watch_without_time"),
        ({"name": "x", "text": BAD, "limit": 3}, "bad_question"),
    ],
)
def test_what_cannot_be_watched_is_refused(body, code):
    answer = client_for("shop").post("/api/v1/watches", body, content_type="application/json")

    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert not Watch.objects.exists()


def test_the_pages_keep_show_pause_and_end_a_watch():
    bill("api")
    rita = signed_in(make_user("rita", organisation="responder"))

    made = rita.post("/watches", {"name": "lodash", "q": BAD})
    page = made.headers["Location"]
    shown = rita.get(page).content.decode()
    assert "registry.example/api:1" in shown.partition("30 days before")[2]
    assert 'href="/impact?q=pkg%3Anpm/lodash%404.17.20"' in shown
    assert rita.post(f"{page}/change", {"paused": "true"}).status_code == 303
    assert "Paused" in rita.get("/watches").content.decode()
    assert rita.post(f"{page}/end").status_code == 303
    assert "lodash" not in rita.get("/watches").content.decode()
    assert BAD in rita.get("/watches?q=pkg:npm/lodash@4.17.20").content.decode()
    refused = rita.post("/watches", {"name": "", "q": BAD})
    assert refused.status_code == 400
    assert f"required>{BAD}</textarea>" in refused.content.decode()
    assert 'value="" aria-invalid="true" aria-describedby="problem-new" autofocus' in refused.content.decode()
