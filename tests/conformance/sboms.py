"""How a document of the corpus is read, for the suites of SBOM formats."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from inventory.formats.detect import detect
from inventory.formats.envelope import unwrap
from inventory.formats.limits import DEFAULT_LIMITS
from inventory.formats.read import read_document
from inventory.formats.records import FormatError, SbomRecord, VexRecord
from inventory.formats.schema import check
from inventory.formats.schema_verdict import SchemaVerdict
from tests.conformance.corpus import corpus

Entry = dict[str, Any]


def data_of(entry: Entry) -> bytes:
    path: Path = corpus() / entry["path"]
    return path.read_bytes()


def read(data: bytes) -> SbomRecord | FormatError:
    """Read an SBOM; a refusal is returned, anything else that is raised is a bug."""
    try:
        record = read_document(data)
    except FormatError as error:
        return error
    if isinstance(record, VexRecord):  # a CycloneDX document that lists no component
        return SbomRecord(record.format, record.format_version, record.media_type, [], [], vex=record)
    assert isinstance(record, SbomRecord)
    return record


def verdict(data: bytes) -> SchemaVerdict | None:
    body = unwrap(data, limits=DEFAULT_LIMITS).data
    return check(body, detect(body))


def judged(data: bytes) -> str:
    """Say what becomes of a document: `valid`, `invalid`, `not judged`, or `refused` with its code."""
    record = read(data)
    if isinstance(record, FormatError):
        return f"refused {record.code}"
    found = verdict(data)
    if found is None:
        return "not judged"
    return "valid" if found.valid else "invalid"


def counted(data: bytes) -> str:
    """Say how many components a document has, and whether the counts add up."""
    record = read(data)
    if isinstance(record, FormatError):
        return f"refused {record.code}"
    return str(record.component_count)
