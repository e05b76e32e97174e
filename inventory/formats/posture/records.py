"""What a posture report says of a repository: checks with scores, findings with places, rules of branches and tags.

A report is a claim by its sender. A fact it does not state is None, which is unknown and never a pass.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from inventory.formats.records import ReadWarning


class Level(enum.StrEnum):
    """How grave a finding is, in SARIF's words (2.1.0 section 3.27.10)."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"
    NONE = "none"


class RefKind(enum.StrEnum):
    """What a rule of a repository guards."""

    BRANCH = "branch"
    TAG = "tag"


@dataclass(frozen=True, slots=True)
class CheckRecord:
    """One check of a scorecard. `score` is 0 to 10; None where the tool could not tell."""

    name: str
    score: int | None
    reason: str
    pointer: str


@dataclass(frozen=True, slots=True)
class FindingRecord:
    """One finding of a scanner. `path` and `line` (from 1) are of the file it is about; '' and None where not given.

    `is_suppressed` is the tool's own word for a finding that somebody accepted.
    """

    rule: str
    level: Level
    message: str
    path: str
    line: int | None
    is_suppressed: bool
    pointer: str


@dataclass(frozen=True, slots=True)
class RefRulesRecord:
    """What guards the branches or tags that `patterns` name, as the service says. None: it does not say."""

    kind: RefKind
    patterns: tuple[str, ...]
    excluded: tuple[str, ...]
    name: str
    is_enforced: bool
    pointer: str
    reviews_required: int | None = None
    code_owner_review: bool | None = None
    dismisses_stale_reviews: bool | None = None
    blocks_force_push: bool | None = None
    blocks_deletion: bool | None = None
    requires_signatures: bool | None = None
    status_check_count: int | None = None
    binds_admins: bool | None = None
    """Nobody may go round the rules, administrators included."""


@dataclass(slots=True)
class PostureRecord:
    """One posture report. `repository` is canonical (identity/repositories.py), '' where the document has none."""

    format: str
    format_version: str
    repository: str = ""
    commit: str = ""
    tool: str = ""
    tool_version: str = ""
    score: float | None = None
    observed_at: datetime | None = None
    checks: list[CheckRecord] = field(default_factory=list)
    findings: list[FindingRecord] = field(default_factory=list)
    rules: list[RefRulesRecord] = field(default_factory=list)
    rejected_count: int = 0
    """Checks, findings or rules that could not be read; each is named by a warning."""
    warnings: list[ReadWarning] = field(default_factory=list)
