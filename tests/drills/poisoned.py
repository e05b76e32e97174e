"""The product's Celery application with a reader that some documents break: by name, each in a way of its own (D10)."""

from __future__ import annotations

import ctypes
import signal
import sys
import time
from typing import Any

from tests.drills import hurried

from inventory.ingest import process  # isort: skip  (its models need Django, which the line above starts)

POISONS = ("exit", "segfault", "sleep", "stuck", "memory")
_HOUR = 3600

app = hurried.app
_read = vars(process)["read_source"]
process.SOFT_LIMIT_SECONDS, process.HARD_LIMIT_SECONDS = 3.0, 6.0


def read_or_break(source: Any) -> Any:
    """Read a document; one that carries a poison's mark breaks the reader first."""
    for poison in POISONS:
        if f"poison-{poison}-".encode() in source.data:
            _break(poison)
    return _read(source)


def _break(poison: str) -> None:
    match poison:
        case "exit":
            sys.exit(1)
        case "segfault":
            ctypes.string_at(0)
        case "sleep":
            time.sleep(_HOUR)
        case "stuck":  # in foreign code, where no signal handler of ours gets a turn
            signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGALRM, signal.SIGUSR1})
            ctypes.PyDLL(None).sleep(_HOUR)
        case _:
            raise MemoryError


setattr(process, "read_source", read_or_break)  # noqa: B010  (a name that the module imported, not one of its own)
