"""Repositories, commits, runs and keys in one spelling each: what indicators of origin are made of."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from inventory.identity.indicators import Indicator, IndicatorKind
from inventory.identity.repositories import FORGES, canonical_repository

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

SHORTEST_COMMIT: Final = 7

_COMMIT: Final = re.compile(rf"[0-9a-f]{{{SHORTEST_COMMIT},40}}|[0-9a-f]{{64}}")
_FINGERPRINT: Final = re.compile(r"(?:sha256:)?([0-9a-f]{64})")
_RUN: Final = re.compile(
    r"(https://[\w.-]+(?::\d+)?/[\w.~+/-]+/(?:actions/runs|jobs|pipelines)/\d+(?:/attempts/\d+)?)/?"
)
_WORKFLOW: Final = re.compile(
    r"(?:https://)?(?P<repository>[\w.-]+(?::\d+)?/[\w.-]+/[\w.-]+)/(?:blob/[\w./-]+?/)?"
    r"(?P<path>\.github/workflows/[\w.+-]+\.ya?ml)(?:@\S+)?",
    re.IGNORECASE,
)
_WORKFLOW_FILE: Final = re.compile(
    r"(?:workflow:\s*)?/?(?P<path>\.github/workflows/[\w.+-]+\.ya?ml)(?:@\S+)?", re.IGNORECASE
)
"""A workflow's file in whatever repository."""
_COMMIT_PAGE: Final = re.compile(
    r"https://(?P<repository>[\w.-]+/[\w.~+/-]+?)/(?:-/)?commits?/(?P<sha>[0-9a-f]{7,64})/?"
)
_FORGE: Final = re.compile(r"(?:git|gitlab|github|code|bitbucket|gitea|forgejo)\.")
_NAMED: Final = re.compile(
    r"(?:(?P<word>repository|repo|workflow|run|builder|signer|key|commit|account|cluster|download):|(?P<logged>commit))"
    r"\s+(?P<value>(?!v?\d+(?:\.|$))\S+)",
    re.IGNORECASE,
)
"""A word and, behind a blank, a value; `account:1.0` and `account: v1` are packages."""
_CLUSTER: Final = re.compile(
    r"(?P<cluster>[a-z][\w.-]{0,252})(?:/(?P<namespace>[a-z0-9][a-z0-9-]{0,62}))?", re.IGNORECASE
)
_FILE: Final = re.compile(r"https?://[\w.:-]+/\S+")
Details = tuple[tuple[str, str], ...]
_LOGIN: Final = re.compile(r"[\w.@+/\[\]-]{1,255}")


def read_repository(text: str) -> str | None:
    """Return a repository by its one name; None where the text names none, or only a host or an owner."""
    name = canonical_repository(text)
    return name if name is not None and name.count("/") >= 2 else None


def read_commit(text: str) -> str | None:
    """Return a commit's whole id, or the beginning of one, in lower case; None where it is neither."""
    sha = text.strip().lower()
    return sha if _COMMIT.fullmatch(sha) else None


def read_fingerprint(text: str) -> str | None:
    """Return the SHA-256 of a public key as evidence has it; None where the text is none."""
    found = _FINGERPRINT.fullmatch(text.strip().lower())
    return None if found is None else f"sha256:{found[1]}"


def read_run(text: str) -> str | None:
    """Return the address of a workflow's run; None for any other."""
    found = _RUN.fullmatch(text.strip())
    return None if found is None else found[1]


def read_login(text: str) -> str | None:
    """Return the name of an account; None for what none can be."""
    return text.strip() if _LOGIN.fullmatch(text.strip()) else None


