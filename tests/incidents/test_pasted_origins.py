"""Pasted lines that can only be a repository, a workflow, a run, a builder, a signer, a commit or an account."""

from __future__ import annotations

import pytest

from incidents.pasted import parse_text
from inventory.identity.indicators import Indicator


def read_one(text: str) -> Indicator:
    (indicator,) = parse_text(text)
    return indicator


@pytest.mark.parametrize(
    ("text", "kind", "details"),
    [
        ("https://git.example/acme/app", "repository", (("repository", "git.example/acme/app"),)),
        ("- git@github.com:Acme/App.git", "repository", (("repository", "github.com/acme/app"),)),
        ("repo: https://svn.example/a/b/c", "repository", (("repository", "svn.example/a/b/c"),)),
        ("https://github.com/acme/app/.github/workflows/a.yml@refs/tags/v1", "workflow",
         (("repository", "github.com/acme/app"), ("path", ".github/workflows/a.yml"))),
        ("https://github.com/acme/app/blob/main/.github/workflows/a.yaml", "workflow",
         (("repository", "github.com/acme/app"), ("path", ".github/workflows/a.yaml"))),
        ("https://github.com/acme/app/actions/runs/12/attempts/1", "run",
         (("url", "https://github.com/acme/app/actions/runs/12/attempts/1"),)),
        (f"https://github.com/acme/app/commit/{'a' * 40}", "commit",
         (("sha", "a" * 40), ("repository", "github.com/acme/app"))),
        (f"commit {'a' * 40}", "commit", (("sha", "a" * 40),)),
        ("commit: 0E58ED8", "commit", (("sha", "0e58ed8"),)),
        ("builder: https://b.example/x@v1", "builder", (("id", "https://b.example/x@v1"),)),
        ("signer: ci@example.com", "signer", (("identity", "ci@example.com"),)),
        (f"key: {'A' * 64}", "signer", (("key", f"sha256:{'a' * 64}"),)),
        (".github/workflows/shai-hulud-workflow.yml", "workflow",
         (("path", ".github/workflows/shai-hulud-workflow.yml"),)),
        ("workflow:.github/workflows/release.yml@main", "workflow", (("path", ".github/workflows/release.yml"),)),
        ("workflow: /.github/workflows/release.yaml", "workflow", (("path", ".github/workflows/release.yaml"),)),
        ("account: mallory", "account", (("login", "mallory"),)),
        ("cluster: prod-eu", "cluster", (("cluster", "prod-eu"),)),
        ("Cluster: prod-eu/payments", "cluster", (("cluster", "prod-eu"), ("namespace", "payments"))),
        ("download: https://codecov.io/bash", "download", (("url", "https://codecov.io/bash"),)),
    ],
)  # fmt: skip
def test_what_can_only_be_an_origin(text: str, kind: str, details: tuple[tuple[str, str], ...]):
    indicator = read_one(text)

    assert (indicator.kind.value, indicator.details, indicator.problem) == (kind, details, None)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("commit: 1.2.3", "package"), ("account:1.0", "package"), ("account: v1", "package"),
        ("cluster:1.0", "package"), ("cluster: ^1.2", "package"), ("cluster 1.2", "package"), ("run 1.2", "package"),
        ("github.com/x/y", "package"), ("ci@example.com", "package"), ("https://www.npmjs.com/package/x", "unreadable"),
        ("https://news.example/2026/worm", "unreadable"), ("https://github.com/acme", "unreadable"),
        ("https://github.com/acme/app/pull/3", "unreadable"),
    ],
)  # fmt: skip
def test_what_may_be_something_else_is_taken_for_no_origin(text: str, kind: str):
    assert read_one(text).kind.value == kind


def test_forty_hex_digits_are_a_hash_or_a_commit_and_asked_for_as_both():
    hashed, commit = parse_text("C" * 40)

    assert (hashed.kind.value, hashed.value, hashed.line) == ("hash", "c" * 40, 1)
    assert (commit.kind.value, commit.details, commit.line) == ("commit", (("sha", "c" * 40),), 1)
