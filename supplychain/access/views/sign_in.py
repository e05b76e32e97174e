"""Signing in and out."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.login import perform_password_login
from allauth.account.internal.flows.logout import logout
from allauth.account.mixins import NextRedirectMixin, RedirectAuthenticatedUserMixin
from allauth.account.models import Login
from django.conf import settings
from django.contrib.auth.forms import AuthenticationForm
from django.core.exceptions import NON_FIELD_ERRORS
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.debug import sensitive_post_parameters
from django.views.generic import FormView

from supplychain.access.adapters import HELD_BACK
from supplychain.access.sign_in import WINDOW


class SignInForm(AuthenticationForm):
    """Name and password; the adapter counts failures and holds back who made too many."""

    def clean(self) -> dict[str, Any]:
        username, password = self.cleaned_data.get("username"), self.cleaned_data.get("password")
        if username and password:
            adapter = get_adapter(self.request)
            self.user_cache = adapter.authenticate(self.request, username=username, password=password)
            if self.user_cache is None:
                raise self.get_invalid_login_error()
        return self.cleaned_data


@method_decorator(sensitive_post_parameters("password"), name="dispatch")
class SignInView(RedirectAuthenticatedUserMixin, NextRedirectMixin, FormView):  # type: ignore[type-arg]  # Django's takes no argument when it runs
    """The sign-in page. `next` leads to this site only; after too many wrong passwords the answer is 429."""

    template_name = "access/sign_in.html"
    form_class = SignInForm

    def get_default_success_url(self) -> str:
        return settings.LOGIN_REDIRECT_URL

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "request": self.request}

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        passwords = settings.PASSWORD_SIGN_IN or bool(settings.BREAK_GLASS_USERS)
        return {
            **super().get_context_data(**context),
            "next": self.get_next_url() or "",
            "offers_password": passwords,
            "is_password_exceptional": not settings.PASSWORD_SIGN_IN,
            "single_sign_on": settings.OIDC_NAME if settings.OIDC_ISSUER else "",
        }

    def form_valid(self, form: SignInForm) -> HttpResponse:
        user = form.get_user()
        login = Login(user=user, redirect_url=self.get_next_url())
        response: HttpResponse = perform_password_login(self.request, {"username": user.get_username()}, login)
        return response

    def form_invalid(self, form: SignInForm) -> HttpResponse:
        response = super().form_invalid(form)
        if form.has_error(NON_FIELD_ERRORS, code=HELD_BACK):
            response.status_code = 429
            response["Retry-After"] = str(int(WINDOW.total_seconds()))
        return response


class SignOutView(View):
    """Ends the session, or a sign-in that stopped half way; POST alone, so that no link or image can do it."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        logout(request, show_message=False)
        # Pages are never stored (no-store); what an older version left in the browser's cache goes too.
        return HttpResponseRedirect(settings.LOGOUT_REDIRECT_URL, headers={"Clear-Site-Data": '"cache"'})
