"""What one posture report or workflow file says, row by row, for the page of its document."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import Case, IntegerField, Value, When

from inventory.formats.posture.records import Level
from inventory.models import BuildRun, PostureReport, WorkflowVersion

if TYPE_CHECKING:
    from inventory.models import (
        ActionUse,
        Evidence,
        PostureCheck,
        PostureFinding,
        SourceControlState,
        ToolDownload,
        WorkflowJob,
    )

_GRAVEST_FIRST = Case(
    *(When(level=level.value, then=Value(rank)) for rank, level in enumerate(Level)), output_field=IntegerField()
)


@dataclass(frozen=True, slots=True)
class ReportParts:
    """A report with its first rows of each sort: checks worst first, then unknown; findings gravest first."""

    report: PostureReport
    checks: tuple[PostureCheck, ...]
    findings: tuple[PostureFinding, ...]
    rules: tuple[SourceControlState, ...]


@dataclass(frozen=True, slots=True)
class WorkflowParts:
    """A workflow version with its jobs and what they use, in the order of the file."""

    workflow: WorkflowVersion
    jobs: tuple[WorkflowJob, ...]
    uses: tuple[ActionUse, ...]
    downloads: tuple[ToolDownload, ...]


def report_parts(evidence: Evidence, *, limit: int) -> ReportParts | None:
    """Return what a visible document reports, at most `limit` rows of each sort; None where it is no report."""
    report = PostureReport.objects.filter(evidence_id=evidence.pk).first()
    if report is None:
        return None
    return ReportParts(
        report,
        tuple(report.checks.order_by("score", "name")[:limit]),
        tuple(report.findings.order_by("is_suppressed", _GRAVEST_FIRST, "id")[:limit]),
        tuple(report.rules.order_by("id")[:limit]),
    )


def workflow_parts(evidence: Evidence, *, limit: int) -> WorkflowParts | None:
    """Return what a visible workflow file says, at most `limit` rows of each sort; None where it is none."""
    workflow = WorkflowVersion.objects.filter(evidence_id=evidence.pk).first()
    if workflow is None:
        return None
    return WorkflowParts(
        workflow,
        tuple(workflow.jobs.order_by("id")[:limit]),
        tuple(workflow.uses.order_by("id")[:limit]),
        tuple(workflow.downloads.order_by("id")[:limit]),
    )


def listed_runs(evidence: Evidence, *, limit: int) -> tuple[BuildRun, ...]:
    """Return the first runs that a visible list of workflow runs tells of, each with the actions it used."""
    runs = BuildRun.objects.filter(evidence_id=evidence.pk, attestation=None).order_by("position")
    return tuple(runs.prefetch_related("actions")[:limit])
