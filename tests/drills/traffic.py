"""Clients of a drill: they send documents until each has its receipt, as a careful CI job would."""

from __future__ import annotations

import json
import random
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from urllib.parse import urlsplit

from tests.drills.documents import SbomDocument

CLIENTS = 4
_GIVE_UP_SECONDS = 120.0
_PAUSE_SECONDS = 0.25
_TIMEOUT_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back; status 0 when the connection broke before an answer."""

    status: int
    body: bytes
    seconds: float
    headers: dict[str, str] = field(default_factory=dict)


def ask(base: str, method: str, path: str, *, key: str = "", body: bytes | None = None, **headers: str) -> Reply:
    """Send one request on a connection of its own; headers as `Content_Type=…`."""
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    if key:
        given["Authorization"] = f"Bearer {key}"
    connection = HTTPConnection(urlsplit(base).netloc, timeout=_TIMEOUT_SECONDS)
    begun = time.monotonic()
    try:
        connection.request(method, path, body, given)
        response = connection.getresponse()
        received = {name.lower(): value for name, value in response.getheaders()}
        return Reply(response.status, response.read(), time.monotonic() - begun, received)
    except (HTTPException, OSError):
        return Reply(0, b"", time.monotonic() - begun)
    finally:
        connection.close()


@dataclass(slots=True)
class Ledger:
    """What the clients were promised: the receipt of each document, by digest."""

    receipts: dict[str, str] = field(default_factory=dict)
    seconds: list[float] = field(default_factory=list)
    retried_count: int = 0
    repeated_count: int = 0
    refused: list[str] = field(default_factory=list)


class Clients:
    """Threads that send documents; `sent_count` grows while they run."""

    def __init__(
        self,
        base: str,
        documents: Sequence[SbomDocument],
        *,
        key: str,
        duplicate_rate: float = 0.0,
        per_second: float = 0.0,
        seed: int = 1,
    ) -> None:
        self.ledger = Ledger()
        self.sent_count = 0
        self._base, self._key = base, key
        self._waiting = list(reversed(documents))
        self._duplicate_rate, self._pause = duplicate_rate, CLIENTS / per_second if per_second else 0.0
        self._random = random.Random(seed)
        self._lock = threading.Lock()
        self._threads = [threading.Thread(target=self._work, daemon=True) for _ in range(CLIENTS)]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    @property
    def is_done(self) -> bool:
        return not any(thread.is_alive() for thread in self._threads)

    def _work(self) -> None:
        while True:
            with self._lock:
                if not self._waiting:
                    return
                document = self._waiting.pop()
                again = self._random.random() < self._duplicate_rate
            begun = time.monotonic()
            self._send_until_accepted(document)
            if again:
                self._send_until_accepted(document, is_repeat=True)
            time.sleep(max(0.0, self._pause - (time.monotonic() - begun)))

    def _send_until_accepted(self, document: SbomDocument, *, is_repeat: bool = False) -> None:
        deadline = time.monotonic() + _GIVE_UP_SECONDS
        while time.monotonic() < deadline:
            reply = ask(self._base, "POST", "/api/v1/evidence", key=self._key, body=document.data)
            if reply.status in {200, 202}:
                self._note(document, reply, is_repeat=is_repeat)
                return
            with self._lock:
                self.ledger.retried_count += 1
                if reply.status not in {0, 503}:
                    self.ledger.refused.append(f"{reply.status} {reply.body[:120]!r}")
            time.sleep(_PAUSE_SECONDS)
        with self._lock:
            self.ledger.refused.append(f"{document.digest} was not accepted within {_GIVE_UP_SECONDS:.0f} s")

    def _note(self, document: SbomDocument, reply: Reply, *, is_repeat: bool) -> None:
        receipt = json.loads(reply.body)["id"]
        with self._lock:
            known = self.ledger.receipts.setdefault(document.digest, receipt)
            self.ledger.seconds.append(reply.seconds)
            self.ledger.repeated_count += is_repeat
            self.sent_count += not is_repeat
            if known != receipt:
                self.ledger.refused.append(f"{document.digest} has two receipts")
