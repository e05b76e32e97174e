"""Apply a list of indicators: a version of the feed that its name says, as the team's document has it.

What a list says is interned for all teams, on the connection and for the reasons of upsert.py, like an advisory. That a
team has it is written in the document's own transaction.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import msgspec

from inventory.formats.records import FormatError
from inventory.identity.indicators import IndicatorKind
from inventory.identity.listed import LIST_SOURCE, list_identifier, row_of
from inventory.ingest import advisories_sql, lists_sql, upsert
from inventory.ingest.result import Applied
from supplychain.exchange import Query, exchange

if TYPE_CHECKING:
    from collections.abc import Sequence

    from inventory.formats.list_records import ListRecord
    from inventory.identity.indicators import Indicator
    from inventory.identity.listed import ListedRow
    from inventory.models import Evidence
    from supplychain.exchange import Value


def apply(record: ListRecord, *, evidence: Evidence) -> Applied:
    """Write a list as the version that the evidence's team has now. Raises FormatError `name_required`."""
    if not evidence.name:
        raise FormatError("name_required", "A list is asked for by its name: send it with the parameter name.")
    rows = [row_of(indicator) for indicator in record.indicators]
    identifier = list_identifier(evidence.name)
    values: dict[str, Value] = {
        "team": evidence.team_id,
        "evidence": evidence.pk,
        "at": evidence.received_at,
        "source": LIST_SOURCE,
        "key": identifier.upper(),
        "identifier": identifier,
        "feed_version": evidence.version,
        "hash": _content_hash(identifier, evidence.version, rows),
        "digest": evidence.blob_id.removeprefix("sha256:"),
        "count": len(rows),
        "rows": msgspec.json.encode(rows).decode(),
    }
    exchange([Query(advisories_sql.LOCK_TEAM, values)])
    exchange([Query(lists_sql.ADD_LIST, values), Query(lists_sql.ADD_VERSION, values)], using=upsert.ALIAS)
    exchange([Query(lists_sql.ADD_SIGHTING, values)])
    return Applied(
        kind="list",
        format=record.format,
        format_version="",
        subjects=(),
        counts={**record.counts, **_kinds(record.indicators)},
        warnings=record.warnings,
        understood={"list": identifier, "version": evidence.version},
    )


def _content_hash(identifier: str, version: str, rows: Sequence[ListedRow]) -> str:
    """Return a digest over all that was read: the same list under another version is another one."""
    return hashlib.sha256(msgspec.json.encode([identifier, version, rows])).hexdigest()


def _kinds(indicators: Sequence[Indicator]) -> dict[str, int]:
    """Count what the list asks for: packages, the versions it lists of them, and everything else."""
    packages = [one for one in indicators if one.kind is IndicatorKind.PACKAGE]
    unread = sum(one.kind is IndicatorKind.UNREADABLE for one in indicators)
    return {
        "packages": len({one.package for one in packages}),
        "package_versions": sum(len(one.versions) for one in packages),
        "other_indicators": len(indicators) - len(packages) - unread,
    }
