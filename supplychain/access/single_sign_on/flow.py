"""The way to the identity provider and back: OpenID Connect's code flow with PKCE, state and nonce.

allauth does the walking. It neither sends a nonce nor checks the signature of a token that came over TLS, and it lets
the address choose scopes and parameters; here all three are ours.
"""

from __future__ import annotations

import secrets
import time
from typing import Any

from allauth.socialaccount.models import SocialApp, SocialLogin, SocialToken
from allauth.socialaccount.providers.base.constants import AuthProcess
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from supplychain.access.single_sign_on.claims import has_second_factor, username_of, verified_email
from supplychain.access.single_sign_on.errors import SingleSignOnError
from supplychain.access.single_sign_on.id_token import Expected, read_id_token

_NEEDED = ("issuer", "authorization_endpoint", "token_endpoint", "jwks_uri")
_DISCOVERY_SECONDS = 600
# What providers publish changes rarely; without this, whoever posts the sign-in form makes us ask them each time.
_discovered: dict[str, tuple[float, dict[str, Any]]] = {}


class SingleSignOnAdapter(OpenIDConnectOAuth2Adapter):
    """Talks to the provider; `nonce` is the one this browser was sent out with."""

    nonce: str | None = None

    @property
    def openid_config(self) -> dict[str, Any]:
        address = self.get_provider().server_url
        read_at, config = _discovered.get(address, (0.0, {}))
        if not config or time.monotonic() - read_at > _DISCOVERY_SECONDS:
            config = self._get_json(address)
            if config.get("issuer") != settings.OIDC_ISSUER:
                raise SingleSignOnError("discovery: another issuer than OIDC_ISSUER")
            if missing := [name for name in _NEEDED if not isinstance(config.get(name), str)]:
                raise SingleSignOnError(f"discovery: no {', '.join(missing)}")
            _discovered[address] = (time.monotonic(), config)
        return config

    def complete_login(self, request: HttpRequest, app: SocialApp, token: SocialToken, **kwargs: Any) -> SocialLogin:
        """Turn the provider's answer into somebody, or raise."""
        id_token = kwargs["response"].get("id_token")
        if not isinstance(id_token, str) or self.nonce is None:
            raise SingleSignOnError("no id token")
        claims = read_id_token(
            id_token,
            key_set=self._get_json(self.openid_config["jwks_uri"]),
            expected=Expected(issuer=settings.OIDC_ISSUER, client_id=app.client_id, nonce=self.nonce),
        )
        if settings.OIDC_USERINFO:
            claims = {**self._userinfo(token.token, subject=claims["sub"]), **claims}
        login = self.get_provider().sociallogin_from_response(request, claims)
        login.claims = claims
        return login

    def get_callback_url(self, request: HttpRequest, app: SocialApp) -> str:
        return request.build_absolute_uri(reverse("sso_callback"))

    def _userinfo(self, access_token: str, *, subject: str) -> dict[str, Any]:
        address = self.openid_config.get("userinfo_endpoint")
        if not isinstance(address, str):
            raise SingleSignOnError("discovery: no userinfo_endpoint")
        claims = self._get_json(address, headers={"Authorization": f"Bearer {access_token}"})
        # OpenID Connect Core, section 5.3.2: else the answer may be about somebody else.
        if claims.get("sub") != subject:
            raise SingleSignOnError("userinfo: another subject")
        return claims

    def _get_json(self, address: str, **options: Any) -> dict[str, Any]:
        from allauth.socialaccount.adapter import get_adapter  # noqa: PLC0415  # it reads our adapter, which reads this

        with get_adapter().get_requests_session() as session:
            answer = session.get(address, **options)
            if answer.status_code != 200:
                raise SingleSignOnError(f"the provider answered {answer.status_code}")
            document = answer.json()
        if not isinstance(document, dict):
            raise SingleSignOnError("the provider's answer is no object")
        return document


class SingleSignOn(OpenIDConnectProvider):
    """The provider of the settings. An account is its issuer and subject; a mail address identifies nobody."""

    pkce_enabled_default = True
    oauth2_adapter_class = SingleSignOnAdapter

    def get_callback_url(self) -> str:
        return reverse("sso_callback")

    def get_scope_from_request(self, request: HttpRequest) -> list[str]:  # never from the address
        return self.get_scope()  # type: ignore[no-any-return]

    def get_auth_params_from_request(
        self,
        request: HttpRequest,
        action: str,  # never from the address
    ) -> dict[str, str]:
        return {}

    def get_redirect_from_request_kwargs(self, request: HttpRequest) -> dict[str, Any]:
        """Who is signed in comes to link an account; nobody is signed out by the way."""
        process = AuthProcess.CONNECT if request.user.is_authenticated else AuthProcess.LOGIN
        return {**super().get_redirect_from_request_kwargs(request), "process": process}

    def redirect(
        self, request: HttpRequest, process: str, next_url: str | None = None, data: Any = None, **kwargs: Any
    ) -> HttpResponse:
        nonce = secrets.token_urlsafe(32)
        parameters = {**(kwargs.pop("auth_params", None) or {}), "nonce": nonce}
        response: HttpResponse = super().redirect(
            request, process, next_url, data, auth_params=parameters, nonce=nonce, **kwargs
        )
        return response

    def extract_uid(self, data: dict[str, Any]) -> str:
        return str(data["sub"])

    def extract_extra_data(self, data: dict[str, Any]) -> dict[str, Any]:
        """Keep who it is and nothing else: claims are asked for again at each sign-in."""
        return {"iss": data["iss"], "sub": data["sub"], "second_factor": has_second_factor(data)}

    def extract_common_fields(self, data: dict[str, Any]) -> dict[str, Any]:
        # Not under the name `email`: allauth would look for an account with that address.
        return {"username": username_of(data), "verified_email": verified_email(data)}

    def extract_email_addresses(self, data: dict[str, Any]) -> list[Any]:
        return []


class SingleSignOnCallback(OAuth2CallbackView):
    """Where the provider sends the browser back to."""

    def _get_state(self, request: HttpRequest, provider: SingleSignOn) -> tuple[Any, HttpResponse | None]:
        state, refusal = super()._get_state(request, provider)
        if state is not None:
            self.adapter.nonce = state.get("nonce")
        return state, refusal
