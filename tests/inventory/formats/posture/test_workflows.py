"""Workflow files: jobs, permissions, secrets, and what code of others they run, each with its line."""

import pytest

from inventory.formats.limits import Limits
from inventory.formats.posture.action_uses import Use, read_use
from inventory.formats.posture.workflow_records import RefKind, UseKind
from inventory.formats.read import read_document
from inventory.formats.records import FormatError
from tests.inventory.formats.posture.documents import WORKFLOW, codes, read


def test_a_workflow_says_what_starts_it_and_what_its_jobs_may_do() -> None:
    record = read(WORKFLOW.encode())

    assert (record.format, record.name, record.triggers) == (
        "github-workflow",
        "Release",
        ("push", "workflow_dispatch"),
    )
    build, publish = record.jobs
    assert (build.name, build.runner_labels, build.environment) == ("build", ("self-hosted", "linux"), "production")
    assert build.permissions == (("id-token", "write"),)
    assert publish.permissions == (("contents", "read"),)
    assert record.warnings == []


def test_secrets_are_those_of_expressions_and_all_where_all_are_handed_on() -> None:
    build, publish = read(WORKFLOW.encode()).jobs

    assert build.secrets == ("AWS_KEY", "GATE", "OTHER", "SHARED_TOKEN")
    assert publish.secrets == ("*", "SHARED_TOKEN")


def test_every_use_is_kept_with_its_pin_and_its_line() -> None:
    uses = read(WORKFLOW.encode()).uses

    assert [(use.job, use.step, use.kind, use.ref_kind, use.line) for use in uses] == [
        ("build", 0, UseKind.ACTION, RefKind.COMMIT, 18),
        ("build", 1, UseKind.ACTION, RefKind.SYMBOLIC, 19),
        ("build", 2, UseKind.LOCAL, RefKind.NONE, 20),
        ("build", 3, UseKind.DOCKER, RefKind.DIGEST, 21),
        ("build", None, UseKind.DOCKER, RefKind.SYMBOLIC, 16),
        ("publish", None, UseKind.REUSABLE_WORKFLOW, RefKind.SYMBOLIC, 27),
    ]
    assert (uses[0].owner_repository, uses[0].comment) == ("actions/checkout", "v4.2.2")
    assert (uses[5].owner_repository, uses[5].path) == ("acme/workflows", ".github/workflows/publish.yml")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Owner/Name@V1", (UseKind.ACTION, "owner/name", "", "V1", RefKind.SYMBOLIC)),
        ("o/n/sub/dir@" + "A" * 40, (UseKind.ACTION, "o/n", "sub/dir", "a" * 40, RefKind.COMMIT)),
        ("o/n@" + "a" * 39, (UseKind.ACTION, "o/n", "", "a" * 39, RefKind.SYMBOLIC)),
        ("o/n", (UseKind.UNRESOLVED, "", "", "", RefKind.NONE)),
        ("${{ matrix.action }}", (UseKind.UNRESOLVED, "", "", "", RefKind.NONE)),
        ("o/n@${{ env.V }}", (UseKind.UNRESOLVED, "", "", "", RefKind.NONE)),
        ("docker://reg.example:5000/a", (UseKind.DOCKER, "", "reg.example:5000/a", "", RefKind.NONE)),
        ("docker://reg.example:5000/a:1", (UseKind.DOCKER, "", "reg.example:5000/a", "1", RefKind.SYMBOLIC)),
        ("../x", (UseKind.LOCAL, "", "../x", "", RefKind.NONE)),
        ("x" * 2_000, (UseKind.UNRESOLVED, "", "", "", RefKind.NONE)),
    ],
)
def test_what_a_use_names(text, expected) -> None:
    assert read_use(text) == Use(*expected)


def test_permissions_not_stated_are_unknown_and_empty_ones_are_none() -> None:
    stated = "on: push\njobs:\n  a: {runs-on: x}\n  b: {runs-on: x, permissions: {}}\n  c: {permissions: write-all}\n"

    jobs = read(stated.encode()).jobs

    assert [job.permissions for job in jobs] == [None, (), (("*", "write"),)]


def test_a_composite_action_runs_others_too() -> None:
    data = b"name: x\nruns:\n  using: composite\n  steps:\n    - uses: o/n@v1\n    - run: true\n"

    record = read(data)

    assert (record.format, record.jobs) == ("github-action", [])
    assert [(use.job, use.step, use.owner_repository) for use in record.uses] == [("", 0, "o/n")]


def test_what_cannot_be_read_of_a_job_is_told_with_its_line() -> None:
    data = b"jobs:\n  a: 1\n  b:\n    steps:\n      - uses: [x]\n      - 7\n  c:\n    steps: none\n"

    record = read(data)

    assert [job.name for job in record.jobs] == ["b", "c"]
    places = {(warning.code, warning.pointer) for warning in record.warnings}
    assert places == {
        ("wrong_type", "line 2"), ("wrong_type", "line 5"), ("wrong_type", "line 6"), ("wrong_type", "line 8"),
        ("no_trigger", "line 1"),
    }  # fmt: skip
    assert "no_trigger" in codes(record)


@pytest.mark.parametrize(
    ("data", "code", "place"),
    [
        (b"on: push\njobs:\n  a:\n    env: 1\n    env: 2\n", "duplicate_key", "line 5"),
        (b"on: push\njobs:\n  a: b\n    c: d\n", "bad_yaml", "line 4"),
        (b"on: push\njobs: !!python/object:os.system {}\n", "yaml_tag", "line 2"),
        (b"on: push\njobs: *nowhere\n", "bad_yaml", "line 2"),
        (b"on: push\njobs: []\n", "wrong_shape", "line 1"),
        (b"on: push\n---\njobs: {}\n", "several_documents", ""),
        (b"on: push\njobs: {? [a] : b}\n", "bad_yaml", "line 2"),
        (b"on: push\njobs: " + b"[" * 100 + b"]" * 100, "too_deep", ""),
        (b"on: push\njobs:\n  a: '" + b"x" * 1_100_000 + b"'\n", "yaml_too_large", ""),
    ],
)
def test_a_broken_file_is_refused_with_its_place(data, code, place) -> None:
    with pytest.raises(FormatError) as caught:
        read_document(data)

    assert (caught.value.code, caught.value.pointer) == (code, place)


def test_anchors_are_followed_but_never_unfold_without_end() -> None:
    lines = ["on: push", "x0: &x0 [a, a]", *(f"x{n}: &x{n} [*x{n - 1}, *x{n - 1}]" for n in range(1, 40)), "jobs: {}"]

    with pytest.raises(FormatError) as caught:
        read_document("\n".join(lines).encode())

    assert caught.value.code == "yaml_too_large"
    shared = b"on: push\njobs:\n  a: &a\n    steps: [{uses: o/n@v1}]\n  b: *a\n"
    assert [use.job for use in read(shared).uses] == ["a", "b"]


def test_the_ceiling_of_depth_is_the_readers() -> None:
    with pytest.raises(FormatError) as caught:
        read_document(b"on: push\njobs: {a: {b: {c: {d: e}}}}\n", limits=Limits(depth=4))

    assert caught.value.code == "too_deep"
