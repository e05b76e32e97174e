"""tj-actions/changed-files, CVE-2025-30066: by ref, by commit, in a window, nested; and S6, Codecov's uploader."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from tests.flows.conftest import KeyMaker
from tests.flows.scenario import Estate, running

NAME = "tj-actions/changed-files"
BAD, SAFE = "0e58ed8671d6b60d0890c21b07f8835ace038e67", "22103cc46bda19c2b464ffe86db46df6922fd323"
PATH = ".github/workflows/ci.yml"
ASKED = {
    "kind": "action", "uses": NAME, "refs": ["v44", "v45", "v45.0.7"], "shas": [BAD],
    "from": "2025-03-12T00:00:00Z", "to": "2025-03-16T00:00:00Z",
}  # fmt: skip
INSIDE, BEFORE, AFTER = "2025-03-14T18:00:00Z", "2025-03-10T09:00:00Z", "2025-03-20T09:00:00Z"
BASH = {
    "kind": "download", "url": "https://codecov.io/bash", "digests": ["sha256:" + "b" * 64],
    "from": "2021-01-31T00:00:00Z", "to": "2021-04-01T00:00:00Z",
}  # fmt: skip
CODECOV = {"kind": "action", "uses": "codecov/codecov-action", "from": BASH["from"], "to": BASH["to"]}
SECRETS = ("NPM", "PYPI", "AWS", "SLACK")
CHECKED = f"curl -so up https://codecov.io/bash && echo '{'c' * 64}  up' | sha256sum -c && bash up"


@pytest.fixture
def estate(new_key: KeyMaker) -> Estate:
    return Estate(new_key("shop", "evidence:write", "inventory:read", "incidents:read", "incidents:write"))


def workflow(
    estate: Estate, repository: str, *steps: str, path: str = PATH, secrets: Sequence[str] = ("REGISTRY",)
) -> None:
    lines = "".join(f"      - {step}\n" for step in steps)
    named = "".join(f"      {name}: ${{{{ secrets.{name} }}}}\n" for name in secrets)
    head = "on: push\npermissions: {contents: read, id-token: write}\njobs:\n  test:\n    runs-on: ubuntu-latest\n"
    text = f"{head}    env:\n{named}    steps:\n{lines}"
    estate.send(text.encode(), repository=f"acme/{repository}", name=path, commit=commit_of(repository))


def commit_of(repository: str) -> str:
    return repository[-1] * 40


def test_changed_files_exposes_who_ran_it_and_clears_who_pinned_or_ran_before(estate: Estate) -> None:
    uses = {
        "w1": (f"uses: {NAME}@v45", INSIDE),
        "w2": (f"uses: {NAME}@v45", BEFORE),
        "w3": (f"uses: {NAME}@{SAFE} # v45.0.7", INSIDE),
        "w5": (f"uses: {NAME}@{BAD}", INSIDE),
        "w6": (f"uses: {NAME}@v46", AFTER),
        "w7": ("uses: actions/checkout@v4", INSIDE),
    }
    for name, (step, at) in uses.items():
        workflow(estate, name, step)
        estate.built(name, name, commit=commit_of(name), path=PATH, at=at)
    composite = f"name: diff\nruns:\n  using: composite\n  steps:\n    - uses: {NAME}@v45\n"
    estate.send(composite.encode(), repository="acme/w1", name="tools/diff/action.yml", commit=commit_of("w1"))
    called = f"on: workflow_call\njobs:\n  t:\n    steps:\n      - uses: acme/w1/tools/diff@{commit_of('w1')}\n"
    estate.send(called.encode(), repository="acme/build", name=".github/workflows/ci.yml", commit="d" * 40)
    build = f"acme/build/.github/workflows/ci.yml@{'d' * 40}"
    calls = f"on: push\njobs:\n  call:\n    uses: {build}\n    secrets: inherit\n"
    estate.send(calls.encode(), repository="acme/w4", name=PATH, commit=commit_of("w4"))
    estate.built("w4", "w4", commit=commit_of("w4"), path=PATH, at=INSIDE)
    estate.built("w8", "w8", commit=commit_of("w8"), path=PATH, at=INSIDE)
    estate.runs(*(running(estate.digest(name), name) for name in [*uses, "w4", "w8"]))
    estate.settle()

    answer = estate.ask(ASKED)

    rows = estate.rows(answer)
    statuses = estate.statuses(answer)
    assert {name: statuses.get(name) for name in [*uses, "w4", "w8"]} == {
        "w1": "affected", "w2": "cleared", "w3": "cleared", "w4": "affected", "w5": "affected", "w6": "cleared",
        "w7": "unknown", "w8": "unknown",
    }  # fmt: skip
    assert {rows[name]["effect"] for name in ("w1", "w4", "w5")} == {"build"}
    assert (rows["w1"]["confidence"], rows["w5"]["confidence"]) == ("medium", "high")
    assert "its comment says v45.0.7 counts for nothing" in rows["w3"]["matches"][0]["reason"]
    assert "outside the window" in rows["w2"]["matches"][0]["reason"]
    builds = answer["builds"]
    assert (builds["affected_count"], builds["possible_count"], builds["cleared_count"], builds["unknown_count"]) == (
        3, 0, 3, 2,
    )  # fmt: skip
    assert {run["job"] for run in builds["runs"] if run["repository"].endswith(("w1", "w4"))} == {"test", "call"}
    assert "nobody has sent what actions/checkout@v4 uses" in rows["w7"]["matches"][0]["reason"]

    incident = estate.opened("tj-actions", indicators=[ASKED])

    assert set(estate.statuses(incident.answer())) == {"w1", "w4", "w5"}
    inherited = "all secrets of github.com/acme/w4 (inherited)"
    trusting = {name: f"roles that trust github.com/acme/{name}" for name in ("w1", "w5")}
    assert incident.required() == {
        ("secret", "REGISTRY", "w1"), ("oidc", trusting["w1"], "w1"), ("all", inherited, "w4"),
        ("secret", "REGISTRY", "w5"), ("oidc", trusting["w5"], "w5"),
    }  # fmt: skip
    assert incident.rotations() == {
        "shop": {
            ("rotate", "REGISTRY", "w1"), ("revoke", trusting["w1"], "w1"), ("rotate", inherited, "w4"),
            ("rotate", "REGISTRY", "w5"), ("revoke", trusting["w5"], "w5"),
        }
    }  # fmt: skip


def test_codecovs_uploader_exposes_who_ran_it_unchecked_in_the_window(estate: Estate) -> None:
    steps = {
        "j1": ("run: bash <(curl -s https://codecov.io/bash)", "2021-02-15T00:00:00Z"),
        "j2": ("uses: codecov/codecov-action@v1", "2021-02-16T00:00:00Z"),
        "j3": (f"run: {CHECKED}", "2021-02-17T00:00:00Z"),
        "j4": ("run: bash <(curl -s https://codecov.io/bash)", "2021-01-15T00:00:00Z"),
    }
    for name, (step, at) in steps.items():
        workflow(estate, name, step, secrets=SECRETS if name == "j1" else ("REGISTRY",))
        estate.built(name, name, commit=commit_of(name), path=PATH, at=at)
    workflow(estate, "j5", "run: make")
    fetched = {"uri": "https://codecov.io/bash", "digest": {"sha256": "b" * 64}}
    estate.built("j5", "j5", commit=commit_of("j5"), path=PATH, at="2021-03-01T00:00:00Z", inputs=[fetched])
    estate.runs(*(running(estate.digest(name), name) for name in [*steps, "j5"]))
    estate.settle()

    answer = estate.ask(BASH, CODECOV)

    assert estate.statuses(answer) == {
        "j1": "affected", "j2": "affected", "j3": "cleared", "j4": "cleared", "j5": "affected",
    }  # fmt: skip
    assert {row["effect"] for row in answer["rows"] if row["status"] == "affected"} == {"build"}
    assert answer["summary"]["build_exposure"]["artifact_count"] == 3

    incident = estate.opened("Codecov", indicators=[BASH, CODECOV])

    known = {
        (one["title"], one["subject"], one["state"], estate.repositories_of(one, incident.answer()))
        for one in incident.answer()["findings"]
    }
    assert known == {
        ("unpinned tool download", "codecov.io/bash", "open", ("j1",)),
        ("unpinned action", "codecov/codecov-action", "open", ("j2",)),
    }
    opened_at = incident.read()["opened_at"]
    assert all(one["first_seen_at"] < opened_at for one in incident.answer()["findings"])
    found = estate.findings(detector="unpinned_tool")
    assert {(name, one["state"], one["rule"]) for name, one in found} == {
        (name, "open", "run_as_it_arrives") for name in ("j1", "j4")
    }  # J3 compares what it fetched with a checksum of its own.
    assert {name for kind, name, repository in incident.required() if (kind, repository) == ("secret", "j1")} == {
        *SECRETS
    }
    exposed = {repository for _, _, repository in incident.required()}
    assert exposed == {"j1", "j2", "j5"}
    # Nothing that runs holds anything of an attacker's: nothing is blocked or frozen, and to rebuild is optional.
    assert incident.proposed_kinds() == {"rotate", "revoke", "rebuild", "redeploy", "notify"}
    assert incident.rebuild_titles() == {
        f"Rebuild Deployment/{name} in prod-eu/shop from clean inputs (it only took part in the build: optional)"
        for name in ("j1", "j2", "j5")
    }
