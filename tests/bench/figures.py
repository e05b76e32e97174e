"""Figures beside their budgets."""

from __future__ import annotations

import os
import platform
import subprocess
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

CHECKOUT = Path(__file__).resolve().parent.parent.parent


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured value; `budget` is its limit, upper unless `at_least`. `key` names it in the table of budgets.

    Without a value it is a budget of something that does not exist yet.
    """

    key: str
    what: str
    value: float | None
    unit: str = ""
    budget: float | None = None
    at_least: bool = False
    note: str = ""

    @property
    def is_met(self) -> bool | None:
        """Tell whether the budget is met; None where there is none."""
        if self.budget is None or self.value is None:
            return None
        return self.value >= self.budget if self.at_least else self.value <= self.budget

    @property
    def verdict(self) -> str:
        return {None: "-", True: "met", False: "**not met**"}[self.is_met]

    @property
    def shown(self) -> str:
        """The value with its unit, in three digits or so."""
        if self.value is None:
            return "not built yet"
        digits = 0 if abs(self.value) >= 100 or self.value == int(self.value) else 1 if abs(self.value) >= 10 else 2
        return f"{self.value:,.{digits}f} {self.unit}".strip()

    @property
    def limit(self) -> str:
        if self.budget is None:
            return "-"
        return f"{'≥' if self.at_least else '≤'} {self.budget:,.6g} {self.unit}".strip()

    def row(self) -> str:
        """Return the figure as a row of a Markdown table."""
        what = f"{self.what} ({self.note})" if self.note else self.what
        return f"| {what} | {self.shown} | {self.limit} | {self.verdict} |"


@dataclass(slots=True)
class Part:
    """What one part of a run came to. A part that failed says so, and the others go on."""

    name: str
    seconds: float = 0.0
    figures: list[Figure] = field(default_factory=list)
    error: str = ""


@dataclass(slots=True)
class Results:
    """A run at one scale."""

    scale: str
    measured_on: str
    parts: list[Part] = field(default_factory=list)

    @property
    def figures(self) -> dict[str, Figure]:
        return {figure.key: figure for part in self.parts for figure in part.figures}

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, held: dict[str, Any]) -> Results:
        parts = [
            Part(part["name"], part["seconds"], [Figure(**figure) for figure in part["figures"]], part["error"])
            for part in held["parts"]
        ]
        return cls(held["scale"], held["measured_on"], parts)


def percentile(values: Sequence[float], percent: float) -> float:
    """Return the smallest value that `percent` of the values do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]


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
