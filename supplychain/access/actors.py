"""Who asks: one frozen value for keys, people and the product itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol
from uuid import UUID

from django.contrib.auth.models import AnonymousUser

from supplychain.access.models import Membership, User
from supplychain.access.scopes import ORGANISATION_ROLE_SCOPES, TEAM_ROLE_SCOPES, OrganisationRole, Scope

if TYPE_CHECKING:
    from supplychain.access.models import ApiKey

_NOTHING: frozenset[str] = frozenset()
_NO_TEAMS: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Actor:
    """Who asks, what they see and what they may do.

    `team_ids` None means every team's rows (responder, approver, admin, an organisation key); `write_team_ids` are the
    teams in whose name evidence may be sent, and `team_id` is that team when there is exactly one. Empty bindings bind
    nothing.
    """

    team_ids: frozenset[int] | None
    user_id: int | None = None
    key_id: int | None = None
    scopes: frozenset[str] = _NOTHING
    label: str = "anonymous"
    cluster_bindings: frozenset[str] = _NOTHING
    repository_bindings: frozenset[str] = _NOTHING
    environment_bindings: frozenset[str] = _NOTHING
    kind_bindings: frozenset[str] = _NOTHING
    write_team_ids: frozenset[int] = _NO_TEAMS
    team_id: int | None = None
    key_public_id: UUID | None = None
    kind: Literal["anonymous", "key", "user", "system"] = "anonymous"

    @property
    def sees_all(self) -> bool:
        return self.team_ids is None

    @property
    def is_authenticated(self) -> bool:
        """Let Django and REST framework treat an actor as a user."""
        return self.kind != "anonymous"

    @property
    def is_bound(self) -> bool:
        return bool(
            self.cluster_bindings or self.repository_bindings or self.environment_bindings or self.kind_bindings
        )

    def can(self, scope: str) -> bool:
        return scope in self.scopes


ANONYMOUS = Actor(team_ids=_NO_TEAMS)


class RequestLike(Protocol):
    """What Django's and REST framework's requests have in common here."""

    @property
    def user(self) -> object: ...


def actor_for_key(key: ApiKey) -> Actor:
    """Return the actor of a verified key."""
    return Actor(
        team_ids=None if key.sees_all_teams else frozenset({key.team_id}),
        key_id=key.pk,
        scopes=frozenset(key.scopes),
        label=f"key:{key.lookup}",
        cluster_bindings=frozenset(key.clusters),
        repository_bindings=frozenset(key.repositories),
        environment_bindings=frozenset(key.environments),
        kind_bindings=frozenset(key.kinds),
        write_team_ids=frozenset({key.team_id}),
        team_id=key.team_id,
        key_public_id=key.public_id,
        kind="key",
    )


def actor_for_user(user: User) -> Actor:
    """Return the actor of a signed-in user, at the cost of one query for the memberships."""
    roles = dict(Membership.objects.filter(user=user).values_list("team_id", "role"))
    scopes = ORGANISATION_ROLE_SCOPES[user.organisation_role].union(
        *(TEAM_ROLE_SCOPES[role] for role in roles.values())
    )
    writes = frozenset(team for team, role in roles.items() if Scope.EVIDENCE_WRITE in TEAM_ROLE_SCOPES[role])
    sees_all = user.organisation_role != OrganisationRole.NONE
    return Actor(
        team_ids=None if sees_all else frozenset(roles),
        user_id=user.pk,
        scopes=scopes,
        label=f"user:{user.get_username()}",
        write_team_ids=writes,
        team_id=next(iter(writes)) if len(writes) == 1 else None,
        kind="user",
    )


def system_actor(name: str) -> Actor:
    """Return the actor of a command or a periodic task: it sees all rows, and holds no scope since it uses no route."""
    return Actor(team_ids=None, label=f"system:{name}", kind="system")


def actor_of(request: RequestLike) -> Actor:
    """Return who sent the request; worked out once for each request, whether it came with a key or with a session."""
    user = request.user
    if isinstance(user, Actor):
        return user
    if isinstance(user, AnonymousUser) or not isinstance(user, User):
        return ANONYMOUS
    # One query a request: the user object lives as long as its request.
    if isinstance(user.known_actor, Actor):
        return user.known_actor
    user.known_actor = actor = actor_for_user(user)
    return actor
