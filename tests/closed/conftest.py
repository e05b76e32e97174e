"""Counts the requests made from the OpenAPI document and prints how many there were."""

from __future__ import annotations

from collections import Counter

import pytest

ASKED: Counter[str] = Counter()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if ASKED:
        terminalreporter.write_line(f"schemathesis: {len(ASKED)} operations, {ASKED.total()} cases")
