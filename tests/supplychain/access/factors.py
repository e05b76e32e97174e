"""Codes of an authenticator app, and somebody who has one set up."""

from __future__ import annotations

import re
import time

from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.test import Client

from supplychain.access.models import User
from tests.supplychain.actors import PASSWORD


def code_of(secret: str, *, steps: int = 0) -> str:
    """Return what the app shows now, or so many half minutes from now."""
    return str(format_hotp_value(hotp_value(secret, int(time.time()) // 30 + steps)))


def enter_password(user: User, *, client: Client | None = None, **fields: str) -> Client:
    """Take the first step of signing in."""
    client = client or Client()
    assert client.post("/sign-in", {"username": user.username, "password": PASSWORD, **fields}).status_code == 302
    return client


def set_up_app(client: Client) -> str:
    """Set an app up on the page for it; return its secret."""
    page = client.get("/settings/security/app").content.decode()
    found = re.search(r'id="app-secret"[^>]*><code>([A-Z2-7]{32})<', page)
    assert found is not None, page
    answer = client.post("/settings/security/app", {"code": code_of(found[1])})
    assert answer.status_code == 302, answer.content
    return found[1]


def recovery_codes(client: Client) -> list[str]:
    """Read the codes from their page, which shows them once."""
    page = client.get("/settings/security/recovery-codes").content.decode()
    return re.findall(r"^(?:.*<code>)?(\d{12})$", page, re.MULTILINE)


def is_signed_in(client: Client) -> bool:
    return client.get("/api/v1/me").status_code == 200
