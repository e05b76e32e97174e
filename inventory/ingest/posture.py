"""Apply what says how safe a repository keeps itself: posture reports and workflow files, each as its team's claim."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from inventory.formats.records import FormatError, ReadWarning
from inventory.identity.repositories import canonical_repository, repository_on
from inventory.ingest import builds, findings
from inventory.ingest.result import Applied
from inventory.models import (
    ActionUse,
    EvidenceKind,
    PostureCheck,
    PostureFinding,
    PostureReport,
    SourceControlState,
    ToolDownload,
    WorkflowJob,
    WorkflowVersion,
)
from supplychain.exchange import exchange

if TYPE_CHECKING:
    from datetime import datetime

    from inventory.formats.posture.records import PostureRecord
    from inventory.formats.posture.run_records import WorkflowRunsRecord
    from inventory.formats.posture.workflow_records import WorkflowRecord
    from inventory.models import Evidence

_ROWS_AT_ONCE = 5_000
_CLOCK_SKEW = timedelta(minutes=5)
_DEFAULT_HOST = "github.com"


def apply_report(record: PostureRecord, *, evidence: Evidence) -> Applied:
    """Write a report's rows inside the caller's transaction. Raises FormatError as `_repository` does."""
    repository, warnings = _repository(record.repository, evidence=evidence)
    observed_at = _observed(record.observed_at, evidence=evidence, warnings=warnings)
    report = PostureReport.objects.create(
        team_id=evidence.team_id,
        evidence=evidence,
        repository=repository,
        commit=record.commit or evidence.commit,
        format=record.format,
        tool=record.tool,
        tool_version=record.tool_version,
        score=record.score,
        observed_at=observed_at,
    )
    _add_parts(report, record)
    return Applied(
        kind=EvidenceKind.POSTURE,
        format=record.format,
        format_version=record.format_version,
        subjects=(),
        counts={
            "checks": len(record.checks),
            "findings": len(record.findings),
            "rules": len(record.rules),
            "rejected": record.rejected_count,
        },
        warnings=(*record.warnings, *warnings),
    )


def apply_workflow(record: WorkflowRecord, *, evidence: Evidence, at: datetime) -> Applied:
    """Write a workflow's rows, and what is found in it, inside the caller's transaction.

    Raises FormatError as `_repository` does.
    """
    repository, warnings = _repository("", evidence=evidence)
    if not evidence.name:
        message = (
            "Say which file it is: `name=.github/workflows/release.yml`. "
            "Without it no run is traced to it, and nothing is looked for in it."
        )
        warnings.append(ReadWarning("path_missing", "", message))
    workflow = WorkflowVersion.objects.create(
        team_id=evidence.team_id,
        evidence=evidence,
        repository=repository,
        path=evidence.name.removeprefix("./").lstrip("/"),
        commit=evidence.commit,
        format=record.format,
        name=record.name[:255],
        triggers=list(record.triggers),
        observed_at=evidence.received_at,
    )
    _add_jobs(workflow, record)
    findings.follow(workflow, at=at)
    return Applied(
        kind=EvidenceKind.WORKFLOW,
        format=record.format,
        format_version="",
        subjects=(),
        counts={"jobs": len(record.jobs), "uses": len(record.uses), "downloads": len(record.downloads)},
        warnings=(*record.warnings, *warnings),
    )


def apply_runs(record: WorkflowRunsRecord, *, evidence: Evidence) -> Applied:
    """Write runs inside the caller's transaction. Raises FormatError `outside_binding`: for one of them, for all."""
    warnings: list[ReadWarning] = []
    for repository in dict.fromkeys(run.repository for run in record.runs):
        warnings += _repository(repository, evidence=evidence)[1]
    rows = [builds.listed_run(run, position=position) for position, run in enumerate(record.runs)]
    exchange(builds.writes(rows, evidence=evidence))
    return Applied(
        kind=EvidenceKind.WORKFLOW,
        format=record.format,
        format_version="",
        subjects=(),
        counts={
            "runs": len(record.runs),
            "resolved_actions": builds.count_actions(record.runs),
            "rejected": record.rejected_count,
        },
        warnings=(*record.warnings, *warnings),
    )


