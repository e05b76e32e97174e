"""Write down what other tools say that they verified: their word, of the team that sent it, and never our verdict."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from inventory.formats.records import ReadWarning
from inventory.ingest.upsert import intern_artifacts
from supplychain.exchange import Query, Statement

if TYPE_CHECKING:
    from collections.abc import Sequence

    from inventory.formats.attestations.records import ReportedRecord
    from inventory.models import Evidence
    from supplychain.exchange import Value

_ADD = Statement("""
INSERT INTO inventory_reportedverification (team_id, artifact_id, evidence_id, position, pointer, tool, passed,
    predicate_type, issuer, identity, builder_id, repository, level, reported_at)
SELECT %(team)s::bigint, r.artifact, %(evidence)s::bigint, r.position, r.pointer, r.tool, r.passed, r.predicate_type,
    r.issuer, r.identity, r.builder_id, r.repository, r.level, %(at)s::timestamptz
FROM jsonb_to_recordset(%(rows)s::jsonb) AS r(artifact int, position int, pointer text, tool text, passed boolean,
    predicate_type text, issuer text, identity text, builder_id text, repository text, level smallint)
ON CONFLICT (evidence_id, position) DO NOTHING
""")


def writes(reports: Sequence[ReportedRecord], *, evidence: Evidence) -> list[Query]:
    """Return the query that adds them. One that names no artifact is about the one that the request names."""
    named = [(report, _digest(report, evidence)) for report in reports]
    found = [(report, digest) for report, digest in named if digest]
    if not found:
        return []
    ids = intern_artifacts({digest for _, digest in found})
    rows = [
        {
            "artifact": ids[digest],
            "position": position,
            "pointer": report.pointer[:4_000],
            "tool": report.tool,
            "passed": report.passed,
            "predicate_type": report.predicate_type,
            "issuer": report.issuer,
            "identity": report.identity,
            "builder_id": report.builder_id,
            "repository": report.repository,
            "level": report.level,
        }
        for position, (report, digest) in enumerate(found)
    ]
    values: dict[str, Value] = {
        "team": evidence.team_id,
        "evidence": evidence.pk,
        "at": evidence.received_at,
        "rows": json.dumps(rows),
    }
    return [Query(_ADD, values)]


def warnings(reports: Sequence[ReportedRecord], *, evidence: Evidence) -> list[ReadWarning]:
    """Tell of results that are about nothing: the tool does not say of what, and neither does the request."""
    return [
        ReadWarning("report_of_nothing", report.pointer, "The result names no artifact: send it with `artifact`.")
        for report in reports
        if not _digest(report, evidence)
    ]


def _digest(report: ReportedRecord, evidence: Evidence) -> str:
    if report.digests:
        return str(report.digests[0])
    return evidence.artifacts[0] if evidence.artifacts else ""
