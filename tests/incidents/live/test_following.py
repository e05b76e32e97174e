"""Evidence that comes while an incident is open: what it touches is asked again, and what differs is kept."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from unittest.mock import patch

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from incidents.asking import read_incident_question
from incidents.live import asking, following
from incidents.live.subject import Meant, meaning
from incidents.models import EventKind, FollowedEvidence, Incident, IncidentEvent, LiveQuestion, Occasion, Severity
from incidents.response.changes import Wanted, change_incident
from incidents.response.lifecycle import ORDER
from incidents.response.opening import ask_if_different, open_incident
from inventory.models import Attestation, EvidenceState
from inventory.models.verification import Verdict
from supplychain.access.actors import Actor
from supplychain.errors import DomainError
from tests.attested import encode, provenance, statement, subject
from tests.factories import (
    SEES_ALL,
    advisory,
    cyclonedx,
    deployment,
    digest,
    later,
    member_of,
    registry_event,
    report,
    snapshot,
    submit,
)
from tests.judgements import judge

# An answer is read from one snapshot of the database, which a test's own transaction would forbid.
pytestmark = pytest.mark.django_db(transaction=True)

BAD, GOOD = "pkg:npm/lodash@4.17.20", "pkg:npm/react@18.0.0"
SHOP = digest("shop")


def an_incident(text: str = BAD, *, actor: Actor = SEES_ALL) -> Incident:
    given = {"text": text}
    return open_incident(
        read_incident_question(given).question,
        given=given,
        title="lodash",
        severity=Severity.HIGH,
        actor=actor,
        at=timezone.now(),
    )


def bill(*purls: str, of: str) -> bytes:
    return cyclonedx(*purls, subject=digest(of), name=f"registry.example/{of}:1")


def follow(*, after: timedelta = timedelta(0)) -> int:
    """Follow the evidence, some time from now, and return how often was asked."""
    at = timezone.now() + after
    following.follow(at)
    FollowedEvidence.objects.update(rests_until=at)
    with patch("incidents.live.asking.ask_if_different", wraps=ask_if_different) as asked:
        asking.ask_what_waits(at)
    return asked.call_count


def settled(text: str = BAD, *, actor: Actor = SEES_ALL) -> Incident:
    """Open an incident that has been asked once by itself, long enough ago."""
    incident = an_incident(text, actor=actor)
    assert follow() == 1
    make_old()
    return incident


def make_old() -> None:
    LiveQuestion.objects.update(asked_at=timezone.now() - timedelta(hours=3), unsettled_at=None)


def occasions(incident: Incident) -> list[str]:
    return list(incident.runs.order_by("number").values_list("occasion", flat=True))


def test_a_new_artifact_that_holds_it_becomes_a_row_of_the_open_incident():
    incident = settled()

    submit("team-a", bill(BAD, of="shop"))
    assert follow() == 1

    assert occasions(incident) == [Occasion.OPENED, Occasion.EVIDENCE]
    run = incident.runs.get(number=2)
    assert (run.row_count, run.asked_by) == (1, "system:live")
    found = IncidentEvent.objects.get(incident=incident, kind=EventKind.FOUND)
    assert (found.details["added_count"], found.details["added"]) == (1, [f"registry.example/shop:1 {SHOP}"])


def test_a_digest_that_leaves_production_is_told_as_no_longer_running():
    submit("team-a", bill(BAD, of="shop"))
    snapshot("team-a", deployment(digest=SHOP))
    incident = settled()

    snapshot("team-a", deployment(digest=digest("clean")), at=later(5))
    assert follow() == 1

    found = IncidentEvent.objects.get(incident=incident, kind=EventKind.FOUND)
    assert (found.details["stopped_count"], found.details["stopped"]) == (1, [f"registry.example/shop:1 {SHOP}"])


def test_a_list_that_is_sent_again_is_asked_again():
    submit("team-a", bill(BAD, of="shop"))
    submit("team-a", advisory("CVE-2026-0001", name="lodash", versions=["4.17.20"]))
    incident = settled("CVE-2026-0001")

    withdrawn = advisory("CVE-2026-0001", name="lodash", versions=["4.17.19"], modified="2026-03-02T00:00:00Z")
    submit("team-a", withdrawn)
    assert follow() == 1

    found = IncidentEvent.objects.get(incident=incident, kind=EventKind.FOUND)
    assert found.details["retracted_count"] == 1


def test_what_cannot_matter_is_asked_when_there_is_time_and_keeps_no_run():
    submit("team-a", bill(BAD, of="shop"))
    incident = settled()
    LiveQuestion.objects.update(asked_at=timezone.now())

    for number in range(5):
        submit("team-a", bill(GOOD, of=f"other {number}"))
    snapshot("team-a", deployment(digest=digest("other 1"), workload="Deployment/other"))

    assert follow() == 0
    assert follow(after=asking.SETTLED_WITHIN + timedelta(seconds=1)) == 1
    # Nothing runs of it, but one more running digest has an SBOM without it: that is no row and no count of the answer.
    assert occasions(incident) == [Occasion.OPENED]


def test_a_row_s_document_that_says_the_same_again_keeps_no_run():
    submit("team-a", bill(BAD, of="shop"))
    incident = settled()

    submit("team-a", bill(BAD, of="shop"), filename="again")
    assert follow() == 1

    assert occasions(incident) == [Occasion.OPENED]


def test_a_running_digest_without_sbom_that_gets_one_changes_the_counts():
    snapshot("team-a", deployment(digest=SHOP))
    incident = settled()

    submit("team-a", bill(GOOD, of="shop"))
    assert follow() == 1

    assert occasions(incident) == [Occasion.OPENED, Occasion.EVIDENCE]
    assert incident.runs.get(number=2).header["summary"]["unknown"]["artifact_count"] == 0


@pytest.mark.parametrize(
    "text",
    [f"hash sha256:{'a' * 64}", SHOP, "registry.example/shop", "list:worms"],
    ids=["hash", "digest", "image", "list"],
)
def test_each_kind_of_question_is_touched_by_what_it_asks_for(text: str):
    incident = settled(text)

    submit("team-a", bill(GOOD, of="shop"))
    report("team-a", deployment(digest=SHOP, image="registry.example/shop:1"))
    submit("team-a", b"package,version\nlodash,4.17.20\n", declared_kind="list", name="worms")
    follow()

    asked = LiveQuestion.objects.get(incident=incident)
    assert (asked.touched_at, asked.problem) == (None, "")


def test_where_a_tag_pointed_touches_a_question_about_an_image_however_late_it_is_told():
    asked, other = an_incident("registry.example/shop/api:1.0"), an_incident()
    for _ in range(2):
        follow()
    make_old()

    submit("team-a", registry_event(digest("tagged")))
    following.follow(timezone.now())

    touched = {one.incident_id: one.touched_at is not None for one in LiveQuestion.objects.all()}
    assert touched == {asked.pk: True, other.pk: False}


def test_an_image_that_was_built_on_a_row_touches_the_question():
    incident = settled()
    submit("team-a", bill(BAD, of="base"))
    follow()
    make_old()

    inputs = [{"uri": "pkg:docker/base@1", "digest": {"sha256": digest("base").removeprefix("sha256:")}}]
    predicate = provenance()
    predicate["buildDefinition"]["resolvedDependencies"] = inputs
    submit("team-a", encode(statement(subject(digest("built on it")), predicate=predicate)))
    following.follow(timezone.now())

    assert LiveQuestion.objects.get(incident=incident).touched_at is not None


def test_a_question_by_origin_is_touched_by_a_verdict_and_others_are_not():
    origin, package = an_incident("builder: https://builder.example"), an_incident()
    submit("team-a", encode(statement(subject(SHOP), predicate=provenance())))
    for _ in range(2):
        follow()
    make_old()

    judge(Attestation.objects.get(), Verdict.UNSIGNED_CLAIM)
    following.follow(timezone.now())

    touched = {one.incident_id: one.touched_at is not None for one in LiveQuestion.objects.all()}
    assert touched == {origin.pk: True, package.pk: False}


def test_an_incident_of_one_team_is_asked_through_its_eyes():
    incident = settled(actor=member_of("team-b"))

    submit("team-a", bill(BAD, of="shop"))
    follow()
    assert occasions(incident) == [Occasion.OPENED]
    make_old()
    submit("team-b", bill(BAD, of="mine"))
    follow()

    assert [run.row_count for run in incident.runs.order_by("number")] == [0, 1]


def test_a_closed_incident_is_not_followed_and_a_reopened_one_is_asked():
    incident = settled()
    for stage in ORDER[1:]:
        change_incident(incident.public_id, Wanted(stage=stage, reason="over"), actor=SEES_ALL, at=timezone.now())

    submit("team-a", bill(BAD, of="shop"))
    assert follow() == 0
    assert not LiveQuestion.objects.exists()
    change_incident(incident.public_id, Wanted(stage=ORDER[1], reason="not over"), actor=SEES_ALL, at=timezone.now())
    assert follow() == 1

    assert occasions(incident) == [Occasion.OPENED, Occasion.EVIDENCE]


def test_many_documents_are_asked_about_once_a_while(monkeypatch):
    settled()
    monkeypatch.setattr(asking, "SOONEST", timedelta(hours=1))

    counts = []
    for number in range(5):
        submit("team-a", bill(BAD, of=f"shop {number}"))
        counts.append(follow())

    assert counts == [1, 0, 0, 0, 0]
    assert follow(after=timedelta(hours=2)) == 1


def test_a_number_that_commits_late_is_not_missed():
    incident = settled()
    late = submit("team-a", bill(BAD, of="shop"))
    sequence = EvidenceState.objects.get(pk=late.pk).applied_sequence
    submit("team-a", bill(GOOD, of="other"))
    with connection.cursor() as cursor:
        cursor.execute("UPDATE inventory_evidencestate SET applied_sequence = -1 WHERE evidence_id = %s", [late.pk])
    following.follow(timezone.now())
    LiveQuestion.objects.update(touched_at=None, unsettled_at=None)
    assert str(sequence) in FollowedEvidence.objects.get().missing

    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE inventory_evidencestate SET applied_sequence = %s WHERE evidence_id = %s", [sequence, late.pk]
        )
    assert follow() == 1

    assert occasions(incident) == [Occasion.OPENED, Occasion.EVIDENCE]
    assert str(sequence) not in FollowedEvidence.objects.get().missing


def test_a_question_that_fails_says_so_and_holds_up_no_other():
    broken, whole = an_incident("CVE-2026-0002"), an_incident()
    submit("team-a", bill(BAD, of="shop"))

    def fails_for_one(given: Mapping[str, object], *, team_id: int | None) -> Meant:
        if given == broken.question:
            raise DomainError("question_too_large", "The list names too much.")
        return meaning(given, team_id=team_id)

    with patch("incidents.live.asking.meaning", fails_for_one):
        follow()

    assert LiveQuestion.objects.get(incident=broken).problem == "The list names too much."
    assert occasions(whole) == [Occasion.OPENED, Occasion.EVIDENCE]


def test_nobody_asks_while_another_worker_does():
    settled()
    submit("team-a", bill(BAD, of="shop"))
    following.follow(timezone.now())
    FollowedEvidence.objects.update(rests_until=timezone.now() + timedelta(seconds=5))

    asking.ask_what_waits(timezone.now())

    assert LiveQuestion.objects.get().touched_at is not None


def test_documents_that_cannot_matter_cost_a_look_and_no_question_however_many_there_are():
    """Fifty documents beside twenty open incidents: what a second may bring."""
    for number in range(20):
        an_incident(f"pkg:npm/lodash@4.17.{number}")
    for _ in range(20):  # each is asked once when it is new
        follow()
    submit("team-a", bill(GOOD, of="first"))
    follow()  # now the worker knows what each asks and what its answer holds
    LiveQuestion.objects.update(asked_at=timezone.now(), unsettled_at=None, touched_at=None)
    for number in range(50):
        submit("team-a", bill(GOOD, of=f"other {number}"))

    with CaptureQueriesContext(connection) as queries:
        assert follow() == 0

    assert len(queries) <= 3 * 20 + 20, "at most three statements a question, none a document, beside the look itself"
    assert LiveQuestion.objects.filter(touched_at__isnull=False).count() == 0
