"""What builds of what was found could reach: by workflow file, by repository where that is not known, or not at all."""

from __future__ import annotations

import csv
import io
import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from tests.attested import COMMIT, bundle, encode, provenance, statement
from tests.factories import cyclonedx, deployment, digest, report, submit
from tests.incidents.opened import BAD, opened, read, send
from tests.supplychain.actors import make_user, signed_in

# An answer is read from one snapshot of the database, which a test's own transaction would forbid.
pytestmark = pytest.mark.django_db(transaction=True)

APP = digest("app")
REPOSITORY = "github.com/shop/api"
WORKFLOW = b"""
name: release
on: push
permissions: {contents: read}
jobs:
  build:
    runs-on: ubuntu-latest
    permissions: {id-token: write, packages: write}
    environment: production
    steps:
      - uses: tj-actions/changed-files@v45
      - run: npm publish
        env:
          NODE_AUTH_TOKEN: ${{ secrets.NPM_TOKEN }}
  docs:
    runs-on: ubuntu-latest
    steps:
      - run: ./docs "${{ secrets.DOCS_TOKEN }}"
"""


@pytest.fixture
def responder() -> Client:
    submit("shop", cyclonedx(BAD, subject=APP, name="registry.example/app:1"))
    report("shop", deployment(digest=APP, service="checkout"))
    return signed_in(make_user("rita", organisation="responder"))


def attest() -> None:
    submit("shop", encode(bundle(statement(APP, predicate=provenance()))))


def send_workflow(document: bytes = WORKFLOW, *, commit: str = COMMIT, team: str = "shop") -> None:
    submit(team, document, repository=REPOSITORY, name=".github/workflows/release.yml", commit=commit)


def credentials(client: Client, incident: str) -> list[Any]:
    found: list[Any] = read(client, f"{incident}/credentials")["results"]
    return found


def names(client: Client, incident: str) -> list[tuple[str, str, bool]]:
    return [(one["type"], one["credential"], one["is_required"]) for one in credentials(client, incident)]


def test_the_secrets_roles_and_token_of_the_jobs_are_listed_for_their_team(responder: Client):
    attest()
    send_workflow()

    found = credentials(responder, opened(responder))

    assert [(one["type"], one["credential"], one["is_required"]) for one in found] == [
        ("secret", "DOCS_TOKEN", True),
        ("token", "GITHUB_TOKEN", False),
        ("secret", "NPM_TOKEN", True),
        ("oidc", f"roles that trust {REPOSITORY}", True),
    ]
    npm = found[2]
    assert (npm["team"], npm["repository"], npm["environment"]) == ("shop", REPOSITORY, "production")
    assert (npm["confidence"], npm["kind"], npm["artifacts"]) == ("medium", "rotate", [APP])
    assert npm["runs"] == ["https://github.com/shop/api/actions/runs/1/attempts/1"]
    assert found[3]["kind"] == "revoke"


def test_without_the_workflow_file_all_secrets_of_the_repository_are_at_risk(responder: Client):
    attest()

    assert names(responder, opened(responder)) == [("all", f"all secrets of {REPOSITORY}, not known which", True)]


def test_inherited_secrets_are_all_of_them(responder: Client):
    attest()
    send_workflow(b"on: push\njobs:\n  call:\n    uses: acme/build/.github/workflows/b.yml@v1\n    secrets: inherit\n")

    assert ("all", f"all secrets of {REPOSITORY} (inherited)", True) in names(responder, opened(responder))


def test_a_build_that_nobody_knows_is_a_line_of_its_own(responder: Client):
    incident = opened(responder)

    assert names(responder, incident) == [("unknown", "credentials of builds that nobody knows", False)]
    (action,) = [one for one in read(responder, f"{incident}/actions/proposed")["results"] if one["kind"] == "rotate"]
    assert action["title"] == "Rotate all that unknown builds could reach, or send their provenance"
    assert action["team"] is None


