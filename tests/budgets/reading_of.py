"""Read one document in a process of its own.

Tells the most kilobytes before and after, the number of components, milliseconds of processor time, and microseconds of
a loop that is always the same, just before and after: a clock that changes between minutes shows in both.
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


def reference_loop() -> float:
    """Return the seconds of processor time that two million rounds of nothing take."""
    begun, total = time.process_time(), 0
    for number in range(2_000_000):
        total += number & 7
    return time.process_time() - begun


data = Path(sys.argv[1]).read_bytes()
loops = reference_loop()
before, begun = peak_kilobytes(), time.process_time()
record = read_document(data)
assert isinstance(record, SbomRecord)
spent = round((time.process_time() - begun) * 1000)
after = peak_kilobytes()
loops += reference_loop()
sys.stdout.write(f"{before} {after} {record.component_count} {spent} {round(loops / 2 * 1e6)}\n")
