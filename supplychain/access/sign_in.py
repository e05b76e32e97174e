"""How often a password may be guessed. The counters are rows: they hold across processes and restarts."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings

from supplychain.access.models import SignInFailure

WINDOW = timedelta(minutes=15)
KEPT = timedelta(days=1)

# Within the window. The name alone has a high limit, so that a stranger cannot lock somebody out from elsewhere.
MAX_FOR_NAME_AND_ADDRESS = 5
MAX_FOR_ADDRESS = 50
MAX_FOR_NAME = 100


def is_held_back(*, username: str, address: str | None, at: datetime) -> bool:
    """Tell whether this name or address must wait; three short queries."""
    recent = SignInFailure.objects.filter(at__gt=at - WINDOW)
    by_name = recent.filter(username=_key(username))
    if by_name.filter(address=address).count() >= MAX_FOR_NAME_AND_ADDRESS or by_name.count() >= MAX_FOR_NAME:
        return True
    return address is not None and recent.filter(address=address).count() >= MAX_FOR_ADDRESS


def record_failure(*, username: str, address: str | None, at: datetime) -> None:
    """Count one refused password and forget those of yesterday."""
    SignInFailure.objects.create(username=_key(username), address=address, at=at)
    SignInFailure.objects.filter(at__lt=at - KEPT).delete()


def forget_failures(*, username: str, address: str | None) -> None:
    """Forget what somebody mistyped before they got it right."""
    SignInFailure.objects.filter(username=_key(username), address=address).delete()


def may_use_password(username: str) -> bool:
    """Tell whether this name may sign in with a password (PASSWORD_SIGN_IN, BREAK_GLASS_USERS)."""
    return settings.PASSWORD_SIGN_IN or username in settings.BREAK_GLASS_USERS


def _key(username: str) -> str:
    """Return the name as it is counted; PostgreSQL takes no NUL."""
    return username.replace("\x00", "")[:150]
