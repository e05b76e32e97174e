"""Describing a cluster over HTTP: who may, what is refused, and changes that would undo somebody else's."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from inventory.models import Cluster
from supplychain.access.models import AuditEvent
from tests.factories import deployment, digest, report
from tests.supplychain.actors import client_of, make_user, new_key, signed_in

pytestmark = pytest.mark.django_db

PATH = "/api/v1/clusters/prod-eu"
PRODUCTION = {"environment": "production", "report_interval_seconds": 86400}


@pytest.fixture(autouse=True)
def cluster():
    report("shop", deployment(digest=digest("a")))


def client(*scopes: str, team: str = "shop", **given: Any) -> Client:
    return client_of(new_key(*(scopes or ("admin", "inventory:read")), team=team, **given))


def patch(sender: Client, body: object, *, path: str = PATH, tag: str = "") -> Any:
    headers = {"If-Match": tag} if tag else {}
    return sender.patch(path, json.dumps(body), content_type="application/json", headers=headers)


def stored() -> tuple[str | None, int]:
    row = Cluster.objects.select_related("environment").get()
    return (None if row.environment is None else row.environment.slug, row.report_interval_seconds)


def test_a_clusters_settings_are_set_and_shown():
    sender = client()

    answer = patch(sender, PRODUCTION)

    assert (answer.status_code, answer.json()) == (200, PRODUCTION)
    shown = sender.get(PATH).json()
    assert {name: shown[name] for name in ("environment", "production", "report_interval_seconds")} == {
        **PRODUCTION,
        "production": True,
    }
    line = AuditEvent.objects.get(action="cluster.described")
    assert (line.subject, line.actor[:4]) == ("cluster:prod-eu", "key:")


def test_what_the_body_leaves_out_stays_and_null_takes_away():
    sender = client()
    patch(sender, PRODUCTION)

    assert patch(sender, {"report_interval_seconds": 60}).json() == PRODUCTION | {"report_interval_seconds": 60}
    assert patch(sender, {}).json() == PRODUCTION | {"report_interval_seconds": 60}
    assert patch(sender, {"environment": None}).json() == {"environment": None, "report_interval_seconds": 60}


def test_a_change_after_somebody_elses_is_refused():
    sender = client()
    seen = sender.get(PATH)["ETag"]
    answer = patch(sender, PRODUCTION, tag=seen)

    late = patch(sender, {"environment": "staging"}, tag=seen)

    assert (answer.status_code, late.status_code, late.json()["code"]) == (200, 412, "precondition_failed")
    assert stored() == ("production", 86400)
    assert answer["ETag"] == sender.get(PATH)["ETag"] != seen
    assert patch(sender, {"environment": "staging"}, tag=answer["ETag"]).status_code == 200


def test_a_report_in_between_is_no_change_of_settings():
    sender = client()
    seen = sender.get(PATH)["ETag"]
    report("shop", deployment(digest=digest("b"), container="b"))

    assert patch(sender, PRODUCTION, tag=f'"other", {seen}').status_code == 200


@pytest.mark.parametrize("tag", ['"other"', "W/{tag}", "garbage"])
def test_a_tag_that_is_not_this_one_matches_nothing(tag):
    sender = client()

    assert patch(sender, PRODUCTION, tag=tag.format(tag=sender.get(PATH)["ETag"])).status_code == 412
    assert patch(sender, PRODUCTION, tag="*").status_code == 200


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"name": "other"}, "/name"),
        ({"team": "other"}, "/team"),
        ({"report_interval_seconds": 0}, "/report_interval_seconds"),
        ({"report_interval_seconds": None}, "/report_interval_seconds"),
        ({"report_interval_seconds": 10**30}, "/report_interval_seconds"),
        ({"environment": ""}, "/environment"),
        ({"environment": "x" * 256}, "/environment"),
        ({"environment": "a\x00"}, "/environment"),
        ({"environment": {}}, "/environment"),
        ([], ""),
    ],
)
def test_a_body_that_cannot_be_meant_is_refused_with_its_place(body, pointer):
    answer = patch(client(), body)

    assert (answer.status_code, answer.json()["code"]) == (400, "validation_failed")
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]
    assert stored() == (None, 300)


def test_a_name_no_environment_can_have_is_refused():
    answer = patch(client(), {"environment": "a\u200bb"})

    assert (answer.status_code, answer.json()["code"]) == (400, "bad_environment")


def test_a_parameter_the_route_does_not_have_is_refused():
    assert patch(client(), PRODUCTION, path=f"{PATH}?force=1").json()["code"] == "unknown_parameter"


def test_a_strangers_cluster_answers_like_one_that_does_not_exist():
    report("other", deployment(digest=digest("b"), workload="Deployment/theirs"))
    stranger = client(team="other")

    there, nowhere = patch(stranger, PRODUCTION), patch(stranger, PRODUCTION, path="/api/v1/clusters/nowhere")

    assert there.status_code == nowhere.status_code == 404
    assert there.content == nowhere.content
    assert stored() == (None, 300)


def test_reading_needs_its_scope_and_describing_another():
    assert patch(client("inventory:read", "evidence:write"), PRODUCTION).json()["code"] == "missing_scope"
    assert client("admin").get(PATH).json()["code"] == "missing_scope"
    assert patch(client("admin"), PRODUCTION).status_code == 200


def test_a_bound_key_describes_nothing():
    answer = patch(client(clusters=("prod-eu",)), PRODUCTION)

    assert (answer.status_code, answer.json()["code"]) == (403, "outside_binding")


def test_an_administrator_describes_every_teams_clusters_and_a_member_none():
    admin = signed_in(make_user("ingrid", organisation="admin"))
    member = signed_in(make_user("tomas", team="shop", role="owner"))

    assert patch(member, PRODUCTION).json()["code"] == "missing_scope"
    assert patch(admin, PRODUCTION).status_code == 200
