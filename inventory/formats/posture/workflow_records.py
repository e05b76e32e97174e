"""What a GitHub workflow or composite action file says: jobs, what they may do, and what code of others they run."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from inventory.formats.records import ReadWarning


class UseKind(enum.StrEnum):
    """What a `uses` names."""

    ACTION = "action"
    REUSABLE_WORKFLOW = "reusable_workflow"
    LOCAL = "local"
    """`./path`: of the same repository and commit."""
    DOCKER = "docker"
    UNRESOLVED = "unresolved"
    """An expression, or nothing we can read: what runs is unknown."""


class RefKind(enum.StrEnum):
    """How a `uses` is pinned. Only a commit or a digest says what runs."""

    COMMIT = "commit"
    DIGEST = "digest"
    SYMBOLIC = "symbolic"
    """A tag or a branch: the file alone does not tell which, and either can be moved."""
    NONE = "none"


@dataclass(frozen=True, slots=True)
class ActionUseRecord:
    """One `uses`. `owner_repository` is `owner/name` in lower case, '' where it is local, an image or unresolved.

    `job` is '' in a composite action; `step` counts from 0, None where the job itself is a reusable workflow.
    """

    job: str
    step: int | None
    kind: UseKind
    given: str
    owner_repository: str
    path: str
    ref: str
    ref_kind: RefKind
    comment: str
    """What stands behind the pin as a comment (`v4.1.0`), where the line ends in one."""
    line: int


class DownloadCheck(enum.StrEnum):
    """How a step looks at what it downloaded."""

    NONE = "none"
    CHECKSUM = "checksum"
    """Compared with a checksum that stands in the script itself."""
    FETCHED_CHECKSUM = "fetched_checksum"
    """Compared with a checksum from elsewhere: whoever serves one file may serve the other."""
    SIGNATURE = "signature"


@dataclass(frozen=True, slots=True)
class DownloadRecord:
    """What a step's script fetches: an address without scheme and query, whether a shell runs it as it arrives.

    `checksums` are all digests that stand in the script, as `sha256:…`.
    """

    job: str
    step: int
    url: str
    is_run: bool
    check: DownloadCheck
    checksums: tuple[str, ...]
    line: int


@dataclass(frozen=True, slots=True)
class JobRecord:
    """One job. `permissions` is None where neither the job nor the workflow states them: the repository's default.

    Each permission is (scope, access); `write-all` and `read-all` are the scope `*`.
    """

    name: str
    runner_labels: tuple[str, ...]
    permissions: tuple[tuple[str, str], ...] | None
    environment: str
    secrets: tuple[str, ...]
    """Names of the secrets that its text uses; `*` where it hands on all of them (`secrets: inherit`)."""
    env: tuple[str, ...]
    """Names of the variables that the workflow, the job or one of its steps sets."""
    roles: tuple[str, ...]
    """Cloud roles and identities that its steps ask for with the job's token, as written."""
    line: int


@dataclass(slots=True)
class WorkflowRecord:
    """One workflow file, or one composite action's file (then `jobs` is empty)."""

    format: str
    name: str = ""
    triggers: tuple[str, ...] = ()
    jobs: list[JobRecord] = field(default_factory=list)
    uses: list[ActionUseRecord] = field(default_factory=list)
    downloads: list[DownloadRecord] = field(default_factory=list)
    warnings: list[ReadWarning] = field(default_factory=list)
