"""Reads GitHub's workflow runs: the list, one run, or a `workflow_run` event (docs.github.com, Workflow runs).

`resolved_actions` is no member of GitHub's: whoever reads a run's log can add what it says was downloaded, as
`[{"uses": "owner/name@v4", "sha": "…"}]`. Nothing else tells to which commit a tag led on that day.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from inventory.formats.defects import Defects
from inventory.formats.limits import Limits
from inventory.formats.posture.action_uses import read_use
from inventory.formats.posture.fields import LONGEST_NAME, LONGEST_PATH, Members, parse_posture
from inventory.formats.posture.run_records import BuildRunRecord, ResolvedActionRecord, WorkflowRunsRecord
from inventory.formats.posture.workflow_records import UseKind
from inventory.formats.records import FormatError
from inventory.formats.strict_json import Json
from inventory.formats.text import Utf8
from inventory.identity.repositories import canonical_repository, repository_on

FORMAT: Final = "github-workflow-runs"
_COMMIT: Final = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_HOST: Final = "github.com"


def read_workflow_runs(text: Utf8, *, limits: Limits) -> WorkflowRunsRecord:
    """Read runs. Raises FormatError `wrong_shape`, `too_many_records`, and the codes of strict JSON."""
    body = parse_posture(text, limits=limits)
    defects = Defects()
    record = WorkflowRunsRecord(FORMAT)
    for run in _runs(body, defects=defects):
        _add(run, record, defects=defects)
        if len(record.runs) > limits.components:
            raise FormatError("too_many_records", f"The document lists more than {limits.components} runs.")
    record.warnings = defects.warnings()
    return record


def _runs(body: Json, *, defects: Defects) -> Iterator[Members]:
    if isinstance(body, list):
        yield from Members({"runs": body}, pointer="", defects=defects).objects("runs")
        return
    if not isinstance(body, dict):
        raise FormatError("wrong_shape", "Workflow runs are an object or a list of them.")
    members = Members(body, pointer="", defects=defects)
    if members.has("workflow_runs"):
        yield from members.objects("workflow_runs")
        return
    run = members.inner("workflow_run")
    yield members if run is None else run


def _add(run: Members, record: WorkflowRunsRecord, *, defects: Defects) -> None:
    repository, number = _repository(run), _number(run)
    if not repository or not number:
        record.rejected_count += 1
        defects.add("missing_field", run.pointer, "A run needs its `id` and its `repository`; not read.")
        return
    actor = run.inner("triggering_actor") or run.inner("actor")
    commit = run.text("head_sha").lower()
    is_over = run.text("status") == "completed"
    record.runs.append(
        BuildRunRecord(
            repository=repository,
            run_id=number,
            attempt=run.whole("run_attempt"),
            workflow_path=run.text("path", longest=LONGEST_PATH).partition("@")[0],
            commit=commit if _COMMIT.fullmatch(commit) else "",
            ref=run.text("head_branch"),
            event=run.text("event"),
            runner_environment="",
            actor="" if actor is None else actor.text("login"),
            started_at=run.time("run_started_at") or run.time("created_at"),
            finished_at=run.time("updated_at") if is_over else None,
            pointer=run.pointer,
            actions=tuple(_actions(run, defects=defects)),
        )
    )


def _repository(run: Members) -> str:
    repository = run.inner("repository")
    if repository is None:
        return ""
    address = canonical_repository(repository.text("html_url", longest=LONGEST_PATH))
    return address or repository_on(_HOST, repository.text("full_name", longest=LONGEST_PATH)) or ""


def _number(run: Members) -> str:
    """Return the run's number, which has more digits than other whole numbers here."""
    number = run.number("id")
    return str(int(number)) if number is not None and number > 0 and number == int(number) else ""


def _actions(run: Members, *, defects: Defects) -> Iterator[ResolvedActionRecord]:
    for called in run.objects("referenced_workflows"):
        yield from _action(called, called.text("path", longest=LONGEST_PATH), defects=defects)
    for used in run.objects("resolved_actions"):
        yield from _action(used, used.text("uses", longest=LONGEST_PATH), defects=defects)


def _action(members: Members, given: str, *, defects: Defects) -> Iterator[ResolvedActionRecord]:
    use, commit = read_use(given), members.text("sha").lower()
    if use.kind not in {UseKind.ACTION, UseKind.REUSABLE_WORKFLOW} or (commit and not _COMMIT.fullmatch(commit)):
        defects.add("bad_action", members.pointer, f"{given[:60]!r} with its `sha` names no action; left out.")
        return
    yield ResolvedActionRecord(use.owner_repository, use.path[:LONGEST_PATH], use.ref[:LONGEST_NAME], commit)
