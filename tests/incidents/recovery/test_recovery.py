"""Recovery is proven by what comes in: a service recovers by itself, and loses it when what was found runs again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from incidents.models import EventKind, Incident, RecoveryStamp
from incidents.recovery.stamping import stamp_all
from incidents.recovery.standing import recovery_of
from incidents.timeline import changing
from inventory.models import Attestation, Verdict
from supplychain.access.actors import system_actor
from tests.attested import bundle, encode, provenance, statement
from tests.factories import cyclonedx, deployment, digest, report, submit
from tests.incidents.opened import opened, read, send
from tests.judgements import judge
from tests.supplychain.actors import make_user, signed_in

# An answer is read from one snapshot of the database, which a test's own transaction would forbid.
pytestmark = pytest.mark.django_db(transaction=True)

BAD = "pkg:npm/lodash@4.17.20"
OLD, NEW = digest("old"), digest("new")
PROOFS = (
    "new_artifact", "sbom_clean", "provenance_verified", "signed", "replaced_everywhere", "credentials_rotated",
    "pack_exported",
)  # fmt: skip


def describe(artifact: str, *components: str) -> None:
    submit("shop", cyclonedx(*components, subject=artifact, name="registry.example/checkout:1"), at=timezone.now())


def run(artifact: str, **members: Any) -> None:
    report("shop", deployment(digest=artifact, service="checkout", **members), at=timezone.now())


def built(artifact: str, *, at: datetime, verdict: Verdict = Verdict.VERIFIED_EXPECTED, **members: Any) -> None:
    """Attest who built it, as if that had been verified."""
    predicate = provenance(**members)
    predicate["runDetails"]["metadata"]["startedOn"] = at.isoformat()
    submit("shop", encode(bundle(statement(artifact, predicate=predicate))), at=timezone.now())
    judge(Attestation.objects.latest("pk"), verdict, signed_at=at)


def export(incident: str) -> None:
    with changing(Incident.objects.get().public_id, actor=system_actor("test"), at=timezone.now()) as change:
        change.tell(EventKind.EXPORTED, details={"is_whole": True, "size_bytes": 1, "digest": digest("pack")})


def ask(client: Client, incident: str) -> None:
    assert send(client, f"{incident}/queries").status_code == 201


def service(client: Client, incident: str) -> Any:
    (only,) = read(client, f"{incident}/recovery")["services"]
    return only


def states(client: Client, incident: str) -> dict[str, str]:
    return {one["proof"]: one["state"] for one in service(client, incident)["proofs"]}


def codes(client: Client, incident: str, proof: str) -> set[str]:
    (one,) = [one for one in service(client, incident)["proofs"] if one["proof"] == proof]
    return {reason["code"] for reason in one["reasons"]}


def recover(client: Client, incident: str) -> None:
    """Let everything come in that the seven proofs want."""
    describe(NEW, "pkg:npm/lodash@4.17.21")
    built(NEW, at=timezone.now())
    run(NEW)
    keys = [one["key"] for one in read(client, f"{incident}/actions/proposed")["results"] if one["kind"] == "rotate"]
    for action in send(client, f"{incident}/actions/proposed", {"keys": keys}).json()["actions"]:
        send(client, f"{incident}/actions/{action['number']}", {"state": "done"}, method="patch")
    ask(client, incident)
    export(incident)


def test_a_service_begins_with_nothing_proven(responder: Client):
    incident = opened(responder)

    found = service(responder, incident)

    assert (found["service"], found["team"], found["state"]) == ("checkout", "shop", "recovering")
    assert [one["proof"] for one in found["proofs"]] == list(PROOFS)
    assert {one["state"] for one in found["proofs"]} == {"missing"}
    assert (found["old_artifacts"], found["new_artifacts"]) == ([OLD], [])


def test_of_a_service_whose_facts_were_not_read_nothing_is_said(responder: Client):
    report("shop", deployment(digest=OLD, service="pay", workload="Deployment/pay"), at=timezone.now())
    opened(responder)

    recovery = recovery_of(Incident.objects.get(), actor=system_actor("test"), at=timezone.now(), most=1)

    first, second = recovery.services
    assert first.state == "recovering"
    assert not second.is_over
    with pytest.raises(KeyError):
        second.state  # noqa: B018  it is computed


def test_a_service_recovers_by_itself_when_all_seven_proofs_hold(responder: Client):
    incident = opened(responder)
    recover(responder, incident)

    assert states(responder, incident) == dict.fromkeys(PROOFS, "proven")
    assert stamp_all(timezone.now()) == 1

    found = service(responder, incident)
    assert (found["state"], found["new_artifacts"]) == ("recovered", [NEW])
    reached = {one["milestone"]: one["at"] for one in read(responder, f"{incident}/recovery")["milestones"]}
    assert reached["first_list"]
    assert reached["all_recovered"]
    assert not reached["first_block"]
    told = [one for one in read(responder, f"{incident}/timeline?limit=500")["results"] if one["kind"] == "recovered"]
    assert [one["text"] for one in told] == ["checkout"]


def test_it_is_stamped_once(responder: Client):
    incident = opened(responder)
    recover(responder, incident)

    assert [stamp_all(timezone.now()) for _ in range(3)] == [1, 0, 0]
    assert RecoveryStamp.objects.count() == 1


def test_what_runs_again_takes_the_recovery_back_and_may_recover_again(responder: Client):
    incident = opened(responder)
    recover(responder, incident)
    stamp_all(timezone.now())

    run(OLD)
    stamp_all(timezone.now())
    lost = service(responder, incident)
    run(NEW)
    export(incident)
    stamp_all(timezone.now())

    assert (lost["state"], lost["recovered_at"]) == ("lost", None)
    assert service(responder, incident)["state"] == "recovered"
    assert list(RecoveryStamp.objects.order_by("number").values_list("is_recovered", flat=True)) == [True, False, True]


def test_evidence_that_comes_after_the_pack_takes_nothing_back(responder: Client):
    incident = opened(responder)
    recover(responder, incident)
    stamp_all(timezone.now())

    describe(NEW, "pkg:npm/lodash@4.17.21", "pkg:npm/debug@4.3.4")
    stamp_all(timezone.now())

    assert codes(responder, incident, "pack_exported") == {"exported_before_newest_proof"}
    assert service(responder, incident)["state"] == "recovered"
    assert RecoveryStamp.objects.count() == 1


def test_a_rotation_that_the_service_did_not_wait_for_outdates_no_pack(responder: Client):
    incident = opened(responder)
    recover(responder, incident)

    made = {"kind": "rotate", "target": {"credential": "a key of somebody else"}}
    number = send(responder, f"{incident}/actions", made).json()["number"]
    send(responder, f"{incident}/actions/{number}", {"state": "done"}, method="patch")

    assert states(responder, incident)["pack_exported"] == "proven"


Missing = Callable[[], None]


def without_sbom() -> None:
    built(NEW, at=timezone.now())


def without_provenance() -> None:
    describe(NEW, "pkg:npm/a@1")


def only_claimed() -> None:
    describe(NEW, "pkg:npm/a@1")
    built(NEW, at=timezone.now(), verdict=Verdict.UNSIGNED_CLAIM)


def by_another() -> None:
    describe(NEW, "pkg:npm/a@1")
    built(NEW, at=timezone.now(), verdict=Verdict.VERIFIED_UNEXPECTED)


def not_verified() -> None:
    describe(NEW, "pkg:npm/a@1")
    built(NEW, at=timezone.now(), verdict=Verdict.UNSUPPORTED)


def built_earlier() -> None:
    describe(NEW, "pkg:npm/a@1")
    built(NEW, at=timezone.now() - timedelta(days=2))


def built_from_it() -> None:
    describe(NEW, "pkg:npm/a@1")
    dependency = {"uri": "pkg:generic/toolchain@1", "digest": {"sha256": OLD.partition(":")[2]}}
    definition = {**provenance()["buildDefinition"], "resolvedDependencies": [dependency]}
    built(NEW, at=timezone.now(), buildDefinition=definition)


@pytest.mark.parametrize(
    ("evidence", "proof", "state", "code"),
    [
        (without_sbom, "sbom_clean", "missing", "no_sbom"),
        (without_provenance, "provenance_verified", "missing", "no_provenance"),
        (without_provenance, "signed", "missing", "not_signed"),
        (only_claimed, "provenance_verified", "missing", "only_claimed"),
        (by_another, "signed", "missing", "not_as_expected"),
        (not_verified, "provenance_verified", "unknown", "not_verified_yet"),
        (built_earlier, "provenance_verified", "missing", "built_before_fix"),
        (built_from_it, "provenance_verified", "missing", "input_was_found"),
    ],
)
def test_what_has_not_come_in_proves_nothing(responder: Client, evidence: Missing, proof: str, state: str, code: str):
    incident = opened(responder)
    evidence()
    run(NEW)
    ask(responder, incident)

    assert states(responder, incident)[proof] == state
    assert codes(responder, incident, proof) == {code}
    assert stamp_all(timezone.now()) == 0


def test_the_fix_time_says_from_when_builds_count(responder: Client):
    incident = opened(responder)
    built_earlier()
    run(NEW)
    ask(responder, incident)

    send(responder, incident, {"fixed_at": (timezone.now() - timedelta(days=3)).isoformat()}, method="patch")

    assert states(responder, incident)["provenance_verified"] == "proven"


def test_an_sbom_that_is_newer_than_the_answer_is_no_proof_and_a_fresh_answer_finds_what_is_in_it(responder: Client):
    incident = opened(responder)
    built(NEW, at=timezone.now())
    run(NEW)
    ask(responder, incident)
    describe(NEW, BAD)

    assert codes(responder, incident, "sbom_clean") == {"newer_than_answer"}
    ask(responder, incident)
    assert codes(responder, incident, "new_artifact") == {"only_what_was_found_runs"}


def test_the_question_is_asked_again_for_an_sbom_that_came_after_the_answer_and_the_answer_kept(responder: Client):
    incident = opened(responder)
    built(NEW, at=timezone.now())
    run(NEW)
    ask(responder, incident)
    describe(NEW, "pkg:npm/lodash@4.17.21")

    stamp_all(timezone.now())

    assert states(responder, incident)["sbom_clean"] == "proven"
    assert read(responder, f"{incident}/queries/3")["run"]["occasion"] == "evidence"


def test_a_container_that_still_runs_it_elsewhere_is_named(responder: Client):
    run(OLD, workload="Deployment/second")
    incident = opened(responder)
    describe(NEW, "pkg:npm/a@1")
    run(NEW)
    ask(responder, incident)

    (proof,) = [one for one in service(responder, incident)["proofs"] if one["proof"] == "replaced_everywhere"]

    assert proof["state"] == "missing"
    assert proof["reasons"] == [{"code": "still_runs", "about": "prod-eu/shop/Deployment/second"}]
    assert proof["evidence"]


def test_a_silent_cluster_leaves_it_unknown_and_takes_no_recovery_back(responder: Client):
    incident = opened(responder)
    recover(responder, incident)
    stamp_all(timezone.now())
    later = timezone.now() + timedelta(hours=2)

    assert stamp_all(later) == 0
    assert RecoveryStamp.objects.count() == 1


def test_a_rotation_that_is_left_is_missing(responder: Client):
    incident = opened(responder)

    assert codes(responder, incident, "credentials_rotated") == {"rotation_not_begun"}


def test_what_the_list_was_wrong_about_needs_no_proof(responder: Client):
    incident = opened(responder)

    send(responder, f"{incident}/queries", {"text": "pkg:npm/lodash@4.17.19"})
    stamp_all(timezone.now())

    assert service(responder, incident)["state"] == "withdrawn"


def test_the_number_of_statements_does_not_grow(responder: Client):
    incident = opened(responder)
    with CaptureQueriesContext(
        connection,
    ) as few:
        read(responder, f"{incident}/recovery")
    for number in range(5):
        run(OLD, workload=f"Deployment/more-{number}", namespace=f"n{number}")
        report("shop", deployment(digest=OLD, service=f"s{number}", workload=f"Deployment/s{number}"),
               at=timezone.now())  # fmt: skip
    ask(responder, incident)

    with CaptureQueriesContext(connection) as many:
        found = read(responder, f"{incident}/recovery")

    assert found["service_count"] == 6
    assert len(many) == len(few)


# --- Closing -------------------------------------------------------------------------------------------------------


def to_recovering(client: Client, incident: str) -> None:
    for state in ("scoping", "containing", "eradicating", "recovering"):
        assert send(client, incident, {"state": state}, method="patch").status_code == 200


def test_an_incident_is_not_closed_while_a_service_is_unproven(responder: Client):
    incident = opened(responder)
    to_recovering(responder, incident)

    refused = send(responder, f"{incident}/close", {"reason": "over"})
    closed = send(responder, f"{incident}/close", {"reason": "switched off", "accept_unproven": True})

    assert (refused.status_code, refused.json()["code"]) == (409, "recovery_unproven")
    assert "shop/checkout" in refused.json()["detail"]
    assert closed.json()["state"] == "closed"
    told = read(responder, f"{incident}/timeline?limit=500")["results"]
    assert [one["details"] for one in told if one["kind"] == "unproven_accepted"] == [{"services": ["shop/checkout"]}]


def test_a_team_is_not_told_which_services_of_others_were_left(responder: Client):
    report("payments", deployment(digest=OLD, service="ledger", cluster="pay"), at=timezone.now())
    incident = opened(responder)
    to_recovering(responder, incident)
    send(responder, f"{incident}/close", {"reason": "over", "accept_unproven": True})
    mia = signed_in(make_user("mia", team="shop", role="member"))

    assert "ledger" not in str(read(mia, f"{incident}/timeline?limit=500"))
    assert [one["service"] for one in read(mia, f"{incident}/recovery")["services"]] == ["checkout"]
    assert read(mia, f"{incident}/recovery")["milestones"] == []


def test_what_is_recovered_is_closed_with_a_reason_alone(responder: Client):
    incident = opened(responder)
    recover(responder, incident)
    stamp_all(timezone.now())
    to_recovering(responder, incident)

    assert send(responder, f"{incident}/close", {"reason": "over"}).json()["state"] == "closed"


def test_a_stranger_finds_no_recovery(responder: Client):
    incident = opened(responder)
    stranger = signed_in(make_user("sam", team="others", role="owner"))

    read(stranger, f"{incident}/recovery", 404)
    read(stranger, f"{incident}/credentials", 404)


def test_the_database_keeps_stamps_and_services_apart(responder: Client):
    incident = opened(responder)
    recover(responder, incident)
    stamp_all(timezone.now())
    stamp = RecoveryStamp.objects.get()

    stamp.pk = None
    with pytest.raises(IntegrityError, match="recovery_stamp_number"), transaction.atomic():
        stamp.save()
    with pytest.raises(IntegrityError, match="incident_service_or_workload"), transaction.atomic():
        Incident.objects.get().services.update(workload="a/b/c/d")
