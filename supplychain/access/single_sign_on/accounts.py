"""Whom the identity provider vouches for, and whether they may come in."""

from __future__ import annotations

import functools
import logging
from typing import TYPE_CHECKING, Any

import requests
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialApp, SocialLogin
from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from supplychain.access import audit
from supplychain.access.actors import actor_for_user, system_actor
from supplychain.access.addresses import address_of
from supplychain.access.models import User
from supplychain.access.single_sign_on.claims import groups_of, verified_email
from supplychain.access.single_sign_on.groups import refresh_roles

if TYPE_CHECKING:
    from supplychain.access.single_sign_on.flow import SingleSignOn

logger = logging.getLogger(__name__)

TIMEOUT_SECONDS = 10
_NOT_ALLOWED = "Your account is not among those that may use this installation."
_NOT_USED = "The answer of the identity provider could not be used. Nobody was signed in. Try again."
_CANCELLED = "Signing in was cancelled. Nobody was signed in."


class SingleSignOnAccounts(DefaultSocialAccountAdapter):
    """One provider, from the settings; users are made only where OIDC_CREATE_USERS says so."""

    def list_apps(
        self,
        request: HttpRequest,
        provider: str | None = None,
        client_id: str | None = None,
    ) -> list[SocialApp]:
        """Return the provider of the settings; rows of the database make none."""
        if not settings.OIDC_ISSUER:
            return []
        return [
            SocialApp(
                provider="openid_connect",
                # The issuer is half of what identifies an account: another issuer's `sub` is another person.
                provider_id=settings.OIDC_ISSUER,
                name=settings.OIDC_NAME,
                client_id=settings.OIDC_CLIENT_ID,
                secret=settings.OIDC_CLIENT_SECRET,
                settings={"server_url": settings.OIDC_ISSUER, "scope": list(settings.OIDC_SCOPES)},
            )
        ]

    def get_requests_session(self) -> requests.Session:
        """Return a session that waits ten seconds at most and follows no redirect."""
        session = requests.Session()
        session.request = functools.partial(  # type: ignore[method-assign]
            session.request, timeout=TIMEOUT_SECONDS, allow_redirects=False
        )
        return session

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """Let in who is allowed, and bring the roles of a known person up to date before the session starts."""
        sociallogin.token = None  # no token of the provider's is kept
        if not _is_allowed(sociallogin.claims):
            raise ImmediateHttpResponse(refuse(request, _NOT_ALLOWED, reason="not allowed"))
        if sociallogin.is_existing and sociallogin.state.get("process") != "connect":
            _refresh(sociallogin)

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        if not settings.OIDC_CREATE_USERS:
            raise ImmediateHttpResponse(refuse(request, _NOT_ALLOWED, reason="no such user"))
        return True

    def is_auto_signup_allowed(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        return True

    def populate_user(self, request: HttpRequest, sociallogin: SocialLogin, data: dict[str, Any]) -> User:
        user: User = sociallogin.user
        user.username = _free_name(data["username"])
        user.email = data["verified_email"]
        return user

    def save_user(self, request: HttpRequest, sociallogin: SocialLogin, form: object = None) -> User:
        user: User = sociallogin.user
        with transaction.atomic():
            sociallogin.save(request)
            details: dict[str, audit.JSON] = {"issuer": settings.OIDC_ISSUER, "subject": sociallogin.account.uid}
            audit.record(
                system_actor("single-sign-on"), "user.created", subject=f"user:{user.username}", details=details
            )
            _refresh(sociallogin)
        return user

    def on_authentication_error(
        self,
        request: HttpRequest,
        provider: SingleSignOn,
        error: object = None,
        exception: Exception | None = None,
        extra_context: dict[str, Any] | None = None,
    ) -> None:
        # Never str(exception): a provider's answer may hold what is secret.
        reason = getattr(exception, "reason", None) or type(exception).__name__ if exception else str(error)
        text = _CANCELLED if error == "cancelled" else _NOT_USED
        raise ImmediateHttpResponse(refuse(request, text, reason=reason))

    def get_connect_redirect_url(self, request: HttpRequest, socialaccount: object) -> str:
        return reverse("mfa_index")


def record_link(sociallogin: SocialLogin, **_rest: Any) -> None:
    """Write down that somebody linked an account there to theirs here; allauth tells it by a signal alone."""
    user: User = sociallogin.user
    details: dict[str, audit.JSON] = {"issuer": settings.OIDC_ISSUER, "subject": sociallogin.account.uid}
    audit.record(actor_for_user(user), "user.linked", subject=f"user:{user.username}", details=details)


def refuse(request: HttpRequest, text: str, *, reason: str, status: int = 403) -> HttpResponse:
    """Log why, and show the person a page without it."""
    logger.warning("single sign-on refused", extra={"reason": reason, "address": address_of(request)})
    return render(request, "access/refused.html", {"reason": text}, status=status)


def _is_allowed(claims: dict[str, Any]) -> bool:
    if settings.OIDC_ALLOWED_DOMAINS:
        domain = verified_email(claims).rpartition("@")[2].lower()
        if domain not in settings.OIDC_ALLOWED_DOMAINS:
            return False
    if settings.OIDC_ALLOWED_GROUPS:
        groups = groups_of(claims, claim=settings.OIDC_GROUPS_CLAIM) or frozenset()
        return bool(groups & settings.OIDC_ALLOWED_GROUPS)
    return True


def _refresh(sociallogin: SocialLogin) -> None:
    groups = groups_of(sociallogin.claims, claim=settings.OIDC_GROUPS_CLAIM)
    refresh_roles(sociallogin.user, groups=groups, at=timezone.now())


def _free_name(wanted: str) -> str:
    """Return the name, or with a number behind it: who has it already is somebody else."""
    taken = {
        name.lower() for name in User.objects.filter(username__istartswith=wanted).values_list("username", flat=True)
    }
    names = (wanted if number == 1 else f"{wanted}-{number}" for number in range(1, len(taken) + 2))
    return next(name for name in names if name.lower() not in taken)
