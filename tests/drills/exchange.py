"""Runs tests against the verifier with one comparison less, in forks of a process that has loaded and collected all.

`python -m tests.drills.exchange` reads mutations as JSON lines and writes for each what came of its tests. A function
gets the code that the changed source compiles to; the fork ends with its tests, so that nothing is left of it. The
tests need no database: none is connected to, and no thread runs, when the process forks.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any, Final, TextIO

import pytest

from tests.drills.processes import CHECKOUT

MISSED, SEEN, NOT_EXCHANGED = "missed", "seen", "not exchanged"
_OUTCOMES: Final = {0: MISSED, 1: SEEN}


def main() -> int:
    asked = [json.loads(line) for line in sys.stdin]
    tests = sorted({test for one in asked for test in one["tests"]})
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return pytest.main(
        [*tests, "-q", "-s", "-p", "no:cacheprovider", "-p", "no:xdist"], plugins=[_Forks(asked, answers)]
    )


class _Forks:
    """Stands in for pytest's own loop over what was collected: each question runs its tests in a fork."""

    def __init__(self, asked: list[dict[str, Any]], answers: TextIO) -> None:
        self._asked = asked
        self._answers = answers

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        for asked in self._asked:
            self._answers.write(json.dumps({"name": asked["name"], "outcome": _in_a_fork(asked, session)}) + "\n")
            self._answers.flush()
        return True


def _in_a_fork(asked: dict[str, Any], session: pytest.Session) -> str:
    child = os.fork()
    if child:
        return _OUTCOMES.get(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), NOT_EXCHANGED)
    end = 2
    silent = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silent, 1)
    os.dup2(silent, 2)
    try:
        if not asked["text"] or exchange_code(asked["module"], asked["text"], asked["instead"]):
            end = 0 if _pass(session, asked["tests"]) else 1
    finally:
        os._exit(end)  # nothing of the process that was forked may run twice: no report, no clearing up


def _pass(session: pytest.Session, tests: list[str]) -> bool:
    items = [item for item in session.items if item.path.relative_to(CHECKOUT).as_posix() in tests]
    for item, following in pairwise([*items, None]):
        session.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        if session.testsfailed:
            return False
    return bool(items)


def exchange_code(whose: str, text: str, instead: str) -> bool:
    """Give the functions of a module the code of its changed source; False where none was changed by it."""
    module = importlib.import_module(whose)
    path = Path(str(module.__file__))
    whole = path.read_text(encoding="utf-8")
    before = dict(_functions(compile(whole, path, "exec", dont_inherit=True)))
    after = dict(_functions(compile(whole.replace(text, instead), path, "exec", dont_inherit=True)))
    changed = [name for name, code in after.items() if name in before and not _is_same(code, before[name])]
    for name in changed:
        _function(module, name).__code__ = after[name]
    return bool(changed)


def _functions(code: CodeType) -> Iterator[tuple[str, CodeType]]:
    """Yield the functions of a module and of its classes, by their qualified names; what is inside goes with them."""
    for constant in code.co_consts:
        if not isinstance(constant, CodeType):
            continue
        if constant.co_flags & 0x2:  # CO_NEWLOCALS: a function; the body of a class has none
            yield constant.co_qualname, constant
        else:
            yield from _functions(constant)


def _is_same(code: CodeType, other: CodeType) -> bool:
    """Compare what is done, wherever it stands: lines below the change have moved."""
    if (code.co_code, code.co_names, code.co_varnames) != (other.co_code, other.co_names, other.co_varnames):
        return False
    pairs = list(zip(code.co_consts, other.co_consts, strict=False))
    return len(code.co_consts) == len(other.co_consts) and all(
        _is_same(one, two) if isinstance(one, CodeType) and isinstance(two, CodeType) else repr(one) == repr(two)
        for one, two in pairs
    )


def _function(module: Any, name: str) -> FunctionType:
    found: Any = module
    for part in name.split("."):
        found = vars(found)[part]
    found = getattr(found, "fget", None) or getattr(found, "func", None) or getattr(found, "__func__", None) or found
    while hasattr(found, "__wrapped__"):
        found = found.__wrapped__
    if not isinstance(found, FunctionType):
        raise TypeError(f"{name} is no function whose code can be exchanged")
    return found


if __name__ == "__main__":
    sys.exit(main())
