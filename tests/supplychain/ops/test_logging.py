"""Log lines: one JSON object each, with the request's id and without credentials."""

import json
import logging

import pytest

from supplychain.ops.logging import JsonFormatter
from supplychain.ops.middleware import request_id


def line(message, *arguments, **extra):
    facts = {"name": "a.logger", "levelname": "INFO", "msg": message, "args": arguments, **extra}
    record = logging.makeLogRecord(facts)
    return json.loads(JsonFormatter().format(record))


def test_a_line_carries_the_request_id_and_what_extra_gave():
    token = request_id.set("the-request")
    written = line("stored %s", "x", evidence="id-1")
    request_id.reset(token)

    assert written["message"] == "stored x"
    assert (written["request_id"], written["evidence"]) == ("the-request", "id-1")


@pytest.mark.parametrize(
    ("message", "leak"),
    [
        ("Authorization: Bearer abcdefgh.0123456789", "0123456789"),
        ("key sc_live_abcd1234_secretsecretsecret", "secretsecret"),
        ("postgresql://me:hunter2hunter2@db/x failed", "hunter2"),
    ],
)
def test_credentials_are_removed(message, leak):
    written = line("%s", message)["message"]

    assert "[removed]" in written
    assert leak not in written


def test_a_line_break_in_a_message_stays_one_line():
    record = logging.makeLogRecord({"msg": "first\nsecond"})

    assert "\n" not in JsonFormatter().format(record)
