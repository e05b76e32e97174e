"""Apply notifications of a registry: where its tags pointed. Rows are only ever added, whatever order they come in."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from inventory.formats.records import ReadWarning
from inventory.ingest import registry_sql as sql
from inventory.ingest import understood
from inventory.ingest.result import Applied
from inventory.ingest.running import LOCK_SHARED
from inventory.ingest.sbom_sql import ADD_NAMES
from inventory.ingest.upsert import intern_artifacts
from supplychain.exchange import Query, Statement, exchange

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from inventory.formats.image_records import RegistryRecord, TagEventRecord
    from inventory.models import Evidence
    from supplychain.exchange import Value

_SKEW = timedelta(minutes=5)
_MAX_SUBJECTS = 1_024
_LOCK_SHARED = Statement(LOCK_SHARED)


def apply(record: RegistryRecord, *, evidence: Evidence, at: datetime) -> Applied:
    """Write the events of a notification as rows of the evidence's team; what was told before is told once.

    An event without a readable time, or later than its receipt, counts as of its receipt.
    """
    ids = intern_artifacts({str(event.digest) for event in record.events if event.digest is not None})
    rows = [{"place": place} | _row(event, ids=ids, evidence=evidence) for place, event in enumerate(record.events)]
    values: dict[str, Value] = {"team": evidence.team_id, "evidence": evidence.pk, "rows": json.dumps(rows)}
    [added] = exchange([Query(sql.ADD_TAG_EVENTS, values)]) if rows else [[]]
    late = [event for event in record.events if _is_ahead(event, evidence=evidence)]
    skew = [ReadWarning("clock_skew", event.pointer, "Later than its receipt: that counts.") for event in late[:1]]
    return Applied(
        kind="registry",
        format=record.format,
        format_version="",
        subjects=tuple(sorted(ids)[:_MAX_SUBJECTS]),
        counts={
            "events": record.event_count,
            "events_stored": len(added),
            "events_known": len(record.events) - len(added),
            "events_passed_over": record.passed_over_count,
            "events_rejected": record.rejected_count,
        },
        warnings=(*record.warnings, *skew),
        understood=understood.of_registry(record),
        writes=tuple(_names(record, ids=ids, evidence=evidence, at=at)),
    )


def _row(event: TagEventRecord, *, ids: Mapping[str, int], evidence: Evidence) -> dict[str, Any]:
    is_usable = event.observed_at is not None and not _is_ahead(event, evidence=evidence)
    observed_at = event.observed_at if is_usable and event.observed_at is not None else evidence.received_at
    return {
        "repository": event.repository,
        "tag": event.tag,
        "artifact": None if event.digest is None else ids[str(event.digest)],
        "action": event.action.value,
        "observed_at": observed_at.isoformat(),
        "event_id": event.event_id,
        "actor": event.actor,
        "pointer": event.pointer[:255],
    }


def _is_ahead(event: TagEventRecord, *, evidence: Evidence) -> bool:
    return event.observed_at is not None and event.observed_at > evidence.received_at + _SKEW


def _names(record: RegistryRecord, *, ids: Mapping[str, int], evidence: Evidence, at: datetime) -> list[Query]:
    """Keep what the registry calls the artifacts, so that they are found by it."""
    found = sorted(
        {(ids[str(event.digest)], event.repository, event.tag) for event in record.events if event.digest and event.tag}
    )
    if not found:
        return []
    columns: dict[str, Value] = {
        "team": evidence.team_id,
        "at": at,
        "artifacts": [artifact for artifact, _, _ in found],
        "names": [name for _, name, _ in found],
        "tags": [tag for _, _, tag in found],
    }
    return [Query(_LOCK_SHARED), Query(ADD_NAMES, columns)]
