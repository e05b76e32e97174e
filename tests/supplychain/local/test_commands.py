"""What `./run test` starts at once: each sees the others, and what they write is not mixed."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import commands
import pytest

WAITS = """
import pathlib, sys, time
print("waits", flush=True)
deadline = time.monotonic() + 60
while not pathlib.Path(sys.argv[1]).exists():
    if time.monotonic() > deadline:
        sys.exit("nobody came")
    time.sleep(0.02)
print("goes on")
sys.exit(3)
"""
COMES = """
import pathlib, sys
print("comes", flush=True)
pathlib.Path(sys.argv[1]).touch()
"""


def test_commands_run_side_by_side_and_are_shown_one_after_the_other(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    there = str(tmp_path / "there")
    asked = [([sys.executable, "-c", code, there], dict(os.environ)) for code in (WAITS, COMES)]

    statuses = commands._run_at_once(asked, logs=tmp_path)

    assert statuses == [3, 0]
    assert capfd.readouterr().out.split("\n") == ["waits", "goes on", "comes", ""]
