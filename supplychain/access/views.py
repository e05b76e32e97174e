"""Signing in and out with a password."""

from __future__ import annotations

import logging

from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView, LogoutView
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from supplychain.access import audit
from supplychain.access.actors import actor_for_user
from supplychain.access.models import User
from supplychain.access.sign_in import WINDOW, forget_failures, is_held_back, record_failure

logger = logging.getLogger(__name__)


class SignInView(LoginView):
    """The sign-in page. `next` leads to this site only; after too many wrong passwords none is tried: 429."""

    template_name = "access/sign_in.html"
    redirect_authenticated_user = True
    redirect_field_name = "next"

    def post(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        username = request.POST.get("username", "")
        if is_held_back(username=username, address=_address_of(request), at=timezone.now()):
            logger.warning("sign-in held back", extra={"username": username[:150], "address": _address_of(request)})
            return self._hold_back()
        return super().post(request, *args, **kwargs)

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        user = form.get_user()
        forget_failures(username=form.cleaned_data["username"], address=_address_of(self.request))
        with transaction.atomic():
            response = super().form_valid(form)
            if isinstance(user, User):
                audit.record(actor_for_user(user), "session.started", subject=f"user:{user.username}", details={})
        return response

    def form_invalid(self, form: AuthenticationForm) -> HttpResponse:
        username = form.data.get("username", "")
        if username and form.data.get("password"):
            record_failure(username=username, address=_address_of(self.request), at=timezone.now())
            logger.warning("sign-in refused", extra={"username": username[:150], "address": _address_of(self.request)})
        return super().form_invalid(form)

    def _hold_back(self) -> HttpResponse:
        minutes = int(WINDOW.total_seconds() // 60)
        form = AuthenticationForm(self.request)
        form.add_error(None, f"Too many wrong passwords. Try again in {minutes} minutes.")
        response = self.render_to_response(self.get_context_data(form=form), status=429)
        response["Retry-After"] = str(int(WINDOW.total_seconds()))
        return response


class SignOutView(LogoutView):
    """Ends the session; POST alone, so that no link or image can do it."""

    http_method_names = ["post"]


def _address_of(request: HttpRequest) -> str | None:
    """Return the peer's address. Behind a proxy it is the proxy's: then the name's limits are what counts."""
    return request.META.get("REMOTE_ADDR") or None
