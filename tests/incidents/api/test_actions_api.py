"""Containment over HTTP: what an answer proposes is taken once, done by those who own it, and told each time."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from incidents.models import ContainmentAction, Incident
from supplychain.access.models import AuditEvent
from tests.factories import cyclonedx, deployment, digest, later, report, snapshot, submit
from tests.incidents.opened import BAD, PAY, SHOP, make_estate, opened, read, send
from tests.supplychain.actors import client_of, make_user, new_key, signed_in

# An answer is read from one snapshot of the database, which a test's own transaction would forbid.
pytestmark = pytest.mark.django_db(transaction=True)

ROTATE = {"kind": "rotate", "target": {"credential": "NPM_TOKEN", "repository": "github.com/acme/shop"}}
UNKNOWN_BUILDS = {"credential": "credentials of builds that nobody knows", "type": "unknown"}


@pytest.fixture
def responder() -> Client:
    make_estate()
    return signed_in(make_user("rita", organisation="responder"))


def proposed(client: Client, incident: str) -> list[Any]:
    found: list[Any] = read(client, f"{incident}/actions/proposed")["results"]
    return found


def actions(client: Client, incident: str, query: str = "") -> list[Any]:
    found: list[Any] = read(client, f"{incident}/actions{query}")["results"]
    return found


# --- What is proposed ----------------------------------------------------------------------------------------------


def test_an_answer_proposes_what_to_block_freeze_rebuild_and_redeploy_and_whom_to_tell(responder: Client):
    found = proposed(responder, opened(responder))

    said = [(one["kind"], one["target"], one["team"]) for one in found]
    assert said == [
        ("block", {"kind": "package", "purl": "pkg:npm/lodash", "range": "vers:npm/4.17.20"}, None),
        *(("block", {"kind": "artifact", "digest": artifact}, None) for artifact in sorted([SHOP, PAY])),
        ("freeze", {"kind": "service", "service": "ledger"}, None),
        ("freeze", {"kind": "service", "service": "checkout"}, None),
        ("rebuild", {"service": "ledger"}, "payments"),
        ("redeploy", {"service": "ledger"}, "payments"),
        ("rebuild", {"service": "checkout"}, "shop"),
        ("redeploy", {"service": "checkout"}, "shop"),
        ("notify", {"team": "payments"}, "payments"),
        ("notify", {"team": "shop"}, "shop"),
        ("rotate", UNKNOWN_BUILDS, None),
    ]
    assert {one["state"] for one in found} == {"proposed"}
    assert found[-1]["evidence"]["artifact_count"] == 2
    assert found[1]["evidence"]["artifacts"][0]["digest"] == min(SHOP, PAY)


def test_a_package_that_only_took_part_in_a_build_blocks_and_freezes_nothing(responder: Client):
    built = {
        "type": "library",
        "name": "tool",
        "version": "1.0.0",
        "purl": "pkg:npm/tool@1.0.0",
        "properties": [{"name": "cdx:npm:package:development", "value": "true"}],
    }
    submit("shop", cyclonedx(built, subject=digest("built"), name="registry.example/built:1"))
    report("shop", deployment(digest=digest("built"), service="built", cluster="shop", workload="Deployment/built"))

    found = proposed(responder, opened(responder, text="pkg:npm/tool@1.0.0"))

    assert [one["kind"] for one in found] == ["rebuild", "redeploy", "notify", "rotate"]
    assert "optional" in found[0]["title"]


def test_everything_is_taken_with_one_request_and_nothing_twice(responder: Client):
    incident = opened(responder)

    first = send(responder, f"{incident}/actions/proposed").json()
    again = send(responder, f"{incident}/actions/proposed").json()

    assert len(first["actions"]) == 12
    assert again == {"actions": [], "known_count": 0}
    assert proposed(responder, incident) == []
    assert [one["number"] for one in actions(responder, incident)] == list(range(1, 13))


def test_chosen_proposals_are_taken_and_what_is_known_is_counted(responder: Client):
    incident = opened(responder)
    keys = [one["key"] for one in proposed(responder, incident) if one["kind"] == "notify"]

    first = send(responder, f"{incident}/actions/proposed", {"keys": keys}).json()
    again = send(responder, f"{incident}/actions/proposed", {"keys": [*keys, "sha256:none"]}).json()

    assert [one["target"] for one in first["actions"]] == [{"team": "payments"}, {"team": "shop"}]
    assert again["known_count"] == 3


def test_a_team_that_knows_needs_not_be_told(responder: Client):
    incident = opened(responder)
    mia = signed_in(make_user("mia", team="shop", role="member"))

    send(mia, f"{incident}/acknowledge")

    assert [one["team"] for one in proposed(responder, incident) if one["kind"] == "notify"] == ["payments"]


def test_a_team_that_says_it_knows_has_been_told(responder: Client):
    incident = opened(responder)
    send(responder, f"{incident}/actions/proposed")
    mia = signed_in(make_user("mia", team="shop", role="member"))

    send(mia, f"{incident}/acknowledge")

    told = {one["team"]: one["state"] for one in actions(responder, incident, "?kind=notify")}
    assert told == {"shop": "done", "payments": "open"}


# --- Making and moving ---------------------------------------------------------------------------------------------


def test_an_action_is_made_done_and_undone_and_each_is_told(responder: Client):
    incident = opened(responder)
    made = send(responder, f"{incident}/actions", {**ROTATE, "team": "shop", "due_at": "2027-01-01T00:00:00Z"})
    action = f"{incident}/actions/1"

    done = send(responder, action, {"state": "done", "note": "new token in the vault"}, method="patch")
    undone = send(responder, action, {"state": "open"}, method="patch")

    assert (made.status_code, made.json()["title"]) == (201, "Rotate NPM_TOKEN github.com/acme/shop")
    assert made.json()["due_at"] == "2027-01-01T00:00:00Z"
    assert (done.json()["state"], done.json()["done_by"]) == ("done", "user:rita")
    assert done.json()["evidence_after"]["note"] == "new token in the vault"
    assert (undone.json()["state"], undone.json()["done_at"], undone.json()["evidence_after"]) == ("open", None, None)
    told = [one for one in read(responder, f"{incident}/timeline")["results"] if one["kind"] == "action"]
    assert [one["details"]["change"] for one in told] == ["made", "changed", "changed"]
    assert AuditEvent.objects.filter(action="incident.action").count() == 3


def test_the_same_is_not_done_twice(responder: Client):
    incident = opened(responder)
    send(responder, f"{incident}/actions", ROTATE)

    again = send(responder, f"{incident}/actions", ROTATE)

    assert (again.status_code, again.json()["code"]) == (409, "action_exists")


def test_what_was_withdrawn_may_be_made_again(responder: Client):
    incident = opened(responder)
    send(responder, f"{incident}/actions", ROTATE)
    send(responder, f"{incident}/actions/1", {"state": "withdrawn"}, method="patch")

    assert send(responder, f"{incident}/actions", ROTATE).status_code == 201


@pytest.mark.parametrize(
    ("body", "pointer", "code"),
    [
        ({"kind": "rotate", "target": {}}, "/target/credential", "required"),
        ({"kind": "rotate", "target": {"credential": "A", "colour": "red"}}, "/target/colour", "unknown_field"),
        ({"kind": "rotate", "target": {"credential": 5}}, "/target/credential", "bad_text"),
        ({"kind": "rotate", "target": {"credential": "a\0"}}, "/target/credential", "bad_text"),
        ({"kind": "block", "target": {"digest": SHOP}}, "/target/kind", "unknown_kind"),
        ({"kind": "freeze", "target": {"kind": "planet"}}, "/target/kind", "unknown_kind"),
        ({"kind": "notify", "target": {"team": ""}}, "/target", "required"),
        ({"kind": "dance", "target": {}}, "/kind", "invalid_choice"),
        ({**ROTATE, "owner": "nobody"}, "/owner", "unknown_owner"),
        ({**ROTATE, "team": "nobody"}, "/team", "unknown_owner"),
        ({**ROTATE, "team": "shop", "owner": "rita"}, "/team", "two_owners"),
        ({**ROTATE, "colour": "red"}, "/colour", "unknown_field"),
    ],
)
def test_an_action_that_cannot_be_made_leaves_nothing(responder: Client, body: Any, pointer: str, code: str):
    answer = send(responder, f"{opened(responder)}/actions", body)

    assert answer.status_code == 400, answer.content
    assert (pointer, code) in [(one["pointer"], one["code"]) for one in answer.json()["errors"]]
    assert not ContainmentAction.objects.exists()


def test_a_move_that_is_none_is_refused(responder: Client):
    incident = opened(responder)
    send(responder, f"{incident}/actions", ROTATE)

    answer = send(responder, f"{incident}/actions/1", {"state": "reverted"}, method="patch")

    assert (answer.status_code, answer.json()["code"]) == (409, "action_refused")


def test_a_change_of_an_older_version_is_refused(responder: Client):
    incident = opened(responder)
    send(responder, f"{incident}/actions", ROTATE)
    tag = responder.get(f"/api/v1/incidents{incident}/actions/1").headers["ETag"]
    send(responder, f"{incident}/actions/1", {"owner": "rita"}, method="patch", headers={"If-Match": tag})

    late = send(responder, f"{incident}/actions/1", {"state": "done"}, method="patch", headers={"If-Match": tag})

    assert (late.status_code, late.json()["code"]) == (412, "stale_version")
    assert read(responder, f"{incident}/actions/1")["owner"] == "rita"


def test_a_closed_incident_takes_no_action(responder: Client):
    incident = opened(responder)
    Incident.objects.update(stage="closed", closed_at=later(0), changed_at=later(10_000_000))

    assert send(responder, f"{incident}/actions", ROTATE).json()["code"] == "incident_closed"


# --- Who may, and who sees -----------------------------------------------------------------------------------------


def test_a_team_sees_and_moves_its_own_actions_alone(responder: Client):
    incident = opened(responder)
    send(responder, f"{incident}/actions/proposed")
    mia = signed_in(make_user("mia", team="shop", role="member"))

    seen = actions(mia, incident)
    own, foreign = seen[0], next(one for one in actions(responder, incident) if one["team"] == "payments")
    moved = send(mia, f"{incident}/actions/{own['number']}", {"state": "done"}, method="patch")

    assert {one["team"] for one in seen} == {"shop"}
    assert moved.json()["done_by"] == "user:mia"
    read(mia, f"{incident}/actions/{foreign['number']}", 404)
    assert send(mia, f"{incident}/actions/{foreign['number']}", {"state": "done"}, method="patch").status_code == 404
    told = {one["details"]["team"] for one in read(mia, f"{incident}/timeline")["results"] if one["kind"] == "action"}
    assert told == {"shop"}


@pytest.mark.parametrize("body", [{"state": "withdrawn"}, {"owner": "mia"}, {"due_at": "2030-01-01T00:00:00Z"}])
def test_a_team_does_not_put_its_actions_off(responder: Client, body: Any):
    incident = opened(responder)
    send(responder, f"{incident}/actions", {**ROTATE, "team": "shop"})
    mia = signed_in(make_user("mia", team="shop", role="member"))

    answer = send(mia, f"{incident}/actions/1", body, method="patch")

    assert (answer.status_code, answer.json()["code"]) == (403, "not_your_action")


def test_a_viewer_of_a_team_moves_nothing(responder: Client):
    incident = opened(responder)
    send(responder, f"{incident}/actions", {**ROTATE, "team": "shop"})
    vera = signed_in(make_user("vera", team="shop", role="viewer"))

    assert actions(vera, incident)[0]["number"] == 1
    assert send(vera, f"{incident}/actions/1", {"state": "done"}, method="patch").status_code == 403


def test_a_team_is_proposed_only_what_it_is_to_do(responder: Client):
    mia = signed_in(make_user("mia", team="shop", role="member"))

    found = proposed(mia, opened(responder))

    assert {one["team"] for one in found} == {"shop"}
    assert PAY not in str(found)


def test_a_team_s_key_makes_no_action_of_an_incident_of_the_organisation(responder: Client):
    incident = opened(responder)
    key = client_of(new_key("incidents:read", "incidents:write", team="shop"))

    assert send(key, f"{incident}/actions", ROTATE).json()["code"] == "sees_not_all"
    assert send(key, f"{incident}/actions/proposed").json()["code"] == "sees_not_all"


def test_a_stranger_finds_nothing(responder: Client):
    incident = opened(responder)
    send(responder, f"{incident}/actions", {**ROTATE, "team": "shop"})
    stranger = signed_in(make_user("sam", team="others", role="owner"))

    for path in ("", "/1", "/proposed"):
        read(stranger, f"{incident}/actions{path}", 404)
    assert send(stranger, f"{incident}/actions/1", {"state": "done"}, method="patch").status_code == 404


# --- What an action rests on ---------------------------------------------------------------------------------------


def test_an_action_is_flagged_when_the_list_was_wrong_and_unflagged_when_it_was_right_after_all(responder: Client):
    incident = opened(responder)
    send(responder, f"{incident}/actions/proposed")
    kinds = {one["number"]: one["kind"] for one in actions(responder, incident)}

    send(responder, f"{incident}/queries", {"text": "pkg:npm/lodash@4.17.19"})
    flagged = {one["number"] for one in actions(responder, incident) if one["is_basis_withdrawn"]}
    send(responder, f"{incident}/queries", {"text": "pkg:npm/lodash@4.17.19"})
    send(responder, f"{incident}/queries", {"text": BAD})

    assert flagged == set(kinds)
    assert not any(one["is_basis_withdrawn"] for one in actions(responder, incident))
    changes = [one["details"] for one in read(responder, f"{incident}/timeline?limit=500")["results"]]
    assert [one["change"] for one in changes if one.get("number") == 1] == [
        "made", "basis_withdrawn", "basis_restored",
    ]  # fmt: skip


def test_what_only_left_production_withdraws_nothing(responder: Client):
    incident = opened(responder)
    send(responder, f"{incident}/actions/proposed")
    for team in ("shop", "payments"):
        snapshot(team, deployment(digest=digest("clean"), cluster=team), at=later(5), cluster=team)

    send(responder, f"{incident}/queries")

    assert not any(one["is_basis_withdrawn"] for one in actions(responder, incident))


def test_an_action_that_a_person_added_rests_on_no_answer(responder: Client):
    incident = opened(responder)
    send(responder, f"{incident}/actions", ROTATE)

    send(responder, f"{incident}/queries", {"text": "pkg:npm/lodash@4.17.19"})

    assert actions(responder, incident)[0]["is_basis_withdrawn"] is False


# --- The database --------------------------------------------------------------------------------------------------


def test_the_database_keeps_one_of_each_with_one_owner_and_a_time_for_what_is_done(responder: Client):
    incident = opened(responder)
    send(responder, f"{incident}/actions", {**ROTATE, "team": "shop"})
    action = ContainmentAction.objects.get()
    user = make_user("otto")

    for wrong in ({"owner": user}, {"state": "done"}, {"state": "proposed"}, {"done_at": later(1)}):
        with pytest.raises(IntegrityError), transaction.atomic():
            ContainmentAction.objects.update(**wrong)
    action.pk, action.number = None, 2
    with pytest.raises(IntegrityError, match="containment_action_once"), transaction.atomic():
        action.save()


# --- Several at once -----------------------------------------------------------------------------------------------


def several(client: Client, incident: str) -> list[int]:
    """Make three rotations for team shop, and return their numbers."""
    made = [
        send(client, f"{incident}/actions", {**ROTATE, "target": {"credential": name}, "team": "shop"}).json()
        for name in ("ONE", "TWO", "THREE")
    ]
    return [one["number"] for one in made]


def test_several_actions_are_changed_alike_and_each_is_told(responder: Client):
    incident = opened(responder)
    numbers = several(responder, incident)
    wanted = {"numbers": [*numbers[:2], numbers[0]], "state": "done", "note": "new tokens", "owner": "rita"}

    changed = send(responder, f"{incident}/actions", wanted, method="patch")

    results = changed.json()["results"]
    assert [one["number"] for one in results] == numbers[:2]
    assert {(one["state"], one["owner"], one["team"], one["evidence_after"]["note"]) for one in results} == {
        ("done", "rita", None, "new tokens")
    }
    assert [one["state"] for one in actions(responder, incident)] == ["done", "done", "open"]
    told = [one for one in read(responder, f"{incident}/timeline")["results"] if one["kind"] == "action"]
    assert [one["details"]["change"] for one in told].count("changed") == 2


def test_where_one_of_several_is_refused_none_is_changed(responder: Client):
    incident = opened(responder)
    numbers = several(responder, incident)
    send(responder, f"{incident}/actions/{numbers[2]}", {"state": "withdrawn"}, method="patch")

    refused = send(responder, f"{incident}/actions", {"numbers": numbers, "state": "done"}, method="patch")
    missing = send(responder, f"{incident}/actions", {"numbers": [numbers[0], 99], "state": "done"}, method="patch")

    assert (refused.status_code, refused.json()["code"]) == (409, "action_refused")
    assert missing.status_code == 404
    assert [one["state"] for one in actions(responder, incident)] == ["open", "open", "withdrawn"]


@pytest.mark.parametrize(
    "wanted",
    [
        {"numbers": [], "state": "done"},
        {"state": "done"},
        {"numbers": [1], "state": "reverted", "note": "what binds is lifted one by one"},
        {"numbers": [0], "state": "done"},
        {"numbers": [1], "owner": "rita", "team": "shop"},
        {"numbers": [1], "title": "the same for all"},
    ],
)
def test_what_cannot_be_changed_of_several_is_refused(responder: Client, wanted: dict[str, Any]):
    incident = opened(responder)
    several(responder, incident)

    assert send(responder, f"{incident}/actions", wanted, method="patch").status_code == 400


def test_a_team_says_of_several_of_its_own_that_they_are_done_and_of_nobody_elses(responder: Client):
    incident = opened(responder)
    numbers = several(responder, incident)
    send(responder, f"{incident}/actions", {**ROTATE, "team": "payments"})
    mia = signed_in(make_user("mia", team="shop", role="member"))

    own = send(mia, f"{incident}/actions", {"numbers": numbers, "state": "done"}, method="patch")
    given = send(mia, f"{incident}/actions", {"numbers": numbers, "team": "payments"}, method="patch")
    others = send(mia, f"{incident}/actions", {"numbers": [numbers[0], 4], "state": "open"}, method="patch")

    assert (own.status_code, len(own.json()["results"])) == (200, 3)
    assert (given.status_code, given.json()["code"]) == (403, "not_your_action")
    assert others.status_code == 404
