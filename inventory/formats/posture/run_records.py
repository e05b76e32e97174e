"""Runs of workflows and other builds: which file ran, at which commit, when, for whom, with which actions."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from inventory.formats.records import ReadWarning


@dataclass(frozen=True, slots=True)
class ResolvedActionRecord:
    """An action or reusable workflow that a run used, as somebody observed it. `commit` '' where nobody saw which."""

    owner_repository: str
    path: str
    ref: str
    commit: str


@dataclass(frozen=True, slots=True)
class BuildRunRecord:
    """One attempt of one run. '' and None where the document does not say; `attempt` counts from 1."""

    repository: str
    run_id: str
    attempt: int | None
    workflow_path: str
    commit: str
    ref: str
    event: str
    runner_environment: str
    actor: str
    started_at: datetime | None
    finished_at: datetime | None
    pointer: str
    actions: tuple[ResolvedActionRecord, ...] = ()


@dataclass(slots=True)
class WorkflowRunsRecord:
    """What a document lists of runs. Those that cannot be read are counted, and told by a warning."""

    format: str
    runs: list[BuildRunRecord] = field(default_factory=list)
    rejected_count: int = 0
    warnings: list[ReadWarning] = field(default_factory=list)
