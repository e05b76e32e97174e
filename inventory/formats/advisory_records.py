"""What advisories say: records of OSV's shape, of GitHub's API, or of a plain list, as one.

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
    from datetime import datetime

    from inventory.identity.purls import PackageKey


@dataclass(frozen=True, slots=True)
class AffectedRecord:
    """One entry of an advisory: a package, and which of its versions. Nothing of it is judged here."""

    ecosystem: str
    """As written: `Debian:12`."""
    name: str
    key: PackageKey | None
    """The package's match key; None where the ecosystem has no purl type here."""
    release: str = ""
    """The distribution's release it is about (`debian-12`), '' for all."""
    versions: tuple[str, ...] = ()
    ranges: str = ""
    """The ranges as written, as a JSON list of OSV's shape; a `NATIVE` one holds a range in the ecosystem's syntax."""


@dataclass(frozen=True, slots=True)
class AdvisoryRecord:
    """One version of one advisory."""

    source: str
    """Whose record it is, by its id: `GHSA`, `PYSEC`, `MAL`, `DSA`; `list` for a plain list."""
    identifier: str
    affected: tuple[AffectedRecord, ...]
    affected_count: int = 0
    """Entries of the record, read or not."""
    summary: str = ""
    severity: str = ""
    aliases: tuple[str, ...] = ()
    upstream: tuple[str, ...] = ()
    modified_at: datetime | None = None
    published_at: datetime | None = None
    withdrawn_at: datetime | None = None


@dataclass(frozen=True)
class RawRecord:
    """A record as bytes, with its place in the document: a pointer, or the name of a zip's entry."""

    pointer: str
    data: bytes

    @cached_property
    def digest(self) -> bytes:
        """SHA-256 of the bytes."""
        return hashlib.sha256(self.data).digest()


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
        """Read one record; None, and a warning with its place, where it cannot be."""
        return self._read(raw, self.defects)
