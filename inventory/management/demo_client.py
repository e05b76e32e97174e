"""The demo's pipelines and agents on the wire: the public API and nothing else, with the standard library."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]

FINAL_STATES = frozenset({"applied", "applied_with_warnings", "rejected", "quarantined"})
GOOD_STATES = frozenset({"applied", "applied_with_warnings"})
_TIMEOUT_SECONDS = 30
_TRIES = 10
_LONGEST_WAIT_SECONDS = 1.5


class ServerRefusedError(Exception):
    """The server answered with something the demo cannot go on from."""

    def __init__(self, status: int, body: str) -> None:
        super().__init__(f"{status}: {body[:500]}")
        self.status = status


@dataclass(frozen=True, slots=True)
class Answer:
    """A status and the JSON that came with it."""

    status: int
    body: Json


@dataclass(slots=True)
class Server:
    """A running product at an address like `http://127.0.0.1:8000`."""

    base: str
    opener: urllib.request.OpenerDirector = field(
        # The server is on this machine: an environment's proxy must not be asked for it.
        default_factory=lambda: urllib.request.build_opener(urllib.request.ProxyHandler({}))
    )

    def send(self, method: str, path: str, *, key: str, body: bytes | None = None) -> Answer:
        """Send one request, and again while the server is busy (429, 503). Raises ServerRefusedError."""
        for attempt in range(1, _TRIES + 1):
            try:
                return self._send_once(method, path, key=key, body=body)
            except urllib.error.HTTPError as error:
                text = error.read().decode(errors="replace")
                if error.code not in {429, 503} or attempt == _TRIES:
                    raise ServerRefusedError(error.code, f"{method} {path}: {text}") from error
                time.sleep(min(float(error.headers.get("Retry-After") or 1), _LONGEST_WAIT_SECONDS))
        raise AssertionError("the loop returns or raises")

    def accepts(self, key: str) -> bool:
        """Tell whether the server knows this key: a state folder may be older than its database."""
        try:
            self.send("GET", "/api/v1/me", key=key)
        except ServerRefusedError as error:
            if error.status == 401:
                return False
            raise
        return True

    def _send_once(self, method: str, path: str, *, key: str, body: bytes | None) -> Answer:
        headers = {"Authorization": f"Bearer {key}", "Accept": "application/json"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        request = urllib.request.Request(self.base.rstrip("/") + path, data=body, headers=headers, method=method)  # noqa: S310  # the operator's own address
        with self.opener.open(request, timeout=_TIMEOUT_SECONDS) as response:
            return Answer(response.status, json.loads(response.read()))
