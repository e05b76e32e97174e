"""Real lists of indicators, read as evidence: no line lost, and in each SBOM what a count by hand finds."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from inventory.formats.list_records import ListRecord
from inventory.formats.read import read_document
from inventory.formats.records import SbomRecord
from tests.conformance.frame import Case, Suite

_CASES: Final = "incident-cases"
_LIST: Final = "incident-feed/lists/shai-hulud-detect-compromised-packages.txt"
_TYPES: Final = {"npm": "npm", "pypi": "pypi", "composer": "composer", "go": "golang", "crates": "cargo"}

_Item = tuple[str, str, str]


def _cases(corpus: Path) -> Iterator[Case]:
    for path in sorted((corpus / "incident-feed/lists").iterdir()):
        record = _read(path)
        by_hand = list(_by_hand(path))
        name = path.name
        yield Case(f"{name} lines", str(len(by_hand)), str(record.counts["lines_used"]))
        yield Case(f"{name} rejected", "0", str(record.counts["lines_rejected"]))
        yield Case(f"{name} items", "the same", _compared(set(by_hand), set(_items(record))))
    listed = set(_items(_read(corpus / _LIST)))
    for path, hits in json.loads((corpus / _CASES / "expected-hits.json").read_text(encoding="utf-8")).items():
        expected = ", ".join(sorted(" ".join(hit) for hit in hits))
        yield Case(path, expected, ", ".join(sorted(_hits(corpus / path, listed))))


def _read(path: Path) -> ListRecord:
    record = read_document(path.read_bytes(), kind="list")
    assert isinstance(record, ListRecord)
    return record


def _by_hand(path: Path) -> Iterator[_Item]:
    """Take the list apart by its own description: `[ecosystem:]name:version`, a bare name in any ecosystem."""
    for raw in path.read_text(encoding="utf-8").splitlines():
        line = raw.partition(" #")[0].strip()
        if line and not line.startswith("#"):
            name, _, version = line.rpartition(":")
            ecosystem, _, rest = name.partition(":")
            if ecosystem in _TYPES and rest:
                yield _TYPES[ecosystem], rest, version
            else:
                yield ("npm" if name.startswith("@") else ""), name, version


def _items(record: ListRecord) -> Iterator[_Item]:
    for indicator in record.indicators:
        assert indicator.package is not None
        for version in indicator.versions:
            yield indicator.package.type, indicator.package.written, version


def _compared(expected: set[_Item], got: set[_Item]) -> str:
    if expected == got:
        return "the same"
    return f"missing {sorted(expected - got)[:3]}, more {sorted(got - expected)[:3]}"


def _hits(path: Path, listed: set[_Item]) -> set[str]:
    """Return the components that the list names; a name that it gives no ecosystem is looked for in each."""
    record = read_document(path.read_bytes())
    assert isinstance(record, SbomRecord)
    found = set()
    for component in record.components:
        purl = component.purl
        if purl is None:
            continue
        key = purl.key
        written = f"{key.namespace}/{key.name}" if key.namespace else key.name
        if {(key.type, written, purl.version), ("", written, purl.version)} & listed:
            found.add(f"{key.type} {written} {purl.version}")
    return found


_TITLE: Final = "Real lists of indicators: no line lost, the same items and the same hits as counted by hand."
SUITE = Suite("lists", _TITLE, ("incident-feed", _CASES), _cases)
