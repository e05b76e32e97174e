"""Processes of a drill: started in sessions of their own, recorded, and the only ones that are ever killed."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.drills.findings import DrillError

CHECKOUT = Path(__file__).resolve().parents[2]
STOP_SECONDS = 20.0
_CHILD = CHECKOUT / "supplychain" / "local" / "child.py"


@dataclass(slots=True)
class Process:
    """One program with the processes it made."""

    name: str
    popen: subprocess.Popen[bytes]
    log: Path

    @property
    def pid(self) -> int:
        return self.popen.pid

    @property
    def is_alive(self) -> bool:
        return self.popen.poll() is None

    @property
    def is_listening(self) -> bool:
        """Tell whether a worker has said that it takes tasks."""
        return self.is_alive and "ready." in self.log_text()

    def log_text(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace")

    def children(self) -> list[int]:
        """Return the processes it made: those in which a worker works on documents."""
        try:
            return [int(pid) for pid in Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()]
        except FileNotFoundError:
            return []

    def kill(self) -> None:
        """Kill it and all it made, at once."""
        if self.is_alive:
            os.killpg(self.pid, signal.SIGKILL)
        self.popen.wait()

    def stop(self) -> None:
        """Ask it to end; what does not end in time is killed."""
        if not self.is_alive:
            return
        self.popen.send_signal(signal.SIGTERM)
        try:
            self.popen.wait(timeout=STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()


def start(
    name: str, command: Sequence[str], *, log: Path, environment: Mapping[str, str], cwd: Path = CHECKOUT
) -> Process:
    """Start a program. Call it in the main thread: the kernel ends the program with the thread that started it."""
    with log.open("ab") as output:
        popen = subprocess.Popen(
            [sys.executable, str(_CHILD), str(os.getpid()), *command],
            cwd=cwd,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    return Process(name, popen, log)


def wait_until(done: Callable[[], bool], *, seconds: float, what: str, pause: float = 0.05) -> None:
    """Wait for something; raises DrillError when it does not come."""
    deadline = time.monotonic() + seconds
    while not done():
        if time.monotonic() > deadline:
            raise DrillError(f"{what} did not come within {seconds:.0f} s")
        time.sleep(pause)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def tool(name: str) -> str:
    """Return a program of the environment."""
    return str(Path(sys.executable).with_name(name))
