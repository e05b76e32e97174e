"""OpenSSF Scorecard's own sample results: every check and finding of each is read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from inventory.formats.posture.records import PostureRecord
from inventory.formats.read import read_document
from inventory.formats.records import FormatError
from tests.conformance.corpus import entries
from tests.conformance.frame import Case, Suite


def _cases(corpus: Path) -> Iterator[Case]:
    for entry in entries():
        if entry["kind"] == "scorecard":
            data = (corpus / entry["path"]).read_bytes()
            yield Case(entry["path"], _expected(json.loads(data)), _read(data))


def _expected(document: dict[str, Any]) -> str:
    checks = [(check["name"], None if check["score"] < 0 else check["score"]) for check in document.get("checks") or ()]
    return f"{checks} {len(document.get('findings') or ())}"


def _read(data: bytes) -> str:
    try:
        record = read_document(data)
    except FormatError as error:
        return error.code
    if not isinstance(record, PostureRecord):
        return type(record).__name__
    return f"{[(check.name, check.score) for check in record.checks]} {len(record.findings)}"


SUITE: Final = Suite("scorecard", "OpenSSF Scorecard's sample results: checks and findings", ("scorecard",), _cases)
