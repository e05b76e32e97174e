"""Bytes of old evidence go when two people say so and nothing needs them; what documents said stays."""

from __future__ import annotations

import io
import json
import re
import sys
import threading
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connections, transaction

from inventory.intake.body import BodyLimits
from inventory.intake.receive import Received, Submission, receive
from inventory.models import (
    BlobPlace,
    Evidence,
    EvidenceBlob,
    EvidenceState,
    EvidenceTombstone,
    RetentionItem,
    RetentionPlan,
)
from inventory.retention.candidates import Candidate, judge
from inventory.retention.plans import RetentionRefusedError, approve, carry_out, propose
from inventory.store import blobs
from supplychain.access.actors import system_actor
from supplychain.access.models import AuditEvent, User
from tests.factories import START, apply_waiting, cyclonedx, deployment, digest, image_index, member_of, report, submit
from tests.supplychain.actors import PASSWORD, client_of, make_user, new_key, signed_in

pytestmark = pytest.mark.django_db

NOW = datetime.now(UTC)
SINCE = NOW - timedelta(days=30)
OLD = START
APP, OTHER = digest("app"), digest("other")
HELD: dict[int, str] = {}
LIMITS = BodyLimits(raw_bytes=100_000, inflated_bytes=100_000)


def hold_some(candidates: Sequence[Candidate]) -> Mapping[int, str]:
    """Hold what a test says, as incidents and waivers will."""
    return {found.evidence_id: HELD[found.evidence_id] for found in candidates if found.evidence_id in HELD}


def sbom(*purls: str, subject: str = APP, team: str = "shop", at: datetime = OLD) -> Evidence:
    evidence = submit(team, cyclonedx(*(purls or ("pkg:npm/left@1",)), subject=subject), at=at)
    EvidenceState.objects.filter(pk=evidence.pk).update(applied_at=at)
    return evidence


def superseded(**named: Any) -> Evidence:
    first = sbom(**named)
    sbom("pkg:npm/left@2", **named)
    return first


def why(evidence: Evidence) -> str:
    (found,) = [found for found in judge(keep_since=SINCE, limit=100) if found.evidence_id == evidence.pk]
    return found.kept_because


def send(data: bytes, *, team: str = "shop", at: datetime = NOW) -> Received:
    actor = member_of(team)
    team_id = min(actor.team_ids or {0})
    return receive(Submission([data]), actor=actor, team_id=team_id, at=at, limits=LIMITS)


@pytest.fixture
def ada() -> User:
    return make_user("ada", organisation="admin")


@pytest.fixture
def bob() -> User:
    return make_user("bob", organisation="approver")


def removed(evidence: Evidence, *, ada: User, bob: User) -> RetentionPlan:
    plan = propose(user=ada, keep_since=SINCE, reason="room", at=NOW).plan
    assert plan is not None
    approve(plan, user=bob, at=NOW)
    kept = [removal.kept_because for removal in carry_out(plan, actor=system_actor("retention"), at=NOW)]
    assert "" in kept
    assert EvidenceTombstone.objects.filter(evidence=evidence).exists()
    return plan


# --- What may go ---------------------------------------------------------------------------------------------------


def test_an_old_sbom_that_a_later_one_follows_may_go_and_the_newest_stays() -> None:
    first, second = superseded(), Evidence.objects.order_by("pk").last()

    assert second is not None
    assert (why(first), why(second)) == ("", "newest")


def test_another_team_s_later_sbom_supersedes_nothing() -> None:
    first = sbom(team="a")
    sbom("pkg:npm/left@2", team="b")

    assert why(first) == "newest"


def test_what_is_young_is_not_even_looked_at() -> None:
    young = sbom(at=NOW - timedelta(days=29))

    assert young.pk not in {found.evidence_id for found in judge(keep_since=SINCE, limit=100)}


