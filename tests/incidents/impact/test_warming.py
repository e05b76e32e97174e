"""A new web process asks the first questions itself: nobody waits for them, and nobody sees them."""

from __future__ import annotations

import numpy as np
import pytest
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext

from incidents.impact import warming
from incidents.impact.assess import assess
from incidents.impact.digests import DIGESTS
from incidents.impact.question import Question
from incidents.models import ImpactPage
from incidents.pasted import parse_text
from inventory.graph.one_state import one_state
from inventory.models import Artifact
from supplychain.access.models import AuditEvent
from supplychain.prepared import known_to
from tests.factories import SEES_ALL, cyclonedx, deployment, digest, later, report, submit
from tests.remembered import forget_everything
from tests.round_trips import round_trips

pytestmark = pytest.mark.django_db(transaction=True)

A, B, COMPONENT = digest("a"), digest("b"), "pkg:npm/lodash@4.17.20"
NOW = later(60)


@pytest.fixture
def estate() -> None:
    submit("shop", cyclonedx(COMPONENT, subject=A))
    submit("shop", cyclonedx("pkg:npm/other@1", subject=B))
    report("shop", deployment(digest=A), deployment(digest=B, workload="Deployment/b"))
    forget_everything()


def test_the_first_question_finds_counted_and_planned_what_it_needs(estate: None):
    warming.warm(at=NOW)
    prepared = len(known_to(connection.connection))

    with CaptureQueriesContext(connection) as sent:
        found = assess(Question(parse_text(COMPONENT)), actor=SEES_ALL, at=NOW)

    assert found.header.summary.affected.workload_count == 1
    assert not any("described AS MATERIALIZED" in query["sql"] for query in sent)
    # the audit line, and that somebody is answered, which warming leaves away
    assert len(known_to(connection.connection)) <= prepared + 2


def test_nothing_is_kept_or_audited_of_it(estate: None):
    before = AuditEvent.objects.count()

    warming.warm(at=NOW)

    assert (AuditEvent.objects.count(), ImpactPage.objects.count()) == (before, 0)


def test_the_order_of_digests_is_read_in_portions(estate: None, monkeypatch: pytest.MonkeyPatch):
    ids = list(Artifact.objects.order_by("digest").values_list("pk", flat=True))
    DIGESTS.read_all(using="default")

    with one_state(using="default") as state, round_trips() as counted:
        assert DIGESTS.first([np.array(ids[::-1], dtype=np.int32)], limit=10, state=state) == ids
    assert counted.count == 0


def test_an_empty_estate_is_warmed_too():
    warming.start().join()

    assert not Artifact.objects.exists()


def test_a_process_lives_on_whose_database_is_away(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture):
    monkeypatch.setitem(connections["default"].settings_dict, "PORT", "1")
    monkeypatch.setitem(connections["default"].settings_dict, "HOST", "127.0.0.1")

    warming.start().join()

    assert "could not ask its first questions" in caplog.text
