"""What a signed-in person must do before anything else."""

from __future__ import annotations

from dataclasses import dataclass

from allauth.account.internal.flows.login import get_authentication_records
from django.http import HttpRequest

from supplychain.access.models import User
from supplychain.access.second_factors import has_second_factor, must_have_second_factor

# Set when the identity provider vouches for the second factor of this session.
VOUCHED_FOR = "second_factor_vouched_for"


@dataclass(frozen=True, slots=True)
class Demand:
    """One thing to do, and the page to do it on."""

    code: str
    message: str
    path: str


NEW_PASSWORD = Demand(
    "password_change_required",
    "Your password was made by an administrator. Choose one of your own to go on.",
    "/settings/password",
)
SECOND_FACTOR = Demand(
    "second_factor_required",
    "A second factor is needed here. Set up an authenticator app or a passkey to go on.",
    "/settings/security",
)


def demand_of(request: HttpRequest) -> Demand | None:
    """Return what the person must do first; asks the database only where REQUIRE_MFA means them."""
    user = request.user
    if not isinstance(user, User):
        return None
    if user.must_change_password and used_password(request, user):
        return NEW_PASSWORD
    if must_have_second_factor(user) and not request.session.get(VOUCHED_FOR) and not has_second_factor(user):
        return SECOND_FACTOR
    return None


def used_password(request: HttpRequest, user: User) -> bool:
    """Tell whether this session began with a password: who came by single sign-on has none to change."""
    return any(record.get("method") == "password" for record in get_authentication_records(request, user))
