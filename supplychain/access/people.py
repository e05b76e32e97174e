"""Teams and users, made with their audit lines."""

from __future__ import annotations

import re
import secrets
from datetime import datetime

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction

from supplychain.access import audit
from supplychain.access.actors import Actor
from supplychain.access.models import Membership, Team, User
from supplychain.access.scopes import OrganisationRole, TeamRole
from supplychain.errors import DomainError

SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_GENERATED_PASSWORD_BYTES = 18  # 24 characters


class BadTeamError(DomainError):
    """A team was named that cannot be made."""

    def __init__(self, message: str) -> None:
        super().__init__("bad_team", message)


class BadUserError(DomainError):
    """A user was asked for that cannot be made."""

    def __init__(self, message: str) -> None:
        super().__init__("bad_user", message)


def get_or_make_team(name: str, *, actor: Actor, at: datetime) -> Team:
    """Return the team of this slug or name, made if there is none. Raises BadTeamError."""
    slug = "-".join(name.lower().split())
    if not SLUG.fullmatch(slug):
        raise BadTeamError(f"{name!r} is no team name: use letters a-z, digits and hyphens, at most 63.")
    with transaction.atomic():
        team, made = Team.objects.get_or_create(slug=slug, defaults={"name": name, "created_at": at})
        if made:
            audit.record(actor, "team.created", subject=f"team:{slug}", details={}, team_id=team.pk, at=at)
    return team


def make_user(
    username: str,
    *,
    password: str,
    actor: Actor,
    at: datetime,
    team: Team | None = None,
    role: str = TeamRole.MEMBER,
    organisation_role: str = OrganisationRole.NONE,
) -> User:
    """Store a user, in a team if one is given. Raises BadUserError for a taken name or a weak password."""
    _check(username, password=password)
    with transaction.atomic():
        user = User.objects.create_user(username, password=password, organisation_role=organisation_role)
        if team is not None:
            Membership.objects.create(user=user, team=team, role=role, created_at=at)
        details = {"organisation_role": organisation_role, "team": team.slug if team else None, "role": role}
        audit.record(
            actor, "user.created", subject=f"user:{username}", details=details, team_id=team.pk if team else None, at=at
        )
    return user


def generate_password() -> str:
    """Return a password nobody needs to remember."""
    return secrets.token_urlsafe(_GENERATED_PASSWORD_BYTES)


def _check(username: str, *, password: str) -> None:
    candidate = User(username=username)
    try:
        candidate.clean_fields(exclude=["password"])
        validate_password(password, user=candidate)
    except ValidationError as error:
        raise BadUserError(" ".join(error.messages)) from error
    if User.objects.filter(username=username).exists():
        raise BadUserError(f"There is a user {username!r} already.")
