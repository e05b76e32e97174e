from __future__ import annotations

import pytest

from inventory.policy.models import Block
from tests.factories import cyclonedx, deployment, digest, report, submit
from tests.supplychain.actors import client_of, make_user, new_key, signed_in

pytestmark = pytest.mark.django_db

PATH = "/api/v1/blocks"
ARTIFACT = {"kind": "artifact", "selector": {"digest": digest("bad")}, "reason": "INC-1: stolen token"}


@pytest.fixture
def responder():
    return signed_in(make_user("rita", organisation="responder"))


@pytest.fixture
def approver():
    return signed_in(make_user("anna", organisation="approver"))


def post(client, path, body):
    return client.post(path, body, content_type="application/json")


def test_a_block_is_set_read_and_lifted_by_two(responder, approver):
    made = post(responder, PATH, ARTIFACT)

    assert made.status_code == 201
    block = made.json()
    assert (block["kind"], block["in_force"], block["created_by"]) == ("artifact", True, "rita")
    address = f"{PATH}/{block['id']}"
    asked = post(responder, f"{address}/lift", {"reason": "rebuilt"}).json()
    assert (asked["in_force"], asked["lift_asked_by"]) == (True, "rita")
    assert post(responder, f"{address}/lift", {}).json()["code"] == "lift_refused"
    lifted = post(approver, f"{address}/lift", {}).json()
    assert (lifted["in_force"], lifted["lifted_by"]) == (False, "anna")
    assert responder.get(address).json() == lifted
    assert [one["id"] for one in responder.get(f"{PATH}?state=ended").json()["results"]] == [block["id"]]
    assert responder.get(f"{PATH}?state=in_force").json()["results"] == []


def test_an_end_that_is_set_with_the_block_needs_a_second_person(responder, approver):
    made = post(responder, PATH, ARTIFACT | {"expires_at": "2099-01-01T00:00:00Z"}).json()

    assert (made["expires_at"], made["ends_at"], made["lift_asked_by"]) == ("2099-01-01T00:00:00Z", None, "rita")
    assert [one["id"] for one in responder.get(f"{PATH}?state=lift_asked").json()["results"]] == [made["id"]]
    agreed = post(approver, f"{PATH}/{made['id']}/lift", {}).json()
    assert (agreed["ends_at"], agreed["in_force"]) == ("2099-01-01T00:00:00Z", True)


def test_an_end_can_be_refused(responder, approver):
    block = post(responder, PATH, ARTIFACT).json()["id"]
    post(responder, f"{PATH}/{block}/lift", {"reason": "rebuilt"})

    kept = post(approver, f"{PATH}/{block}/keep", {})

    assert (kept.status_code, kept.json()["lift_asked_by"]) == (200, None)
    assert post(approver, f"{PATH}/{block}/keep", {}).json()["code"] == "lift_refused"


def test_a_preview_stores_nothing_and_tells_what_runs_and_would_be_hit(responder):
    submit("team-a", cyclonedx("pkg:npm/lodash@4.17.20", subject=digest("shop")))
    submit("team-a", cyclonedx("pkg:npm/lodash@4.17.21", subject=digest("fixed")))
    report("team-a", deployment(digest=digest("shop"), service="shop", environment="production"))
    report("team-b", deployment(digest=digest("fixed"), workload="Deployment/other"))
    report("team-b", deployment(image="registry.example/x:1", workload="Deployment/tag-only"))
    body = {"kind": "package", "selector": {"purl": "pkg:npm/lodash", "range": "<4.17.21"}, "reason": "x"}

    found = post(responder, f"{PATH}?dry_run=true", body)

    assert found.status_code == 200
    answer = found.json()
    assert (answer["artifact_count"], answer["workload_count"]) == (1, 1)
    assert (answer["running_artifact_count"], answer["without_digest_count"]) == (2, 1)
    (row,) = answer["rows"]
    assert (row["digest"], row["relation"]) == (digest("shop"), "same")
    assert "pkg:npm/lodash@4.17.20" in row["detail"]
    assert row["workloads"][0] | {"service": "shop", "environment": "production"} == row["workloads"][0]
    assert not Block.objects.exists()


def test_the_preview_of_a_freeze_tells_what_runs_there(responder):
    report("team-a", deployment(digest=digest("shop"), service="shop"))
    report("team-a", deployment(digest=digest("pay"), service="pay", namespace="pay", workload="Deployment/pay"))
    body = {"kind": "cluster", "selector": {"cluster": "prod-eu", "namespace": "pay"}, "reason": "x"}

    answer = post(responder, f"{PATH}?dry_run=true", body).json()

    assert [row["digest"] for row in answer["rows"]] == [digest("pay")]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"kind": "image"}, "validation_failed"),
        ({"selector": {"digest": "latest"}}, "bad_selector"),
        ({"selector": [1]}, "validation_failed"),
        ({"reason": ""}, "validation_failed"),
        ({"expires_at": "2020-01-01T00:00:00Z"}, "bad_block"),
        ({"incident": "x"}, "validation_failed"),
    ],
)
def test_what_cannot_be_blocked_is_refused_and_stores_nothing(responder, change, code):
    refused = post(responder, PATH, ARTIFACT | change)

    assert (refused.status_code, refused.json()["code"]) == (400, code)
    assert not Block.objects.exists()


def test_a_key_and_a_person_without_the_right_set_none(responder):
    key = client_of(new_key("incidents:write", "policy:write", "policy:read"))
    member = signed_in(make_user("mia", team="payments", role="owner"))

    assert post(key, PATH, ARTIFACT).json()["code"] == "person_needed"
    assert post(key, f"{PATH}?dry_run=true", ARTIFACT).json()["code"] == "person_needed"
    assert post(member, PATH, ARTIFACT).json()["code"] == "missing_scope"
    assert not Block.objects.exists()


def test_a_team_reads_that_there_is_a_block_and_nothing_of_what_others_have(responder):
    post(responder, PATH, ARTIFACT)
    post(responder, PATH, {"kind": "package", "selector": {"purl": "pkg:npm/x"}, "reason": "INC-1"})
    team = client_of(new_key("policy:read"))

    package, artifact = team.get(PATH).json()["results"]

    assert (artifact["kind"], artifact["reason"], artifact["selector"]) == ("artifact", "INC-1: stolen token", None)
    assert package["selector"] == {"purl": "pkg:npm/x", "range": None}
    assert team.get(f"{PATH}/{artifact['id']}").json() == artifact
