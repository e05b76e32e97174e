"""Keep the runs of builds that documents tell of: of provenance beside its other rows, of lists of workflow runs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from inventory.formats.attestations.sources import parse_source
from inventory.formats.posture.action_uses import read_use
from inventory.formats.posture.run_records import ResolvedActionRecord
from inventory.formats.posture.workflow_records import UseKind
from inventory.identity.repositories import canonical_repository
from supplychain.exchange import Query, Statement

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from inventory.formats.attestations.records import DependencyRecord, ProvenanceRecord
    from inventory.formats.posture.run_records import BuildRunRecord
    from inventory.models import Evidence

_HOST: Final = "github.com/"
_REFS: Final = ("refs/tags/", "refs/heads/")
_ADD_RUNS = Statement("""
WITH given AS (
    SELECT * FROM jsonb_to_recordset(%(rows)s::jsonb) AS r(attestation bigint, position int, pointer text,
        repository text, run_id text, attempt int, workflow_path text, commit text, ref text, event text,
        runner_environment text, actor text, started_at timestamptz, finished_at timestamptz, actions jsonb)
),
added AS (
    INSERT INTO inventory_buildrun (team_id, evidence_id, attestation_id, position, pointer, repository, run_id,
        attempt, workflow_path, commit, ref, event, runner_environment, actor, started_at, finished_at)
    SELECT %(team)s::bigint, %(evidence)s::bigint, g.attestation, g.position, g.pointer, g.repository, g.run_id,
        g.attempt, g.workflow_path, g.commit, g.ref, g.event, g.runner_environment, g.actor, g.started_at, g.finished_at
    FROM given g ORDER BY g.position
    RETURNING id, position
)
INSERT INTO inventory_resolvedaction (run_id, owner_repository, path, ref, commit)
SELECT a.id, u.owner_repository, u.path, u.ref, u.commit
FROM added a JOIN given g ON g.position = a.position
CROSS JOIN LATERAL jsonb_to_recordset(g.actions) AS u(owner_repository text, path text, ref text, commit text)
""")


def writes(rows: Sequence[dict[str, Any]], *, evidence: Evidence) -> list[Query]:
    """Return what writes these rows, one statement for all; no two of them may have one position."""
    if not rows:
        return []
    return [
        Query(_ADD_RUNS, {"team": evidence.team_id, "evidence": evidence.pk, "rows": json.dumps(rows)}),
    ]


def listed_run(run: BuildRunRecord, *, position: int) -> dict[str, Any]:
    """Return the row of a run that a document lists."""
    return {
        "attestation": None,
        "position": position,
        "pointer": run.pointer[:4_000],
        "repository": run.repository[:1_024],
        "run_id": run.run_id[:64],
        "attempt": _attempt(run.attempt),
        "workflow_path": run.workflow_path[:1_024],
        "commit": run.commit,
        "ref": run.ref[:1_024],
        "event": run.event[:255],
        "runner_environment": run.runner_environment[:255],
        "actor": run.actor[:255],
        "started_at": _text(run.started_at),
        "finished_at": _text(run.finished_at),
        "actions": [_action(used) for used in dict.fromkeys(run.actions)],
    }


def attested_run(found: ProvenanceRecord, *, attestation: int, position: int, pointer: str) -> dict[str, Any]:
    """Return the row of the run that a provenance tells of."""
    repository = canonical_repository(found.repository) or found.repository
    return {
        "attestation": attestation,
        "position": position,
        "pointer": pointer[:4_000],
        "repository": repository[:1_024],
        "run_id": found.run_id[:64],
        "attempt": _attempt(found.attempt),
        "workflow_path": found.workflow_path[:1_024],
        "commit": found.commit,
        "ref": found.ref[:1_024],
        "event": found.event[:255],
        "runner_environment": found.runner_environment[:255],
        "actor": found.actor[:255],
        "started_at": _text(found.started_at),
        "finished_at": _text(found.finished_at),
        "actions": [_action(used) for used in dict.fromkeys(_used(found, repository=repository))],
    }


def _used(found: ProvenanceRecord, *, repository: str) -> Iterator[ResolvedActionRecord]:
    """Yield what the build used of other repositories; which of them are actions nobody says, so all count."""
    for dependency in found.dependencies:
        used = _of_dependency(dependency)
        if used is not None and (f"{_HOST}{used.owner_repository}", used.commit) != (repository, found.commit):
            yield used
    called = read_use(found.called_workflow)
    own = f"{_HOST}{called.owner_repository}" == repository and called.path == found.workflow_path
    if called.kind is UseKind.REUSABLE_WORKFLOW and not own:
        commit = called.ref if called.ref_kind == "commit" else ""
        yield ResolvedActionRecord(called.owner_repository, called.path, _short(called.ref), commit)


def _of_dependency(dependency: DependencyRecord) -> ResolvedActionRecord | None:
    source = parse_source(dependency.uri)
    commit = source.commit or dependency.commit
    owner_repository = source.repository.lower().removeprefix(_HOST)
    if not commit or owner_repository.count("/") != 1 or not source.repository.lower().startswith(_HOST):
        return None
    return ResolvedActionRecord(owner_repository[:255], "", _short(source.ref)[:255], commit)


def _short(ref: str) -> str:
    for prefix in _REFS:
        ref = ref.removeprefix(prefix)
    return ref


def _action(used: ResolvedActionRecord) -> dict[str, str]:
    return {
        "owner_repository": used.owner_repository[:255],
        "path": used.path[:1_024],
        "ref": _short(used.ref)[:255],
        "commit": used.commit,
    }


def _attempt(attempt: int | None) -> int | None:
    return attempt if attempt is not None and attempt >= 1 else None


def _text(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()


def count_actions(runs: Iterable[BuildRunRecord]) -> int:
    """Return how many resolved actions runs name."""
    return sum(len(set(run.actions)) for run in runs)
