"""Whom a message is for, and what its filters let through."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from supplychain.notify.models import Channel, ChannelKind, Delivery
from supplychain.notify.outbox import is_let_through, publish
from tests.supplychain.actors import AT, make_team
from tests.supplychain.notify.made import a_channel, a_message, a_responder

pytestmark = pytest.mark.django_db

HOOK = "https://hooks.example.com/x"


@pytest.mark.parametrize(
    ("filters", "message", "passes"),
    [
        ({}, {}, True),
        ({"event_kinds": ["incident.found"]}, {}, True),
        ({"event_kinds": ["incident.*"]}, {}, True),
        ({"event_kinds": ["watch.hit"]}, {}, False),
        ({"severities": ["critical", "high"]}, {}, True),
        ({"severities": ["low"]}, {}, False),
        ({"severities": ["low"]}, {"severity": ""}, True),
        ({"environments": ["prod"]}, {"environments": frozenset({"prod", "test"})}, True),
        ({"environments": ["prod"]}, {"environments": frozenset({"test"})}, False),
        ({"environments": ["prod"]}, {"environments": frozenset()}, False),
        ({"environments": ["prod"]}, {"environments": None}, True),
        ({"only_production": True}, {"is_production": True}, True),
        ({"only_production": True}, {"is_production": False}, False),
        ({"only_production": True}, {"is_production": None}, True),
        ({"event_kinds": ["incident.*"], "severities": ["low"]}, {}, False),
        ({}, {"kind": "drill.found", "is_rehearsal": True}, False),
        ({"event_kinds": ["*"]}, {"kind": "drill.found", "is_rehearsal": True}, False),
        ({"event_kinds": ["drill.*"]}, {"kind": "drill.found", "is_rehearsal": True}, True),
        ({"event_kinds": ["drill.found"]}, {"kind": "drill.found", "is_rehearsal": True}, True),
    ],
)
def test_all_filters_must_let_a_message_through_and_what_is_not_known_is_never_kept_back(filters, message, passes):
    channel = Channel(**{"event_kinds": [], "severities": [], "environments": [], **filters})

    assert is_let_through(a_message(**message), channel) is passes


def test_a_team_is_told_what_is_for_it_and_the_organisation_what_is_for_all():
    responder = a_responder()
    for team in (None, "payments", "search"):
        a_channel(HOOK, team=team, kind=ChannelKind.SLACK, actor=responder)
    payments = make_team("payments").pk

    publish(
        a_message(title="whole"),
        a_message(title="part", to_organisation=False, team_ids=frozenset({payments})),
    )

    told = Delivery.objects.order_by("title").values_list("title", "channel__team__slug")
    assert list(told) == [("part", "payments"), ("whole", None)]


def test_what_is_published_costs_two_statements_however_many_channels_there_are():
    responder = a_responder()
    for _ in range(5):
        a_channel(HOOK, kind=ChannelKind.SLACK, actor=responder)

    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert publish(a_message(), a_message()) == 10

    assert len(queries) == 2
    assert Delivery.objects.filter(due_at=AT).count() == 10
