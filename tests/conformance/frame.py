"""What a suite is: a module of tests/conformance/suites that yields cases, and how its cases are counted.

A suite asks the readers what public test data asks of everyone, and nothing else: no database, no server, no network.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from tests.conformance import suites


@dataclass(frozen=True, slots=True)
class Case:
    """One question of a suite; it passes when we `got` what was `expected`.

    `reason` defends a case that does not pass; a failed case without one fails the tests.
    """

    name: str
    expected: str
    got: str
    reason: str = ""

    @property
    def passed(self) -> bool:
        return self.expected == self.got


@dataclass(frozen=True, slots=True)
class Suite:
    """`cases` gets the corpus and yields every case; the names of the cases are unique and stay the same.

    `folders` are those of the corpus that must be there; `title` is the row in docs/conformance.md.
    """

    name: str
    title: str
    folders: tuple[str, ...]
    cases: Callable[[Path], Iterable[Case]]


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one suite."""

    passed: int
    failed: tuple[Case, ...] = field(default=())

    @property
    def unexplained(self) -> tuple[Case, ...]:
        return tuple(case for case in self.failed if not case.reason)


def all_suites() -> dict[str, Suite]:
    """Find the suites: each module of the folder has one, called SUITE and named like the module."""
    found = {}
    for module in pkgutil.iter_modules(suites.__path__):
        suite = importlib.import_module(f"{suites.__name__}.{module.name}").SUITE
        if suite.name != module.name:
            raise ValueError(f"The suite of {module.name}.py is called {suite.name}.")
        found[suite.name] = suite
    return found


def run(suite: Suite, corpus: Path) -> Result:
    """Ask every case of a suite. Raises ValueError where two cases have one name."""
    cases = list(suite.cases(corpus))
    if len({case.name for case in cases}) != len(cases):
        raise ValueError(f"Two cases of {suite.name} have one name.")
    failed = tuple(case for case in cases if not case.passed)
    return Result(len(cases) - len(failed), failed)
