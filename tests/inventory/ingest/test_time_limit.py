"""A document that takes too long is stopped by its own process, in Python code and in foreign code."""

import signal
import subprocess
import sys
import threading
import time

import pytest

from inventory.ingest.time_limit import OutOfTimeError, time_limit

STUCK = """
import ctypes, signal
from inventory.ingest.time_limit import time_limit
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGALRM})
with time_limit(soft_seconds=0.1, hard_seconds=0.3):
    ctypes.PyDLL(None).sleep(60)
"""


def test_python_code_is_stopped_at_the_first_limit() -> None:
    began = time.monotonic()

    with pytest.raises(OutOfTimeError), time_limit(soft_seconds=0.1, hard_seconds=90):
        time.sleep(60)

    assert time.monotonic() - began < 50


def test_a_process_stuck_in_foreign_code_ends_at_the_second_limit_and_says_where() -> None:
    done = subprocess.run([sys.executable, "-c", STUCK], capture_output=True, text=True, timeout=60, check=False)

    assert done.returncode == 1
    assert 'File "<string>", line 6' in done.stderr


def test_work_that_ends_in_time_leaves_no_alarm_behind() -> None:
    before = signal.getsignal(signal.SIGALRM)

    with time_limit(soft_seconds=30, hard_seconds=90):
        pass

    assert signal.getsignal(signal.SIGALRM) is before
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


def test_outside_the_main_thread_nothing_is_limited_and_nothing_breaks() -> None:
    ended: list[bool] = []

    def work() -> None:
        with time_limit(soft_seconds=0.01, hard_seconds=30):
            time.sleep(0.05)
            ended.append(True)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()

    assert ended == [True]
