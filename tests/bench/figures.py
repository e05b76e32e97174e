"""Figures beside their budgets, and where they are written down."""

from __future__ import annotations

import os
import platform
import re
import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

CHECKOUT = Path(__file__).resolve().parent.parent.parent
_BEGIN, _END = "<!-- figures: begin -->", "<!-- figures: end -->"


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured value; `budget` is its limit, upper unless `at_least`."""

    what: str
    value: float
    unit: str
    budget: float | None = None
    at_least: bool = False

    @property
    def verdict(self) -> str:
        """Say whether the budget is met, with a dash where there is none."""
        if self.budget is None:
            return "-"
        met = self.value >= self.budget if self.at_least else self.value <= self.budget
        return "met" if met else "**not met**"

    def row(self) -> str:
        """Return the figure as a row of a Markdown table."""
        sign = "≥" if self.at_least else "≤"
        budget = "-" if self.budget is None else f"{sign} {self.budget:,.6g} {self.unit}"
        digits = 0 if self.value >= 100 else 1 if self.value >= 10 else 2
        return f"| {self.what} | {self.value:,.{digits}f} {self.unit} | {budget} | {self.verdict} |"


def percentile(values: Sequence[float], percent: float) -> float:
    """Return the smallest value that `percent` of the values do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]


def table(figures: Sequence[Figure]) -> str:
    """Return all figures as a Markdown table."""
    return "\n".join(["| what | measured | budget | |", "|---|---|---|---|", *(figure.row() for figure in figures)])


def machine() -> str:
    """Return what the figures were measured on, in a line."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    commit = subprocess.run(
        ["git", "describe", "--always", "--dirty"], cwd=CHECKOUT, capture_output=True, text=True, check=False
    ).stdout.strip()
    load = os.getloadavg()[0]
    return (
        f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {os.cpu_count()} cores ({platform.machine()}), {memory:.0f} GiB, "
        f"Python {platform.python_version()}, commit {commit or 'unknown'}; load average at the start {load:.1f}"
    )


def write(page: Path, text: str) -> None:
    """Replace what stands between the marks of the page."""
    old = page.read_text(encoding="utf-8")
    marked = re.compile(f"{re.escape(_BEGIN)}.*?{re.escape(_END)}", re.DOTALL)
    if not marked.search(old):
        raise SystemExit(f"bench: {page} has no place for figures ({_BEGIN} … {_END}).")
    page.write_text(marked.sub(lambda _match: f"{_BEGIN}\n{text}\n{_END}", old), encoding="utf-8")
