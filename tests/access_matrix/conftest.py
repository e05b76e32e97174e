"""Counts the cells of the access matrix and prints its size, for whoever runs it as a drill."""

from __future__ import annotations

import pytest

SIZE = {"routes": 0, "rows": 0, "cells": 0}


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if SIZE["cells"] and SIZE["routes"]:
        terminalreporter.write_line("access matrix: {routes} routes, {rows} rows, {cells} cells".format(**SIZE))
