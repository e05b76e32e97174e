"""What the site's processes cost: processor time and memory, as Linux counts them."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_TICKS = os.sysconf("SC_CLK_TCK")
# Fields of /proc/<pid>/stat behind the name in brackets: parent, then the times of itself and of its ended children.
_PARENT, _TIMES = 1, slice(11, 15)
_NOTHING = (0.0, 0.0)


def processor_seconds(root: int) -> float:
    """Return the processor time of a process and of all below it, the ended ones included."""
    stats = dict(_stats())
    return sum(sum(map(int, stats[pid][_TIMES])) for pid in _below(root, stats) if pid in stats) / _TICKS


def core_seconds(processes: Iterable[int]) -> dict[int, tuple[float, float]]:
    """Return how long each process has run, and been ready and waited for a core, its threads together."""
    return {process: _core_seconds(process) for process in processes}


def core_seconds_between(
    before: Mapping[int, tuple[float, float]], after: Mapping[int, tuple[float, float]]
) -> tuple[float, float]:
    """Add up how long processes ran and waited meanwhile; those that ended meanwhile are left out."""
    ran = sum(now[0] - before.get(process, _NOTHING)[0] for process, now in after.items())
    waited = sum(now[1] - before.get(process, _NOTHING)[1] for process, now in after.items())
    return ran, waited


def connections_of(server: int, role: str) -> set[int]:
    """Return the processes of a database server that work for a role's connections; none of 0, which is elsewhere."""
    if not server:
        return set()
    return {process for process in _children(server) if _title(process).startswith(f"postgres: {role} ")}


def family_of(root: int) -> set[int]:
    """Return a process and all below it."""
    return _below(root, dict(_stats()))


def postgres_of(home: Path) -> int:
    """Return the server process whose data folder is below the state folder; 0 when it is elsewhere."""
    found = next(iter(home.glob("postgres/*/postmaster.pid")), None)
    return 0 if found is None else int(found.read_text().split("\n", 1)[0])


def forget_peaks(parent: int) -> None:
    """Begin to count the peak memory of a process's children anew."""
    for child in _children(parent):
        Path(f"/proc/{child}/clear_refs").write_text("5")


def peak_megabytes(parent: int) -> float:
    """Return the largest peak memory among a process's children."""
    return max(_peak(child) for child in _children(parent))


def _core_seconds(process: int) -> tuple[float, float]:
    ran = waited = 0
    for thread in Path(f"/proc/{process}/task").glob("[0-9]*"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # it ended meanwhile
            ran_ns, waited_ns, _ = (thread / "schedstat").read_text().split()
            ran, waited = ran + int(ran_ns), waited + int(waited_ns)
    return ran / 1e9, waited / 1e9


def _below(root: int, stats: dict[int, list[str]]) -> set[int]:
    below, waiting = {root}, [root]
    while waiting:
        parent = waiting.pop()
        children = {pid for pid, fields in stats.items() if int(fields[_PARENT]) == parent} - below
        below |= children
        waiting += children
    return below


def _children(process: int) -> list[int]:
    return [int(word) for word in Path(f"/proc/{process}/task/{process}/children").read_text().split()]


def _peak(process: int) -> float:
    try:
        status = Path(f"/proc/{process}/status").read_text()
    except FileNotFoundError:  # the pool replaced it
        return 0.0
    return int(status.partition("VmHWM:")[2].split()[0]) / 1000


def _title(process: int) -> str:
    try:
        return Path(f"/proc/{process}/cmdline").read_text()
    except FileNotFoundError:  # it ended meanwhile
        return ""


def _stats() -> list[tuple[int, list[str]]]:
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            text = (entry / "stat").read_text()
        except (FileNotFoundError, ProcessLookupError):  # it ended meanwhile
            continue
        found.append((int(entry.name), text.rpartition(")")[2].split()))
    return found
