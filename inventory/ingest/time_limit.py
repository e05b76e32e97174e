"""The time one document may take, kept by the process that works on it.

Celery's limits are kept by the parent, which loses sight of a task after another child has crashed (drill D10): then a
document that never ends holds its row for good. So the process limits itself: an alarm raises in Python code, and where
foreign code never returns, a thread that needs no interpreter ends the process. Its row is free then, and taken over.
"""

from __future__ import annotations

import faulthandler
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn


class OutOfTimeError(Exception):
    """The work took longer than it may."""


@contextmanager
def time_limit(*, soft_seconds: float, hard_seconds: float) -> Iterator[None]:
    """Raise OutOfTimeError in the block at the first limit; end the process, with its stack on stderr, at the second.

    An alarm reaches the main thread alone, which is where workers work; in another thread nothing is limited.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGALRM, _raise)
    faulthandler.dump_traceback_later(hard_seconds, exit=True, file=sys.__stderr__ or sys.stderr)
    signal.setitimer(signal.ITIMER_REAL, soft_seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        faulthandler.cancel_dump_traceback_later()
        signal.signal(signal.SIGALRM, before)


def _raise(_number: int, _frame: FrameType | None) -> NoReturn:
    raise OutOfTimeError
