"""What an advisory says: a record of OSV's shape, of GitHub's API, or a CSAF document, as one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from inventory.identity.purls import PackageKey


@dataclass(frozen=True, slots=True)
class AffectedRecord:
    """One entry of an advisory: a package, and which of its versions. Nothing of it is judged here."""

    ecosystem: str
    """As written: `Debian:12`; one of BY_CPE, BY_NAME, BY_DIGEST; '' for what cannot be looked for."""
    name: str
    key: PackageKey | None
    """The package's match key; None where the ecosystem has no purl type here."""
    release: str = ""
    """The distribution's release it is about (`debian-12`), '' for all."""
    versions: tuple[str, ...] = ()
    ranges: str = ""
    """The ranges as written, as a JSON list of OSV's shape; a `NATIVE` one holds a range in the ecosystem's syntax."""
    imports: tuple[str, ...] = ()
    """Go: which packages of the module are meant, by their paths; empty for all."""
    doubt: str = ""
    """Why what matches is possible at most; '' where nothing stands against it."""


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
