"""A feed is read in portions: while the database writes one, the next is read; what is written stays.

A portion that is written is kept as a row of AdvisoryPortion, committed at once, and seen by nobody. So whoever takes
the document up again, after a turn, a limit or a dead worker, goes on behind it. When all are there their sightings
are written in the document's own transaction: a feed is in the answers whole, or not at all.
"""

from __future__ import annotations

import json
from collections import deque
from dataclasses import astuple, dataclass
from itertools import islice
from typing import TYPE_CHECKING

from inventory.formats.defects import DefectsState
from inventory.formats.records import FormatError, ReadWarning
from inventory.ingest import advisories_sql
from inventory.ingest.advisory_rows import statement_values
from supplychain.exchange import Query, exchange, to_int, to_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from inventory.formats.advisory_records import AdvisoryFeed, RawRecord
    from supplychain.exchange import Value

BATCH_RECORDS = 1_000
BATCH_BYTES = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Portion:
    """What some records in a row came to, and what was noted of the document up to there."""

    record_count: int
    rejected: int
    withdrawn: int
    until: str
    """Where the last of them stands."""
    noted: DefectsState
    values: Mapping[str, Value]

    def row(self, position: int) -> dict[str, Value]:
        """Return the values of ADD_PORTION that are the portion's."""
        noted = [[astuple(warning) for warning in self.noted.kept], dict(self.noted.counts)]
        return {
            **self.values,
            "position": position,
            "record_count": self.record_count,
            "rejected": self.rejected,
            "withdrawn": self.withdrawn,
            "until": self.until,
            "defects": json.dumps(noted),
        }


@dataclass(frozen=True, slots=True)
class Kept:
    """What earlier tries wrote of a document."""

    portions: int
    records: int
    rejected: int
    withdrawn: int
    until: str
    noted: DefectsState | None


def kept_of(evidence_id: int) -> Kept:
    """Return what is kept of a document."""
    [[row]] = exchange([Query(advisories_sql.PORTIONS, {"evidence": evidence_id})])
    portions, records, rejected, withdrawn = map(to_int, row[:4])
    noted = json.loads(to_text(row[5]))
    if noted is not None:
        kept, by_code = noted
        noted = DefectsState(tuple(ReadWarning(*warning) for warning in kept), by_code)
    return Kept(portions, records, rejected, withdrawn, to_text(row[4]), noted)


class PortionReader:
    """Reads a feed one portion ahead. Nothing but `look_up` asks the database."""

    def __init__(self, feed: AdvisoryFeed, *, team_id: int) -> None:
        self._feed, self._team_id = feed, team_id
        self._taken: list[RawRecord] = []
        self._known: set[bytes] = set()
        self._portion: Portion | None = None
        self._error: FormatError | None = None

    def skip(self, kept: Kept) -> bool:
        """Walk past what is kept; False where the document does not read as it did then."""
        last = deque(islice(self._feed.records, kept.records), maxlen=1)
        if kept.noted is not None:
            self._feed.defects.restore(kept.noted)
        return (last[0].pointer[:1024] if last else "") == kept.until

    @property
    def has_more(self) -> bool:
        """Tell whether records follow behind the portion that was read last."""
        return bool(self._taken)

    def start(self) -> None:
        """Take the first records, and read them."""
        self._taken = _take(self._feed.records)
        self.look_up()
        self.work()

    def look_up(self) -> None:
        """Ask which of the records taken the team has, byte for byte."""
        digests = [raw.digest.hex() for raw in self._taken]
        values: dict[str, Value] = {"team": self._team_id, "digests": digests}
        [rows] = exchange([Query(advisories_sql.FIND_KNOWN, values)]) if digests else [[]]
        self._known = {row[0] for row in rows if row[0] is not None}

    def work(self) -> Sequence[Query]:
        """Read the records taken, and take the next; what is wrong is raised when the portion is asked for."""
        try:
            self._portion = self._read() if self._taken else None
            self._taken = _take(self._feed.records)
        except FormatError as error:
            self._error = error
        return ()

    def portion(self) -> Portion | None:
        """Return the portion read last; None behind the end."""
        if self._error is not None:
            raise self._error
        return self._portion

    def _read(self) -> Portion:
        new = [raw for raw in self._taken if raw.digest not in self._known]
        found = {raw: record for raw in new if (record := self._feed.read(raw)) is not None}
        return Portion(
            record_count=len(self._taken),
            rejected=len(new) - len(found),
            withdrawn=sum(record.withdrawn_at is not None for record in found.values()),
            until=self._taken[-1].pointer[:1024],
            noted=self._feed.defects.state(),
            values=statement_values(found),
        )


def _take(records: Iterator[RawRecord]) -> list[RawRecord]:
    taken: list[RawRecord] = []
    size = 0
    for raw in islice(records, BATCH_RECORDS):
        taken.append(raw)
        size += len(raw.data)
        if size >= BATCH_BYTES:
            break
    return taken
