"""Showing that one is still oneself: the second step of signing in, and before anything that protects the account."""

from __future__ import annotations

import logging
from typing import Any

from allauth.account.views import ReauthenticateView
from allauth.mfa.base.views import AuthenticateView
from allauth.mfa.base.views import ReauthenticateView as ReauthenticateByCodeView
from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.views import LoginWebAuthnView, ReauthenticateWebAuthnView
from django.contrib.auth.decorators import login_required
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse
from django.utils.decorators import method_decorator
from django.views.generic import TemplateView

from supplychain.access.adapters import HELD_BACK
from supplychain.access.addresses import address_of

logger = logging.getLogger(__name__)

_TOO_MANY = ("too_many_login_attempts", HELD_BACK)
_RETRY_SECONDS = 300


class SecondFactorView(AuthenticateView):
    """The second step of signing in: a code of the app, a recovery code, or a passkey."""

    template_name = "access/second_factor.html"

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        kinds = set(Authenticator.objects.filter(user=self.stage.login.user).values_list("type", flat=True))
        return {
            **super().get_context_data(**context),
            "has_app": Authenticator.Type.TOTP in kinds,
            "has_passkey": Authenticator.Type.WEBAUTHN in kinds,
            "next": self.stage.login.redirect_url or "",
        }

    def form_invalid(self, form: BaseForm) -> HttpResponse:
        username = self.stage.login.user.get_username()
        return _refused(self.request, form, super().form_invalid(form), username=username)


class PasskeySignInView(LoginWebAuthnView):
    """Signing in with a passkey alone; GET gives the browser its question, as JSON."""

    def form_invalid(self, form: BaseForm) -> HttpResponse:
        return _refused(self.request, form, super().form_invalid(form), username="")


class ConfirmByPasswordView(ReauthenticateView):
    template_name = "access/confirm.html"

    def form_invalid(self, form: BaseForm) -> HttpResponse:
        return _refused(self.request, form, super().form_invalid(form), username=self.request.user.get_username())


class ConfirmByCodeView(ReauthenticateByCodeView):
    template_name = "access/confirm_code.html"

    def form_invalid(self, form: BaseForm) -> HttpResponse:
        return _refused(self.request, form, super().form_invalid(form), username=self.request.user.get_username())


class ConfirmByPasskeyView(ReauthenticateWebAuthnView):
    template_name = "access/confirm_passkey.html"


@method_decorator(login_required, name="dispatch")
class ConfirmAgainView(TemplateView):
    """For who has neither password nor second factor here: sign in anew."""

    template_name = "access/confirm_again.html"


def _refused(request: HttpRequest, form: BaseForm, response: HttpResponse, *, username: str) -> HttpResponse:
    """Log the refusal; tell who tried too often to wait."""
    logger.warning("second factor refused", extra={"username": username, "address": address_of(request)})
    if any(form.has_error(name, code=code) for name in form.errors for code in _TOO_MANY):
        response.status_code = 429
        response["Retry-After"] = str(_RETRY_SECONDS)
    return response
