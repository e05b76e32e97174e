"""VEX documents of OpenVEX's and two scanners' own tests: every statement is read, with its products."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from inventory.formats.read import read_document
from inventory.formats.records import FormatError, VexRecord
from tests.conformance.corpus import entries
from tests.conformance.frame import Case, Suite

_REFUSED: Final = {"vex/trivy/unknown.json": "refused: unknown_format"}
"""An empty object: trivy's example of what is no VEX."""


def _cases(corpus: Path) -> Iterator[Case]:
    for entry in entries():
        path = str(entry["path"])
        if path.startswith("vex/") and entry["expected"] == "vex":
            data = (corpus / path).read_bytes()
            yield Case(path, _REFUSED.get(path) or _listed(json.loads(data)), _read(data))


def _listed(document: dict[str, Any]) -> str:
    """Count what a document says, by its own lists."""
    if "statements" in document:
        said = [(len(one.get("products", [])), one["status"]) for one in document["statements"]]
        return _shown((count, status) for count, status in said)
    found = [
        (len(products), status)
        for vulnerability in document["vulnerabilities"]
        for status, products in vulnerability["product_status"].items()
    ]
    return _shown(found)


def _read(data: bytes) -> str:
    try:
        record = read_document(data, kind="vex")
    except FormatError as error:
        return f"refused: {error.code}"
    assert isinstance(record, VexRecord)
    return _shown((len(statement.products), statement.status_given) for statement in record.statements)


def _shown(said: Any) -> str:
    counts: dict[str, int] = {}
    for count, status in said:
        counts[status] = counts.get(status, 0) + count
    return ", ".join(f"{status} {count}" for status, count in sorted(counts.items()))


SUITE = Suite("vex", "OpenVEX 0.0.1 to 0.2.0 and CSAF VEX of scanners' tests: statuses and products.", ("vex",), _cases)
