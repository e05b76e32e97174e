"""File locks between processes of one machine. The kernel lets go of them when a process dies."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self


class FileLock:
    """An open lock file: shared by many, or held by one."""

    def __init__(self, path: Path) -> None:
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def share(self) -> Self:
        """Hold it together with others; waits while one holds it alone."""
        fcntl.flock(self._descriptor, fcntl.LOCK_SH)
        return self

    def take(self) -> Self:
        """Hold it alone; waits for it."""
        fcntl.flock(self._descriptor, fcntl.LOCK_EX)
        return self

    def try_take(self) -> bool:
        """Hold it alone if nobody else holds it; a share of our own becomes that hold."""
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def write(self, text: str) -> None:
        """Replace what the lock file says."""
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, text.encode(), 0)

    def close(self) -> None:
        """Let go."""
        os.close(self._descriptor)


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Hold a lock file alone for the time of a block."""
    lock = FileLock(path).take()
    try:
        yield
    finally:
        lock.close()
