"""What processes import, and what that costs them: each megabyte of a worker is one less for a large document."""

from __future__ import annotations

import subprocess
import sys

HEAVY = {"numpy", "sigstore"}
IMPORT = "import sys, django; django.setup(); import incidents.tasks, inventory.tasks; print(*sys.modules)"


def test_a_worker_begins_without_what_only_some_of_its_work_needs():
    """NumPy is 25 MB and for who asks; sigstore 70 MB and for who verifies."""
    done = subprocess.run([sys.executable, "-c", IMPORT], capture_output=True, check=True, text=True)
    imported = set(done.stdout.split())

    assert "incidents.live.asking" in imported
    assert imported.isdisjoint(HEAVY)


def test_numpy_starts_no_threads():
    code = "import django, os; django.setup(); import numpy; print(len(os.listdir('/proc/self/task')))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)

    assert int(done.stdout) == 1
