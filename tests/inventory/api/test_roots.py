"""Roots of trust over HTTP: read by who reads policy, changed by two people, and by no key."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from tests.supplychain.actors import client_of, make_user, new_key, signed_in
from tests.trust_lab import Lab

pytestmark = pytest.mark.django_db

ROOT = Lab().trusted_root()
BODY = {"name": "lab", "trusted_root": ROOT.decode()}


def person(name: str, role: str = "approver") -> Client:
    return signed_in(make_user(name, organisation=role))


def send(client: Client, path: str, body: Any = None) -> Any:
    return client.post(f"/api/v1/roots{path}", json.dumps(body or {}), content_type="application/json")


def test_a_version_is_proposed_by_one_and_approved_by_another() -> None:
    anna, ben = person("anna"), person("ben")

    made = send(anna, "", BODY)
    assert (made.status_code, made.json()["state"], made.json()["number"]) == (201, "proposed", 1)
    assert {part["kind"] for part in made.json()["believes"]} == {
        "certificate_authority", "signature_log", "certificate_log"
    }  # fmt: skip
    assert all(part["is_new"] for part in made.json()["believes"])
    refused = send(anna, "/lab/1/approve")
    assert (refused.status_code, refused.json()["code"]) == (409, "trust_root_refused")
    assert send(ben, "/lab/1/approve").json()["state"] == "active"
    assert send(ben, "/lab/1/approve").status_code == 409
    (listed,) = ben.get("/api/v1/roots").json()["results"]
    assert (listed["proposed_by"], listed["approved_by"], listed["state"]) == ("anna", "ben", "active")
    assert send(anna, "/lab/1/retire").json()["state"] == "retired"


def test_the_file_is_given_back_byte_for_byte() -> None:
    anna = person("anna")
    send(anna, "", BODY)

    assert anna.get("/api/v1/roots/lab/1/raw").content == ROOT
    assert anna.get("/api/v1/roots/lab/2/raw").status_code == 404


def test_a_key_reads_and_changes_nothing() -> None:
    send(person("anna"), "", BODY)
    key = client_of(new_key("policy:read", "policy:write", team="shop"))

    assert key.get("/api/v1/roots/lab/1").status_code == 200
    answers = [send(key, "", BODY), send(key, "/lab/1/approve"), send(key, "/lab/1/retire")]
    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [(403, "person_needed")] * 3


def test_who_runs_incidents_does_not_widen_trust() -> None:
    rita = person("rita", "responder")
    send(person("anna"), "", BODY)

    assert send(rita, "/lab/1/approve").status_code == 403
    assert rita.get("/api/v1/roots/lab/1").json()["state"] == "proposed"


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"name": "lab", "trusted_root": "{}"}, 422, "bad_trust_root"),
        ({"name": "two words", "trusted_root": "{}"}, 400, "validation_failed"),
        ({"name": "lab"}, 400, "validation_failed"),
        (BODY | {"approved": True}, 400, "validation_failed"),
    ],
)
def test_what_is_no_root_is_refused(body: dict[str, Any], status: int, code: str) -> None:
    answer = send(person("anna"), "", body)

    assert (answer.status_code, answer.json()["code"]) == (status, code)
