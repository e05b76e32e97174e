"""CycloneDX's own valid and invalid documents of every version, held to the official schema of their version."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tests.conformance import sboms
from tests.conformance.corpus import entries
from tests.conformance.frame import Case, Suite
from tests.conformance.sboms import Entry

_FOLDER: Final = "cyclonedx-conformance"
_JUDGED: Final = ("valid", "invalid", "invalid-known-gap")


def _cases(_corpus: Path) -> Iterator[Case]:
    for entry in entries():
        if entry["kind"] == _FOLDER and entry["expected"] in _JUDGED:
            name = entry["path"].removeprefix("cyclonedx-conformance/specification/")
            expected, got = _outcome(entry)
            yield Case(name, expected, got)


def _outcome(entry: Entry) -> tuple[str, str]:
    """An invalid document may as well be refused; one in a form that is not read must be refused by name."""
    got = sboms.judged(sboms.data_of(entry))
    if entry["path"].endswith(".textproto"):
        return "refused unsupported_format", got
    if entry["expected"] != "valid":
        return "invalid", "invalid" if got.startswith("refused") and not got.endswith("_format") else got
    return "valid", got


SUITE = Suite("cyclonedx", "CycloneDX's own valid and invalid documents, 1.0 to 1.7.", (_FOLDER,), _cases)
