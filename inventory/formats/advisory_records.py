"""Documents of advisories: feeds that give records one by one.

A feed holds up to some hundred thousand records, so it gives them one by one, first as bytes: whoever has a record with
these bytes need not read it again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from inventory.formats.defects import Defects

if TYPE_CHECKING:
    from inventory.formats.advisory import AdvisoryRecord


@dataclass(frozen=True)
class RawRecord:
    """A record as bytes, with its place in the document: a pointer, or the name of a zip's entry."""

    pointer: str
    data: bytes
    known_digest: bytes = b""
    """That of the bytes, where it is known and they are not at hand."""
    problem: tuple[str, str] | None = None
    """The code and message of a warning that stands for a record without bytes; noted when it is read."""

    @cached_property
    def digest(self) -> bytes:
        """SHA-256 of the bytes."""
        return self.known_digest or hashlib.sha256(self.data).digest()


class AdvisoryFeed:
    """One document of advisories. `records` can be walked once; `read` makes a record of its bytes.

    A record that cannot be read is counted and told by its place, and the others stand. Walking raises FormatError for
    what is wrong with the whole document.
    """

    def __init__(
        self,
        *,
        format: str,  # noqa: A002  # the word of every record
        format_version: str = "",
        media_type: str = "application/json",
        records: Iterator[RawRecord],
        read: Callable[[RawRecord, Defects], AdvisoryRecord | None],
        defects: Defects | None = None,
    ) -> None:
        self.format = format
        self.format_version = format_version
        self.media_type = media_type
        self.records = records
        self.defects = defects or Defects()
        self._read = read

    def read(self, raw: RawRecord) -> AdvisoryRecord | None:
        """Read one record; None, and a warning with its place, where it cannot be.

        All that is noted of a record is noted here: whoever walks past it notes nothing.
        """
        if raw.problem is not None:
            self.defects.add(raw.problem[0], raw.pointer, raw.problem[1])
            return None
        return self._read(raw, self.defects)
