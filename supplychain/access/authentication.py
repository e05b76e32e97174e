"""Who sent a request of the API: a key in a header, or the browser's session with its CSRF token."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser
from django.utils import timezone
from rest_framework.authentication import BaseAuthentication, SessionAuthentication
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied

from supplychain.access.actors import Actor, actor_for_key
from supplychain.access.demands import demand_of
from supplychain.access.keys import record_use, verify_key
from supplychain.database import urgent
from supplychain.exchange import exchange_typed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.http import HttpRequest
    from rest_framework.request import Request

    from supplychain.exchange import Query, TypedRow

CHALLENGE = 'Bearer realm="supplychain"'


class ApiKeyAuthentication(BaseAuthentication):
    """`Authorization: Bearer <key>` or `X-Api-Key: <key>`. A key in the address is never read."""

    @staticmethod
    def ask(queries: Sequence[Query]) -> list[list[TypedRow]]:
        """Ask the database."""
        return exchange_typed(queries)

    def authenticate(self, request: Request) -> tuple[Actor, Actor] | None:
        text = presented_key(request)
        if text is None:
            return None
        at = timezone.now()
        key = verify_key(text, at=at, ask=self.ask)
        if key is None:
            raise AuthenticationFailed("The key is unknown, revoked, expired or incomplete.", code="bad_key")
        record_use(key, at=at, ask=self.ask)
        actor = actor_for_key(key)
        return actor, actor

    def authenticate_header(self, request: Request) -> str:  # noqa: ARG002  # REST framework's signature
        return CHALLENGE


class UrgentKeyAuthentication(ApiKeyAuthentication):
    """The same for what a cluster waits for: it finds out who asks at once, or refuses at once."""

    # One scheme in the API's document: whoever sends a key need not know which of the two reads it.
    _spectacular_annotation: ClassVar = {"suppress_collision_warning": True}

    @staticmethod
    def ask(queries: Sequence[Query]) -> list[list[TypedRow]]:
        """Ask the database. Raises DatabaseAwayError."""
        return urgent.ask(queries)


class BrowserSessionAuthentication(SessionAuthentication):
    """The session of the pages; every unsafe method needs the CSRF token."""

    def authenticate(self, request: Request) -> tuple[AbstractBaseUser, None] | None:
        """Refuse who must do something else first, as the pages do; a key is never asked."""
        found: tuple[AbstractBaseUser, None] | None = super().authenticate(request)
        if found is not None and (demand := demand_of(request._request)) is not None:  # noqa: SLF001  # DRF does too
            raise PermissionDenied(demand.message, code=demand.code)
        return found

    def enforce_csrf(self, request: Request) -> None:
        try:
            super().enforce_csrf(request)
        except PermissionDenied as error:
            raise PermissionDenied(
                "The CSRF token is missing or wrong; scripts use a key instead.", code="csrf_failed"
            ) from error


def presented_key(request: Request | HttpRequest) -> str | None:
    """Return the key of the headers; another scheme than Bearer is not ours to judge. Raises AuthenticationFailed."""
    scheme, _, credential = request.headers.get("Authorization", "").strip().partition(" ")
    bearer = credential.strip() if scheme.lower() == "bearer" else None
    other = request.headers.get("X-Api-Key")
    if bearer is not None and other is not None and bearer != other.strip():
        raise AuthenticationFailed("Authorization and X-Api-Key carry different keys.", code="bad_key")
    if bearer is not None:
        return bearer
    return other.strip() if other is not None else None
