"""Trusted signers and compromises over HTTP."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from inventory.models import TrustedSigner
from tests.supplychain.actors import client_of, make_team, make_user, new_key, signed_in

pytestmark = pytest.mark.django_db

BODY = {"name": "releases", "issuer": "https://token.example.org", "identity": "https://example.org/build"}
COMPROMISE = {"kind": "builder", "value": "https://example.org/b", "since": "2026-03-01T00:00:00Z", "reason": "stolen"}


@pytest.fixture
def approver() -> Client:
    return signed_in(make_user("anna", organisation="approver"))


def send(client: Client, path: str, body: Any = None) -> Any:
    return client.post(f"/api/v1/{path}", json.dumps(body or {}), content_type="application/json")


def proposed(client: Client, **fields: Any) -> dict[str, Any]:
    response = send(client, "signers", BODY | fields)
    assert response.status_code == 201, response.content[:800]
    value: dict[str, Any] = response.json()
    return value


def test_a_signer_is_proposed_accepted_by_two_and_revoked_by_a_responder(approver: Client):
    signer = proposed(approver)
    assert (signer["state"], signer["accepts_needed"]) == ("proposed", 2)

    once = send(approver, f"signers/{signer['id']}/accept", {"note": "looked at it"}).json()
    assert (once["state"], once["accepts_needed"]) == ("proposed", 1)
    second = signed_in(make_user("ben", organisation="approver"))
    assert send(second, f"signers/{signer['id']}/accept").json()["state"] == "accepted"
    responder = signed_in(make_user("rita", organisation="responder"))
    revoked = send(
        responder, f"signers/{signer['id']}/revoke", {"note": "stolen", "compromised_since": "2026-03-01T00:00:00Z"}
    ).json()

    assert revoked["state"] == "revoked"
    assert [(decision["user"], decision["action"]) for decision in revoked["decisions"]] == [
        ("anna", "propose"), ("anna", "accept"), ("ben", "accept"), ("rita", "revoke"),
    ]  # fmt: skip
    (compromise,) = responder.get("/api/v1/compromises").json()["results"]
    assert (compromise["kind"], compromise["value"], compromise["reason"]) == ("identity", BODY["identity"], "stolen")


def test_a_responder_narrows_and_does_not_widen(approver: Client):
    responder = signed_in(make_user("rita", organisation="responder"))
    signer = proposed(approver)

    assert send(responder, "signers", BODY).status_code == 403
    assert send(responder, f"signers/{signer['id']}/accept").status_code == 403
    assert send(responder, "compromises", COMPROMISE).status_code == 201


def test_a_key_decides_nothing(approver: Client):
    key = client_of(new_key("policy:read", "policy:write", team="shop"))

    answers = [send(key, "signers", BODY), send(key, "compromises", COMPROMISE)]
    answers.append(send(key, f"compromises/{send(approver, 'compromises', COMPROMISE).json()['id']}/lift"))

    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [(403, "person_needed")] * 3


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({"colour": "red"}, "/colour"),
        ({"maximum_level": 4}, "/maximum_level"),
        ({"identity": ""}, "/issuer"),
        ({"ref_pattern": "("}, "/ref_pattern"),
        ({"team": "nobody"}, "/team"),
    ],
)
def test_a_signer_that_cannot_be_registered_is_refused_with_the_place(
    approver: Client, fields: dict[str, Any], pointer: str
):
    response = send(approver, "signers", BODY | fields)

    assert response.status_code == 400
    assert pointer in [error["pointer"] for error in response.json()["errors"]]


def test_a_teams_signer_is_shown_to_that_team_and_to_no_other(approver: Client):
    make_team("shop")
    own, common = proposed(approver, team="shop"), proposed(approver)

    member, stranger = (signed_in(make_user(name, team=name)) for name in ("shop", "elsewhere"))

    assert [row["id"] for row in member.get("/api/v1/signers").json()["results"]] == [common["id"], own["id"]]
    assert [row["id"] for row in stranger.get("/api/v1/signers").json()["results"]] == [common["id"]]
    missing = stranger.get("/api/v1/signers/00000000-0000-7000-8000-000000000000")
    assert stranger.get(f"/api/v1/signers/{own['id']}").content == missing.content


def test_a_list_of_many_signers_asks_no_more_than_one_of_few(approver: Client):
    counts = []
    for total in (1, 5):
        while TrustedSigner.objects.count() < total:
            proposed(approver)
        with CaptureQueriesContext(connection) as asked:
            assert len(approver.get("/api/v1/signers?state=proposed").json()["results"]) == total
        counts.append(len(asked))

    assert counts[0] == counts[1]


def test_a_compromise_is_lifted_by_two(approver: Client):
    declared = send(approver, "compromises", COMPROMISE).json()
    second = signed_in(make_user("rita", organisation="responder"))

    assert send(approver, f"compromises/{declared['id']}/lift").json()["lift_proposed_by"] == "anna"
    assert send(approver, f"compromises/{declared['id']}/lift").json()["code"] == "lift_refused"
    assert send(second, f"compromises/{declared['id']}/lift").json()["lifted_by"] == "rita"


def test_a_window_that_ends_before_it_begins_is_refused(approver: Client):
    response = send(approver, "compromises", COMPROMISE | {"until": "2026-02-01T00:00:00Z"})

    assert (response.status_code, response.json()["code"]) == (400, "bad_compromise")
