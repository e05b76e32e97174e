"""Fault drills: `./run drill NAME` (docs/operations.md). Short forms of some run in the suite."""

import sys
from pathlib import Path

# The launcher is no package: its modules are files of one folder, found as `./run` finds them.
sys.path.append(str(Path(__file__).resolve().parents[2] / "supplychain" / "local"))
