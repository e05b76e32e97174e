"""The list of drills: what `./run drill` names is documented, and its options are read."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.drills import __main__ as command
from tests.drills.catalogue import DRILLS
from tests.drills.findings import Findings
from tests.drills.ingest import Options
from tests.drills.processes import CHECKOUT

OPERATIONS = Path(__file__).resolve().parents[2] / "docs" / "operations.md"


def test_every_drill_is_documented_and_every_documented_one_exists() -> None:
    documented = set(re.findall(r"^\| (D\d+ [a-z]+) \|", OPERATIONS.read_text(), flags=re.MULTILINE))

    assert documented == {f"{drill.code} {drill.name}" for drill in DRILLS}


def test_without_a_name_the_drills_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main([]) == 0

    assert all(drill.criterion in capsys.readouterr().out for drill in DRILLS[:1])


def test_the_command_starts_without_any_setting_of_the_product() -> None:
    """`./run drill` gives it none: an import of a model ended every drill before it began."""
    without = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    listed = subprocess.run(
        [sys.executable, "-m", "tests.drills"], cwd=CHECKOUT, env=without, capture_output=True, text=True, check=False
    )

    assert (listed.returncode, listed.stderr) == (0, "")


def test_an_unknown_name_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["D99"]) == 2

    assert "no drill D99" in capsys.readouterr().err


def test_options_replace_those_of_the_drill() -> None:
    parsed = command._parse(DRILLS[0], ["--uploads", "7", "--per-second", "2"])

    assert parsed == Options(uploads=7, per_second=2.0)


@pytest.mark.parametrize(
    ("findings", "line"),
    [
        (Findings(facts=["1 sent", "1 applied"]), "D1 passed: 1 sent, 1 applied in 3 s"),
        (Findings(facts=["1 sent"], faults=["1 lost"]), "D1 FAILED: 1 lost (1 sent; 3 s)"),
        (Findings(impossible="no mounts"), "D1 not possible here: no mounts"),
    ],
)
def test_the_result_is_one_line(findings: Findings, line: str) -> None:
    assert findings.line("D1", seconds=3.2) == line
    assert findings.passed is line.startswith("D1 passed")