def test_evidence_of_what_runs_stays_and_so_does_the_report_of_it() -> None:
    first = superseded()
    seen = report("shop", deployment(digest=APP), at=OLD)
    EvidenceState.objects.filter(pk=seen.pk).update(applied_at=OLD)

    assert (why(first), why(seen)) == ("ran", "ran")


@pytest.mark.parametrize(("ended_at", "expected"), [(SINCE - timedelta(days=1), ""), (SINCE, "ran")])
def test_what_ran_within_the_kept_window_stays(ended_at: datetime, expected: str) -> None:
    first = superseded()
    report("shop", deployment(digest=APP), at=OLD)
    report("shop", deployment(digest=OTHER), at=ended_at)

    assert why(first) == expected


def test_every_relation_of_the_family_keeps_it_whoever_stated_it() -> None:
    index = image_index(APP, OTHER)
    first = superseded()
    submit("elsewhere", index, at=OLD)

    report("another", deployment(digest=OTHER), at=NOW)  # a sibling of the same index

    assert why(first) == "ran"


def test_an_sbom_that_names_no_digest_stays() -> None:
    assert why(sbom(subject="")) == "no_digest"


def test_a_document_that_was_refused_stays_for_a_later_reader() -> None:
    evidence = send(b'{"bomFormat": "CycloneDX", "specVersion": "9.9"}').evidence
    apply_waiting()

    assert evidence.pk not in {found.evidence_id for found in judge(keep_since=NOW + timedelta(days=1), limit=100)}


def test_a_hold_of_another_part_keeps_it_with_its_reason(settings: Any) -> None:
    settings.RETENTION_HOLDS = [f"{__name__}.hold_some"]
    first = superseded()
    HELD[first.pk] = "incident 2026-7"

    assert why(first) == "held: incident 2026-7"


def test_the_same_bytes_of_a_team_that_needs_them_keep_everybody_s() -> None:
    first = superseded(team="a")
    sbom(team="b")  # the newest, for b

    assert why(first) == "shared"


# --- Two people ----------------------------------------------------------------------------------------------------


def test_nobody_approves_a_plan_of_their_own(ada: User) -> None:
    superseded()
    plan = propose(user=ada, keep_since=SINCE, reason="room", at=NOW).plan
    assert plan is not None

    with pytest.raises(RetentionRefusedError, match="two people"):
        approve(plan, user=ada, at=NOW)
    with pytest.raises(IntegrityError, match="retention_plan_two_people"), transaction.atomic():
        RetentionPlan.objects.update(approved_by=ada, approved_at=NOW)


@pytest.mark.parametrize("organisation", ["none", "responder"])
def test_who_may_not_decide_neither_plans_nor_approves(ada: User, organisation: str) -> None:
    superseded()
    stranger = make_user("eve", team="shop", role="owner", organisation=organisation)
    plan = propose(user=ada, keep_since=SINCE, reason="room", at=NOW).plan
    assert plan is not None

    with pytest.raises(RetentionRefusedError, match="approver or an administrator"):
        propose(user=stranger, keep_since=SINCE, reason="mine", at=NOW)
    with pytest.raises(RetentionRefusedError, match="approver or an administrator"):
        approve(plan, user=stranger, at=NOW)


def test_a_plan_runs_once_and_only_when_it_is_approved(ada: User, bob: User) -> None:
    first = superseded()
    plan = propose(user=ada, keep_since=SINCE, reason="room", at=NOW).plan
    assert plan is not None

    with pytest.raises(RetentionRefusedError, match="Nobody has approved"):
        list(carry_out(plan, actor=system_actor("retention"), at=NOW))
    done = RetentionPlan.objects.get(pk=plan.pk)
    approve(done, user=bob, at=NOW)
    assert len(list(carry_out(done, actor=system_actor("retention"), at=NOW))) == 1
    with pytest.raises(RetentionRefusedError, match="carried out before"):
        list(carry_out(RetentionPlan.objects.get(), actor=system_actor("retention"), at=NOW))
    assert EvidenceTombstone.objects.get().evidence_id == first.pk


