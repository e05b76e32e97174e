"""Real provenance of slsa-verifier's test data, against what the JavaScript verifier says of each bundle."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from tests.conformance.corpus import entries
from tests.conformance.frame import Case, Suite
from tests.conformance.trust import PUBLIC_ROOT, REFUSED, VERIFIED, judge, root_at


def _cases(corpus: Path) -> Iterator[Case]:
    root = root_at(corpus / PUBLIC_ROOT)
    for entry in entries():
        if entry["kind"] == "slsa-provenance" and _type(entry).startswith("bundle"):
            expected = VERIFIED if _oracle(entry) else REFUSED
            yield Case(entry["path"], expected, judge((corpus / entry["path"]).read_bytes(), root=root, keys={}))


def _type(entry: dict[str, Any]) -> str:
    """Return what a document is, as the manifest says: a bare bundle, or a wrapper of several."""
    reference = entry.get("ref", {}).get("sigstore_python")
    return str(reference.get("type", "")) if isinstance(reference, dict) else ""


def _oracle(entry: dict[str, Any]) -> bool:
    answer = entry["ref"].get("sigstore_js")
    return bool(answer.get("ok") if isinstance(answer, dict) else answer)


SUITE: Final = Suite(
    "slsa_bundles",
    "Real SLSA provenance: each bundle that the JavaScript verifier accepts, and none that it refuses.",
    ("slsa-provenance", "trust-roots"),
    _cases,
)
