"""Why somebody was not signed in by the identity provider."""

from __future__ import annotations

from allauth.socialaccount.providers.oauth2.client import OAuth2Error


class SingleSignOnError(OAuth2Error):
    """What the provider sent cannot be trusted or used. The reason is for the log, never for the person."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
