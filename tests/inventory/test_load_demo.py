"""Loading the demo estate: phase by phase, never silent, and honest about what the server could not apply."""

from __future__ import annotations

import email.message
import io
import json
import urllib.error
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.core.management.base import CommandError

from inventory.management import demo_client
from inventory.management.commands.load_demo import Loading
from inventory.management.demo_client import Answer, Server, ServerRefusedError
from inventory.management.demo_estate import DOCUMENTS, ROLLOUTS, SNAPSHOTS, Upload

KEYS = {"payments": "sc_payments", "cluster:prod-eu": "sc_agent"}


@dataclass(slots=True)
class FarSide(Server):
    """Answers as the product does; `states` is what a receipt says, one after the other."""

    states: list[str] = field(default_factory=lambda: ["applied"])
    requests: list[str] = field(default_factory=list)

    def send(self, method: str, path: str, *, key: str, body: bytes | None = None) -> Answer:
        self.requests.append(f"{method} {path} {key}")
        if method == "GET":
            state = self.states.pop(0) if len(self.states) > 1 else self.states[0]
            return Answer(200, {"state": state, "error": {"code": "bad_json"} if state == "rejected" else None})
        return Answer(202, {"url": f"/api/v1/evidence/{len(self.requests)}"})


def upload(phase: str = DOCUMENTS, *, sender: str = "payments") -> Upload:
    return Upload(phase=phase, method="POST", path=f"/{phase}", body=b"{}", sender=sender, label="bom.json")


def loading(server: Server) -> tuple[Loading, list[str]]:
    said: list[str] = []
    return Loading(server=server, keys=KEYS, say=said.append), said


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch):
    monkeypatch.setattr("time.sleep", lambda _seconds: None)


def test_a_phase_is_applied_before_the_next_is_sent():
    server = FarSide("http://x", states=["received", "processing", "applied"])
    load, _ = loading(server)

    load.run([upload(), upload(ROLLOUTS, sender="cluster:prod-eu"), upload(SNAPSHOTS, sender="cluster:prod-eu")])

    assert [request for request in server.requests if request.startswith("POST")] == [
        "POST /documents sc_payments",
        "POST /rollouts sc_agent",
        "POST /snapshots sc_agent",
    ]
    assert server.requests[1:4] == ["GET /api/v1/evidence/1 sc_payments"] * 3


def test_the_receipt_is_asked_with_the_key_that_sent():
    server = FarSide("http://x")
    load, _ = loading(server)

    load.run([upload(ROLLOUTS, sender="cluster:prod-eu")])

    assert server.requests == ["POST /rollouts sc_agent", "GET /api/v1/evidence/1 sc_agent"]


@pytest.mark.parametrize("state", ["rejected", "quarantined"])
def test_a_document_that_was_not_applied_ends_the_load_with_its_name_and_reason(state):
    load, _ = loading(FarSide("http://x", states=[state]))

    with pytest.raises(CommandError, match=f"bom.json was {state}"):
        load.run([upload()])


def test_each_phase_says_how_many_it_sent_and_applied():
    load, said = loading(FarSide("http://x"))

    load.run([upload(), upload()])

    assert said[:2] == ["Demo estate: sending 2 documents", "Demo estate: 2 documents applied"]


def test_a_server_without_a_worker_is_not_waited_for_without_end(monkeypatch):
    monkeypatch.setattr("inventory.management.commands.load_demo.PATIENCE_SECONDS", -1.0)
    load, _ = loading(FarSide("http://x", states=["received"]))

    with pytest.raises(CommandError, match="is a worker running"):
        load.run([upload()])


class Opener:
    """The wire: answers one after the other, a number being a refusal with that status."""

    def __init__(self, *answers: int | dict[str, Any]) -> None:
        self.answers = list(answers)

    def open(self, request: Any, timeout: float) -> Any:  # urllib's signature
        answer = self.answers.pop(0)
        if isinstance(answer, int):
            headers = email.message.Message()
            headers["Retry-After"] = "1"
            raise urllib.error.HTTPError(request.full_url, answer, "refused", headers, io.BytesIO(b'{"code": "x"}'))
        body = io.BytesIO(json.dumps(answer).encode())
        body.status = 200  # type: ignore[attr-defined]
        return body


def server_with(*answers: int | dict[str, Any]) -> Server:
    return Server("http://127.0.0.1:1/", opener=Opener(*answers))  # type: ignore[arg-type]


@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_server_is_asked_again(status):
    assert server_with(status, status, {"ok": 1}).send("GET", "/x", key="k").body == {"ok": 1}


def test_a_server_that_stays_busy_is_given_up():
    always_busy = [503] * demo_client._TRIES

    with pytest.raises(ServerRefusedError) as raised:
        server_with(*always_busy).send("GET", "/x", key="k")

    assert raised.value.status == 503


def test_a_refusal_names_the_request_and_the_reason():
    with pytest.raises(ServerRefusedError, match=r'400: GET /x: \{"code": "x"\}'):
        server_with(400).send("GET", "/x", key="k")


def test_a_key_of_another_database_is_told_from_a_broken_server():
    assert not server_with(401).accepts("k")
    assert server_with({"label": "key:x"}).accepts("k")
    with pytest.raises(ServerRefusedError):
        server_with(500).accepts("k")
