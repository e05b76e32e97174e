"""What administrators do with the accounts of others: roles, teams, passwords, leaving and coming back."""

from __future__ import annotations

from datetime import datetime

from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.db import transaction

from supplychain.access import audit
from supplychain.access.actors import Actor
from supplychain.access.models import Membership, Team, User
from supplychain.access.people import BadTeamError, BadUserError, generate_password, get_or_make_team
from supplychain.access.sessions import end_sessions


def find_user(username: str) -> User:
    """Return the user of this name. Raises BadUserError."""
    user = User.objects.filter(username=username).first()
    if user is None:
        raise BadUserError(f"There is no user {username!r}.")
    return user


def reset_password(user: User, *, actor: Actor, at: datetime) -> str:
    """Return a new password that must be changed at the next sign-in; every session ends."""
    password = generate_password()
    with transaction.atomic():
        user.set_password(password)
        user.must_change_password = True
        user.save(update_fields=["password", "must_change_password"])
        end_sessions(user)
        _record(actor, "password.reset", user, details={}, at=at)
    return password


def set_organisation_role(user: User, role: str, *, actor: Actor, at: datetime) -> None:
    """Give another role across the organisation; every session ends."""
    before = user.organisation_role
    if before == role:
        return
    with transaction.atomic():
        user.organisation_role = role
        user.save(update_fields=["organisation_role"])
        end_sessions(user)
        _record(actor, "user.role_set", user, details={"before": before, "after": role}, at=at)


def deactivate(user: User, *, actor: Actor, at: datetime) -> None:
    """Shut somebody out at once; what they sent stays theirs."""
    with transaction.atomic():
        user.is_active = False
        user.save(update_fields=["is_active"])
        count = end_sessions(user)
        _record(actor, "user.deactivated", user, details={"ended_session_count": count}, at=at)


def activate(user: User, *, actor: Actor, at: datetime) -> None:
    """Let somebody in again; sessions of before stay ended."""
    with transaction.atomic():
        end_sessions(user)
        user.is_active = True
        user.save(update_fields=["is_active"])
        _record(actor, "user.activated", user, details={}, at=at)


def join_team(user: User, name: str, *, role: str, actor: Actor, at: datetime) -> None:
    """Give a role in a team, which is made if there is none. Raises BadTeamError."""
    with transaction.atomic():
        team = get_or_make_team(name, actor=actor, at=at)
        Membership.objects.update_or_create(user=user, team=team, defaults={"role": role})
        _record(actor, "membership.set", user, details={"team": team.slug, "role": role}, at=at, team=team)


def leave_team(user: User, name: str, *, actor: Actor, at: datetime) -> None:
    """Take the role in a team away, from the next request on. Raises BadTeamError when there is none."""
    membership = Membership.objects.select_related("team").filter(user=user, team__slug=name).first()
    if membership is None:
        raise BadTeamError(f"{user.username!r} is not in a team {name!r}.")
    with transaction.atomic():
        membership.delete()
        _record(actor, "membership.removed", user, details={"team": name}, at=at, team=membership.team)


def link_subject(user: User, subject: str, *, actor: Actor, at: datetime) -> None:
    """Let an account of the identity provider sign in as this user. Raises BadUserError."""
    if not settings.OIDC_ISSUER:
        raise BadUserError("OIDC_ISSUER is not set: there is no provider to link to.")
    if SocialAccount.objects.filter(provider=settings.OIDC_ISSUER, uid=subject).exists():
        raise BadUserError("That subject is linked already.")
    with transaction.atomic():
        SocialAccount.objects.create(user=user, provider=settings.OIDC_ISSUER, uid=subject)
        details: dict[str, audit.JSON] = {"issuer": settings.OIDC_ISSUER, "subject": subject}
        _record(actor, "user.linked", user, details=details, at=at)


def _record(
    actor: Actor, action: str, user: User, *, details: dict[str, audit.JSON], at: datetime, team: Team | None = None
) -> None:
    team_id = None if team is None else team.pk
    audit.record(actor, action, subject=f"user:{user.username}", details=details, team_id=team_id, at=at)
