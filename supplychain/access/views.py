"""Signing in and out with a password."""

from __future__ import annotations

import ipaddress
import logging
from typing import Any

from django.conf import settings
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView, LogoutView
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from supplychain.access import audit
from supplychain.access.actors import actor_for_user
from supplychain.access.models import User
from supplychain.access.sign_in import WINDOW, forget_failures, is_held_back, record_failure

logger = logging.getLogger(__name__)

HELD_BACK = "held_back"


class SignInForm(AuthenticationForm):
    """Name and password; after too many wrong ones no password is tried."""

    def clean(self) -> dict[str, Any]:
        username = self.cleaned_data.get("username", "")
        if is_held_back(username=username, address=_address_of(self.request), at=timezone.now()):
            minutes = int(WINDOW.total_seconds() // 60)
            raise ValidationError(f"Too many wrong passwords. Try again in {minutes} minutes.", code=HELD_BACK)
        return super().clean()


class SignInView(LoginView):
    """The sign-in page. `next` leads to this site only; after too many wrong passwords the answer is 429."""

    template_name = "access/sign_in.html"
    authentication_form = SignInForm
    redirect_authenticated_user = True
    redirect_field_name = "next"

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        user = form.get_user()
        forget_failures(username=form.cleaned_data["username"], address=_address_of(self.request))
        with transaction.atomic():
            response = super().form_valid(form)
            if isinstance(user, User):
                audit.record(actor_for_user(user), "session.started", subject=f"user:{user.username}", details={})
        return response

    def form_invalid(self, form: AuthenticationForm) -> HttpResponse:
        response = super().form_invalid(form)
        if form.has_error(NON_FIELD_ERRORS):  # else a field was left empty, and no password was tried
            self._refuse(form, response=response)
        return response

    def _refuse(self, form: AuthenticationForm, *, response: HttpResponse) -> None:
        """Count and log a refusal; tell who is held back for how long."""
        username, address = form.cleaned_data.get("username", ""), _address_of(self.request)
        logger.warning("sign-in refused", extra={"username": username, "address": address})
        if form.has_error(NON_FIELD_ERRORS, code=HELD_BACK):
            response.status_code = 429
            response["Retry-After"] = str(int(WINDOW.total_seconds()))
        else:
            record_failure(username=username, address=address, at=timezone.now())


class SignOutView(LogoutView):
    """Ends the session; POST alone, so that no link or image can do it."""

    http_method_names = ["post"]


def _address_of(request: HttpRequest | None) -> str | None:
    """Return the browser's address: the peer's, or what the trusted proxy (TRUST_PROXY) saw; or None."""
    if request is None:
        return None
    text = str(request.META.get("REMOTE_ADDR", ""))
    if settings.USE_X_FORWARDED_HOST:
        # The proxy appends what it saw; whatever stands before that was sent by the browser.
        text = request.headers.get("X-Forwarded-For", text).rpartition(",")[2].strip()
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return None
