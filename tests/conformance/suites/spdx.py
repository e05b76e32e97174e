"""SPDX in every syntax: documents of the specification, of generators and of quality tests, each with its outcome."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from inventory.formats.records import FormatError, SbomRecord
from tests.conformance import sboms
from tests.conformance.corpus import entries
from tests.conformance.frame import Case, Suite
from tests.conformance.sboms import Entry

_FOLDERS: Final = ("spdx-conformance", "spdx-real", "sbom-edge", "sbom-quality", "generated")
_WRITTEN_TWICE: Final = "spdx-conformance/tools-python/data/SPDX{}Example-v{}.spdx.{}"
_TWINS: Final = {
    "2.2": [("JSON", "json"), ("YAML", "yaml"), ("XML", "xml"), ("Rdf", "rdf.xml")],
    "2.3": [("JSON", "json"), ("YAML", "yaml"), ("XML", "xml")],
}
_WIDE: Final = "UTF-16"


def _cases(_corpus: Path) -> Iterator[Case]:
    for entry in entries():
        if str(entry.get("format", "")).startswith("SPDX") and "components_total" in entry.get("counts", {}):
            yield Case(entry["path"], _expected(entry), _outcome(entry))
    yield from _twins()


def _expected(entry: Entry) -> str:
    if _WIDE in entry["path"]:
        return "refused not_utf8"
    if entry["expected"] == "invalid":
        return "told invalid"
    return f"{entry['counts']['components_total']} components"


def _outcome(entry: Entry) -> str:
    data = sboms.data_of(entry)
    record = sboms.read(data)
    if entry["expected"] == "invalid":
        is_told = isinstance(record, FormatError) or sboms.judged(data) == "invalid"
        return "told invalid" if is_told else sboms.judged(data)
    if isinstance(record, FormatError):
        return f"refused {record.code}"
    return f"{record.component_count} components"


def _twins() -> Iterator[Case]:
    """The specification's example in each syntax: the same packages, edges, root and digests."""
    for version, syntaxes in _TWINS.items():
        first, *others = [_WRITTEN_TWICE.format(name, version, ending) for name, ending in syntaxes]
        for path in others:
            yield Case(f"{path} says what the JSON says", _said(first), _said(path))


def _said(path: str) -> str:
    record = sboms.read(sboms.data_of({"path": path}))
    if not isinstance(record, SbomRecord):
        return f"refused {record.code}"
    refs = [one.ref or "" for one in record.components]
    packages = sorted(
        f"{one.ref} {one.name} {one.version} {one.purl.text if one.purl else ''} {one.cpe} "
        f"{sorted(f'{value.algorithm}:{value.value}' for value in one.hashes)}"
        for one in record.components
    )
    edges = sorted(f"{refs[edge.source] if edge.source >= 0 else 'root'}>{refs[edge.target]}" for edge in record.edges)
    subjects = sorted(str(one.digest) for one in record.subjects)
    return f"{packages} {edges} {subjects} {record.label_name} {record.label_version} {record.serial}"


SUITE = Suite(
    "spdx",
    "SPDX 2.2, 2.3 and 3.0 in every syntax: components, what is invalid, twins of one document.",
    _FOLDERS,
    _cases,
)
