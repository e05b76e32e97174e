"""`./run conformance [--accept] [--table] [SUITE…]`: run suites, print them, and write their counts and the table.

A suite that lost a case is not written but fails, unless `--accept` says that this is meant. `--table` runs nothing and
writes the table from the committed counts.
"""

from __future__ import annotations

import argparse
import sys
import time
from datetime import UTC, datetime

from tests.conformance.corpus import absent, corpus, versions
from tests.conformance.counts import Count, commit, committed, count_of, is_same, lost
from tests.conformance.frame import Result, Suite, all_suites, run
from tests.conformance.table import PAGE, page

_SHOWN = 20


def main(arguments: list[str]) -> int:
    suites = all_suites()
    parser = argparse.ArgumentParser(prog="./run conformance")
    parser.add_argument("suites", nargs="*", metavar="SUITE", help=", ".join(suites))
    parser.add_argument("--accept", action="store_true", help="write the counts of suites that lost cases too")
    parser.add_argument("--table", action="store_true", help="write docs/conformance.md from the committed counts")
    asked = parser.parse_args(arguments)
    if unknown := set(asked.suites) - suites.keys():
        parser.error(f"no such suite: {', '.join(sorted(unknown))}; there are {', '.join(suites)}")
    kept = True
    for name in () if asked.table else asked.suites or suites:
        kept = _report(suites[name], accept=asked.accept) and kept
    PAGE.write_text(page(committed()), encoding="utf-8")
    return 0 if kept else 1


def _report(suite: Suite, *, accept: bool) -> bool:
    """Run and print one suite, and write its count; False where it lost a case or has one without a reason."""
    missing = absent(suite.folders)
    if missing:
        _say(f"{suite.name:18} skipped: {missing}")
        return True
    begun = time.monotonic()
    result = run(suite, corpus())
    seconds = time.monotonic() - begun
    _say(f"{suite.name:18} {result.passed:6} passed {len(result.failed):5} failed   {seconds:5.1f} s   {suite.title}")
    _show_failed(result)
    today = datetime.now(UTC).date().isoformat()
    now = count_of(result, title=suite.title, data=versions(suite.folders), since=today)
    return _write(suite.name, now, accept=accept) and not result.unexplained


def _write(name: str, now: Count, *, accept: bool) -> bool:
    before = committed().get(name)
    losses = lost(before, now) if before is not None else []
    for loss in losses[:_SHOWN]:
        _say(f"    lost: {loss}")
    if losses and not accept:
        return False
    if before is None or not is_same(before, now):
        commit(name, now)
    return True


def _show_failed(result: Result) -> None:
    explained = [case for case in result.failed if case.reason]
    for case in result.unexplained[:_SHOWN]:
        _say(f"    {case.name}: expected {case.expected[:200]}, got {case.got[:200]}")
    if len(result.unexplained) > _SHOWN:
        _say(f"    and {len(result.unexplained) - _SHOWN} more without a reason")
    for reason in sorted({case.reason for case in explained}):
        _say(f"    why: {reason} ({sum(case.reason == reason for case in explained)})")


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
