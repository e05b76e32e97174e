"""Authenticator apps, passkeys and recovery codes: how they are kept, who must have one, and what is recorded."""

from __future__ import annotations

from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone

from supplychain.access import audit
from supplychain.access.actors import Actor, actor_for_user
from supplychain.access.models import User
from supplychain.access.scopes import OrganisationRole
from supplychain.access.sealing import reseal, seal, unseal
from supplychain.access.sessions import end_sessions

PRODUCT_NAME = "Supply Chain"
# Recovery codes stand in for one of these; alone they are no second factor.
FACTORS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)
_SEALED = ("secret", "seed")


class SecondFactors(DefaultMFAAdapter):
    """Seeds are sealed before they are stored; names are ours."""

    def encrypt(self, text: str) -> str:
        return seal(text)

    def decrypt(self, encrypted_text: str) -> str:
        return unseal(encrypted_text)

    def get_totp_label(self, user: AbstractBaseUser) -> str:
        return user.get_username()

    def get_totp_issuer(self) -> str:
        return f"{PRODUCT_NAME} {context.request.get_host()}"

    def generate_authenticator_name(self, user: AbstractBaseUser, type: Authenticator.Type) -> str:  # noqa: A002
        return f"Passkey {Authenticator.objects.filter(user_id=user.pk, type=type).count() + 1}"

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        return {**super().get_public_key_credential_rp_entity(), "name": PRODUCT_NAME}


def has_second_factor(user: User) -> bool:
    return bool(Authenticator.objects.filter(user=user, type__in=FACTORS).exists())


def must_have_second_factor(user: User) -> bool:
    """Tell whether REQUIRE_MFA means this user."""
    if settings.REQUIRE_MFA == "organisation-roles":
        return user.organisation_role != OrganisationRole.NONE
    return bool(settings.REQUIRE_MFA == "all")


def remove_second_factors(user: User, *, actor: Actor) -> int:
    """Take every factor from somebody who lost them, and end their sessions; return how many there were."""
    with transaction.atomic():
        removed: int = Authenticator.objects.filter(user=user).delete()[0]
        end_sessions(user)
        details = {"removed_count": removed}
        audit.record(actor, "second_factors.reset", subject=f"user:{user.username}", details=details, at=timezone.now())
    return removed


def reseal_second_factors() -> int:
    """Seal every seed under the SECRET_KEY of today; return how many. Raises BrokenSealError, and then changes none."""
    count = 0
    with transaction.atomic():
        for authenticator in Authenticator.objects.select_for_update().exclude(type=Authenticator.Type.WEBAUTHN):
            sealed = {name: reseal(authenticator.data[name]) for name in _SEALED if name in authenticator.data}
            authenticator.data = {**authenticator.data, **sealed}
            authenticator.save(update_fields=["data"])
            count += len(sealed)
    return count


def record_change(request: HttpRequest, user: User, action: str, *, kind: str) -> None:
    """Write the audit line, and end the person's other sessions: they may be why the factor is changed."""
    end_sessions(user, but=request.session.session_key)
    audit.record(actor_for_user(user), action, subject=f"user:{user.username}", details={"kind": kind})