def test_what_begins_to_run_after_the_approval_stays(ada: User, bob: User) -> None:
    first = superseded()
    plan = propose(user=ada, keep_since=SINCE, reason="room", at=NOW).plan
    assert plan is not None
    approve(plan, user=bob, at=NOW)
    report("another", deployment(digest=APP), at=NOW)

    (removal,) = carry_out(plan, actor=system_actor("retention"), at=NOW)

    assert removal.kept_because == "ran"
    assert RetentionItem.objects.get().kept_because == "ran"
    assert blobs.read(first.blob)


# --- What is left --------------------------------------------------------------------------------------------------


def test_a_removed_document_leaves_a_tombstone_a_receipt_and_its_audit_lines(ada: User, bob: User) -> None:
    first = superseded()
    plan = removed(first, ada=ada, bob=bob)
    reader = client_of(new_key("inventory:read", team="shop"))

    receipt = reader.get(f"/api/v1/evidence/{first.public_id}").json()
    raw = reader.get(f"/api/v1/evidence/{first.public_id}/raw", headers={"If-None-Match": f'"{first.blob_id}"'})

    assert receipt["removed"]["plan"] == str(plan.public_id)
    assert (receipt["state"], receipt["removed"]["reason"]) == ("applied", "room")
    assert (raw.status_code, raw.json()["code"]) == (410, "evidence_removed")
    assert EvidenceBlob.objects.get(pk=first.blob_id).place == BlobPlace.REMOVED
    actions = AuditEvent.objects.filter(action__in=("retention.planned", "retention.approved", "evidence.removed"))
    assert [(line.action, json.loads(line.body)["actor"]) for line in actions.order_by("sequence")] == [
        ("retention.planned", "user:ada"),
        ("retention.approved", "user:bob"),
        ("evidence.removed", "system:retention"),
    ]
    page = signed_in(make_user("mia", team="shop")).get(f"/evidence/{first.public_id}").content.decode()
    assert "removed by retention" in page


def test_a_stranger_learns_nothing_of_a_removal(ada: User, bob: User) -> None:
    first = superseded()
    removed(first, ada=ada, bob=bob)
    stranger = client_of(new_key("inventory:read", team="other"))

    foreign = stranger.get(f"/api/v1/evidence/{first.public_id}/raw")
    missing = stranger.get("/api/v1/evidence/01900000-0000-7000-8000-000000000000/raw")

    assert (foreign.status_code, foreign.content) == (404, missing.content)


@pytest.mark.django_db(transaction=True)
def test_answers_about_any_time_and_the_merged_sbom_still_count_what_it_said(ada: User, bob: User) -> None:
    first = superseded()
    report("shop", deployment(digest=APP), at=OLD)
    report("shop", deployment(digest=OTHER), at=OLD + timedelta(days=1))
    reader = client_of(new_key("inventory:read", "incidents:read", team="shop"))
    question = "/api/v1/impact?q=left%401"
    before = reader.get(question).json()

    removed(first, ada=ada, bob=bob)

    after = reader.get(question).json()
    assert before["summary"]["affected"]
    assert (after["summary"], after["coverage"]) == (before["summary"], before["coverage"])
    merged = reader.get(f"/api/v1/artifacts/{APP}/sbom")
    assert merged.status_code == 200
    assert {part["version"] for part in json.loads(merged.getvalue())["components"]} == {"1", "2"}


