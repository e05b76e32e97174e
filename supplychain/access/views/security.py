"""What each person manages for themselves: password, second factors, recovery codes. allauth's views, our pages."""

from __future__ import annotations

from typing import Any

from allauth.account.views import PasswordChangeView as AllauthPasswordChangeView
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.views import GenerateRecoveryCodesView, ViewRecoveryCodesView
from allauth.mfa.totp.views import ActivateTOTPView, DeactivateTOTPView
from allauth.mfa.webauthn.views import AddWebAuthnView, RemoveWebAuthnView
from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse, reverse_lazy
from django.utils.decorators import method_decorator
from django.views.generic import TemplateView

from supplychain.access import audit
from supplychain.access.actors import actor_for_user
from supplychain.access.demands import demand_of
from supplychain.access.models import User
from supplychain.access.second_factors import record_change
from supplychain.access.sessions import end_sessions
from supplychain.access.sign_in import may_use_password


@method_decorator(login_required, name="dispatch")
class SecurityView(TemplateView):
    """Everything that protects the account, at a glance."""

    template_name = "access/security.html"

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        user = _person(self.request)
        factors = list(Authenticator.objects.filter(user=user).order_by("created_at", "pk"))
        by_kind = {factor.type: factor for factor in factors}
        codes = by_kind.get(Authenticator.Type.RECOVERY_CODES)
        return {
            **super().get_context_data(**context),
            "demand": demand_of(self.request),
            "app": by_kind.get(Authenticator.Type.TOTP),
            "passkeys": [_passkey(factor) for factor in factors if factor.type == Authenticator.Type.WEBAUTHN],
            "has_codes": codes is not None,
            "unused_code_count": len(codes.wrap().get_unused_codes()) if codes is not None else 0,
            "has_password": _has_password(user),
            "single_sign_on": settings.OIDC_NAME if settings.OIDC_ISSUER else "",
            "is_linked": SocialAccount.objects.filter(user=user, provider=settings.OIDC_ISSUER).exists(),
        }


class PasswordView(AllauthPasswordChangeView):
    """Another password: the old one is asked for, and all other sessions end."""

    template_name = "access/password.html"
    success_url = reverse_lazy("mfa_index")

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        user = request.user
        if isinstance(user, User) and not _has_password(user):
            return HttpResponseRedirect(reverse("mfa_index"))
        response: HttpResponseBase = super().dispatch(request, *args, **kwargs)
        return response

    def get_default_success_url(self) -> str:
        return reverse("mfa_index")

    def form_valid(self, form: Any) -> HttpResponse:
        user = _person(self.request)
        with transaction.atomic():
            user.must_change_password = False  # saved with the password
            form.user.must_change_password = False
            response: HttpResponse = super().form_valid(form)
            end_sessions(user, but=self.request.session.session_key)
            audit.record(actor_for_user(user), "password.changed", subject=f"user:{user.username}", details={})
        return response


class _RecordedChange:
    """A form about a factor: the change and its audit line are one transaction."""

    request: HttpRequest
    action: str
    kind: str

    def form_valid(self, form: Any) -> HttpResponse:
        with transaction.atomic():
            response: HttpResponse = super().form_valid(form)  # type: ignore[misc]  # the view that this is mixed into
            record_change(self.request, _person(self.request), self.action, kind=self.kind)
        return response


class AddAppView(_RecordedChange, ActivateTOTPView):
    template_name = "access/app_add.html"
    action, kind = "second_factor.added", "totp"


class RemoveAppView(_RecordedChange, DeactivateTOTPView):
    template_name = "access/factor_remove.html"
    action, kind = "second_factor.removed", "totp"

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        return {**super().get_context_data(**context), "name": "the authenticator app"}


class AddPasskeyView(_RecordedChange, AddWebAuthnView):
    template_name = "access/passkey_add.html"
    action, kind = "second_factor.added", "webauthn"


class RemovePasskeyView(_RecordedChange, RemoveWebAuthnView):
    """A passkey is named by its credential's id, which is the authenticator's own name for it."""

    template_name = "access/factor_remove.html"
    success_url = reverse_lazy("mfa_index")
    action, kind = "second_factor.removed", "webauthn"

    def get_object(self, queryset: QuerySet[Authenticator] | None = None) -> Authenticator:  # noqa: ARG002
        found: Authenticator | None = self.get_queryset().filter(data__credential__id=self.kwargs["credential"]).first()
        if found is None:
            raise Http404
        return found

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        return {**super().get_context_data(**context), "name": f"the passkey “{self.object.wrap().name}”"}


class RecoveryCodesView(ViewRecoveryCodesView):
    """The codes, once; afterwards only how many are left."""

    template_name = "access/recovery_codes.html"


class NewRecoveryCodesView(_RecordedChange, GenerateRecoveryCodesView):
    template_name = "access/recovery_codes_new.html"
    action, kind = "second_factor.renewed", "recovery_codes"


def _person(request: HttpRequest) -> User:
    if not isinstance(request.user, User):
        raise TypeError("only for who is signed in")
    return request.user


def _has_password(user: User) -> bool:
    return user.has_usable_password() and may_use_password(user.username)


def _passkey(factor: Authenticator) -> dict[str, Any]:
    return {
        "name": factor.wrap().name,
        "credential": factor.data["credential"]["id"],
        "created_at": factor.created_at,
        "last_used_at": factor.last_used_at,
        "signs_in_alone": bool(factor.wrap().is_passwordless),
    }
