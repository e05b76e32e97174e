"""Bundles of an instance made for the corpus: good ones, tampered ones, and good ones about something else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tests.conformance.corpus import entries
from tests.conformance.frame import Case, Suite
from tests.conformance.trust import REFUSED, VERIFIED, judge, root_at


def _cases(corpus: Path) -> Iterator[Case]:
    root = root_at(corpus / "sigstore-local/trusted_root.json")
    for entry in entries():
        if entry["kind"] == "sigstore-local" and "signature" in entry.get("answer", {}):
            expected = VERIFIED if entry["answer"]["signature"] == "valid" else REFUSED
            yield Case(entry["path"], expected, judge((corpus / entry["path"]).read_bytes(), root=root, keys={}))


SUITE: Final = Suite(
    "sigstore_local", "Bundles of a local Sigstore, each tampered with in one way.", ("sigstore-local",), _cases
)
