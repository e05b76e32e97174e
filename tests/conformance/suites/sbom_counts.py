"""Real SBOMs of many generators: the number of components is the independently counted one, twins hold the same."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from inventory.formats.records import FormatError
from tests.conformance import sboms
from tests.conformance.corpus import entries
from tests.conformance.frame import Case, Suite

_FOLDERS: Final = (
    "cyclonedx-real", "cyclonedx-conformance", "spdx-real", "spdx-conformance", "sbom-edge", "sbom-quality",
    "generated", "incident-cases",
)  # fmt: skip
_FORMATS: Final = ("CycloneDX-JSON", "CycloneDX-XML", "SPDX-JSON", "syft-json")
_MAY_BE_REFUSED: Final = ("invalid", "edge")


def _cases(_corpus: Path) -> Iterator[Case]:
    for entry in entries():
        wanted = entry.get("counts", {}).get("components_total")
        if entry.get("format") not in _FORMATS or wanted is None:
            continue
        got = sboms.counted(sboms.data_of(entry))
        if got.startswith("refused") and entry["expected"].startswith(_MAY_BE_REFUSED):
            got = str(wanted)
        yield Case(entry["path"], str(wanted), got)
    yield from _twins()


def _twins() -> Iterator[Case]:
    """The same product, written in two versions of the format."""
    pair = [
        entry["path"]
        for entry in entries()
        if "juice-shop" in entry["path"]
        and entry.get("format") == "CycloneDX-JSON"
        and entry["format_version"] in {"1.3", "1.4"}
    ]
    for path in pair[1:]:
        yield Case(f"{path} and its twin", _packages(pair[0]), _packages(path))


def _packages(path: str) -> str:
    record = sboms.read(sboms.data_of({"path": path}))
    if isinstance(record, FormatError):
        return f"refused {record.code}"
    return " ".join(sorted({one.purl.text for one in record.components if one.purl is not None}))


SUITE = Suite(
    "sbom_counts", "Real SBOMs: components counted independently, twins with the same packages.", _FOLDERS, _cases
)
