"""Builds that a bad action or download exposed, from documents to an answer, through the asker's eyes."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from incidents.asking import read_body
from incidents.impact.answer import Effect, Impact, Status
from incidents.impact.assess import assess
from supplychain.access.actors import Actor
from tests.attested import encode, statement
from tests.factories import SEES_ALL, deployment, digest, later, member_of, report, submit
from tests.inventory.formats.posture.test_workflow_runs import BAD, run

pytestmark = pytest.mark.django_db(transaction=True)

NAME = "tj-actions/changed-files"
GOOD = "22103cc46bda19c2b464ffe86db46df6922fd323"
PATH = ".github/workflows/ci.yml"
NOW = later(600)
ASKED = {"kind": "action", "uses": NAME, "refs": ["v45"], "shas": [BAD], "from": "2025-03-12T00:00:00Z",
         "to": "2025-03-16T00:00:00Z"}  # fmt: skip
INSIDE, BEFORE = "2025-03-14T18:00:00Z", "2025-03-10T09:00:00Z"


def workflow(team: str, repository: str, *uses: str, commit: str, run: str = "", path: str = PATH) -> None:
    steps = "".join(f"      - uses: {use}\n" for use in uses) + (f"      - run: {run}\n" if run else "")
    text = f"on: push\njobs:\n  build:\n    runs-on: ubuntu-latest\n    steps:\n{steps}"
    submit(team, text.encode(), repository=f"acme/{repository}", name=path, commit=commit)


def built(team: str, repository: str, subject: str, *, commit: str, at: str = INSIDE, **metadata: Any) -> None:
    address = f"https://github.com/acme/{repository}"
    predicate = {
        "buildDefinition": {
            "buildType": "https://actions.github.io/buildtypes/workflow/v1",
            "externalParameters": {"workflow": {"ref": "refs/heads/main", "repository": address, "path": PATH}},
            "resolvedDependencies": [{"uri": f"git+{address}@refs/heads/main", "digest": {"gitCommit": commit}},
                                     *metadata.pop("inputs", ())],
        },
        "runDetails": {
            "builder": {"id": f"{address}/{PATH}@refs/heads/main"},
            "metadata": {"invocationId": f"{address}/actions/runs/77/attempts/1", "startedOn": at, **metadata},
        },
    }  # fmt: skip
    submit(team, encode(statement(subject, predicate=predicate)))


def ask(*indicators: dict[str, Any], actor: Actor = SEES_ALL, window: tuple[str, str] | None = None) -> Impact:
    body: dict[str, Any] = {"indicators": list(indicators), "statuses": [status.value for status in Status]}
    if window is not None:
        body |= {"from": window[0], "to": window[1]}
    return assess(read_body(body), actor=actor, at=NOW)


def statuses(impact: Impact) -> dict[str | None, str]:
    return {row.artifact.digest: row.status.value for row in impact.rows}


def test_the_outputs_of_exposed_runs_are_exposed_builds_and_say_why():
    workflow("shop", "web", f"{NAME}@v45", commit="a" * 40)
    built("shop", "web", digest("a"), commit="a" * 40)

    impact = ask(ASKED)

    (row,) = impact.rows
    assert (row.status, row.effect, row.confidence) == (Status.AFFECTED, Effect.BUILD, "medium")
    assert row.matches[0].reason == (
        f"built by github.com/acme/web run 77, which used {NAME}@v45, and to which commit that led nobody saw, in the "
        "window: 2025-03-14 18:00 UTC"
    )
    assert row.matches[0].evidence is not None
    assert impact.header.summary.build_exposure.artifact_count == 1
    assert impact.header.builds is not None
    (build,) = impact.header.builds.runs
    assert (build.repository, build.run_id, build.job, build.artifact_count) == (
        "github.com/acme/web",
        "77",
        "build",
        1,
    )
    assert build.started_at == datetime(2025, 3, 14, 18, tzinfo=UTC)


def test_what_is_cleared_or_unknown_is_a_row_where_it_runs():
    workflow("shop", "early", f"{NAME}@v45", commit="a" * 40)
    built("shop", "early", digest("a"), commit="a" * 40, at=BEFORE)
    workflow("shop", "pinned", f"{NAME}@{GOOD} # v45.0.7", commit="b" * 40)
    built("shop", "pinned", digest("b"), commit="b" * 40)
    built("shop", "unsent", digest("c"), commit="c" * 40)
    built("shop", "idle", digest("d"), commit="d" * 40)
    report("shop", *(deployment(digest=digest(name), workload=f"Deployment/{name}") for name in "abc"))

    impact = ask(ASKED)

    assert statuses(impact) == {digest("a"): "cleared", digest("b"): "cleared", digest("c"): "unknown"}
    assert impact.header.builds is not None
    assert (impact.header.builds.cleared_count, impact.header.builds.unknown_count) == (2, 2)
    reasons = {row.artifact.digest: row.matches[0].reason for row in impact.rows}
    assert "its comment says v45.0.7 counts for nothing" in reasons[digest("b")]
    assert "outside the window: 2025-03-10" in reasons[digest("a")]


def test_an_observed_commit_of_a_run_decides_for_its_outputs():
    workflow("shop", "web", f"{NAME}@v45", commit="a" * 40)
    built("shop", "web", digest("a"), commit="a" * 40)
    listed = run(
        id=77,
        run_attempt=1,
        path=PATH,
        head_sha="a" * 40,
        repository={"full_name": "acme/web"},
        resolved_actions=[{"uses": f"{NAME}@v45", "sha": GOOD}],
    )
    report("shop", deployment(digest=digest("a")))
    submit("shop", json.dumps([listed]).encode())

    assert statuses(ask(ASKED)) == {digest("a"): "cleared"}


def test_a_use_inside_a_local_action_counts_and_one_nobody_sent_leaves_it_open():
    workflow("shop", "web", "./tools/diff", commit="a" * 40)
    built("shop", "web", digest("a"), commit="a" * 40)
    report("shop", deployment(digest=digest("a")))

    assert statuses(ask(ASKED)) == {digest("a"): "unknown"}
    composite = f"name: diff\nruns:\n  using: composite\n  steps:\n    - uses: {NAME}@v45\n"
    submit("shop", composite.encode(), repository="acme/web", name="tools/diff/action.yml", commit="a" * 40)
    assert statuses(ask(ASKED)) == {digest("a"): "affected"}


def test_a_download_is_asked_by_its_address_and_by_the_inputs_of_a_provenance():
    workflow("shop", "web", commit="a" * 40, run="bash <(curl -s https://codecov.io/bash)")
    built("shop", "web", digest("a"), commit="a" * 40)
    workflow("shop", "api", commit="b" * 40)
    fetched = {"uri": "https://codecov.io/bash", "digest": {"sha256": "b" * 64}}
    built("shop", "api", digest("b"), commit="b" * 40, inputs=[fetched])
    asked = {"kind": "download", "url": "https://codecov.io/bash", "digests": ["sha256:" + "b" * 64]}

    impact = ask(asked)

    assert statuses(impact) == {digest("a"): "affected", digest("b"): "affected"}
    assert {row.effect for row in impact.rows} == {Effect.BUILD}


def test_a_window_of_the_question_is_that_of_an_action_without_one():
    workflow("shop", "web", f"{NAME}@v45", commit="a" * 40)
    built("shop", "web", digest("a"), commit="a" * 40)
    asked = {"kind": "action", "uses": NAME}

    assert ask(asked, window=("2025-03-12T00:00:00Z", "2025-03-16T00:00:00Z")).rows[0].status is Status.AFFECTED
    assert not ask(asked, window=("2025-04-01T00:00:00Z", "2025-05-01T00:00:00Z")).rows


def test_a_line_of_text_asks_for_an_action():
    workflow("shop", "web", f"{NAME}@v45", commit="a" * 40)
    built("shop", "web", digest("a"), commit="a" * 40)

    impact = assess(read_body({"text": f"uses: {NAME}@v45"}), actor=SEES_ALL, at=NOW)

    assert statuses(impact) == {digest("a"): "affected"}


def test_another_team_learns_nothing_of_runs_and_their_outputs():
    workflow("shop", "web", f"{NAME}@v45", commit="a" * 40)
    built("shop", "web", digest("a"), commit="a" * 40)
    report("shop", deployment(digest=digest("a")))

    mine, theirs = (ask(ASKED, actor=member_of(team)) for team in ("shop", "other"))

    assert (len(mine.rows), len(theirs.rows)) == (1, 0)
    assert theirs.header.builds is not None
    assert theirs.header.builds.runs == ()


def test_nothing_another_team_sent_clears_or_exposes_a_run():
    built("shop", "web", digest("a"), commit="a" * 40)
    report("shop", deployment(digest=digest("a")))
    workflow("other", "web", f"{NAME}@{GOOD}", commit="a" * 40)

    assert statuses(ask(ASKED, actor=member_of("shop"))) == {digest("a"): "unknown"}


def test_a_run_of_an_action_whose_file_nobody_has_sent_is_unknown_until_it_is_sent():
    workflow("shop", "web", "acme/setup@v1", commit="a" * 40)
    built("shop", "web", digest("a"), commit="a" * 40)
    workflow("shop", "late", "acme/setup@v1", commit="b" * 40)
    built("shop", "late", digest("b"), commit="b" * 40, at=BEFORE)
    report("shop", *(deployment(digest=digest(name), workload=f"Deployment/{name}") for name in "ab"))

    unsent = ask(ASKED)

    assert statuses(unsent) == {digest("a"): "unknown"}
    assert "nobody has sent what acme/setup@v1 uses" in unsent.rows[0].matches[0].reason

    action = b"name: setup\ndescription: x\nruns:\n  using: node20\n  main: index.js\n"
    submit("shop", action, repository="acme/setup", name="action.yml", commit="c" * 40)

    assert statuses(ask(ASKED)) == {}


def test_what_a_composite_action_of_ones_own_calls_of_others_is_not_known_either():
    inner = b"name: in\nruns:\n  using: composite\n  steps:\n    - uses: far/away/sub@v3\n"
    submit("shop", inner, repository="acme/web", name="tools/in/action.yml", commit="a" * 40)
    workflow("shop", "web", "./tools/in", commit="a" * 40)
    built("shop", "web", digest("a"), commit="a" * 40)
    report("shop", deployment(digest=digest("a")))

    impact = ask(ASKED)

    assert statuses(impact) == {digest("a"): "unknown"}
    assert "nobody has sent what far/away/sub@v3 uses" in impact.rows[0].matches[0].reason


def test_an_answer_lists_so_many_runs_and_its_hash_is_of_all():
    for number in range(3):
        workflow("shop", f"web-{number}", f"{NAME}@v45", commit=str(number) * 40)
        built("shop", f"web-{number}", digest(str(number)), commit=str(number) * 40)
    question = read_body({"indicators": [ASKED]})

    few, all_ = (assess(replace(question, build_limit=limit), actor=SEES_ALL, at=NOW) for limit in (1, 10))

    assert few.header.builds is not None
    assert all_.header.builds is not None
    assert (len(few.header.builds.runs), len(all_.header.builds.runs)) == (1, 3)
    assert few.header.builds.affected_count == 3
    assert few.header.builds.hash == all_.header.builds.hash
    assert few.hash == all_.hash


def test_a_run_without_output_is_in_the_hash():
    listed = run(path=PATH)
    empty = ask(ASKED)
    submit("shop", json.dumps({"total_count": 1, "workflow_runs": [listed]}).encode())

    told = ask(ASKED)

    assert empty.header.builds is not None
    assert told.header.builds is not None
    assert told.header.builds.hash != empty.header.builds.hash
    assert told.hash != empty.hash