def read_address(text: str, *, given: str, line: int | None) -> Indicator | None:
    """Return what an address can only be: a workflow's file, a run, a commit, or else a repository."""
    workflow = _WORKFLOW.fullmatch(text)
    if workflow is not None and (name := read_repository(workflow["repository"])) is not None:
        details = (("repository", name), ("path", workflow["path"]))
        return Indicator(IndicatorKind.WORKFLOW, given, line, details=details)
    if (run := read_run(text)) is not None:
        return Indicator(IndicatorKind.RUN, given, line, details=(("url", run),))
    page = _COMMIT_PAGE.fullmatch(text)
    if page is not None and (name := read_repository(page["repository"])) is not None:
        sha = read_commit(page["sha"])
        return None if sha is None else commit_indicator(sha, given=given, line=line, repository=name)
    if (name := read_repository(text)) is not None and _is_surely_repository(text, name):
        return repository_indicator(name, given=given, line=line)
    return None


def read_named(text: str, *, given: str, line: int | None) -> Indicator | None:
    """Return what a word before it says that it is, such as `commit: 0e58ed8`.

    Also git's own address of a repository, and the path of a workflow: nothing else is written so.
    """
    if (file := _WORKFLOW_FILE.fullmatch(text)) is not None:
        return Indicator(IndicatorKind.WORKFLOW, given, line, details=(("path", file["path"]),))
    if text.startswith("git@") and (name := read_repository(text)) is not None:
        return repository_indicator(name, given=given, line=line)
    match = _NAMED.fullmatch(text)
    if match is None:
        return None
    word, value = (match["word"] or match["logged"]).lower(), match["value"]
    if word in {"builder", "signer"} and not ("://" in value or "@" in value):
        return None
    if word in {"workflow", "run", "repository", "repo"}:
        return _named_address(word, value, given=given, line=line)
    if word in {"cluster", "download"}:
        details = _cluster_of(value) if word == "cluster" else _download_of(value)
        return None if details is None else Indicator(IndicatorKind(word), given, line, details=details)
    kind, name, read = _WORDS[word]
    found = read(value)
    if found is None or not re.search("[a-z]", found):
        return None
    return Indicator(kind, given, line, details=((name, found),))


def _cluster_of(value: str) -> Details | None:
    """Read `prod-eu` or `prod-eu/payments`: a credential of the cluster, or of one namespace."""
    match = _CLUSTER.fullmatch(value)
    if match is None:
        return None
    cluster, namespace = match["cluster"], match["namespace"]
    return (("cluster", cluster), *([("namespace", namespace)] if namespace else []))


def _download_of(value: str) -> Details | None:
    """Read the address of a file that build steps fetch."""
    match = _FILE.fullmatch(value)
    return None if match is None else (("url", value),)


def _named_address(word: str, value: str, *, given: str, line: int | None) -> Indicator | None:
    if word in {"repository", "repo"}:
        name = read_repository(value)
        return None if name is None else repository_indicator(name, given=given, line=line)
    found = read_address(value, given=given, line=line)
    return found if found is not None and found.kind.value == word else None


def _is_surely_repository(text: str, name: str) -> bool:
    """Say whether an address can be no page: a forge's, git's own, or one that ends as repositories do."""
    host = name.partition("/")[0]
    is_forge = host in FORGES or _FORGE.match(host) is not None
    is_git = text.endswith(".git") or text.startswith(("git://", "ssh://", "git+"))
    return name.count("/") == 2 and (is_forge or is_git)


def repository_indicator(name: str, *, given: str, line: int | None) -> Indicator:
    """Return the question by a repository."""
    return Indicator(IndicatorKind.REPOSITORY, given, line, details=(("repository", name),))


def commit_indicator(sha: str, *, given: str, line: int | None, repository: str = "") -> Indicator:
    """Return the question by a commit, of one repository or of any."""
    details = [("sha", sha), *([("repository", repository)] if repository else [])]
    return Indicator(IndicatorKind.COMMIT, given, line, details=tuple(details))


_WORDS: Final[Mapping[str, tuple[IndicatorKind, str, Callable[[str], str | None]]]] = {
    "builder": (IndicatorKind.BUILDER, "id", str),
    "signer": (IndicatorKind.SIGNER, "identity", str),
    "key": (IndicatorKind.SIGNER, "key", read_fingerprint),
    "commit": (IndicatorKind.COMMIT, "sha", read_commit),
    "account": (IndicatorKind.ACCOUNT, "login", read_login),
}
