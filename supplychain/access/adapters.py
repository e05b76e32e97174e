"""What we decide for allauth: who may sign in, what is counted and recorded, and where people are led afterwards."""

from __future__ import annotations

import logging
import time
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.flows.login import get_authentication_records
from allauth.core import context
from django.conf import settings
from django.contrib.auth import authenticate
from django.contrib.auth.base_user import AbstractBaseUser
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme

from supplychain.access import audit
from supplychain.access.actors import actor_for_user
from supplychain.access.addresses import address_of
from supplychain.access.demands import VOUCHED_FOR
from supplychain.access.models import User
from supplychain.access.sign_in import WINDOW, forget_failures, is_held_back, may_use_password, record_failure

logger = logging.getLogger(__name__)

HELD_BACK = "held_back"
# Where a row must name an address and the server listens on a socket file.
NO_ADDRESS = "::"


class AccountAdapter(DefaultAccountAdapter):
    """Passwords and sessions. Nobody signs up; failures are rows, so that they hold across processes and restarts."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:  # noqa: ARG002  # allauth's signature
        return False

    def get_client_ip(self, request: HttpRequest) -> str:
        return address_of(request) or NO_ADDRESS

    def is_safe_url(self, url: str | None) -> bool:
        """Accept paths of this site alone: no host, not even our own, and no scheme."""
        return bool(url) and str(url).startswith("/") and url_has_allowed_host_and_scheme(url, allowed_hosts=None)

    def authenticate(self, request: HttpRequest, **credentials: Any) -> AbstractBaseUser | None:
        """Try a name and a password, unless too many were wrong. Raises ValidationError (`held_back`)."""
        username, address, at = str(credentials.get("username", "")), address_of(request), timezone.now()
        if is_held_back(username=username, address=address, at=at):
            logger.warning("sign-in held back", extra={"username": username, "address": address})
            minutes = int(WINDOW.total_seconds() // 60)
            raise ValidationError(f"Too many wrong passwords. Try again in {minutes} minutes.", code=HELD_BACK)
        user = authenticate(request, username=username, password=credentials.get("password"))
        # Asked after the hash was computed: a name that may not use a password answers as slowly as a wrong one.
        if user is None or not may_use_password(username):
            logger.warning("sign-in refused", extra={"username": username, "address": address})
            record_failure(username=username, address=address, at=at)
            return None
        forget_failures(username=username, address=address)
        return user

    def login(self, request: HttpRequest, user: AbstractBaseUser) -> None:
        """Start the session, and its audit line in the same transaction."""
        methods = sorted({_name_of(record) for record in get_authentication_records(request, user)})
        with transaction.atomic():
            super().login(request, user)
            if isinstance(user, User):
                subject = f"user:{user.username}"
                audit.record(actor_for_user(user), "session.started", subject=subject, details={"methods": methods})
        logger.info("signed in", extra={"username": user.get_username(), "methods": methods})

    def post_login(self, request: HttpRequest, user: AbstractBaseUser, **hook: Any) -> HttpResponse:
        sign_on = (hook.get("signal_kwargs") or {}).get("sociallogin")
        if sign_on is not None and (settings.OIDC_PROVIDES_MFA or sign_on.account.extra_data.get("second_factor")):
            request.session[VOUCHED_FOR] = True
        response: HttpResponse = super().post_login(request, user, **hook)
        return response

    def is_reauthentication_required(self, *, app: str, **_rest: Any) -> bool:  # noqa: ARG002  # allauth's signature
        """Ask again who it is after ten minutes; whoever has just signed in need not."""
        request = context.request
        records = get_authentication_records(request, request.user)
        return not any(time.time() - record["at"] < settings.ACCOUNT_REAUTHENTICATION_TIMEOUT for record in records)

    def get_reauthentication_methods(self, user: AbstractBaseUser) -> list[dict[str, Any]]:
        """Return the ways to show again who one is; at least signing in anew, the only one behind single sign-on."""
        methods: list[dict[str, Any]] = super().get_reauthentication_methods(user)
        if not may_use_password(user.get_username()):
            methods = [method for method in methods if method["id"] != "reauthenticate"]
        return methods or [{"id": "again", "description": "Sign in again", "url": reverse("confirm_again")}]

    def logout(self, request: HttpRequest) -> None:
        user = request.user
        with transaction.atomic():
            super().logout(request)
            if isinstance(user, User):
                audit.record(actor_for_user(user), "session.ended", subject=f"user:{user.username}", details={})

    def respond_user_inactive(self, request: HttpRequest, user: AbstractBaseUser) -> HttpResponse:
        logger.warning("sign-in refused", extra={"username": user.get_username(), "address": address_of(request)})
        return HttpResponseRedirect(settings.LOGIN_URL)


def _name_of(record: dict[str, Any]) -> str:
    """Return one way of signing in, as the audit log names it: password, totp, webauthn, recovery_codes, sso."""
    if record.get("method") == "mfa":
        return str(record.get("type"))
    return {"socialaccount": "sso"}.get(str(record.get("method")), str(record.get("method")))
