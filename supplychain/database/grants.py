"""Which rights the web server and the workers have in the database; whoever needs more adds it here, with its reason.

An app states its own tables beside its models; settings.DATABASE_GRANTS names them all. A table that is in none is
closed to both (and fails a test), so a right is never given by forgetting.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.conf import settings
from django.utils.module_loading import import_string


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """What each role may do with one table or sequence, as SQL's GRANT writes it; empty is nothing.

    Rows are locked (`FOR NO KEY UPDATE`) by whoever may update one column of them.
    """

    web: str
    worker: str

    def for_role(self, kind: str) -> str:
        """Return the rights of `web` or `worker`."""
        return self.web if kind == "web" else self.worker


Grants = Mapping[str, Grant]

NOTHING = Grant(web="", worker="")
_ALL = "SELECT, INSERT, UPDATE, DELETE"

GRANTS: Grants = {
    # Django's own. Permissions and groups are not used; only the owner migrates.
    "auth_group": NOTHING,
    "auth_group_permissions": NOTHING,
    "auth_permission": NOTHING,
    "django_content_type": NOTHING,
    "django_migrations": Grant(web="SELECT", worker=""),
    "django_session": Grant(web=_ALL, worker=""),
    "cache_entries": Grant(web=_ALL, worker=""),
    # Signing in: single sign-on makes users and memberships, and allauth saves whole rows.
    "access_team": Grant(web="SELECT", worker="SELECT"),
    "access_membership": Grant(web=_ALL, worker=""),
    # A worker names who is to do something; it reads no password.
    "access_user": Grant(web="SELECT, INSERT, UPDATE", worker="SELECT (id, username)"),
    "account_emailaddress": Grant(web=_ALL, worker=""),
    "account_emailconfirmation": Grant(web=_ALL, worker=""),
    "mfa_authenticator": Grant(web=_ALL, worker=""),
    "socialaccount_socialaccount": Grant(web=_ALL, worker=""),
    "socialaccount_socialapp": Grant(web="SELECT", worker=""),
    "socialaccount_socialtoken": Grant(web=_ALL, worker=""),
    "usersessions_usersession": Grant(web=_ALL, worker=""),
    "access_signinfailure": Grant(web="SELECT, INSERT, DELETE", worker=""),
    # Scopes and bindings of a key never change. A worker asks what a key is bound to, and never sees its HMAC.
    "access_apikey": Grant(
        web="SELECT, INSERT, UPDATE (revoked_at, revoked_by_id, last_used_at, secret_digest)",
        worker="SELECT (id, public_id, lookup, name, team_id, scopes, sees_all_teams, repositories, clusters,"
        " environments, kinds, created_by_id, created_at, expires_at, revoked_at, revoked_by_id, last_used_at)",
    ),
    # The trigger numbers and chains the rows; a worker only reads the head that it exports.
    "access_auditevent": Grant(
        web="SELECT, INSERT (body, at, team_id, actor, action, subject)",
        # A worker that asks an incident again leaves its line; it reads none.
        worker="SELECT (sequence, hash), INSERT (body, at, team_id, actor, action, subject)",
    ),
}


def declared_grants() -> dict[str, Grant]:
    """Return the rights of all apps, by table and sequence."""
    found: dict[str, Grant] = {}
    for name in settings.DATABASE_GRANTS:
        found.update(import_string(name))
    return found
