"""Read and apply one large document in a process of its own, and say how much memory it took: run by test_memory.py."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import django

django.setup()

from django.conf import settings  # noqa: E402  (models need Django)

settings.DATABASES["default"]["NAME"] = settings.DATABASES["interning"]["NAME"] = sys.argv[1]

from inventory.ingest import process  # noqa: E402


def peak_megabytes() -> float:
    """Not ru_maxrss: Linux hands a new program the peak of the process that started it, here of a whole test run."""
    peak = re.search(r"^VmHWM:\s+(\d+) kB$", Path("/proc/self/status").read_text(), re.MULTILINE)
    assert peak is not None
    return int(peak[1]) / 1024


process.process_next()  # a small one: loads all that every document needs
before = peak_megabytes()
assert process.process_next()
sys.stdout.write(f"{before:.0f} {peak_megabytes():.0f}\n")
