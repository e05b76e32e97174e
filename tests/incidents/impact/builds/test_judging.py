"""How a run answers a bad action, download or image: what was observed, then the pin, the ref, the time."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from incidents.impact.builds.expanding import Workflows, expand
from incidents.impact.builds.judging import AFFECTED, CLEARED, POSSIBLE, UNKNOWN, Verdict, judge
from incidents.impact.builds.records import Download, Fetched, Resolved, Run, Told, Use, Version, runs_of
from incidents.impact.builds.targets import Target

NAME = "tj-actions/changed-files"
BAD, GOOD, OTHER, HEAD = "0e58ed8671d6b60d0890c21b07f8835ace038e67", "2" * 40, "3" * 40, "a" * 40
REPOSITORY, PATH = "github.com/acme/shop", ".github/workflows/ci.yml"
NOBODY = UUID(int=0)
SINCE, UNTIL = datetime(2025, 3, 12, tzinfo=UTC), datetime(2025, 3, 16, tzinfo=UTC)
INSIDE, BEFORE = datetime(2025, 3, 14, 18, tzinfo=UTC), datetime(2025, 3, 10, tzinfo=UTC)
ASKED = Target(0, owner_repository=NAME, refs=frozenset({"v45"}), shas=(BAD,), since=SINCE, until=UNTIL)


def use(ref: str, name: str = NAME, *, path: str = "", **members: Any) -> Use:
    is_pinned = len(ref) == 40
    return Use("build", "action", f"{name}{path and '/'}{path}@{ref}", name, path, ref, is_pinned, **members)


def local(path: str) -> Use:
    return Use("build", "local", path, "", path, "", False)


def version(
    *uses: Use, path: str = PATH, repository: str = REPOSITORY, commit: str = HEAD, at: datetime = BEFORE, **rest: Any
) -> Version:
    return Version(repository, path, commit, at, NOBODY, uses, rest.pop("downloads", ()), **rest)


def told(started: datetime | None = INSIDE, *, commit: str = HEAD, number: str = "1", **members: Any) -> Told:
    row: dict[str, Any] = {
        "repository": REPOSITORY, "run_id": number, "attempt": 1, "path": PATH, "commit": commit, "event": "push",
        "actor": "", "started_at": started, "finished_at": started, "evidence": NOBODY, "pointer": "",
        "artifacts": (), "resolved": (), "fetched": (), **members,
    }  # fmt: skip
    return Told(**row)


def verdict(one: Told, *versions: Version, target: Target = ASKED) -> Verdict | None:
    run = Run([one])
    return judge(run, target, expanded=expand(run, workflows=Workflows(versions)))


def found(one: Told, *versions: Version, target: Target = ASKED) -> int | None:
    result = verdict(one, *versions, target=target)
    return None if result is None else result.match_class


def resolved(commit: str, ref: str = "v45") -> tuple[Resolved, ...]:
    return (Resolved(NAME, "", ref, commit),)


@pytest.mark.parametrize(
    ("ref", "run", "expected"),
    [
        ("v45", told(), AFFECTED),
        ("refs/tags/v45", told(), AFFECTED),
        ("v45", told(BEFORE), CLEARED),
        ("v46", told(), CLEARED),
        ("v45", told(None), POSSIBLE),
        (BAD, told(), AFFECTED),
        (BAD, told(BEFORE), AFFECTED),
        (GOOD, told(), CLEARED),
        ("v45", told(resolved=resolved(GOOD)), CLEARED),
        ("v45", told(resolved=resolved(BAD)), AFFECTED),
        ("v45", told(BEFORE, resolved=resolved(BAD)), AFFECTED),
        ("v45", told(resolved=resolved(GOOD, ref="v44")), AFFECTED),
        (GOOD, told(resolved=resolved(BAD)), AFFECTED),
    ],
)
def test_the_observed_commit_decides_then_the_pin_then_ref_and_time(ref: str, run: Told, expected: int) -> None:
    assert found(run, version(use(ref))) == expected


def test_a_pin_is_believed_and_its_comment_is_not() -> None:
    result = verdict(told(), version(use(GOOD, comment="v45")))

    assert result is not None
    assert (result.match_class, "comment says v45 counts for nothing" in result.reason) == (CLEARED, True)


def test_a_mutable_ref_is_medium_and_a_commit_high() -> None:
    results = [verdict(told(), version(use(ref))) for ref in ("v45", BAD)]

    assert [result.confidence if result else 0 for result in results] == [70, 100]


def test_a_run_is_in_the_window_while_any_of_it_is() -> None:
    late = told(BEFORE, finished_at=INSIDE)

    assert found(late, version(use("v45"))) == AFFECTED
    assert found(told(UNTIL), version(use("v45"))) == CLEARED
    assert found(told(SINCE), version(use("v45"))) == AFFECTED


@pytest.mark.parametrize(
    ("refs", "shas", "ref", "expected"),
    [
        ((), (), "v1", AFFECTED),
        ((), (), GOOD, AFFECTED),
        (("v45",), (), GOOD, POSSIBLE),
        ((), (BAD,), "anything", AFFECTED),
        ((), (BAD[:7],), BAD, AFFECTED),
        ((), (BAD[:7],), GOOD, CLEARED),
    ],
)
def test_what_is_not_given_excludes_nothing(
    refs: tuple[str, ...], shas: tuple[str, ...], ref: str, expected: int
) -> None:
    target = Target(0, owner_repository=NAME, refs=frozenset(refs), shas=shas)

    assert found(told(), version(use(ref)), target=target) == expected


def test_a_run_of_a_workflow_nobody_sent_is_unknown_inside_the_window_alone() -> None:
    assert found(told()) == UNKNOWN
    assert found(told(None)) == UNKNOWN
    assert found(told(BEFORE)) is None


def test_a_run_that_uses_something_else_is_no_answer() -> None:
    assert found(told(), version(use("v45", "actions/checkout"))) is None


def test_the_version_of_the_runs_commit_counts_before_any_time() -> None:
    exact = version(use(GOOD), commit=HEAD, at=UNTIL)
    newer = version(use("v45"), commit=OTHER, at=BEFORE)

    assert found(told(), exact, newer) == CLEARED


def test_without_it_the_newest_before_the_run_counts_and_the_next_only_makes_it_worse() -> None:
    before, after = version(use(GOOD), commit=OTHER, at=BEFORE), version(use("v45"), commit="", at=UNTIL)

    assert found(told(), before) == CLEARED
    assert found(told(), before, after) == POSSIBLE
    assert found(told(), after) == POSSIBLE
    assert found(told(), version(use(GOOD), commit=OTHER, at=UNTIL)) == UNKNOWN
    assert found(told(), version(use("v45"), commit=OTHER, at=BEFORE), version(at=UNTIL, commit="")) == AFFECTED


def test_composite_actions_and_reusable_workflows_are_followed() -> None:
    composite = version(use("v45"), path="tools/diff/action.yml")
    reusable = version(local("./tools/diff"), repository="github.com/acme/build", path=".github/workflows/x.yml")
    called = use("main", "acme/build", path=".github/workflows/x.yml")

    result = verdict(told(), version(called), reusable, composite)

    assert result is not None
    assert result.match_class == AFFECTED
    assert "through acme/build/.github/workflows/x.yml → acme/shop/tools/diff/action.yml" in result.reason


def test_a_chain_that_calls_itself_ends_and_one_that_is_too_deep_is_unknown() -> None:
    folders = [version(local(f"./a{n + 1}"), path=f"a{n}/action.yml") for n in range(12)]
    itself = version(local("./a"), path="a/action.yml")

    assert found(told(), version(local("./a")), itself) is None
    assert found(told(), version(local("./a0")), *folders, version(use("v45"), path="a12/action.yml")) == UNKNOWN


@pytest.mark.parametrize("hidden", [local("./nobody/sent"), Use("build", "unresolved", "${{ x }}", "", "", "", False)])
def test_what_nobody_knows_is_unknown_even_beside_what_is_cleared(hidden: Use) -> None:
    assert found(told(), version(hidden)) == UNKNOWN
    assert found(told(), version(hidden, use(GOOD))) == UNKNOWN
    assert found(told(), version(hidden, use("v45"))) == AFFECTED
    assert found(told(BEFORE), version(hidden, use("v45"))) == CLEARED


def download(check: str, *, is_run: bool = False, checksums: tuple[str, ...] = ()) -> Version:
    return version(downloads=(Download("t", "codecov.io/bash", is_run, check, checksums, 3),))


BASH = Target(0, url="codecov.io/bash", checksums=frozenset({"sha256:" + "b" * 64}), since=SINCE, until=UNTIL)


@pytest.mark.parametrize(
    ("file", "run", "expected"),
    [
        (download("none", is_run=True), told(), AFFECTED),
        (download("none"), told(BEFORE), CLEARED),
        (download("checksum", checksums=("sha256:" + "c" * 64,)), told(), CLEARED),
        (download("checksum", checksums=("sha256:" + "b" * 64,)), told(), AFFECTED),
        (download("fetched_checksum"), told(), POSSIBLE),
        (download("signature"), told(), POSSIBLE),
        (version(knows_downloads=False), told(), UNKNOWN),
        (version(), told(fetched=(Fetched("codecov.io/bash", "sha256:" + "b" * 64),)), AFFECTED),
        (version(), told(fetched=(Fetched("codecov.io/bash", "sha256:" + "c" * 64),)), CLEARED),
        (version(), told(fetched=(Fetched("codecov.io/bash", ""),)), AFFECTED),
    ],
)
def test_a_download_exposes_unless_its_checksum_stood_in_the_script(file: Version, run: Told, expected: int) -> None:
    assert found(run, file, target=BASH) == expected


def test_a_step_that_runs_in_an_image_is_asked_by_digest_and_by_name() -> None:
    digest = "sha256:" + "d" * 64
    pinned = version(Use("build", "docker", f"docker://alpine@{digest}", "", "alpine", digest, True))
    tagged = version(Use("build", "docker", "docker://alpine:3", "", "alpine", "3", False))
    by_name = Target(0, image="docker.io/library/alpine", tag="3")

    assert found(told(), pinned, target=Target(0, digest=digest)) == AFFECTED
    assert found(told(), tagged, target=by_name) == POSSIBLE
    assert found(told(), tagged, target=Target(0, image="docker.io/library/alpine", tag="4")) is None
    assert found(told(), target=by_name) is None


def test_what_is_told_of_one_run_is_put_together_and_attempts_stay_apart() -> None:
    first, again = told(artifacts=(1,)), told(artifacts=(2,))
    second = told(attempt=2, artifacts=(3,))

    assert sorted(sorted(run.artifacts) for run in runs_of([first, again, second])) == [[1, 2], [3]]
    assert [sorted(run.artifacts) for run in runs_of([first, second, told(attempt=None, artifacts=(4,))])] == [
        [1, 3, 4]
    ]
    assert len(runs_of([told(number=""), told(number="")])) == 2


@pytest.mark.parametrize(
    ("unsent", "one", "expected"),
    [
        (("acme/other@v1",), told(), UNKNOWN),
        (("acme/other@v1",), told(BEFORE), None),
        ((f"{NAME}@v45",), told(), None),
    ],
)
def test_what_an_action_of_others_holds_is_unknown_where_nobody_has_sent_it(
    unsent: tuple[str, ...], one: Told, expected: int | None
):
    assert found(one._replace(unsent=unsent), version(use("v1", "acme/other"))) == expected


def test_a_pin_that_is_cleared_says_what_beside_it_nobody_knows():
    result = verdict(told(unsent=("acme/other@v1", "acme/third@v2")), version(use(GOOD), use("v1", "acme/other")))

    assert result is not None
    assert result.match_class == CLEARED
    assert result.reason.endswith("; nobody has sent what acme/other@v1 and 1 more uses")


def test_what_is_exposed_stays_exposed_beside_what_nobody_has_sent():
    assert found(told(unsent=("acme/other@v1",)), version(use("v45"))) == AFFECTED
