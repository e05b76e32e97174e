"""Journey 3: what the web server and the first bytes answer (reliability items 1-18). No refusal stores anything."""

import gzip
import json
import socket
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
import zstandard
from django.conf import settings

from inventory.models import Evidence, EvidenceBlob
from tests.factories import cyclonedx, digest
from tests.flows.client import Client
from tests.flows.conftest import KeyMaker

EVIDENCE = "/api/v1/evidence"
DOCUMENT = cyclonedx("pkg:npm/left@1", subject=digest("app"))


@pytest.fixture
def sender(new_key: KeyMaker) -> Client:
    return new_key("team-a", "evidence:write", "inventory:read")


def exchange(client: Client, *head: str, body: bytes = b"", then_close: bool = False) -> bytes:
    """Send a request as it is written here, and return all that comes back: sooner than gunicorn gives up on it."""
    address = urlsplit(client.base)
    lines = [*head, f"Host: {address.netloc}", f"Authorization: Bearer {client.key}", "Connection: close"]
    with socket.create_connection((address.hostname or "", address.port or 0), timeout=50) as connection:
        connection.sendall("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
        if then_close:
            connection.shutdown(socket.SHUT_WR)
        received = b""
        while piece := connection.recv(65536):
            received += piece
    return received


def status_of(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


@pytest.fixture(autouse=True)
def _nothing_is_stored(request: pytest.FixtureRequest, site: Client) -> Iterator[None]:
    yield
    expected = 1 if "stores" in request.node.name else 0
    assert (Evidence.objects.count(), EvidenceBlob.objects.count()) == (expected, expected)


def test_advisories_may_be_larger_than_any_other_document(sender: Client) -> None:
    head = (f"Content-Length: {settings.MAX_UPLOAD_BYTES + (1 << 20)}", "Expect: 100-continue")

    others = exchange(sender, f"POST {EVIDENCE} HTTP/1.1", *head, then_close=True)
    feed = exchange(sender, f"POST {EVIDENCE}?kind=advisory HTTP/1.1", *head, then_close=True)

    assert status_of(others) == 413
    assert feed.startswith(b"HTTP/1.1 100 Continue")
    assert b"incomplete_body" in feed


def test_a_body_that_says_it_is_too_large_is_refused_before_it_is_sent(sender: Client) -> None:
    answer = exchange(sender, f"POST {EVIDENCE} HTTP/1.1", "Content-Length: 99999999999", "Expect: 100-continue")

    assert status_of(answer) == 413
    assert b"too_large" in answer
    assert b"100 Continue" not in answer


def test_a_client_that_dies_leaves_no_row(sender: Client) -> None:
    answer = exchange(
        sender, f"POST {EVIDENCE} HTTP/1.1", f"Content-Length: {len(DOCUMENT) + 10}", body=DOCUMENT, then_close=True
    )

    assert status_of(answer) == 400
    assert b"incomplete_body" in answer


def test_a_chunked_body_that_breaks_off_leaves_no_row(sender: Client) -> None:
    body = f"{len(DOCUMENT):x}\r\n".encode() + DOCUMENT + b"\r\n"
    answer = exchange(sender, f"POST {EVIDENCE} HTTP/1.1", "Transfer-Encoding: chunked", body=body, then_close=True)

    assert not answer or status_of(answer) == 400


@pytest.mark.parametrize(
    "head",
    [
        ["Content-Length: 5", "Content-Length: 6"],
        ["Content-Length: +4"],
        ["Content-Length: 4_0"],
        ["Transfer-Encoding: chunked", "Content-Length: 4"],
        ["Transfer-Encoding: gzip, chunked, gzip"],
        ["Content-Length: 4", "X-Folded: a\r\n b"],
    ],
)
def test_ambiguous_framing_is_refused_at_the_door(sender: Client, head: list[str]) -> None:
    answer = exchange(sender, f"POST {EVIDENCE} HTTP/1.1", *head, body=b"0\r\n\r\n", then_close=True)

    assert not answer or status_of(answer) in {400, 501}


@pytest.mark.parametrize("method", ["TRACE", "PUT", "DELETE", "PATCH"])
def test_other_methods_are_refused(sender: Client, method: str) -> None:
    answer = sender.send(method, EVIDENCE, body=DOCUMENT)

    assert (answer.status, answer.json()["code"]) == (405, "method_not_allowed")
    assert "POST" in answer.headers["allow"]


@pytest.mark.parametrize("header", ["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"])
def test_headers_that_rename_the_method_are_ignored(sender: Client, header: str) -> None:
    answer = sender.send("GET", EVIDENCE, headers={header: "POST"})

    assert (answer.status, answer.json()["results"]) == (200, [])


@pytest.mark.parametrize(
    ("body", "headers", "status", "code"),
    [
        (b"<html></html>", {"Content-Type": "text/html"}, 415, "unsupported_media_type"),
        (b"<html></html>", {"Content-Type": "text/html; charset=utf-8"}, 415, "unsupported_media_type"),
        (DOCUMENT, {"Content-Encoding": "br"}, 415, "unsupported_encoding"),
        (DOCUMENT, {"Content-Encoding": "gzip, gzip"}, 415, "unsupported_encoding"),
        (gzip.compress(gzip.compress(DOCUMENT)), {"Content-Encoding": "gzip"}, 422, "nested_encoding"),
        (gzip.compress(DOCUMENT)[:-3], {"Content-Encoding": "gzip"}, 400, "bad_encoding"),
        (gzip.compress(DOCUMENT) + b"x", {"Content-Encoding": "gzip"}, 400, "bad_encoding"),
        (zstandard.compress(DOCUMENT) * 2, {"Content-Encoding": "zstd"}, 400, "bad_encoding"),
        (gzip.compress(bytes(300 << 20), compresslevel=1), {"Content-Encoding": "gzip"}, 413, "inflated_too_large"),
        (zstandard.compress(bytes(300 << 20)), {"Content-Encoding": "zstd"}, 413, "inflated_too_large"),
        (b"", {}, 400, "empty_document"),
        (b" \r\n\t", {}, 400, "empty_document"),
        (b"PK\x03\x04rest", {}, 415, "unsupported_archive"),
        (b"x", {"Content-Type": "multipart/form-data"}, 400, "bad_multipart"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_the_first_bytes_show_is_refused(
    sender: Client, body: bytes, headers: dict[str, str], status: int, code: str
) -> None:
    answer = sender.post(EVIDENCE, body, headers=headers)

    assert (answer.status, answer.json()["code"]) == (status, code)
    assert answer.headers["content-type"] == "application/problem+json"
    assert sender.get(EVIDENCE).json()["results"] == []


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({"artifact": "sha256:12"}, "bad_parameter"),
        ({"kind": "novel"}, "bad_parameter"),
        ({"surprise": "1"}, "unknown_parameter"),
        ({"name": "n" * 2000}, "bad_parameter"),
    ],
)
def test_parameters_that_cannot_be_used_are_refused(sender: Client, query: dict[str, Any], code: str) -> None:
    answer = sender.post(EVIDENCE, DOCUMENT, **query)

    assert (answer.status, answer.json()["code"]) == (400, code)


def test_without_the_scope_nothing_is_taken(site: Client, new_key: KeyMaker) -> None:
    reader = new_key("team-a", "inventory:read")

    assert (site.post(EVIDENCE, DOCUMENT).status, reader.post(EVIDENCE, DOCUMENT).status) == (401, 403)


def test_an_idempotency_key_changes_nothing_and_stores_once(sender: Client) -> None:
    first = sender.post(EVIDENCE, DOCUMENT, headers={"Idempotency-Key": "a"})
    second = sender.post(EVIDENCE, DOCUMENT, headers={"Idempotency-Key": "b" * 4000})

    assert (first.status, second.status) == (202, 200)
    assert json.loads(first.body)["id"] == json.loads(second.body)["id"]
