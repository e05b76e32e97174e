"""Pages of a running site as a browser asks for them: with cookies, without script."""

from __future__ import annotations

import re
from http.client import HTTPConnection
from http.cookies import SimpleCookie
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit

if TYPE_CHECKING:
    from tests.flows.client import Client


def sign_in(web: Client, username: str, password: str, *, sent_to: Client | None = None) -> dict[str, str]:
    """Sign in by the form, which may be sent to another web server than it came from, and return the cookies."""
    form, cookies = browse(web, "/sign-in")
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', form)
    assert token
    fields = {"username": username, "password": password, "csrfmiddlewaretoken": token[1]}
    return browse(sent_to or web, "/sign-in", fields=fields, cookies=cookies)[1]


def browse(
    web: Client, path: str, *, fields: dict[str, str] | None = None, cookies: dict[str, str] | None = None
) -> tuple[str, dict[str, str]]:
    """Ask for a page as a browser does, and return it with the cookies held afterwards."""
    held = dict(cookies or {})
    connection = HTTPConnection(urlsplit(web.base).netloc, timeout=90)
    headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in held.items())}
    body = None
    if fields is not None:
        headers["Content-Type"], body = "application/x-www-form-urlencoded", urlencode(fields)
    connection.request("GET" if fields is None else "POST", path, body, headers)
    answer = connection.getresponse()
    page = answer.read().decode()
    for line in answer.headers.get_all("Set-Cookie") or []:
        held |= {name: morsel.value for name, morsel in SimpleCookie(line).items()}
    connection.close()
    return page, held
