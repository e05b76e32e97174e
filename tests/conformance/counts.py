"""The committed outcome of each suite: a file each, so that two people who add suites do not meet in one."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import asdict, dataclass, field
from pathlib import Path

from tests.conformance.frame import Result

FOLDER = Path(__file__).resolve().parent / "counts"


@dataclass(frozen=True, slots=True)
class Count:
    """What a suite's cases came to: `failed` holds the names of the cases by the reason that defends them."""

    title: str
    data: str
    since: str
    cases: int
    passed: int
    failed: dict[str, list[str]] = field(default_factory=dict)

    @property
    def failed_names(self) -> set[str]:
        return {name for names in self.failed.values() for name in names}


def count_of(result: Result, *, title: str, data: str, since: str) -> Count:
    """Return what is committed of a result."""
    failed = defaultdict(list)
    for case in result.failed:
        failed[case.reason].append(case.name)
    ordered = {reason: sorted(names) for reason, names in sorted(failed.items())}
    return Count(title, data, since, result.passed + len(result.failed), result.passed, ordered)


def lost(before: Count, now: Count) -> list[str]:
    """Say what a suite passed before and does not pass now; an unchanged or better one gives []."""
    found = [f"{name} passed before" for name in sorted(now.failed_names - before.failed_names)]
    if now.passed < before.passed:
        found.append(f"{now.passed} cases pass, {before.passed} did")
    return found


def is_same(before: Count, now: Count) -> bool:
    """Tell whether nothing but the day differs."""
    return asdict(before) | {"since": ""} == asdict(now) | {"since": ""}


def committed() -> dict[str, Count]:
    """Read the committed counts of all suites, by name."""
    return {path.stem: Count(**json.loads(path.read_text(encoding="utf-8"))) for path in sorted(FOLDER.glob("*.json"))}


def commit(name: str, count: Count) -> None:
    """Write the count of one suite."""
    text = json.dumps(asdict(count), indent=1, ensure_ascii=False)
    (FOLDER / f"{name}.json").write_text(text + "\n", encoding="utf-8")
