"""What stands beside an answer's rows and differences on the pages: statements of vulnerabilities, runs of builds."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from tests.factories import cyclonedx, deployment, digest, report, submit
from tests.incidents.opened import BAD, opened, send

pytestmark = pytest.mark.django_db(transaction=True)

COMMIT = "c" * 40
ONE = digest("one")
QUESTION = {"indicators": [{"kind": "action", "uses": "tj-actions/changed-files", "refs": ["v45"]}]}
WORKFLOW = b"""
on: push
permissions: {contents: read}
jobs:
  test:
    runs-on: ubuntu-latest
    steps: [{uses: tj-actions/changed-files@v45}]
"""


def run_of_a_build(number: int) -> None:
    began = (timezone.now() - timedelta(hours=2)).isoformat()
    run = {
        "id": number, "run_attempt": 1, "repository": {"full_name": "shop/api"}, "path": ".github/workflows/ci.yml",
        "head_sha": COMMIT, "event": "push", "run_started_at": began, "updated_at": began, "status": "completed",
    }  # fmt: skip
    submit("shop", json.dumps({"total_count": 1, "workflow_runs": [run]}).encode())


def shown(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def test_what_is_stated_of_a_vulnerability_stands_beside_its_row_and_takes_nothing_away(responder: Client):
    submit("shop", cyclonedx(BAD, subject=ONE))
    report("shop", deployment(digest=ONE))
    statement = {
        "vulnerability": {"name": "CVE-2021-23337"}, "products": [{"@id": BAD}], "status": "not_affected",
        "justification": "vulnerable_code_not_present", "impact_statement": "<b>never called</b>",
    }  # fmt: skip
    document = {
        "@context": "https://openvex.dev/ns/v0.2.0", "@id": "https://example.com/vex/1", "version": 1,
        "author": "Acme Security", "timestamp": "2026-02-01T00:00:00Z", "statements": [statement],
    }  # fmt: skip
    submit("shop", json.dumps(document).encode())

    for address in (f"/impact?q={BAD}", f"/incidents{opened(responder)}"):
        html = shown(responder, address)
        assert "which takes nothing out of the answer: CVE-2021-23337 not_affected" in html
        assert "&lt;b&gt;never called" in html
        assert ONE in html


def test_a_run_of_a_build_that_came_since_is_named_among_what_changed(responder: Client):
    submit("shop", WORKFLOW, repository="shop/api", name=".github/workflows/ci.yml", commit=COMMIT)
    run_of_a_build(7)
    incident = opened(responder, text="", **QUESTION)
    run_of_a_build(8)

    assert send(responder, f"{incident}/queries").status_code == 201

    changes = shown(responder, f"/incidents{incident}").partition('id="changes"')[2].partition("</section>")[0]
    assert "Runs of builds, new" in changes
    assert ">8</a>" in changes
    assert ">7</a>" not in changes
    assert "Nothing changed." not in changes
