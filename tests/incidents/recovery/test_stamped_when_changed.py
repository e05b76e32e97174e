"""The recovery of an incident is looked at when something that it rests on changed, and not otherwise."""

from __future__ import annotations

from datetime import timedelta
from unittest.mock import patch

import pytest
from django.utils import timezone

from incidents.asking import read_incident_question
from incidents.live import following
from incidents.models import FollowedEvidence, Incident, LiveQuestion, Severity
from incidents.recovery import stamping
from incidents.response.changes import add_note
from incidents.response.opening import ask_if_different, open_incident
from inventory.models import Cluster
from supplychain.access.models import AuditEvent
from tests.factories import SEES_ALL, cyclonedx, deployment, digest, report, submit

# An answer is read from one snapshot of the database, which a test's own transaction would forbid.
pytestmark = pytest.mark.django_db(transaction=True)

BAD = "pkg:npm/lodash@4.17.20"
SHOP = digest("shop")


def an_incident() -> Incident:
    given = {"text": BAD}
    question = read_incident_question(given).question
    at = timezone.now()
    return open_incident(question, given=given, title="lodash", severity=Severity.HIGH, actor=SEES_ALL, at=at)


@pytest.fixture
def incident() -> Incident:
    """An incident that is followed, and was looked at once."""
    submit("shop", cyclonedx(BAD, subject=SHOP, name="registry.example/shop:1"), at=timezone.now())
    report("shop", deployment(digest=SHOP, service="shop"), at=timezone.now())
    incident = an_incident()
    following.follow(timezone.now())
    assert looked_at() == 1
    return incident


def looked_at(*, after: timedelta = timedelta(0)) -> int:
    """Let the clock ring, some time from now, and return how many incidents were looked at."""
    with patch("incidents.recovery.stamping.stamp", wraps=stamping.stamp) as stamped:
        stamping.stamp_all(timezone.now() + after)
    return stamped.call_count


def test_nothing_is_read_while_nothing_changed(incident: Incident):
    assert [looked_at() for _ in range(3)] == [0, 0, 0]


def test_an_incident_is_looked_at_anyway_once_in_a_while(incident: Incident):
    looked_at()

    assert looked_at(after=stamping.ANYWAY + timedelta(seconds=1)) == 1


@pytest.mark.parametrize("what", ["document", "runs", "note", "silence", "late number"])
def test_each_thing_that_a_proof_rests_on_is_a_reason_to_look(incident: Incident, what: str):
    Cluster.objects.update(report_interval_seconds=60)
    looked_at()
    LiveQuestion.objects.update(stamp_ms=0)

    if what == "document":
        submit("shop", cyclonedx("pkg:npm/react@18.0.0", subject=digest("clean"), name="registry.example/shop:2"))
    elif what == "runs":
        report("shop", deployment(digest=digest("clean"), service="shop"), at=timezone.now())
    elif what == "note":
        add_note(incident.public_id, "somebody looked", actor=SEES_ALL, at=timezone.now())
    elif what == "late number":
        FollowedEvidence.objects.update(missing={"7": timezone.now().isoformat()})
    after = timedelta(minutes=5) if what == "silence" else timedelta(0)

    assert looked_at(after=after) == 1


def test_all_together_take_a_part_of_one_worker_while_evidence_keeps_coming(incident: Incident):
    looked_at()
    LiveQuestion.objects.update(stamp_ms=1_000)

    submit("shop", cyclonedx("pkg:npm/react@18.0.0", subject=digest("clean"), name="registry.example/shop:2"))

    assert looked_at(after=timedelta(seconds=3)) == 0
    assert looked_at(after=timedelta(seconds=5)) == 1


def test_how_the_proofs_stand_is_kept_for_pages_that_follow(incident: Incident):
    looked_at()
    before = LiveQuestion.objects.get().proofs
    report("shop", deployment(digest=digest("clean"), service="shop"), at=timezone.now())

    looked_at(after=timedelta(minutes=1))

    assert before
    assert LiveQuestion.objects.get().proofs != before


def test_what_is_asked_by_itself_and_not_kept_leaves_no_line_in_the_audit_log(incident: Incident):
    asked = read_incident_question(incident.question)
    lines = AuditEvent.objects.filter(action="impact.asked")
    before, all_before = lines.count(), AuditEvent.objects.count()

    at = timezone.now()
    kept = ask_if_different(incident.public_id, question=asked.question, given=asked.given, actor=SEES_ALL, at=at)

    assert kept is None
    assert (lines.count(), AuditEvent.objects.count()) == (before, all_before)


def test_an_answer_that_is_kept_has_the_incident_s_own_line(incident: Incident):
    submit("shop", cyclonedx(BAD, subject=digest("pay"), name="registry.example/pay:1"), at=timezone.now())
    asked = read_incident_question(incident.question)

    at = timezone.now()
    kept = ask_if_different(incident.public_id, question=asked.question, given=asked.given, actor=SEES_ALL, at=at)

    assert kept is not None
    line = AuditEvent.objects.filter(action="incident.asked").latest("sequence")
    assert kept.answer_hash in line.body
