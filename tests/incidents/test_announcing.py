"""What happens to an incident is told, to whom it may be, and to nobody more."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from django.utils import timezone

from incidents.asking import read_incident_question
from incidents.models import ActionKind, Incident, Occasion, Severity, Stage
from incidents.response.actions import NewAction, make_action
from incidents.response.changes import Wanted, add_note, change_incident
from incidents.response.opening import ask_again, open_incident
from inventory.models import Environment
from supplychain.access.actors import Actor
from supplychain.notify.models import ChannelKind, Delivery
from tests.factories import SEES_ALL, cyclonedx, deployment, digest, member_of, report, submit
from tests.supplychain.notify.made import a_channel, a_responder

# An answer is read from one snapshot of the database, which a test's own transaction would forbid.
pytestmark = pytest.mark.django_db(transaction=True)

BAD = "pkg:npm/lodash@4.17.20"
HOOK = "https://hooks.example.com/x"


@pytest.fixture
def responder() -> Actor:
    return a_responder()


def listen(responder: Actor, team: str | None = None, **filters: Any) -> None:
    a_channel(HOOK, kind=ChannelKind.SLACK, team=team, actor=responder, **filters)


def open_one(actor: Actor) -> Incident:
    given = {"text": BAD}
    question = read_incident_question(given).question
    at = timezone.now()
    return open_incident(question, given=given, title="lodash", severity=Severity.HIGH, actor=actor, at=at)


def running(team: str = "shop", environment: str = "prod") -> None:
    submit(team, cyclonedx(BAD, subject=digest(team), name=f"registry.example/{team}:1"))
    report(team, deployment(digest=digest(team), cluster=f"c-{team}", environment=environment))


def told(team: str | None = None) -> list[str]:
    found = Delivery.objects.filter(channel__team__slug=team) if team else Delivery.objects.filter(channel__team=None)
    return list(found.order_by("pk").values_list("kind", flat=True))


def body(kind: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = Delivery.objects.filter(kind=kind).order_by("-pk")[0].body
    return found


def test_the_organisation_is_told_everything_but_the_mere_askings(responder):
    running()
    listen(responder)

    incident = open_one(responder)
    change_incident(incident.public_id, Wanted(stage=Stage.SCOPING, reason="go"), actor=responder, at=timezone.now())
    add_note(incident.public_id, "seen", actor=responder, at=timezone.now())

    assert told() == ["incident.opened", "incident.team_concerned", "incident.stage", "incident.note"]
    opened = body("incident.opened")
    assert opened["data"]["incident"]["id"] == str(incident.public_id)
    assert opened["url"].endswith(f"/incidents/{incident.public_id}")
    assert (opened["environments"], opened["severity"]) == (["prod"], "high")


def test_an_answer_that_differs_is_told_with_what_is_new(responder):
    listen(responder, event_kinds=("incident.found",))
    incident = open_one(responder)

    running()
    question = read_incident_question(incident.question).question
    ask_again(
        incident.public_id,
        question=question,
        given=incident.question,
        occasion=Occasion.ASKED,
        actor=responder,
        at=timezone.now(),
    )

    assert told() == ["incident.found"]
    assert body("incident.found")["text"] == "1 new"
    assert body("incident.found")["data"]["event"]["details"]["added_count"] == 1


def test_an_action_is_told_with_what_a_machine_needs(responder):
    listen(responder, event_kinds=("incident.action",))
    incident = open_one(responder)

    new = NewAction(kind=ActionKind.ROTATE, target={"credential": "NPM_TOKEN"})
    make_action(incident.public_id, new, actor=responder, at=timezone.now())

    action = body("incident.action")["data"]["action"]
    assert (action["kind"], action["target"], action["state"]) == ("rotate", {"credential": "NPM_TOKEN"}, "open")


def test_a_team_that_is_concerned_is_told_its_part_alone(responder):
    running("shop")
    running("search")
    listen(responder, team="shop")

    incident = open_one(responder)
    change_incident(incident.public_id, Wanted(stage=Stage.SCOPING, reason="go"), actor=responder, at=timezone.now())
    add_note(incident.public_id, "search is the worst", actor=responder, at=timezone.now())
    new = NewAction(kind=ActionKind.ROTATE, target={"credential": "A"}, team="search")
    make_action(incident.public_id, new, actor=responder, at=timezone.now())
    mine = NewAction(kind=ActionKind.ROTATE, target={"credential": "B"}, team="shop")
    make_action(incident.public_id, mine, actor=responder, at=timezone.now())

    assert told("shop") == ["incident.opened", "incident.team_concerned", "incident.stage", "incident.action"]
    said = "".join(str(one) for one in Delivery.objects.values_list("title", "body"))
    assert "search" not in said
    assert body("incident.opened")["environments"] is None


def test_a_team_s_own_incident_is_told_whole_to_the_team_and_the_organisation(responder):
    for team in (None, "shop", "search"):
        listen(responder, team=team)

    add_note(open_one(member_of("shop")).public_id, "x", actor=member_of("shop"), at=timezone.now())

    assert told("shop") == told() == ["incident.opened", "incident.note"]
    assert told("search") == []


def test_what_runs_nowhere_in_production_passes_no_filter_that_asks_for_it(responder):
    listen(responder, only_production=True)
    running(environment="test")
    open_one(responder)
    assert told() == []

    Environment.objects.filter(slug="test").update(is_production=True)
    open_one(responder)

    assert told() == ["incident.opened", "incident.team_concerned"]


def test_what_is_undone_is_not_told(responder):
    listen(responder)
    incident = open_one(SEES_ALL)
    before = Delivery.objects.count()

    with pytest.raises(Exception, match="stage_refused"):
        change_incident(
            incident.public_id,
            Wanted(title="new", stage=Stage.RECOVERING),
            actor=responder,
            at=timezone.now(),
        )

    assert Delivery.objects.count() == before
