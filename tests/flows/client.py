"""A small HTTP client for journeys: it sends what is asked, follows nothing and hides nothing."""

import json
import time
from dataclasses import dataclass, field
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlencode, urlsplit

TIMEOUT_SECONDS = 90.0
"""Of waiting, on a busy machine: what is waited for takes a tenth of it."""
SETTLED = frozenset({"applied", "applied_with_warnings", "rejected", "quarantined"})


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Client:
    """Speaks to a running site, with one API key or none."""

    base: str
    key: str = ""
    headers: dict[str, str] = field(default_factory=dict)

    def get(self, path: str, **query: Any) -> Answer:
        return self.send("GET", path, query=query)

    def post(self, path: str, body: Any = b"", *, headers: dict[str, str] | None = None, **query: Any) -> Answer:
        return self.send("POST", path, body=body, headers=headers, query=query)

    def put(self, path: str, body: Any = b"", *, headers: dict[str, str] | None = None, **query: Any) -> Answer:
        return self.send("PUT", path, body=body, headers=headers, query=query)

    def send(
        self,
        method: str,
        path: str,
        *,
        body: Any = None,
        headers: dict[str, str] | None = None,
        query: dict[str, Any] | None = None,
    ) -> Answer:
        """Send bytes as they are and everything else as JSON."""
        sent = dict(self.headers) | (headers or {})
        if self.key:
            sent.setdefault("Authorization", f"Bearer {self.key}")
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
            sent.setdefault("Content-Type", "application/json")
        connection = HTTPConnection(urlsplit(self.base).netloc, timeout=TIMEOUT_SECONDS)
        try:
            connection.request(method, f"{path}?{urlencode(query, doseq=True)}" if query else path, body, sent)
            response = connection.getresponse()
            received = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, received, response.read())
        finally:
            connection.close()

    def receipt(self, public_id: str, *, seconds: float = TIMEOUT_SECONDS) -> Any:
        """Ask for a receipt until its document is settled, and return it."""
        deadline = time.monotonic() + seconds
        while True:
            answer = self.get(f"/api/v1/evidence/{public_id}")
            assert answer.status == 200, answer.body
            receipt = answer.json()
            if receipt["state"] in SETTLED:
                return receipt
            assert time.monotonic() < deadline, f"still {receipt['state']} after {seconds} s: {receipt}"
            time.sleep(0.05)

    def upload(self, document: bytes, *, headers: dict[str, str] | None = None, **query: Any) -> Any:
        """Upload a document, and return its receipt once it is settled."""
        answer = self.post("/api/v1/evidence", document, headers=headers, **query)
        assert answer.status in {200, 202}, answer.body
        return self.receipt(answer.json()["id"])
