"""The Django app `access`."""

from typing import Any

from django.apps import AppConfig
from django.http import HttpRequest


class AccessConfig(AppConfig):
    name = "supplychain.access"
    label = "access"
    verbose_name = "Access"

    def ready(self) -> None:
        # Models are not ready before.
        from allauth.socialaccount.signals import social_account_added  # noqa: PLC0415
        from django.contrib.auth.signals import user_logged_in  # noqa: PLC0415

        from supplychain.access.single_sign_on.accounts import record_link  # noqa: PLC0415

        user_logged_in.connect(_stamp_session, dispatch_uid="access.stamp_session")
        social_account_added.connect(record_link, dispatch_uid="access.record_link")


def _stamp_session(request: HttpRequest, **_rest: Any) -> None:
    """Hear Django's own word that a session starts: whoever signs somebody in, its lifetime is counted."""
    from supplychain.access.sessions import stamp  # noqa: PLC0415  # models are not ready before

    stamp(request)