def test_a_removed_document_that_is_sent_again_is_new_and_its_bytes_are_back(ada: User, bob: User) -> None:
    data = cyclonedx("pkg:npm/left@1", subject=APP)
    first = send(data, at=OLD).evidence
    apply_waiting()
    EvidenceState.objects.filter(pk=first.pk).update(applied_at=OLD)
    sbom("pkg:npm/left@2")
    removed(first, ada=ada, bob=bob)

    again, repeat = send(data), send(data)
    apply_waiting()

    assert (again.is_new, repeat.is_new) == (True, False)
    assert again.evidence.pk == repeat.evidence.pk != first.pk
    assert blobs.read(EvidenceBlob.objects.get(pk=first.blob_id)) == data
    assert EvidenceState.objects.get(pk=again.evidence.pk).state == "applied"


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE inventory_evidenceblob SET place = 'removed', data = NULL",
        "DELETE FROM inventory_evidenceblob",
    ],
)
def test_the_database_refuses_a_removal_without_a_tombstone(sql: str) -> None:
    sbom()

    with connections["default"].cursor() as cursor, pytest.raises(IntegrityError):
        cursor.execute(sql)


@pytest.mark.parametrize(
    "sql", ["UPDATE inventory_evidencetombstone SET size_bytes = 1", "DELETE FROM inventory_evidencetombstone"]
)
def test_a_tombstone_is_never_changed(ada: User, bob: User, sql: str) -> None:
    removed(superseded(), ada=ada, bob=bob)

    with connections["default"].cursor() as cursor, pytest.raises(IntegrityError, match="insert-only"):
        cursor.execute(sql.format("inventory_evidencetombstone"))


@pytest.mark.django_db(transaction=True)
def test_bytes_that_are_sent_again_while_they_are_removed_are_not_lost() -> None:
    ada, bob = make_user("ada", organisation="admin"), make_user("bob", organisation="approver")
    first = superseded()
    data = blobs.read(first.blob)
    plan = propose(user=ada, keep_since=SINCE, reason="room", at=NOW).plan
    assert plan is not None
    approve(plan, user=bob, at=NOW)
    sent: list[Received] = []

    def send_again() -> None:
        sent.append(send(data, team="another"))
        connections.close_all()

    sending = threading.Thread(target=send_again)
    with transaction.atomic():
        assert [removal.kept_because for removal in carry_out(plan, actor=system_actor("retention"), at=NOW)] == [""]
        sending.start()
        sending.join(timeout=1)
        assert sending.is_alive()  # it waits for the removal
    sending.join()

    assert sent[0].is_new
    assert blobs.read(EvidenceBlob.objects.get(pk=first.blob_id)) == data


# --- The command ---------------------------------------------------------------------------------------------------


def command(*words: str, password: str = PASSWORD, monkeypatch: pytest.MonkeyPatch) -> str:
    out = io.StringIO()
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{password}\n"))
    call_command("retention", *words, stdout=out)
    return out.getvalue()


@pytest.mark.usefixtures("ada", "bob")
def test_the_command_leads_from_the_plan_to_the_removal(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    settings.RETENTION_DAYS = 30
    superseded()

    planned = command("plan", "--as", "ada", "--reason", "room", monkeypatch=monkeypatch)
    (plan,) = re.findall(r"plan ([0-9a-f-]{36})", planned)
    with pytest.raises(CommandError, match="Nobody has approved"):
        command("run", plan, monkeypatch=monkeypatch)
    with pytest.raises(CommandError, match="two people"):
        command("approve", plan, "--as", "ada", monkeypatch=monkeypatch)
    with pytest.raises(CommandError, match="password"):
        command("approve", plan, "--as", "bob", password="guess", monkeypatch=monkeypatch)
    command("approve", plan, "--as", "bob", monkeypatch=monkeypatch)
    ran = command("run", plan, monkeypatch=monkeypatch)
    shown = command("show", plan, monkeypatch=monkeypatch)

    assert "1 documents received before" in planned
    assert "1 stay: the newest SBOM about a digest stays" in planned
    assert ran.startswith("1 documents removed")
    assert "approved by bob" in shown
    assert " removed" in shown


def test_without_a_number_of_days_everything_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(CommandError, match="kept for ever"):
        command("plan", "--as", "ada", "--reason", "room", monkeypatch=monkeypatch)
