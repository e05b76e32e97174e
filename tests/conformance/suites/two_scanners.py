"""One image and two lock files, read by two scanners each: what they found in common has one identity each."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from inventory.formats.read import read_document
from inventory.formats.records import SbomRecord
from tests.conformance.frame import Case, Suite

_FOLDER: Final = "generated"
_PAIRS: Final = (
    ("syft-image-payments.cdx16.json", "trivy-image-registry.cdx17.json", 88, "deb"),
    ("syft-image-payments.spdx23.json", "trivy-image-registry.cdx17.json", 88, "deb"),
    ("syft-lock-netbox.cdx16.json", "trivy-lock-netbox.cdx17.json", 543, ""),
    ("syft-lock-frontend.cdx16.json", "trivy-lock-frontend.cdx17.json", 182, ""),
)


def _cases(corpus: Path) -> Iterator[Case]:
    for syft, trivy, common, kind in _PAIRS:
        left, right = (_identities(corpus / _FOLDER / name, kind) for name in (syft, trivy))
        yield Case(f"{syft} in common", str(common), str(len(left & right)))
        only = len(left ^ right)
        yield Case(f"{syft} apart", "at most 1", "at most 1" if only <= 1 else str(only))


def _identities(path: Path, kind: str) -> set[str]:
    record = read_document(path.read_bytes())
    assert isinstance(record, SbomRecord)
    return {one.purl.text for one in record.components if one.purl and (not kind or one.purl.type == kind)}


_TITLE: Final = "Two scanners name a package one way; syft alone lists a lock file's project."
SUITE = Suite("two_scanners", _TITLE, (_FOLDER,), _cases)
