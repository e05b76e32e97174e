"""OSV records of many databases: each is read, whole; those that break the schema's evaluation are refused."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from inventory.formats.advisory_records import AdvisoryFeed
from inventory.formats.read import read_document
from inventory.formats.records import FormatError
from tests.conformance.corpus import entries
from tests.conformance.frame import Case, Suite

_FOLDERS: Final = ("osv", "incident-feed")
_NOT_RECORDS: Final = ("ecosystems.json", "schema.json", ".txt")
_BROKEN: Final = ("nointroduced-",)
"""The linter's examples that a range never begins in."""
_NO_VERSIONS: Final = ("PYSEC-2022-15.yaml", "website/testdata/osv/CVE-2.json", "website/testdata/osv/CVE-5.json")
_REASON: Final = "It names packages and no version of them: kept, and judged `unevaluable`."


def _cases(_corpus: Path) -> Iterator[Case]:
    for entry in entries():
        path = str(entry["path"])
        if not path.startswith(tuple(f"{folder}/" for folder in _FOLDERS)) or path.endswith(_NOT_RECORDS):
            continue
        is_broken = path.rpartition("/")[2].startswith(_BROKEN)
        got = _read(_corpus / path)
        reason = _REASON if path.endswith(_NO_VERSIONS) else ""
        yield Case(path, "refused: bad_range" if is_broken else "read whole", got, reason)


def _read(path: Path) -> str:
    try:
        feed = read_document(path.read_bytes(), kind="advisory")
        assert isinstance(feed, AdvisoryFeed)
        return _whole([feed.read(raw) for raw in feed.records])
    except FormatError as error:
        return f"refused: {error.code}"


def _whole(records: list[Any]) -> str:
    left_out = sum(
        entry.versions == () and not entry.ranges for record in records if record for entry in record.affected
    )
    return "read whole" if all(records) and not left_out else f"{left_out} entries without versions"


SUITE = Suite("osv", "OSV records of ten databases, GHSA, MAL, PYSEC and Go's: read whole.", _FOLDERS, _cases)