def test_a_build_that_nobody_knows_of_something_vulnerable_is_told_and_not_sought(responder: Client):
    incident = opened(responder, text="pkg:npm/lodash vers:npm/<4.17.21")

    assert names(responder, incident) == [("unknown", "credentials of builds that nobody knows", False)]
    kinds = {one["kind"] for one in read(responder, f"{incident}/actions/proposed")["results"]}
    assert "rotate" not in kinds


def test_a_vulnerable_range_exposes_nothing_that_recovery_waits_for(responder: Client):
    attest()
    send_workflow()

    found = credentials(responder, opened(responder, text="pkg:npm/lodash vers:npm/<4.17.21"))

    assert {one["confidence"] for one in found} == {"low"}
    assert not any(one["is_required"] for one in found)


def test_a_run_of_a_bad_action_exposes_its_job_though_nothing_came_out_of_it(responder: Client):
    began = timezone.now() - timedelta(hours=2)
    send_workflow()
    run = {
        "id": 77, "run_attempt": 1, "repository": {"full_name": "shop/api"}, "path": ".github/workflows/release.yml",
        "head_sha": COMMIT, "event": "push", "run_started_at": began.isoformat(), "updated_at": began.isoformat(),
        "created_at": began.isoformat(), "workflow_id": 1, "name": "release", "status": "completed",
        "head_branch": "main", "run_number": 7, "html_url": "https://github.com/shop/api/actions/runs/77",
    }  # fmt: skip
    submit("shop", json.dumps({"total_count": 1, "workflow_runs": [run]}).encode())
    action = {"kind": "action", "uses": "tj-actions/changed-files", "refs": ["v45"]}

    incident = opened(responder, text=None, indicators=[action])

    found = [one for one in credentials(responder, incident) if one["type"] == "secret"]
    assert [one["credential"] for one in found] == ["NPM_TOKEN"]
    assert found[0]["runs"] == ["https://github.com/shop/api/actions/runs/77"]
    kinds = {one["kind"] for one in read(responder, f"{incident}/actions/proposed")["results"]}
    assert {"rotate", "revoke"} <= kinds


def test_what_is_required_is_proposed_and_says_which_action_took_it(responder: Client):
    attest()
    send_workflow()
    incident = opened(responder)

    taken = send(responder, f"{incident}/actions/proposed").json()["actions"]

    rotations = {one["target"]["credential"]: one["number"] for one in taken if one["kind"] in {"rotate", "revoke"}}
    assert set(rotations) == {"DOCS_TOKEN", "NPM_TOKEN", f"roles that trust {REPOSITORY}"}
    (npm,) = [one for one in credentials(responder, incident) if one["credential"] == "NPM_TOKEN"]
    assert (npm["state"], npm["action"]) == ("open", rotations["NPM_TOKEN"])


def test_the_list_is_a_table_in_which_no_cell_is_a_formula(responder: Client):
    attest()
    send_workflow(b"on: push\njobs:\n  =cmd:\n    runs-on: x\n    environment: '=1+1'\n    steps:\n"
                  b"      - run: echo ${{ secrets.A_TOKEN }}\n")  # fmt: skip
    answer = responder.get(f"/api/v1/incidents{opened(responder)}/credentials?as=csv")

    rows = list(csv.DictReader(io.StringIO(answer.content.decode())))
    assert answer.headers["Content-Type"].startswith("text/csv")
    assert rows[0]["credential"] == "A_TOKEN"
    assert {row["environment"] for row in rows} <= {"'=1+1", ""}


def test_a_team_sees_its_own_credentials_alone(responder: Client):
    attest()
    send_workflow()
    report("payments", deployment(digest=APP, service="ledger", cluster="pay"))
    incident = opened(responder)
    pia = signed_in(make_user("pia", team="payments", role="member"))
    mia = signed_in(make_user("mia", team="shop", role="member"))

    assert "NPM_TOKEN" in str(credentials(mia, incident))
    assert "NPM_TOKEN" not in str(credentials(pia, incident))
