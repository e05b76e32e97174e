"""What is written down of a document that came to its end."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from inventory.formats.records import FormatError, ReadWarning
from inventory.ingest import queue_sql
from inventory.models import EvidenceKind, State
from supplychain.exchange import Query

if TYPE_CHECKING:
    from inventory.formats.schema_verdict import SchemaVerdict
    from inventory.ingest.held import Claim
    from inventory.ingest.result import Applied
    from supplychain.exchange import Value

MAX_WARNINGS_KEPT = 100
_NO_SCHEMA = "There is no schema at hand to hold it to. What it lists is read all the same."
_TOO_LARGE = (
    "It is too large or too deep to be held to its schema (32 MiB, 30,000 components; XML: 20,000 elements). "
    "What it lists is read all the same."
)


def applied_ending(claim: Claim, *, applied: Applied, verdict: SchemaVerdict | None) -> Query:
    """Make the query that says a document was applied: what it is, what was counted, what was worth a warning."""
    warnings = [*applied.warnings, *_schema_warnings(applied, verdict=verdict)]
    return Query(
        queue_sql.FINISH_APPLIED,
        {
            "evidence": claim.evidence_id,
            "state": (State.APPLIED_WITH_WARNINGS if warnings else State.APPLIED).value,
            "at": datetime.now(UTC),
            "kind": applied.kind,
            "format": applied.format,
            "format_version": applied.format_version,
            "schema_valid": None if verdict is None else verdict.valid,
            "schema_error_count": None if verdict is None else verdict.error_count,
            "subjects": applied.subjects,
            "counts": json.dumps(dict(applied.counts)),
            "warnings": json.dumps([asdict(warning) for warning in warnings[:MAX_WARNINGS_KEPT]]),
            "warning_count": len(warnings),
            "understood": json.dumps(dict(applied.understood)),
        },
    )


def rejected_ending(claim: Claim, *, error: FormatError) -> Query:
    """Make the query that says a document cannot be read, and why."""
    told = {"code": error.code, "pointer": error.pointer, "message": error.message}
    values: dict[str, Value] = {"evidence": claim.evidence_id, "state": State.REJECTED.value, "error": json.dumps(told)}
    return Query(queue_sql.FINISH_REJECTED, values)


def _schema_warnings(applied: Applied, *, verdict: SchemaVerdict | None) -> list[ReadWarning]:
    if verdict is not None:
        return list(verdict.errors)
    if applied.kind != EvidenceKind.SBOM:
        return []
    return [ReadWarning("schema_not_checked", "", _NO_SCHEMA if applied.format == "syft" else _TOO_LARGE)]
