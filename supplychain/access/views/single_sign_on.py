"""Signing in at the identity provider: sent there by a form, and received back."""

from __future__ import annotations

from allauth.account.internal.flows.reauthentication import raise_if_reauthentication_required
from allauth.core.internal import ratelimit
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.models import SocialApp
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.decorators import method_decorator
from django.views import View
from requests import RequestException

from supplychain.access.single_sign_on.accounts import refuse
from supplychain.access.single_sign_on.errors import SingleSignOnError
from supplychain.access.single_sign_on.flow import SingleSignOnAdapter, SingleSignOnCallback

_AWAY = "The identity provider does not answer. Nobody was signed in. Try again in a minute."

_MIXED_UP = "The answer came from another identity provider. Nobody was signed in."


@method_decorator(ratelimit.decorator(app="allauth.account", action="login"), name="dispatch")
class StartSingleSignOnView(View):
    """Leads to the provider; POST alone, so that no link can start it.

    The answer is a page that goes on by itself, not a redirect: browsers apply the content policy's `form-action` to
    every redirect behind a form, and providers redirect among hosts that no policy of ours can name.
    """

    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated:
            raise_if_reauthentication_required(request, app="allauth.socialaccount")
        try:
            provider = get_adapter(request).get_provider(request, "openid_connect")
            address = provider.redirect_from_request(request)["Location"]
        except SocialApp.DoesNotExist:
            raise Http404 from None
        except (RequestException, SingleSignOnError) as error:
            reason = getattr(error, "reason", type(error).__name__)
            return refuse(request, _AWAY, reason=reason, status=502)
        return render(request, "access/leaving.html", {"address": address, "name": provider.name})


class SingleSignOnCallbackView(View):
    """Receives the browser with a code, or with the provider's refusal."""

    http_method_names = ["get"]

    def get(self, request: HttpRequest) -> HttpResponse:
        if not settings.OIDC_ISSUER:
            raise Http404
        # RFC 9207: an answer that names its sender must name the right one.
        if request.GET.get("iss", settings.OIDC_ISSUER) != settings.OIDC_ISSUER:
            return refuse(request, _MIXED_UP, reason="another issuer answered")
        adapter = SingleSignOnAdapter(request, settings.OIDC_ISSUER)
        response: HttpResponse = SingleSignOnCallback.adapter_view(adapter)(request)
        return response
