"""Teams and the organisation role that groups of the identity provider give, written anew at each sign-in."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import datetime

from django.conf import settings
from django.db import transaction

from supplychain.access import audit
from supplychain.access.actors import system_actor
from supplychain.access.models import Membership, Team, User
from supplychain.access.people import get_or_make_team
from supplychain.access.scopes import OrganisationRole, TeamRole

logger = logging.getLogger(__name__)

_ACTOR = system_actor("single-sign-on")
# From the least to the most: of several groups the strongest role counts.
_TEAM_ROLES = [role.value for role in (TeamRole.VIEWER, TeamRole.MEMBER, TeamRole.OWNER)]
_ORGANISATION_ROLES = [
    role.value
    for role in (OrganisationRole.NONE, OrganisationRole.RESPONDER, OrganisationRole.APPROVER, OrganisationRole.ADMIN)
]


def refresh_roles(user: User, *, groups: frozenset[str] | None, at: datetime) -> None:
    """Give what the groups give and take what they no longer give.

    Only what the settings map is touched: a team that no group is mapped to keeps the members it was given by hand,
    and without OIDC_GROUP_ROLES so does the organisation role. No groups claim at all counts as no groups.
    """
    if groups is None and (settings.OIDC_GROUP_TEAMS or settings.OIDC_GROUP_ROLES):
        logger.warning("sign-in without groups", extra={"username": user.username, "claim": settings.OIDC_GROUPS_CLAIM})
    held = groups or frozenset()
    with transaction.atomic():
        _refresh_teams(user, held=held, at=at)
        _refresh_organisation_role(user, held=held, at=at)


def _refresh_teams(user: User, *, held: frozenset[str], at: datetime) -> None:
    wanted: dict[str, str] = {}
    for grant in settings.OIDC_GROUP_TEAMS:
        if grant.group in held:
            wanted[grant.team] = _strongest([wanted.get(grant.team), grant.role], order=_TEAM_ROLES)
    for name, role in wanted.items():
        _give(user, team=get_or_make_team(name, actor=_ACTOR, at=at), role=role, at=at)
    mapped = {grant.team for grant in settings.OIDC_GROUP_TEAMS}
    for membership in Membership.objects.filter(user=user, team__slug__in=mapped - wanted.keys()).select_related(
        "team"
    ):
        membership.delete()
        _record(user, "membership.removed", details={"team": membership.team.slug}, team=membership.team, at=at)


def _give(user: User, *, team: Team, role: str, at: datetime) -> None:
    membership, made = Membership.objects.get_or_create(user=user, team=team, defaults={"role": role, "created_at": at})
    if not made and membership.role == role:
        return
    if not made:
        membership.role = role
        membership.save(update_fields=["role"])
    _record(user, "membership.set", details={"team": team.slug, "role": role}, team=team, at=at)


def _refresh_organisation_role(user: User, *, held: frozenset[str], at: datetime) -> None:
    if not settings.OIDC_GROUP_ROLES:
        return
    given = [grant.role for grant in settings.OIDC_GROUP_ROLES if grant.group in held]
    role = _strongest([OrganisationRole.NONE.value, *given], order=_ORGANISATION_ROLES)
    if user.organisation_role == role:
        return
    details: dict[str, audit.JSON] = {"before": user.organisation_role, "after": role}
    user.organisation_role = role
    user.save(update_fields=["organisation_role"])
    _record(user, "user.role_set", details=details, team=None, at=at)


def _strongest(roles: Iterable[str | None], *, order: list[str]) -> str:
    return max((role for role in roles if role is not None), key=order.index)


def _record(user: User, action: str, *, details: dict[str, audit.JSON], team: Team | None, at: datetime) -> None:
    team_id = None if team is None else team.pk
    audit.record(_ACTOR, action, subject=f"user:{user.username}", details=details, team_id=team_id, at=at)
