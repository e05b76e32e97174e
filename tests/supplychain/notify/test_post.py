"""One POST, and every way in which it can end."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from unittest.mock import patch

import pytest

from supplychain.notify.addresses import read_target
from supplychain.notify.post import post
from tests.supplychain.notify.receiver import Receiver, receiving


@pytest.fixture
def receiver(settings) -> Iterator[Receiver]:
    with receiving() as receiver:
        settings.NOTIFY_INTERNAL_HOSTS = (receiver.host,)
        yield receiver


def test_what_is_taken_arrives_once_as_it_was_sent(receiver):
    answer = post(read_target(receiver.url), b'{"a":1}', headers={"X-One": "1"})

    assert (answer.status, answer.is_taken) == (204, True)
    [request] = receiver.requests
    assert (request.path, request.body, request.headers["x-one"]) == ("/hook?token=hush", b'{"a":1}', "1")
    assert request.headers["host"] == receiver.host


def test_a_redirect_is_not_followed(receiver):
    receiver.statuses, receiver.location = [302], "http://169.254.169.254/"

    answer = post(read_target(receiver.url), b"{}", headers={})

    assert (answer.status, answer.problem) == (302, "it answered with a redirect, which is not followed")
    assert len(receiver.requests) == 1


def test_a_refusal_is_told_by_its_status_alone(receiver):
    receiver.statuses = [500]

    assert post(read_target(receiver.url), b"{}", headers={}).problem == "it answered 500"


def test_an_answer_that_takes_too_long_is_cut(receiver):
    receiver.delay = 5.0

    began = time.monotonic()
    answer = post(read_target(receiver.url), b"{}", headers={}, seconds=0.3)

    assert (answer.status, answer.problem) == (None, "no answer within 0 s")
    assert time.monotonic() - began < 4.0


def test_an_answer_that_never_ends_is_cut_though_each_byte_comes_in_time(settings):
    listener = socket.create_server(("127.0.0.1", 0))
    host = f"127.0.0.1:{listener.getsockname()[1]}"
    settings.NOTIFY_INTERNAL_HOSTS = (host,)

    def drip() -> None:
        connection, _ = listener.accept()
        with connection:
            try:
                connection.sendall(b"HTTP/1.1 200 OK\r\n")
                while True:
                    connection.sendall(b"X-More: 1\r\n")
                    time.sleep(0.05)
            except OSError:
                return

    threading.Thread(target=drip, daemon=True).start()

    answer = post(read_target(f"http://{host}/"), b"{}", headers={}, seconds=0.5)

    assert answer.problem == "no answer within 0 s"
    listener.close()


def test_a_host_that_is_away_is_a_try_that_failed(settings):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        host = f"127.0.0.1:{listener.getsockname()[1]}"
    settings.NOTIFY_INTERNAL_HOSTS = (host,)

    assert post(read_target(f"http://{host}/"), b"{}", headers={}).problem.startswith("no connection or no answer")


def test_a_certificate_that_nobody_vouches_for_is_no_connection(receiver, settings):
    answer = post(read_target(f"https://{receiver.host}/"), b"{}", headers={})

    assert answer.status is None
    assert answer.problem.startswith("no secure connection") or answer.problem.startswith("no connection")
    assert not receiver.requests


def test_the_connection_goes_to_the_address_that_was_checked_and_asks_no_second_time(receiver, settings):
    settings.NOTIFY_INTERNAL_HOSTS = (f"chat.internal:{receiver.port}",)
    asked = []

    def resolve(host, port, *_args, **_more):
        asked.append(host)
        address = "127.0.0.1" if len(asked) == 1 else "127.0.0.99"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    real = socket.create_connection
    with (
        patch("supplychain.notify.addresses.socket.getaddrinfo", resolve),
        patch("supplychain.notify.post.socket.create_connection", wraps=real) as connect,
    ):
        post(read_target(f"http://chat.internal:{receiver.port}/"), b"{}", headers={})

    assert asked[0] == "chat.internal"
    assert connect.call_args.args[0] == ("127.0.0.1", receiver.port)
