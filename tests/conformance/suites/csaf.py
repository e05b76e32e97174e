"""CSAF's own examples, its validator's mandatory tests, and vendors' documents."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from inventory.formats.read import read_document
from inventory.formats.records import FormatError
from tests.conformance.corpus import entries
from tests.conformance.frame import Case, Suite

_EXPECTED: Final = {"valid": "clean", "mandatory-passes": "clean", "mandatory-fails": "told"}
_REASONS: Final = {
    "rhsa-2021_5186": "It names products that its tree does not define, which mandatory test 6.1.1 forbids.",
    "CVE-2023-20862": "Its version is not that of its latest revision, which mandatory test 6.1.16 forbids.",
    "cve-2023-0044": "Its version is not that of its latest revision, which mandatory test 6.1.16 forbids.",
}


def _cases(corpus: Path) -> Iterator[Case]:
    for entry in entries():
        expected = _EXPECTED.get(str(entry["expected"]))
        path = str(entry["path"])
        if path.startswith("csaf/") and expected is not None:
            got = _read(corpus / path)
            reason = next((why for part, why in _REASONS.items() if part in path), "")
            yield Case(path, expected, got, "" if got == expected else reason)


def _read(path: Path) -> str:
    try:
        record = read_document(path.read_bytes(), kind="vex")
    except FormatError:
        return "told"
    return "told" if any(warning.code.startswith("csaf_") for warning in record.warnings) else "clean"  # type: ignore[union-attr]


SUITE = Suite("csaf", "CSAF 2.0 and 2.1: examples, vendors' documents, and the mandatory tests.", ("csaf",), _cases)
