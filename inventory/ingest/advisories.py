"""Apply a document of advisories: a record, a list, a zip of up to 200,000; in portions, so that memory is a portion.

What a record says is interned for all teams, on the connection and for the reasons of upsert.py. That a team has it is
written in the document's own transaction. A record whose bytes the team has already is not read again.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from itertools import islice
from typing import TYPE_CHECKING

import msgspec

from inventory.formats.records import FormatError, storable
from inventory.ingest import advisories_sql, upsert
from inventory.ingest.result import Applied
from supplychain.exchange import Query, exchange

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from inventory.formats.advisory import AdvisoryRecord, AffectedRecord
    from inventory.formats.advisory_records import AdvisoryFeed, RawRecord
    from inventory.models import Evidence
    from supplychain.exchange import Value

BATCH_RECORDS = 1_000
BATCH_BYTES = 8 * 1024 * 1024


def apply(feed: AdvisoryFeed, *, evidence: Evidence) -> Applied:
    """Write a document's advisories, as seen by the evidence's team.

    `records` is what the document holds: those stored, unchanged and rejected add up to it.
    """
    exchange([Query(advisories_sql.LOCK_TEAM, {"team": evidence.team_id})])
    counts = Counter[str](dict.fromkeys(("records_stored", "records_unchanged", "records_rejected", "withdrawn"), 0))
    for batch in _batches(feed.records):
        counts += _apply_batch(feed, batch, evidence=evidence)
    records = counts["records_stored"] + counts["records_unchanged"] + counts["records_rejected"]
    if records and records == counts["records_rejected"]:
        raise FormatError("no_records", "None of the records can be read; the first warning was: " + _first(feed))
    names = ("records_stored", "records_unchanged", "records_rejected", "withdrawn")
    return Applied(
        kind="advisory",
        format=feed.format,
        format_version=feed.format_version[:32],
        subjects=(),
        counts={"records": records, **{name: counts[name] for name in names}},
        warnings=tuple(feed.defects.warnings()),
    )


def apply_one(record: AdvisoryRecord, raw: RawRecord, *, evidence: Evidence) -> None:
    """Write one advisory that a document of another kind is, as seen by the evidence's team."""
    exchange([Query(advisories_sql.LOCK_TEAM, {"team": evidence.team_id})])
    _write({raw: record}, evidence=evidence)


def _first(feed: AdvisoryFeed) -> str:
    return next((f"{warning.pointer}: {warning.message}" for warning in feed.defects.warnings()), "none")


def _batches(records: Iterator[RawRecord]) -> Iterator[list[RawRecord]]:
    while batch := _next_batch(records):
        yield batch


def _next_batch(records: Iterator[RawRecord]) -> list[RawRecord]:
    batch: list[RawRecord] = []
    size = 0
    for raw in islice(records, BATCH_RECORDS):
        batch.append(raw)
        size += len(raw.data)
        if size >= BATCH_BYTES:
            break
    return batch


def _apply_batch(feed: AdvisoryFeed, batch: Sequence[RawRecord], *, evidence: Evidence) -> Counter[str]:
    known = _known_digests(batch, team_id=evidence.team_id)
    new = [raw for raw in batch if raw.digest not in known]
    found = {raw: record for raw in new if (record := feed.read(raw)) is not None}
    stored = _write(found, evidence=evidence)
    return Counter(
        records_stored=stored,
        records_unchanged=len(batch) - len(new) + len(found) - stored,
        records_rejected=len(new) - len(found),
        withdrawn=sum(record.withdrawn_at is not None for record in found.values()),
    )


