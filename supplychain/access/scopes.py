"""The scopes of the API and what each role holds (docs/api.md, Access)."""

from __future__ import annotations

from django.db import models


class Scope(models.TextChoices):
    """What a key may be made for. A scope opens routes; which rows it shows is the team's affair."""

    EVIDENCE_WRITE = "evidence:write"
    INVENTORY_READ = "inventory:read"
    INCIDENTS_READ = "incidents:read"
    INCIDENTS_WRITE = "incidents:write"
    POLICY_READ = "policy:read"
    POLICY_WRITE = "policy:write"
    ADMISSION_REVIEW = "admission:review"
    ADMIN = "admin"


class TeamRole(models.TextChoices):
    """What a user is in one team."""

    VIEWER = "viewer"
    MEMBER = "member"
    OWNER = "owner"


class OrganisationRole(models.TextChoices):
    """What a user is across all teams. Every role but `none` sees the rows of all teams."""

    NONE = "none"
    RESPONDER = "responder"
    APPROVER = "approver"
    ADMIN = "admin"


READ_SCOPES = frozenset({Scope.INVENTORY_READ.value, Scope.INCIDENTS_READ.value, Scope.POLICY_READ.value})

TEAM_ROLE_SCOPES: dict[str, frozenset[str]] = {
    TeamRole.VIEWER.value: READ_SCOPES,
    TeamRole.MEMBER.value: READ_SCOPES | {Scope.EVIDENCE_WRITE.value},
    TeamRole.OWNER.value: READ_SCOPES | {Scope.EVIDENCE_WRITE.value},
}

ORGANISATION_ROLE_SCOPES: dict[str, frozenset[str]] = {
    OrganisationRole.NONE.value: frozenset(),
    OrganisationRole.RESPONDER.value: READ_SCOPES | {Scope.INCIDENTS_WRITE.value},
    OrganisationRole.APPROVER.value: READ_SCOPES | {Scope.POLICY_WRITE.value},
    OrganisationRole.ADMIN.value: frozenset(Scope.values),
}
