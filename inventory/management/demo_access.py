"""Who acts in the demo estate: a key for each team's pipeline and each cluster's agent, and four people.

Keys and passwords are made once and kept in one file of the state folder that only its owner can read, because the keys
exist nowhere else and the passwords are shown at every start.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path

from django.db import transaction

from inventory.management.demo_estate import Estate
from supplychain.access import audit
from supplychain.access.actors import Actor, system_actor
from supplychain.access.keys import Bindings, make_key
from supplychain.access.models import User
from supplychain.access.people import generate_password, get_or_make_team, make_user
from supplychain.access.scopes import OrganisationRole, Scope, TeamRole

STATE_FILE = "demo.json"
PLATFORM = "platform"
RESPONDER_KEY = "responder"
"""The demo's own reader: sees every team, writes nothing."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody of the company: across it by `organisation_role`, or a member of `team`."""

    username: str
    role: str
    organisation_role: str = OrganisationRole.NONE
    team: str = ""


PEOPLE = (
    Person("nadia", "responder: every team's rows", OrganisationRole.RESPONDER),
    Person("tomas", "developer: team checkout's rows", team="checkout"),
    Person("viktor", "approver: whom to trust; ingrid is the second person", OrganisationRole.APPROVER),
    Person("ingrid", "administrator: people, keys, audit log", OrganisationRole.ADMIN),
)


@dataclass(frozen=True, slots=True)
class SignIn:
    """One person of the demo; `role` is what a reader is told about them."""

    username: str
    password: str
    role: str


@dataclass(frozen=True, slots=True)
class DemoState:
    """What the first load decided. `at` is the moment that the estate's sixty days of history end with."""

    at: datetime
    keys: dict[str, str]
    sign_ins: tuple[SignIn, ...]
    is_loaded: bool = False

    def loaded(self) -> DemoState:
        return replace(self, is_loaded=True)


def read_state(home: Path) -> DemoState | None:
    """Return what an earlier load kept; None when there was none."""
    path = home / STATE_FILE
    if not path.exists():
        return None
    kept = json.loads(path.read_text(encoding="utf-8"))
    return DemoState(
        at=datetime.fromisoformat(kept["at"]),
        keys=dict(kept["keys"]),
        sign_ins=tuple(SignIn(**row) for row in kept["sign_ins"]),
        is_loaded=bool(kept["is_loaded"]),
    )


def write_state(home: Path, state: DemoState) -> None:
    """Keep the state, readable by its owner alone; a reader sees the old file or the new one."""
    home.mkdir(parents=True, exist_ok=True)
    draft = home / f"{STATE_FILE}.{os.getpid()}"
    kept = asdict(state) | {"at": state.at.isoformat()}
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as stream:
        json.dump(kept, stream, indent=1)
    draft.replace(home / STATE_FILE)


def make_access(estate: Estate, *, at: datetime) -> DemoState:
    """Make teams, keys and people in one transaction; people who are there already get a new password."""
    actor = system_actor("load_demo")
    with transaction.atomic():
        for name in estate.teams.values():
            get_or_make_team(name, actor=actor, at=at)
        keys = {slug: _pipeline_key(slug, actor=actor, at=at) for slug in estate.teams}
        for cluster in estate.clusters:
            keys[f"cluster:{cluster.name}"] = _agent_key(cluster.name, actor=actor, at=at)
        keys[RESPONDER_KEY] = _responder_key(actor=actor, at=at)
        sign_ins = tuple(_sign_in(person, actor=actor, at=at) for person in PEOPLE)
    return DemoState(at=at, keys=keys, sign_ins=sign_ins)


def _pipeline_key(team: str, *, actor: Actor, at: datetime) -> str:
    row = get_or_make_team(team, actor=actor, at=at)
    scopes = [Scope.EVIDENCE_WRITE, Scope.INVENTORY_READ]
    return make_key(row, scopes=scopes, actor=actor, at=at, name=f"demo: {team} pipeline").text


def _agent_key(cluster: str, *, actor: Actor, at: datetime) -> str:
    """Bound to its cluster, so that its records may say which team a workload belongs to."""
    row = get_or_make_team(PLATFORM, actor=actor, at=at)
    bindings = Bindings(clusters=(cluster,))
    name = f"demo: agent of {cluster}"
    return make_key(row, scopes=[Scope.EVIDENCE_WRITE], actor=actor, at=at, bindings=bindings, name=name).text


def _responder_key(*, actor: Actor, at: datetime) -> str:
    row = get_or_make_team(PLATFORM, actor=actor, at=at)
    scopes = [Scope.INVENTORY_READ, Scope.INCIDENTS_READ]
    return make_key(row, scopes=scopes, actor=actor, at=at, name="demo: responder", sees_all_teams=True).text


def _sign_in(person: Person, *, actor: Actor, at: datetime) -> SignIn:
    password = generate_password()
    user = User.objects.filter(username=person.username).first()
    if user is not None:
        user.set_password(password)
        user.save(update_fields=["password"])
        audit.record(actor, "user.password_set", subject=f"user:{person.username}", details={}, at=at)
        return SignIn(person.username, password, person.role)
    make_user(
        person.username,
        password=password,
        actor=actor,
        at=at,
        team=get_or_make_team(person.team, actor=actor, at=at) if person.team else None,
        role=TeamRole.MEMBER,
        organisation_role=person.organisation_role,
    )
    return SignIn(person.username, password, person.role)
