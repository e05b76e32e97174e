"""Writes docs/conformance.md from the committed counts alone, so a suite whose data is not at hand keeps its row."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tests.conformance.counts import Count

PAGE = Path(__file__).resolve().parents[2] / "docs" / "conformance.md"
_NAMED = 12
"""Failed cases of one reason that the page names; tests/conformance/counts holds all."""
_HEAD = """\
# Conformance

Written by `./run conformance` from what it counted; do not edit. Each suite asks our readers what public test data asks
of everyone. The data lies outside of the repository (`SUPPLYCHAIN_CORPUS` names its folder) and is read, never copied;
a suite whose data is not at hand is skipped, and keeps the row of its last run. `./run conformance SUITE…` runs some.
A test fails when a case that passed does not pass, and when a failed case has no written reason.

| suite | cases | passed | failed | what it asks | data | counted |
|---|---|---|---|---|---|---|
"""


def page(counts: Mapping[str, Count]) -> str:
    """Return the whole page."""
    rows = "".join(_row(name, count) for name, count in sorted(counts.items()))
    reasons = "".join(_reasons(name, count) for name, count in sorted(counts.items()) if count.failed)
    return _HEAD + rows + ("\n## Why cases fail\n" + reasons if reasons else "")


def _row(name: str, count: Count) -> str:
    failed = count.cases - count.passed
    cells = (f"`{name}`", count.cases, count.passed, failed, count.title, count.data or "ours", count.since)
    return "| " + " | ".join(str(cell) for cell in cells) + " |\n"


def _reasons(name: str, count: Count) -> str:
    lines = [f"\n### {name}\n"]
    for reason, names in count.failed.items():
        shown = ", ".join(f"`{one}`" for one in names[:_NAMED])
        more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
        lines.append(f"- {reason or 'No reason is written.'} {len(names)}: {shown}{more}\n")
    return "".join(lines)
