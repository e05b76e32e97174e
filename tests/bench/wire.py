"""One HTTP connection that is kept, and a clock around each answer."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

TIMEOUT_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back, and after how long."""

    status: int
    body: bytes
    seconds: float


@dataclass(slots=True)
class Wire:
    """A client on one connection; not for several threads."""

    base: str
    headers: dict[str, str] = field(default_factory=dict)
    _connection: HTTPConnection | None = None

    def get(self, path: str) -> Reply:
        """Ask, and insist on a 200."""
        return _expect(self.send("GET", path), 200, path)

    def post(self, path: str, body: bytes, *, key: str = "", expect: int = 200, **headers: str) -> Reply:
        """Send, and insist on the status."""
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        if key:
            given["Authorization"] = f"Bearer {key}"
        return _expect(self.send("POST", path, body, given), expect, path)

    def send(self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None) -> Reply:
        """Send on the kept connection, on a new one when the server has closed it."""
        for fresh in (False, True):
            if self._connection is None or fresh:
                self._connection = HTTPConnection(urlsplit(self.base).netloc, timeout=TIMEOUT_SECONDS)
            begun = time.perf_counter()
            try:
                self._connection.request(method, path, body, self.headers | (headers or {}))
                response = self._connection.getresponse()
                return Reply(response.status, response.read(), time.perf_counter() - begun)
            except (HTTPException, ConnectionError):
                if fresh:
                    raise
        raise AssertionError


def _expect(reply: Reply, status: int, path: str) -> Reply:
    if reply.status != status:
        raise SystemExit(f"bench: {path} answered {reply.status}: {reply.body[:500]!r}")
    return reply


Job = Callable[[Wire], Reply]


class Crew:
    """Several clients that share a list of jobs; with a rate, each job has its time and is not begun before it."""

    def __init__(self, base: str, *, clients: int, per_second: float = 0.0) -> None:
        self._base = base
        self._clients = clients
        self._pause = 1 / per_second if per_second else 0.0
        self._lock = threading.Lock()
        self._seconds: list[float] = []
        self._failure: BaseException | None = None
        self._taken = 0

    def run(self, jobs: Iterable[Job]) -> list[float]:
        """Do all jobs, and return how long each took."""
        shared = iter(jobs)
        begun = time.monotonic()
        threads = [threading.Thread(target=self._work, args=(shared, begun)) for _ in range(self._clients)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if self._failure is not None:
            raise self._failure
        return self._seconds

    def _work(self, shared: Iterator[Job], begun: float) -> None:
        wire = Wire(self._base)
        try:
            while self._failure is None:
                with self._lock:
                    job, number = next(shared, None), self._taken
                    self._taken += 1
                if job is None:
                    return
                time.sleep(max(0.0, begun + number * self._pause - time.monotonic()))
                reply = job(wire)
                with self._lock:
                    self._seconds.append(reply.seconds)
        except BaseException as error:  # noqa: BLE001  # raised again in the thread that waits
            self._failure = error
