"""GitHub's workflow runs: which file ran at which commit, when, and with which actions."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from inventory.formats.limits import Limits
from inventory.formats.posture.run_records import ResolvedActionRecord, WorkflowRunsRecord
from inventory.formats.read import read_document
from inventory.formats.records import FormatError
from tests.inventory.formats.posture.documents import COMMIT

BAD = "0e58ed8671d6b60d0890c21b07f8835ace038e67"


def run(**members: Any) -> dict[str, Any]:
    return {
        "id": 13_862_000_001,
        "run_attempt": 2,
        "path": ".github/workflows/ci.yml@refs/heads/main",
        "head_sha": COMMIT,
        "head_branch": "main",
        "event": "push",
        "status": "completed",
        "run_started_at": "2025-03-14T18:00:00Z",
        "updated_at": "2025-03-14T18:07:00Z",
        "triggering_actor": {"login": "kim"},
        "repository": {"full_name": "Acme/Shop", "html_url": "https://github.com/Acme/Shop"},
        **members,
    }


def read(body: Any) -> WorkflowRunsRecord:
    record = read_document(json.dumps(body).encode())
    assert isinstance(record, WorkflowRunsRecord)
    return record


@pytest.mark.parametrize(
    "body",
    [
        {"total_count": 1, "workflow_runs": [run()]},
        [run()],
        run(),
        {"action": "completed", "workflow_run": run(), "repository": {}},
    ],
    ids=["list", "array", "one", "event"],
)
def test_a_run_is_read_however_github_hands_it_out(body: Any) -> None:
    (found,) = read(body).runs

    assert (found.repository, found.run_id, found.attempt) == ("github.com/acme/shop", "13862000001", 2)
    assert (found.workflow_path, found.commit, found.event, found.actor) == (
        ".github/workflows/ci.yml", COMMIT, "push", "kim",
    )  # fmt: skip
    assert found.started_at == datetime(2025, 3, 14, 18, tzinfo=UTC)
    assert found.finished_at == datetime(2025, 3, 14, 18, 7, tzinfo=UTC)


def test_what_was_called_and_what_a_log_shows_as_downloaded_are_resolved_actions() -> None:
    (found,) = read(
        run(
            referenced_workflows=[
                {"path": "Acme/Build/.github/workflows/x.yml@v1", "sha": COMMIT, "ref": "refs/tags/v1"}
            ],
            resolved_actions=[{"uses": "tj-actions/changed-files@v45", "sha": BAD.upper()}],
        )
    ).runs

    assert found.actions == (
        ResolvedActionRecord("acme/build", ".github/workflows/x.yml", "v1", COMMIT),
        ResolvedActionRecord("tj-actions/changed-files", "", "v45", BAD),
    )


def test_a_run_that_still_runs_has_no_end() -> None:
    (found,) = read(run(status="in_progress")).runs

    assert found.finished_at is None


def test_a_run_without_repository_or_number_is_told_and_the_others_are_read() -> None:
    record = read([run(), run(repository=None), run(id="x"), run(resolved_actions=[{"uses": "./x", "sha": "no"}])])

    assert (len(record.runs), record.rejected_count) == (2, 2)
    assert {warning.code for warning in record.warnings} == {"missing_field", "wrong_type", "bad_action"}


def test_a_list_that_is_too_long_is_refused() -> None:
    with pytest.raises(FormatError) as caught:
        read_document(json.dumps([run(), run()]).encode(), limits=Limits(components=1))
    assert caught.value.code == "too_many_records"
