"""One line a request and one a document, which say what happened and hold no secret."""

from __future__ import annotations

import base64
import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from supplychain.access.models import Team
from supplychain.ops import log_context
from supplychain.ops.logging import JsonFormatter, TextFormatter
from tests.factories import apply_waiting, cyclonedx, digest
from tests.supplychain.actors import PASSWORD, client_of, make_user, new_key, signed_in

pytestmark = pytest.mark.django_db


class Log:
    """Everything that is logged, as production writes it."""

    def __init__(self) -> None:
        self.stream = io.StringIO()

    @property
    def text(self) -> str:
        return self.stream.getvalue()

    def lines(self, logger: str) -> list[dict[str, Any]]:
        lines = [json.loads(line) for line in self.text.splitlines()]
        return [line for line in lines if line["logger"] == logger]


@pytest.fixture
def log() -> Iterator[Log]:
    """Listen at the root, with every level: what LOG_LEVEL=DEBUG would show is held to the same rules."""
    log, root = Log(), logging.getLogger()
    handler, level = logging.StreamHandler(log.stream), root.level
    handler.setFormatter(JsonFormatter())
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield log
    root.removeHandler(handler)
    root.setLevel(level)


def test_a_request_is_one_line_with_route_status_duration_and_asker(log: Log) -> None:
    key = new_key("inventory:read")

    answer = client_of(key).get("/api/v1/packages?name=left")

    (line,) = log.lines("request")
    assert (line["method"], line["route"], line["status"]) == ("GET", "/api/v1/packages", answer.status_code)
    assert line["asker"] == f"key:{key.row.lookup}"
    assert line["team_id"] == Team.objects.get().pk
    assert line["request_id"] == answer["X-Request-Id"]
    assert 0 < line["duration_ms"] < 10_000
    assert "left" not in json.dumps(line)


def test_a_page_names_the_person_and_a_stranger_nobody(log: Log) -> None:
    signed_in(make_user("bob", team="shop")).get("/packages")
    Client().get("/packages")

    bob, nobody = log.lines("request")
    assert (bob["asker"], bob["route"]) == ("user:bob", "/packages")
    assert "asker" not in nobody
    assert nobody["status"] == 302


def test_an_unknown_path_is_not_written_down(log: Log) -> None:
    Client().get("/nowhere/secret-looking-thing")

    (line,) = log.lines("request")
    assert (line["route"], line["status"]) == ("none", 404)


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics", "/static/app.css"])
def test_health_metrics_and_static_files_leave_no_line(log: Log, path: str) -> None:
    Client().get(path)

    assert log.lines("request") == []


def test_a_refusal_carries_its_code_and_the_next_request_does_not(log: Log) -> None:
    client = client_of(new_key("inventory:read"))

    client.get("/api/v1/packages?nonsense=1")
    client.get("/api/v1/packages")

    refused, answered = log.lines("request")
    assert (refused["status"], refused["code"]) == (400, "unknown_parameter")
    assert "code" not in answered


def test_what_was_told_before_a_request_is_no_part_of_it(log: Log) -> None:
    with log_context.bound(code="of_something_else"):
        client_of(new_key("inventory:read")).get("/api/v1/packages")

    (answered,) = log.lines("request")
    assert "code" not in answered


def test_an_upload_and_the_work_on_it_share_the_receipt_s_id(log: Log) -> None:
    sender = client_of(new_key("evidence:write"))
    document = cyclonedx("pkg:npm/left@1", subject=digest("app"))

    receipt = sender.post("/api/v1/evidence", document, content_type="application/json").json()
    apply_waiting()

    (request,) = log.lines("request")
    (worked,) = [
        line for line in log.lines("inventory.ingest.process") if line["message"] == "A document was processed."
    ]
    assert request["evidence_id"] == worked["evidence_id"] == receipt["id"]
    assert (worked["state"], worked["kind"], worked["attempt"], worked["code"]) == ("applied", "sbom", 1, None)
    assert worked["size_bytes"] == len(document)
    assert worked["duration_ms"] > 0


def test_no_way_of_sending_a_key_or_a_password_leaves_it_in_the_log(log: Log) -> None:
    key = new_key("inventory:read", "evidence:write").text
    secret = key.split("_")[2]
    basic = base64.b64encode(f"api:{key}".encode()).decode()
    client = Client(raise_request_exception=False)
    make_user("carol")

    for headers in (
        {"Authorization": f"Bearer {key}"},
        {"Authorization": f"Bearer {key[:-1]}"},
        {"X-Api-Key": key},
        {"Authorization": f"Basic {basic}"},
        {"Cookie": f"supplychain_session={key}"},
        {"X-Request-Id": key + "!"},
        {"Referer": f"https://elsewhere.example/?key={key}"},
    ):
        client.get("/api/v1/packages", headers=headers)
        client.get("/packages", headers=headers)
    client.get(f"/api/v1/packages?key={key}&name={key}")
    client.get(f"/api/v1/nowhere/{key}")
    client.post(f"/api/v1/evidence?filename={key}", f'{{"k": "{key}"'.encode(), content_type="application/json")
    client.post("/api/v1/impact", {"q": key, "api_key": key})
    client.post("/sign-in", {"login": "carol", "username": "carol", "password": PASSWORD})
    client.post("/sign-in", {"login": "carol", "username": "carol", "password": f"wrong {PASSWORD}"})
    apply_waiting()

    assert len(log.lines("request")) == 20
    for hidden in (secret, basic, PASSWORD):
        assert hidden not in log.text


def test_a_name_in_a_document_cannot_write_a_line_of_its_own() -> None:
    record = logging.makeLogRecord({"msg": "odd %s", "args": ("\n{}\u2028\u202e\x1b[31m\x85",), "name": "x"})

    for formatter in (JsonFormatter(), TextFormatter()):
        written = formatter.format(record)
        assert len(written.splitlines()) == 1
        assert all(character.isprintable() for character in written)


def test_secrets_are_removed_by_the_name_of_the_field_and_inside_lists_too() -> None:
    facts = {"password": "hunter2", "api_key": "hunter2", "headers": {"Cookie": "hunter2"}}
    nested = {"seen": ["Bearer hunter2hunter2", {"x": "sc_abcd1234_hunter2hunter2"}]}
    record = logging.makeLogRecord({"msg": "m", **facts, **nested})

    assert "hunter2" not in JsonFormatter().format(record)
