"""Send one POST to a checked address: no redirect is followed, nothing of the answer is kept, and all of it has an end.

`http.client` with a socket of ours: what libraries offer resolves the name a second time.
"""

from __future__ import annotations

import socket
import ssl
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from threading import Timer
from typing import TYPE_CHECKING

from supplychain.notify.addresses import ForbiddenAddressError, UnknownHostError, addresses_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from supplychain.notify.addresses import Target

SECONDS = 10.0
"""For all of it, from the connection to the last byte that is read."""
MAX_ANSWER_BYTES = 16 * 1024
_AGENT = "supply-chain-notify/1"


@dataclass(frozen=True, slots=True)
class Answer:
    """How a try ended: the status where one came, and in a few words why it does not count; '' where it does."""

    status: int | None
    problem: str

    @property
    def is_taken(self) -> bool:
        return not self.problem


def post(target: Target, body: bytes, *, headers: Mapping[str, str], seconds: float = SECONDS) -> Answer:
    """Send a body, and say how it ended. Never raises for what the far side or the way to it does."""
    try:
        addresses = addresses_of(target)
        status = _exchange(target, addresses[0], body, headers=headers, seconds=seconds)
    except UnknownHostError:
        return Answer(None, "its host has no address")
    except ForbiddenAddressError:
        return Answer(None, "its host leads to an address inside, which is refused")
    except ssl.SSLError as error:
        return Answer(None, f"no secure connection: {error.reason or type(error).__name__}"[:200])
    except TimeoutError:
        return Answer(None, f"no answer within {seconds:.0f} s")
    except (OSError, HTTPException) as error:
        return Answer(None, f"no connection or no answer: {type(error).__name__}")
    if 200 <= status < 300:
        return Answer(status, "")
    if 300 <= status < 400:
        return Answer(status, "it answered with a redirect, which is not followed")
    return Answer(status, f"it answered {status}")


def _exchange(target: Target, address: str, body: bytes, *, headers: Mapping[str, str], seconds: float) -> int:
    raw = socket.create_connection((address, target.port), timeout=seconds)
    is_late = False

    def cut() -> None:
        nonlocal is_late
        is_late = True
        try:
            raw.shutdown(socket.SHUT_RDWR)
        except OSError:
            return  # it ended by itself just now

    timer = Timer(seconds, cut)
    timer.start()
    try:
        status = _speak(_connection(target, raw), target, body, headers=headers)
    except (OSError, HTTPException) as error:
        if is_late:
            raise TimeoutError from error
        raise
    else:
        if is_late:  # what was cut off looks like an end
            raise TimeoutError
        return status
    finally:
        timer.cancel()
        raw.close()


def _connection(target: Target, raw: socket.socket) -> HTTPConnection:
    if target.scheme == "http":
        plain = HTTPConnection(target.host, target.port)
        plain.sock = raw
        return plain
    secure = HTTPSConnection(target.host, target.port)
    secure.sock = ssl.create_default_context().wrap_socket(raw, server_hostname=target.host)
    return secure


def _speak(connection: HTTPConnection, target: Target, body: bytes, *, headers: Mapping[str, str]) -> int:
    try:
        sent = {"User-Agent": _AGENT, "Content-Type": "application/json", "Connection": "close", **headers}
        connection.request("POST", target.path, body, sent)
        response = connection.getresponse()
        response.read(MAX_ANSWER_BYTES)
        return response.status
    finally:
        connection.close()
