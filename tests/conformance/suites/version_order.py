"""The version-order cases of osv.dev."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from inventory.identity.versions import UnevaluableVersion, compare
from tests.conformance.frame import Case, Suite

_FOLDER: Final = "version-order/osv.dev"
_SIGNS: Final = {-1: "<", 0: "=", 1: ">"}
_REASONS: Final = {
    "dev-foo": "Composer sorts a branch below every release; a branch moves, so a range cannot judge it.",
    "1.2.3.#": "This is no version; we say that it cannot be ordered.",
}


def _cases(corpus: Path) -> Iterator[Case]:
    for path in sorted((corpus / _FOLDER).rglob("packagist_test_cases.txt")):
        lines = [line.split() for line in path.read_text(encoding="utf-8").splitlines()]
        for place, (left, sign, right) in enumerate(line for line in lines if line and line[0] != "//"):
            got = _order(left, right)
            reason = next((why for odd, why in _REASONS.items() if odd in (left, right)), "")
            yield Case(f"packagist {place} {left} {sign} {right}", sign, got, "" if got == sign else reason)


def _order(left: str, right: str) -> str:
    try:
        return _SIGNS[compare("composer", left, right)]
    except UnevaluableVersion:
        return "unevaluable"


SUITE = Suite("version_order", "osv.dev's cases of version order.", (_FOLDER,), _cases)
