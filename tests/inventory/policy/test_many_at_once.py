"""A web process that many clusters ask at the same time answers each as if it was alone, and keeps each answer once."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections
from django.test import Client

from inventory.policy import learning, storing
from inventory.policy.blocks import add_block
from inventory.policy.models import BlockKind, Decision
from supplychain.access.keys import NewKey
from supplychain.database import urgent
from supplychain.database.together import Together
from supplychain.database.urgent import UrgentConnections
from tests.factories import cyclonedx, digest, submit
from tests.supplychain.actors import AT, client_of, new_key

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "interning"])

KNOWN, BLOCKED, UNKNOWN = digest("known"), digest("blocked"), digest("unknown")
ALLOWED = {KNOWN: True, BLOCKED: False, UNKNOWN: True}


@pytest.fixture
def web_process(settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    opened = UrgentConnections(urgent.connect)
    monkeypatch.setattr(urgent, "_of_process", opened)
    for patience in ("ANSWER_SECONDS", "BUSY_SECONDS", "OPEN_SECONDS"):  # how soon hangs on what else the machine does
        monkeypatch.setattr(urgent, patience, 20.0)
    # One at a time, so that the others are sure to meet.
    monkeypatch.setattr(learning, "_together", Together(learning._learn, lanes=1))
    monkeypatch.setattr(storing, "_together", Together(storing._keep, lanes=1))
    settings.PROCESS = "web"
    yield
    deadline = time.monotonic() + 20
    while opened._wanted and time.monotonic() < deadline:  # else one is opened behind the end
        time.sleep(0.02)
    opened.close()


def ask(client: Client, name: str, *, number: int) -> bool:
    spec = {"containers": [{"name": "app", "image": f"registry.example/app@{name}"}]}
    request = {
        "uid": f"uid-{number}",
        "kind": {"kind": "Pod"},
        "namespace": "shop",
        "operation": "CREATE",
        "object": {"metadata": {"name": "api"}, "spec": spec},
    }
    body = {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": request}
    try:
        answer = client.post("/api/v1/admission/kubernetes", body, content_type="application/json")
    finally:
        connections.close_all()
    assert answer.status_code == 200, answer.content
    told = answer.json()["response"]
    assert told["uid"] == f"uid-{number}"
    allowed: bool = told["allowed"]
    return allowed


def ask_all(keys: list[NewKey]) -> None:
    """Ask about each image sixteen times, in turn by each key, on eight threads."""
    names = list(ALLOWED) * 16
    with ThreadPoolExecutor(8) as pool:
        asking = [
            pool.submit(ask, client_of(keys[number % len(keys)]), name, number=number)
            for number, name in enumerate(names)
        ]
        assert [one.result(60) for one in asking] == [ALLOWED[name] for name in names]


def test_each_is_answered_by_what_its_own_team_has_and_each_answer_is_kept_once(web_process, rita, monkeypatch):
    submit("payments", cyclonedx("pkg:npm/lodash@4.17.20", subject=KNOWN))
    add_block(BlockKind.ARTIFACT, {"digest": BLOCKED}, reason="INC-1", incident=None, actor=rita, at=AT)
    together: list[int] = []
    learn = learning._learn

    def noted(questions):
        together.append(len(questions))
        return learn(questions)

    monkeypatch.setattr(learning, "_together", Together(noted, lanes=1))
    keys = [new_key("admission:review", team=team, clusters=("eu",)) for team in ("payments", "other")]

    ask_all(keys)

    rows = list(Decision.objects.values_list("request_uid", "digest", "team__slug", "outcome"))
    assert len(rows) == len({uid for uid, *_ in rows}) == 48
    told = {(name, team): {row[3] for row in rows if row[1:3] == (name, team)} for _, name, team, _ in rows}
    assert told[KNOWN, "payments"] == {"pass"}
    assert told[KNOWN, "other"] == {"unknown"}
    assert told[BLOCKED, "payments"] == told[BLOCKED, "other"] == {"fail"}
    assert sum(together) == 48
    assert max(together) > 1


def test_a_block_binds_for_whoever_asks_after_it_was_set(web_process, rita):
    submit("payments", cyclonedx("pkg:npm/lodash@4.17.20", subject=KNOWN))
    key = new_key("admission:review", clusters=("eu",))
    for number in range(3):
        assert ask(client_of(key), KNOWN, number=number)

    add_block(BlockKind.ARTIFACT, {"digest": KNOWN}, reason="INC-1", incident=None, actor=rita, at=AT)

    with ThreadPoolExecutor(8) as pool:
        asking = [pool.submit(ask, client_of(key), KNOWN, number=number) for number in range(16)]
        assert not any(one.result(60) for one in asking)