def _write(found: Mapping[RawRecord, AdvisoryRecord], *, evidence: Evidence) -> int:
    """Write what records say, and that the team has it; return how many of them the team had not."""
    rows, affected = _rows(found)
    if not rows:
        return 0
    values: dict[str, Value] = {
        "team": evidence.team_id,
        "evidence": evidence.pk,
        "at": evidence.received_at,
        "records": msgspec.json.encode(rows).decode(),
        "affected": msgspec.json.encode(affected).decode(),
    }
    exchange(
        [Query(advisories_sql.ADD_ADVISORIES, values), Query(advisories_sql.ADD_VERSIONS, values)], using=upsert.ALIAS
    )
    return len(exchange([Query(advisories_sql.ADD_SIGHTINGS, values)])[0])


def _known_digests(batch: Sequence[RawRecord], *, team_id: int) -> set[bytes]:
    values: dict[str, Value] = {"team": team_id, "digests": [raw.digest.hex() for raw in batch]}
    [rows] = exchange([Query(advisories_sql.FIND_KNOWN, values)])
    return {row[0] for row in rows if row[0] is not None}


def _rows(found: Mapping[RawRecord, AdvisoryRecord]) -> tuple[list[dict[str, object]], list[dict[str, object]]]:
    """Return the rows of records and of what they name; what says the same twice is there once."""
    records: dict[tuple[str, str, str], dict[str, object]] = {}
    affected: list[dict[str, object]] = []
    for raw, record in found.items():
        key, content = record.identifier.upper(), _content_hash(record)
        identity = (key, record.source, content)
        if identity in records:
            continue
        place = len(records)
        records[identity] = _record_row(record, raw=raw, key=key, content=content, place=place)
        affected += [
            _affected_row(entry, place=place, position=position) for position, entry in enumerate(record.affected)
        ]
    return list(records.values()), affected


def _record_row(record: AdvisoryRecord, *, raw: RawRecord, key: str, content: str, place: int) -> dict[str, object]:
    aliases = {alias.upper() for alias in record.aliases} - {key}
    return {
        "place": place,
        "source": record.source[:255],
        "key": key,
        "identifier": record.identifier,
        "hash": content,
        "digest": raw.digest.hex(),
        "pointer": storable(raw.pointer)[:1024],
        "summary": storable(record.summary)[:500],
        "severity": storable(record.severity)[:255],
        "aliases": list(record.aliases),
        "alias_keys": sorted(aliases),
        "upstream_keys": sorted({name.upper() for name in record.upstream} - aliases - {key}),
        "upstream": list(record.upstream),
        "affected_count": record.affected_count,
        "modified": _text(record.modified_at),
        "published": _text(record.published_at),
        "withdrawn": _text(record.withdrawn_at),
    }


def _affected_row(entry: AffectedRecord, *, place: int, position: int) -> dict[str, object]:
    key = entry.key
    return {
        "place": place,
        "position": position,
        "ecosystem": entry.ecosystem[:255],
        "name": entry.name[:1024],
        "type": "" if key is None else key.type[:32],
        "namespace_key": "" if key is None else key.namespace[:1024],
        "name_key": entry.name.lower()[:1024] if key is None else key.name[:1024],
        "release": entry.release[:255],
        "versions": list(entry.versions),
        "ranges": entry.ranges,
        "imports": list(entry.imports),
        "doubt": entry.doubt,
    }


def _content_hash(record: AdvisoryRecord) -> str:
    """Return a digest over all that was read of a record: what differs in spelling alone is no new version."""
    parts = [
        record.source,
        record.identifier,
        record.affected_count,
        record.summary,
        record.severity,
        sorted(record.aliases),
        sorted(record.upstream),
        _text(record.modified_at),
        _text(record.published_at),
        _text(record.withdrawn_at),
        [_content(entry) for entry in record.affected],
    ]
    return hashlib.sha256(json.dumps(parts, separators=(",", ":")).encode()).hexdigest()


def _content(entry: AffectedRecord) -> list[object]:
    said: list[object] = [entry.ecosystem, entry.name, entry.release, sorted(entry.versions), entry.ranges]
    return [*said, sorted(entry.imports), entry.doubt] if entry.imports or entry.doubt else said


def _text(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()
