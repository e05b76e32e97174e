"""What detectors look at, and what they say."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from inventory.formats.posture.workflow_records import DownloadCheck, RefKind, UseKind


class Detector(enum.StrEnum):
    """A way in that is looked for."""

    UNPINNED_TOOL = "unpinned_tool"
    UNPINNED_ACTION = "unpinned_action"


class Severity(enum.StrEnum):
    """How grave a finding is, the gravest first."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class Rule(enum.StrEnum):
    """What exactly a detector found."""

    RUN_AS_IT_ARRIVES = "run_as_it_arrives"
    """A shell or interpreter runs what an address serves."""
    NO_VERSION = "no_version"
    """The address names whatever is newest, and nothing compares it."""
    UNCHECKED = "unchecked"
    CHECKSUM_BESIDE = "checksum_beside"
    """Compared with a checksum that was fetched, too."""
    TOO_FEW_CHECKSUMS = "too_few_checksums"
    """A step fetches more files than its script has checksums."""
    IMAGE_BY_TAG = "image_by_tag"
    BRANCH = "branch"
    TAG = "tag"
    UNREADABLE = "unreadable"
    """An expression, or what is no `uses`: what runs is unknown."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where in the file. `step` counts from 0, None for the job itself; `line` of a script is where that begins."""

    job: str
    step: int | None
    line: int


@dataclass(frozen=True, slots=True)
class UseFact:
    """One `uses`, or an image that a job or a service runs in."""

    place: Place
    kind: UseKind
    given: str
    owner_repository: str
    path: str
    ref: str
    ref_kind: RefKind


@dataclass(frozen=True, slots=True)
class DownloadFact:
    """What one step fetches by address. `checksums` are all that stand in its script."""

    place: Place
    url: str
    is_run: bool
    check: DownloadCheck
    checksums: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class WorkflowFacts:
    """One version of a workflow or composite action. `publishers` are the jobs that can publish."""

    publishers: frozenset[str]
    uses: tuple[UseFact, ...]
    downloads: tuple[DownloadFact, ...]

    def may_publish(self, place: Place) -> bool:
        return place.job in self.publishers


@dataclass(frozen=True, slots=True)
class Hit:
    """What a detector found of one subject in one file: the gravest of its places says rule, severity and `given`.

    `subject` is what is not pinned, without what would pin it, so that another tag of an action is the same finding.
    """

    detector: Detector
    rule: Rule
    severity: Severity
    subject: str
    given: str
    places: tuple[Place, ...]
