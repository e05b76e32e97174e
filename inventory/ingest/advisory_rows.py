"""What records of advisories come to as rows: pure, so that one portion is made while another is written."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

import msgspec

from inventory.formats.records import storable

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from inventory.formats.advisory import AdvisoryRecord, AffectedRecord
    from inventory.formats.advisory_records import RawRecord
    from supplychain.exchange import Value


def statement_values(found: Mapping[RawRecord, AdvisoryRecord]) -> dict[str, Value]:
    """Return what the statements of advisories are given of records; what says the same twice is there once."""
    rows: dict[tuple[str, str, str], dict[str, object]] = {}
    digests: list[str] = []
    pointers: list[str] = []
    for raw, record in found.items():
        identity = (record.identifier.upper(), record.source[:255], _content_hash(record))
        if identity not in rows:
            rows[identity] = _row(record, *identity)
            digests.append(raw.digest.hex())
            pointers.append(storable(raw.pointer)[:1024])
    return {
        "keys": [key for key, _, _ in rows],
        "sources": [source for _, source, _ in rows],
        "hashes": [content for _, _, content in rows],
        "digests": digests,
        "pointers": pointers,
        "records": msgspec.json.encode(list(rows.values())).decode(),
    }


def _row(record: AdvisoryRecord, key: str, source: str, content: str) -> dict[str, object]:
    aliases = {alias.upper() for alias in record.aliases} - {key}
    return {
        "source": source,
        "key": key,
        "identifier": record.identifier,
        "hash": content,
        "summary": storable(record.summary)[:500],
        "severity": storable(record.severity)[:255],
        "aliases": record.aliases,
        "alias_keys": sorted(aliases),
        "upstream_keys": sorted({name.upper() for name in record.upstream} - aliases - {key}),
        "upstream": record.upstream,
        "affected_count": record.affected_count,
        "modified": _text(record.modified_at),
        "published": _text(record.published_at),
        "withdrawn": _text(record.withdrawn_at),
        "affected": [_affected(entry, position=position) for position, entry in enumerate(record.affected)],
    }


def _affected(entry: AffectedRecord, *, position: int) -> dict[str, object]:
    key = entry.key
    return {
        "position": position,
        "ecosystem": entry.ecosystem[:255],
        "name": entry.name[:1024],
        "type": "" if key is None else key.type[:32],
        "namespace_key": "" if key is None else key.namespace[:1024],
        "name_key": entry.name.lower()[:1024] if key is None else key.name[:1024],
        "release": entry.release[:255],
        "versions": entry.versions,
        "ranges": entry.ranges,
        "imports": entry.imports,
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
