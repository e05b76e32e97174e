"""D15: who may see what, over every route; the tests themselves are in tests/access_matrix."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.drills.findings import Findings
from tests.drills.processes import CHECKOUT
from tests.drills.site import temporary_site

_SIZE = re.compile(r"^access matrix: (.+)$", re.MULTILINE)
_FOLDER = Path("tests/access_matrix")


@dataclass(frozen=True, slots=True)
class Options:
    pass


def run(_options: Options) -> Findings:
    """Run the matrix on servers of its own, and say how large it is."""
    findings = Findings()
    if not (CHECKOUT / _FOLDER).is_dir():
        return Findings(faults=[f"{_FOLDER} is not there"])
    with temporary_site(durable=False) as site:
        given = {name: site.environment[name] for name in ("DATABASE_URL", "REDIS_URL", "SUPPLYCHAIN_HOME")}
        environment = {**os.environ, **given, "DJANGO_SETTINGS_MODULE": "tests.settings"}
        done = subprocess.run(
            [sys.executable, "-m", "pytest", str(_FOLDER), "-q"],
            cwd=CHECKOUT,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
    size = _SIZE.search(done.stdout)
    findings.note(size[1] if size else "no size told")
    findings.note(done.stdout.strip().splitlines()[-1])
    findings.require(done.returncode == 0, f"pytest ended with {done.returncode}: {done.stdout[-1500:]}")
    findings.require(size is not None, "the matrix told no size")
    return findings
