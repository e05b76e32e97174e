"""The two runs of `./run test` read each file of tests once between them (tests/conftest.py)."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

from tests.conftest import TESTS, pytest_ignore_collect, shared_servers

TOGETHER, ALONE = "not drill and not alone", "not drill and alone"


def is_read(file: Path, *, asked: str) -> bool:
    config: Any = SimpleNamespace(getoption={"markexpr": asked}.__getitem__)
    above = [folder for folder in file.parents if folder.is_relative_to(TESTS)]
    return not any(pytest_ignore_collect(path, config) for path in (file, *above))


def test_each_file_is_read_by_the_run_that_has_its_tests_and_by_that_alone() -> None:
    files = sorted(TESTS.rglob("test_*.py"))
    alone = {file for file in files if shared_servers(str(file.relative_to(TESTS.parent))) is not None}

    assert {file for file in files if is_read(file, asked=ALONE)} == alone
    assert {file for file in files if is_read(file, asked=TOGETHER)} == set(files) - alone
    assert {file.relative_to(TESTS).parts[0] for file in alone} >= {"browser", "flows", "drills", "supplychain"}


def test_without_such_a_mark_every_file_is_read() -> None:
    assert all(is_read(file, asked="not drill") for file in TESTS.rglob("test_*.py"))