def _repository(stated: str, *, evidence: Evidence) -> tuple[str, list[ReadWarning]]:
    """Return the repository a document is about: what it says itself, else the parameter.

    A key bound to repositories speaks for no other, whatever the parameter was. Raises FormatError
    `repository_required`, `bad_repository`, `outside_binding`.
    """
    given = _canonical(evidence.repository) if evidence.repository else None
    if evidence.repository and given is None:
        raise FormatError("bad_repository", "`repository` must be an address such as github.com/owner/name.")
    repository = stated or given
    if not repository:
        raise FormatError("repository_required", "The document names no repository. Send it with `repository=`.")
    bound = set() if evidence.api_key is None else {_canonical(name) for name in evidence.api_key.repositories}
    if bound and repository not in bound:
        raise FormatError("outside_binding", f"This key is not for the repository {repository}.")
    if given not in {None, repository}:
        message = f"The document is about {repository}, the parameter said {given}. The document counts."
        return repository, [ReadWarning("repository_mismatch", "", message)]
    return repository, []


def _canonical(name: str) -> str | None:
    return canonical_repository(name) or repository_on(_DEFAULT_HOST, name)


def _observed(stated: datetime | None, *, evidence: Evidence, warnings: list[ReadWarning]) -> datetime:
    if stated is None:
        return evidence.received_at
    if stated > evidence.received_at + _CLOCK_SKEW:
        warnings.append(ReadWarning("clock_skew", "", f"It is dated {stated.isoformat()}, after it was received."))
        return evidence.received_at
    return stated


def _add_parts(report: PostureReport, record: PostureRecord) -> None:
    checks = (
        PostureCheck(report=report, name=check.name, score=check.score, reason=check.reason, pointer=check.pointer)
        for check in record.checks
    )
    PostureCheck.objects.bulk_create(checks, batch_size=_ROWS_AT_ONCE)
    found = (
        PostureFinding(
            report=report,
            rule=finding.rule,
            level=finding.level,
            message=finding.message,
            path=finding.path,
            line=finding.line,
            is_suppressed=finding.is_suppressed,
            pointer=finding.pointer,
        )
        for finding in record.findings
    )
    PostureFinding.objects.bulk_create(found, batch_size=_ROWS_AT_ONCE)
    rules = (
        SourceControlState(
            report=report,
            kind=rule.kind,
            patterns=list(rule.patterns),
            excluded=list(rule.excluded),
            name=rule.name,
            is_enforced=rule.is_enforced,
            reviews_required=rule.reviews_required,
            code_owner_review=rule.code_owner_review,
            dismisses_stale_reviews=rule.dismisses_stale_reviews,
            blocks_force_push=rule.blocks_force_push,
            blocks_deletion=rule.blocks_deletion,
            requires_signatures=rule.requires_signatures,
            status_check_count=rule.status_check_count,
            binds_admins=rule.binds_admins,
            pointer=rule.pointer,
        )
        for rule in record.rules
    )
    SourceControlState.objects.bulk_create(rules, batch_size=_ROWS_AT_ONCE)


def _add_jobs(workflow: WorkflowVersion, record: WorkflowRecord) -> None:
    jobs = (
        WorkflowJob(
            workflow=workflow,
            name=job.name,
            runner_labels=list(job.runner_labels),
            permissions=None if job.permissions is None else dict(job.permissions),
            environment=job.environment,
            secrets=list(job.secrets),
            env=list(job.env),
            roles=list(job.roles),
            line=job.line,
        )
        for job in record.jobs
    )
    WorkflowJob.objects.bulk_create(jobs, batch_size=_ROWS_AT_ONCE)
    uses = (
        ActionUse(
            workflow=workflow,
            job=use.job,
            step=use.step,
            kind=use.kind,
            given=use.given,
            owner_repository=use.owner_repository[:255],
            path=use.path,
            ref=use.ref,
            ref_kind=use.ref_kind,
            comment=use.comment,
            line=use.line,
        )
        for use in record.uses
    )
    ActionUse.objects.bulk_create(uses, batch_size=_ROWS_AT_ONCE)
    downloads = (
        ToolDownload(
            workflow=workflow,
            job=found.job,
            step=found.step,
            url=found.url,
            is_run=found.is_run,
            check_kind=found.check,
            checksums=list(found.checksums),
            line=found.line,
        )
        for found in record.downloads
    )
    ToolDownload.objects.bulk_create(downloads, batch_size=_ROWS_AT_ONCE)
