"""Questions first: the worker and its connections to the database yield the processor to whoever asks.

Nobody is held up: who is alone on the machine has all of it, whatever its priority.
"""

import errno
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from terminal import say

WORKER_ROLE = "supplychain_worker"
MOST = 19
_PROCESSES = Path("/proc")
_TRIES, _PAUSE_SECONDS = 20, 0.1
_LOOK_EVERY_SECONDS = 1.0


def lower(pid: int, *, by: int) -> None:
    """Lower a process that was just started in a session of its own, and with it all that it will start.

    Its niceness counts among all processes (macOS, containers) or, where the kernel divides time among sessions, among
    those of its session alone: there the session has a niceness too. Who may not is told why, and goes on as it was.
    """
    try:
        _lower(pid, by=by)
    except ProcessLookupError:  # it ended at once; the supervisor sees to that
        return
    except OSError as error:
        say(f"    process {pid} keeps its priority, so questions may wait for it: {error}")


@dataclass
class WorkerConnections:
    """The server processes of PostgreSQL that work for the worker: half of what a document costs.

    PostgreSQL gives each connection a process in a session of its own, which tells its role in its title. New ones are
    looked for every second; a worker keeps its connections for a minute.
    """

    server: Callable[[], int | None]
    by: int
    _known: set[int] = field(default_factory=set)
    _next_look: float = 0.0
    _gave_up: bool = False

    def look(self) -> None:
        """Lower those that are new, at most once a second; called as often as one likes."""
        now = time.monotonic()
        if self._gave_up or now < self._next_look:
            return
        self._next_look = now + _LOOK_EVERY_SECONDS
        try:
            self._lower_new_ones()
        except OSError as error:
            self._gave_up = True
            say(f"    the worker's database connections keep their priority, so questions may wait for them: {error}")

    def _lower_new_ones(self) -> None:
        server = self.server()
        if server is None:
            return
        present = _children_of(server)
        self._known &= present
        for pid in present - self._known:
            try:
                if _title(pid).startswith(f"postgres: {WORKER_ROLE} "):
                    _lower(pid, by=self.by)
                    self._known.add(pid)
            except (FileNotFoundError, ProcessLookupError):  # it ended meanwhile
                continue


def _children_of(pid: int) -> set[int]:
    try:
        listed = (_PROCESSES / str(pid) / "task" / str(pid) / "children").read_text()
    except FileNotFoundError:
        if (_PROCESSES / "self").exists() and not (_PROCESSES / str(pid)).exists():
            return set()  # it has just ended
        raise  # macOS, or a kernel that lists no children
    return {int(word) for word in listed.split()}


def _title(pid: int) -> str:
    return (_PROCESSES / str(pid) / "cmdline").read_bytes().decode(errors="replace")


def _lower(pid: int, *, by: int) -> None:
    """Make a process nicer than we are, as far as it goes, and so its session."""
    os.setpriority(os.PRIO_PROCESS, pid, min(MOST, os.getpriority(os.PRIO_PROCESS, 0) + by))
    session = _PROCESSES / str(pid) / "autogroup"
    if session.exists():
        _write(session, str(by))


def _write(session: Path, niceness: str) -> None:
    """Set a session's niceness; the kernel lets who is not root do that ten times a second, all sessions together."""
    for _ in range(_TRIES):
        try:
            session.write_text(niceness)
        except OSError as error:
            if error.errno != errno.EAGAIN:
                raise
            time.sleep(_PAUSE_SECONDS)
        else:
            return
    raise OSError(errno.EAGAIN, os.strerror(errno.EAGAIN), str(session))
