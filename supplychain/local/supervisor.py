"""Web, worker and beat as children: started together, restarted when they die, stopped in order."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import priorities
from places import CHECKOUT
from terminal import say

_STOP_SECONDS = 20.0
_QUICK_DEATH_SECONDS = 10.0
_MAX_QUICK_DEATHS = 5
_BACK_OFF_SECONDS = (0.5, 1.0, 2.0, 5.0, 10.0)
_POLL_SECONDS = 0.1
_BECOME = str(Path(__file__).with_name("child.py"))


@dataclass
class Child:
    """One program that is kept running."""

    name: str
    command: list[str]
    log: Path
    extra: dict[str, str] = field(default_factory=dict)
    delay_seconds: float = 0.0
    nice: int = 0
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    restart_at: float = 0.0
    quick_deaths: int = 0

    def start(self, environment: dict[str, str]) -> None:
        """Start it in a session of its own, so that Ctrl-C reaches the supervisor alone."""
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, _BECOME, str(os.getpid()), *self.command],
                cwd=CHECKOUT,
                env=environment | self.extra,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        if self.nice:
            priorities.lower(self.process.pid, by=self.nice)
        self.started_at = time.monotonic()

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to it and to the processes it made."""
        if self.process is None or self.process.poll() is not None:
            return
        if number == signal.SIGKILL:
            os.killpg(self.process.pid, number)
        else:
            self.process.send_signal(number)


class GaveUpError(Exception):
    """A child died again and again right after its start."""


class Supervisor:
    """Keeps the children running until `stop`."""

    def __init__(self, children: list[Child], *, environment: dict[str, str]) -> None:
        self.children = children
        self._environment = environment
        self.meanwhile: Callable[[], None] = lambda: None

    def start(self) -> None:
        """Start the children; those with a delay start when it is over, so that all do not import at once."""
        now = time.monotonic()
        for child in self.children:
            child.restart_at = now + child.delay_seconds
        self._look_after()

    def wait_until(self, done: Callable[[], bool], *, seconds: float) -> bool:
        """Keep the children running until `done` says so; False when the time is over."""
        deadline = time.monotonic() + seconds
        while not done():
            if time.monotonic() > deadline:
                return False
            self._look_after()
            time.sleep(_POLL_SECONDS)
        return True

    def stop(self) -> None:
        """Stop beat, then the worker, then the web server, each gently; what does not end in time is killed."""
        for child in reversed(self.children):
            child.signal(signal.SIGTERM)
        deadline = time.monotonic() + _STOP_SECONDS
        for child in self.children:
            if child.process is None:
                continue
            try:
                child.process.wait(timeout=max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                say(f"    {child.name} did not stop in time and is killed")
                child.signal(signal.SIGKILL)
                child.process.wait()

    def _look_after(self) -> None:
        self.meanwhile()
        now = time.monotonic()
        for child in self.children:
            if child.process is None:
                if now >= child.restart_at:
                    child.start(self._environment)
            elif (status := child.process.poll()) is not None:
                self._note_death(child, status=status, now=now)

    def _note_death(self, child: Child, *, status: int, now: float) -> None:
        quick = now - child.started_at < _QUICK_DEATH_SECONDS
        child.quick_deaths = child.quick_deaths + 1 if quick else 1
        if child.quick_deaths > _MAX_QUICK_DEATHS:
            raise GaveUpError(f"{child.name} ended {child.quick_deaths} times in a row; its log is {child.log}")
        pause = _BACK_OFF_SECONDS[min(child.quick_deaths, len(_BACK_OFF_SECONDS)) - 1]
        say(f"    {child.name} ended with status {status}; it is started again in {pause:.1f} s ({child.log})")
        child.process, child.restart_at = None, now + pause
