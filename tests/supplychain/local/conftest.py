"""The launcher is no package: its modules are files of one folder, found as `./run` finds them."""

import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[3] / "supplychain" / "local"
sys.path.append(str(FOLDER))
