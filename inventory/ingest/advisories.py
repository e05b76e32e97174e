"""Apply a document of advisories: a record, a list, a zip of up to 200,000; in portions, so that memory is a portion.

What a record says is interned for all teams, on the connection and for the reasons of upsert.py. That a team has it is
written in the document's own transaction. A record whose bytes the team has already is not read again. What a large
document came to so far outlives its try: portions.py.
"""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING

from inventory.formats.records import FormatError
from inventory.ingest import advisories_sql, upsert
from inventory.ingest.advisory_rows import statement_values
from inventory.ingest.portions import Kept, Portion, PortionReader, kept_of
from inventory.ingest.result import Applied, UnfinishedError
from supplychain.exchange import Query, exchange, exchange_typed, to_int

if TYPE_CHECKING:
    from collections.abc import Mapping

    from inventory.formats.advisory import AdvisoryRecord
    from inventory.formats.advisory_records import AdvisoryFeed, RawRecord
    from inventory.models import Evidence
    from supplychain.exchange import Value

TURN_SECONDS = 120.0
"""After so long a feed gives way to what waits, and goes on later: below the limit of a document, on any machine."""


def apply(feed: AdvisoryFeed, *, evidence: Evidence) -> Applied:
    """Write a document's advisories, as seen by the evidence's team.

    `records` is what the document holds: those stored, unchanged and rejected add up to it. Raises UnfinishedError when
    its turn is over before the document is.
    """
    exchange([Query(advisories_sql.LOCK_TEAM, {"team": evidence.team_id})])
    kept = kept_of(evidence.pk)
    try:
        counts = _write_all(feed, kept, evidence=evidence)
        if counts["records"] and counts["records"] == counts["records_rejected"]:
            raise FormatError("no_records", "None of the records can be read; the first warning was: " + _first(feed))
    except FormatError:
        _forget(evidence)
        raise
    return Applied(
        kind="advisory",
        format=feed.format,
        format_version=feed.format_version[:32],
        subjects=(),
        counts=counts,
        warnings=tuple(feed.defects.warnings()),
    )


def apply_one(record: AdvisoryRecord, raw: RawRecord, *, evidence: Evidence) -> None:
    """Write one advisory that a document of another kind is, as seen by the evidence's team."""
    exchange([Query(advisories_sql.LOCK_TEAM, {"team": evidence.team_id})])
    _write_at_once(statement_values({raw: record}), evidence=evidence)


def _first(feed: AdvisoryFeed) -> str:
    return next((f"{warning.pointer}: {warning.message}" for warning in feed.defects.warnings()), "none")


def _write_all(feed: AdvisoryFeed, kept: Kept, *, evidence: Evidence) -> dict[str, int]:
    reader = PortionReader(feed, team_id=evidence.team_id)
    if not reader.skip(kept):
        _forget(evidence)
        raise UnfinishedError
    reader.start()
    portion = reader.portion()
    if portion is not None and not kept.portions and not reader.has_more:
        return _counts(portion, stored=_write_at_once(portion.values, evidence=evidence))
    return _write_in_portions(reader, kept, evidence=evidence)


def _write_in_portions(reader: PortionReader, kept: Kept, *, evidence: Evidence) -> dict[str, int]:
    """Write portion by portion, each committed, and then that the team has all of them."""
    until, position = monotonic() + TURN_SECONDS, kept.portions
    rest: list[tuple[int, int, int]] = []
    while (portion := reader.portion()) is not None:
        if rest and monotonic() >= until:
            raise UnfinishedError
        reader.look_up()
        values = portion.row(position + len(rest)) | {"evidence": evidence.pk}
        writes = (advisories_sql.ADD_ADVISORIES, advisories_sql.ADD_VERSIONS, advisories_sql.ADD_PORTION)
        exchange_typed([Query(sql, values) for sql in writes], using=upsert.ALIAS, meanwhile=reader.work)
        rest.append((portion.record_count, portion.rejected, portion.withdrawn))
    values = {"team": evidence.team_id, "evidence": evidence.pk, "at": evidence.received_at}
    ends = (advisories_sql.ADD_SIGHTINGS_OF_PORTIONS, advisories_sql.FORGET_PORTIONS)
    [[[count]], _] = exchange([Query(sql, values) for sql in ends])
    records, rejected, withdrawn = map(sum, zip((kept.records, kept.rejected, kept.withdrawn), *rest, strict=True))
    return _told(records, rejected=rejected, withdrawn=withdrawn, stored=to_int(count))


def _counts(portion: Portion, *, stored: int) -> dict[str, int]:
    return _told(portion.record_count, rejected=portion.rejected, withdrawn=portion.withdrawn, stored=stored)


def _told(records: int, *, rejected: int, withdrawn: int, stored: int) -> dict[str, int]:
    return {
        "records": records,
        "records_stored": stored,
        "records_unchanged": records - rejected - stored,
        "records_rejected": rejected,
        "withdrawn": withdrawn,
    }


def _write_at_once(said: Mapping[str, Value], *, evidence: Evidence) -> int:
    """Write what records say, and that the team has it; return how many of them the team had not."""
    if not said["keys"]:
        return 0
    values: dict[str, Value] = {
        **said,
        "team": evidence.team_id,
        "evidence": evidence.pk,
        "at": evidence.received_at,
    }
    exchange(
        [Query(advisories_sql.ADD_ADVISORIES, values), Query(advisories_sql.ADD_VERSIONS, values)], using=upsert.ALIAS
    )
    return len(exchange([Query(advisories_sql.ADD_SIGHTINGS, values)])[0])


def _forget(evidence: Evidence) -> None:
    """Forget what is kept of a document, whatever becomes of the caller's transaction."""
    exchange([Query(advisories_sql.FORGET_PORTIONS, {"evidence": evidence.pk})], using=upsert.ALIAS)
