"""Runs of builds as rows: of provenance beside its attestation, of GitHub's lists."""

from __future__ import annotations

import json
from importlib import import_module
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from inventory.models import BuildRun, ResolvedAction, ToolDownload, WorkflowJob
from supplychain.access.models import ApiKey
from tests.attested import encode, statement
from tests.factories import digest, member_of, store, submit
from tests.inventory.formats.posture.documents import COMMIT
from tests.inventory.formats.posture.test_workflow_runs import BAD, run
from tests.inventory.ingest.test_posture import refused, state_of
from tests.supplychain.actors import new_key

pytestmark = pytest.mark.django_db

PATH = ".github/workflows/ci.yml"
INVOCATION = "https://github.com/acme/shop/actions/runs/13862000001/attempts/2"
CALLED = "https://github.com/acme/build/.github/workflows/container.yml@refs/tags/v3"


def provenance(**run_details: Any) -> dict[str, Any]:
    dependencies = [
        {"uri": "git+https://github.com/Acme/Shop@refs/heads/main", "digest": {"gitCommit": COMMIT}},
        {"uri": "git+https://github.com/tj-actions/changed-files@refs/tags/v45", "digest": {"gitCommit": BAD}},
        {"uri": "pkg:docker/alpine@3", "digest": {"sha256": "b" * 64}},
    ]
    workflow = {"ref": "refs/heads/main", "repository": "https://github.com/Acme/Shop", "path": PATH}
    return {
        "buildDefinition": {
            "buildType": "https://actions.github.io/buildtypes/workflow/v1",
            "externalParameters": {"workflow": workflow},
            "internalParameters": {"github": {"event_name": "push"}, "GITHUB_ACTOR": "kim"},
            "resolvedDependencies": dependencies,
        },
        "runDetails": {
            "builder": {"id": CALLED},
            "metadata": {"invocationId": INVOCATION, "startedOn": "2025-03-14T18:00:00Z"},
            **run_details,
        },
    }


def attested(team: str = "shop", subject: str | None = None) -> Any:
    return submit(team, encode(statement(subject or digest("a"), predicate=provenance())))


def test_a_provenance_tells_of_a_run_and_of_what_it_used():
    attested()

    found = BuildRun.objects.get()
    assert (found.repository, found.run_id, found.attempt, found.workflow_path) == (
        "github.com/acme/shop", "13862000001", 2, PATH,
    )  # fmt: skip
    assert (found.commit, found.event, found.actor, found.attestation_id is not None) == (COMMIT, "push", "kim", True)
    assert set(ResolvedAction.objects.values_list("owner_repository", "path", "ref", "commit")) == {
        ("tj-actions/changed-files", "", "v45", BAD),
        ("acme/build", ".github/workflows/container.yml", "v3", ""),
    }


def test_a_repeated_provenance_tells_of_one_run():
    attested()
    submit("shop", encode(statement(digest("a"), predicate=provenance())), name="again")

    assert BuildRun.objects.count() == 1


def test_a_list_of_runs_becomes_rows():
    body = {"total_count": 2, "workflow_runs": [run(), run(id=7, resolved_actions=[{"uses": "a/b@v1", "sha": BAD}])]}

    evidence = submit("shop", json.dumps(body).encode())

    assert sorted(BuildRun.objects.values_list("run_id", "attempt")) == [("13862000001", 2), ("7", 2)]
    assert ResolvedAction.objects.get().run.run_id == "7"
    assert (state_of(evidence).kind, state_of(evidence).counts) == (
        "workflow", {"runs": 2, "resolved_actions": 1, "rejected": 0},
    )  # fmt: skip


def test_a_key_bound_to_a_repository_tells_of_no_run_of_another():
    new_key("evidence:write", team="shop")
    ApiKey.objects.update(repositories=["acme/payments"])

    assert refused("shop", json.dumps([run()]).encode(), api_key=ApiKey.objects.get()) == "outside_binding"
    assert not BuildRun.objects.exists()


def test_another_team_sees_no_run():
    attested()

    assert BuildRun.objects.visible_to(member_of("shop")).count() == 1
    assert not BuildRun.objects.visible_to(member_of("other")).exists()


def test_the_database_counts_attempts_from_one_and_keeps_a_place_of_a_list_once():
    evidence = store("shop", json.dumps([run()]).encode())
    row = {"team": evidence.team, "evidence": evidence, "position": 0}
    with transaction.atomic(), pytest.raises(IntegrityError, match="build_run_attempt"):
        BuildRun.objects.create(**row, attempt=0)
    BuildRun.objects.create(**row)
    with transaction.atomic(), pytest.raises(IntegrityError, match="build_run_once"):
        BuildRun.objects.create(**row)


def test_downloads_variables_and_roles_of_a_workflow_are_kept():
    text = b"on: push\njobs:\n  t:\n    env: {A: 1}\n    steps:\n      - run: curl https://codecov.io/bash | bash\n"

    submit("shop", text, repository="acme/shop", name=PATH)

    assert ToolDownload.objects.values_list("url", "is_run", "check_kind").get() == ("codecov.io/bash", True, "none")
    assert WorkflowJob.objects.values_list("env", "roles").get() == (["A"], [])


def test_the_migration_fills_in_the_runs_of_earlier_provenance():
    attested()
    fields = ("team", "evidence", "attestation", "position", "repository", "run_id", "attempt", "commit", "started_at")
    written = BuildRun.objects.values_list(*fields).get()
    ResolvedAction.objects.all().delete()
    BuildRun.objects.all().delete()

    with connection.cursor() as cursor:
        cursor.execute(import_module("inventory.migrations.0029_builds").FILL)

    assert BuildRun.objects.values_list(*fields).get() == written
    used = ResolvedAction.objects.values_list("owner_repository", "path", "ref", "commit")
    assert used.get() == ("tj-actions/changed-files", "", "v45", BAD)
