"""Journey: a neighbour who can write to the broker gains nothing: a ring has no id, a bad message is dropped."""

from __future__ import annotations

import base64
import json
import pickle
import time
import uuid
from typing import Any

import pytest

from inventory.models import EvidenceState, State
from supplychain.celery import app
from tests.factories import cyclonedx, digest
from tests.flows.client import Client
from tests.flows.conftest import KeyMaker, Running

EVIDENCE = "/api/v1/evidence"
RING = "inventory.tasks.process_evidence"


class Harm:
    """What would run if a message were unpickled."""

    def __reduce__(self) -> tuple[Any, ...]:
        return (exec, ("import os; os._exit(3)",))


def message(task: str, body: bytes, *, content_type: str = "application/json") -> str:
    """Write a message as the broker's clients do, protocol 2, for a task of any name."""
    identity = str(uuid.uuid4())
    queue = app.conf.task_default_queue
    return json.dumps(
        {
            "body": base64.b64encode(body).decode(),
            "content-encoding": "binary" if "pickle" in content_type or "python" in content_type else "utf-8",
            "content-type": content_type,
            "headers": {"lang": "py", "task": task, "id": identity, "root_id": identity, "argsrepr": "", "retries": 0},
            "properties": {
                "correlation_id": identity,
                "delivery_mode": 2,
                "delivery_info": {"exchange": "", "routing_key": queue},
                "priority": 0,
                "body_encoding": "base64",
                "delivery_tag": identity,
            },
        }
    )


def arguments(*given: Any) -> bytes:
    return json.dumps([list(given), {}, {"callbacks": None, "errbacks": None, "chain": None, "chord": None}]).encode()


FORGED = {
    "another id": message(RING, arguments(1)),
    "an unknown task": message("os.system", arguments("true")),
    "a pickle": message(RING, pickle.dumps(Harm()), content_type="application/x-python-serialize"),
    "broken JSON": message(RING, b"{"),
}


@pytest.fixture
def sender(new_key: KeyMaker) -> Client:
    return new_key("team-a", "evidence:write", "inventory:read")


@pytest.mark.parametrize("name", sorted(FORGED))
def test_a_forged_message_changes_nothing_and_stops_nobody(name: str, sender: Client, running_site: Running) -> None:
    done = applied(sender, "before")
    as_it_was = EvidenceState.objects.values().get(evidence__public_id=done)
    children = running_site.children_of_worker()

    with app.connection_for_write() as broker:
        channel: Any = broker.default_channel
        channel.client.lpush(app.conf.task_default_queue, FORGED[name])

    applied(sender, "after")
    assert EvidenceState.objects.values().get(evidence__public_id=done) == as_it_was
    assert running_site.worker.poll() is None
    assert running_site.children_of_worker() == children


def applied(sender: Client, name: str) -> str:
    """Send a document, and wait until it is applied."""
    sent = sender.post(EVIDENCE, cyclonedx(f"pkg:npm/{name}@1", subject=digest(name))).json()["id"]
    deadline = time.monotonic() + 90
    while not EvidenceState.objects.filter(evidence__public_id=sent, state=State.APPLIED).exists():
        assert time.monotonic() < deadline, "the worker no longer works"
        time.sleep(0.05)
    return str(sent)
