"""Read one document in a process of its own.

Tells the most kilobytes before and after, the number of components, and milliseconds of processor time.
"""

from __future__ import annotations

import re
import sys
import time
from pathlib import Path

from inventory.formats.read import read_document
from inventory.formats.records import SbomRecord


def peak_kilobytes() -> int:
    """Not ru_maxrss: Linux hands a new program the peak of the process that started it."""
    peak = re.search(r"^VmHWM:\s+(\d+) kB$", Path("/proc/self/status").read_text(), re.MULTILINE)
    assert peak is not None
    return int(peak[1])


data = Path(sys.argv[1]).read_bytes()
before, begun = peak_kilobytes(), time.process_time()
record = read_document(data)
assert isinstance(record, SbomRecord)
spent = round((time.process_time() - begun) * 1000)
sys.stdout.write(f"{before} {peak_kilobytes()} {record.component_count} {spent}\n")
