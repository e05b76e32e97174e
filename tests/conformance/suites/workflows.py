"""Real and made workflow files, against zizmor's word on which of them use code or images that are not pinned."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from inventory.formats.posture.workflow_records import RefKind, UseKind, WorkflowRecord
from inventory.formats.read import read_document
from inventory.formats.records import FormatError
from tests.conformance.corpus import entries
from tests.conformance.frame import Case, Suite

_OF_OTHERS: Final = {UseKind.ACTION, UseKind.REUSABLE_WORKFLOW, UseKind.DOCKER}
_LOOSE: Final = {RefKind.SYMBOLIC, RefKind.NONE}
_NO_WORKFLOWS: Final = ("dependabot.yml", ".pre-commit-config.yaml")
_IGNORED: Final = "The file asks zizmor to look away (`zizmor: ignore`); we record what it uses."

_ACTION: Final = "zizmor judges the images of jobs; we record the image of a container action as well."


def _cases(corpus: Path) -> Iterator[Case]:
    for entry in entries():
        rules = entry.get("ref", {}).get("zizmor")
        if entry["kind"] == "workflows" and rules is not None:
            data = (corpus / entry["path"]).read_bytes()
            expected, got = _expected(entry, rules), _read(data)
            reason = _IGNORED if b"zizmor: ignore" in data else _ACTION if b"docker://" in data else ""
            yield Case(entry["path"], expected, got, reason)


def _expected(entry: dict[str, Any], rules: list[str]) -> str:
    if entry["path"].endswith(_NO_WORKFLOWS):
        return "unknown_format"
    return "unpinned" if {"unpinned-uses", "unpinned-images"} & set(rules) else "pinned"


def _read(data: bytes) -> str:
    try:
        record = read_document(data)
    except FormatError as error:
        return error.code
    if not isinstance(record, WorkflowRecord):
        return type(record).__name__
    loose = any(use.kind in _OF_OTHERS and use.ref_kind in _LOOSE for use in record.uses)
    return "unpinned" if loose else "pinned"


SUITE: Final = Suite("workflows", "GitHub workflow files (zizmor's test data): pinned or not", ("workflows",), _cases)
