"""Two teams that know nothing of each other, an object of each kind for both, and everyone who may ask."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType
from typing import Literal
from uuid import UUID

from allauth.mfa.models import Authenticator
from django.test import Client
from django.utils import timezone

from incidents.asking import read_incident_question
from incidents.drills.running import start_drill
from incidents.models import ActionKind, Incident, Severity, Watch
from incidents.response.actions import NewAction, make_action
from incidents.response.opening import open_incident
from inventory.models import Compromise, CompromiseKind, Finding, SignerState, TrustedSigner
from inventory.policy.asked import Asked, Subject
from inventory.policy.blocks import add_block
from inventory.policy.deciding import decide
from inventory.policy.hits import Place
from inventory.policy.models import Block, BlockKind, Gate
from inventory.verification.roots import load_first, propose
from supplychain.access.actors import Actor, system_actor
from supplychain.access.models import ApiKey, User
from supplychain.access.scopes import ORGANISATION_ROLE_SCOPES, TEAM_ROLE_SCOPES, Scope
from supplychain.access.sessions import SEEN_AT
from supplychain.ids import uuid7
from supplychain.notify.models import Channel, ChannelKind, Delivery, DeliveryState
from tests.access_matrix.passkeys import passkey_id, passkey_of
from tests.factories import (
    advisory,
    apply_waiting,
    cyclonedx,
    deployment,
    digest,
    registry_event,
    report,
    store,
    submit,
)
from tests.supplychain.actors import PASSWORD, client_of, make_user, new_key
from tests.trust_lab import Lab

Names = Mapping[str, str]
"""The objects of one team, or some that are not there, by kind."""
Whose = Literal["own", "foreign", "missing"]

KNOWN_TO_ALL = frozenset({"compromise", "block", "drill"})
"""What is the organisation's, and so no secret of a team."""
_WORKFLOW = b"on: push\njobs:\n  t:\n    steps:\n      - uses: acme/tool@v1\n"
_ALL_SCOPES = frozenset(Scope.values)
_MEMBER = TEAM_ROLE_SCOPES["owner"]


@dataclass(frozen=True, slots=True)
class Asker:
    """Somebody who asks. `kind` says how they show who they are: an API key opens no page."""

    name: str
    kind: Literal["anonymous", "key", "session"]
    client: Client
    scopes: frozenset[str]
    team: Literal["a", "b"]
    sees_all: bool = False

    @property
    def is_person_of_team(self) -> bool:
        """Tell whether this is the person whose account has the passkey and the sessions of the team's names."""
        return self.name in {"own session", "stranger's session"}


@dataclass(frozen=True, slots=True)
class World:
    """Everything of a run. The names of both teams and the missing ones are as long as each other."""

    names: Mapping[str, Names]
    askers: tuple[Asker, ...]

    def objects_of(self, asker: Asker, whose: Whose) -> Names:
        """Return the asker's own objects, those of the other team, or names that nobody bears."""
        other = "b" if asker.team == "a" else "a"
        return self.names[{"own": asker.team, "foreign": other, "missing": "none"}[whose]]


def make_world() -> World:
    """Build both teams through the real ingest, and sign everybody in."""
    teams = {"a": _team("a"), "b": _team("b")}
    _roots()
    askers = _askers()
    people = {letter: _own_account(letter) for letter in teams}
    ApiKey.objects.update(last_used_at=timezone.now() + timedelta(hours=1))  # none writes, once a minute, that it was
    names = {letter: {**teams[letter], **people[letter]} for letter in teams} | {"none": names_of_nobody()}
    return World(MappingProxyType(names), askers)


def _askers() -> tuple[Asker, ...]:
    return (
        Asker("anonymous", "anonymous", Client(), frozenset(), "a"),
        Asker("key of no use", "key", _with_key(Scope.ADMISSION_REVIEW.value), frozenset(), "a"),
        Asker("user of no team", "session", _with_session("nobody"), frozenset(), "a"),
        Asker("own key", "key", _with_key(*Scope.values), _ALL_SCOPES, "a"),
        Asker("own session", "session", _with_session("user-a", team="team-a", role="owner"), _MEMBER, "a"),
        Asker("stranger's key", "key", _with_key(*Scope.values, team="team-b"), _ALL_SCOPES, "b"),
        Asker("stranger's session", "session", _with_session("user-b", team="team-b", role="owner"), _MEMBER, "b"),
        _of_organisation("responder"),
        _of_organisation("approver"),
        _of_organisation("admin"),
    )


def _of_organisation(role: str) -> Asker:
    client = _with_session(f"the-{role}", organisation=role)
    return Asker(role, "session", client, ORGANISATION_ROLE_SCOPES[role], "a", sees_all=True)


def _with_key(*scopes: str, team: str = "team-a") -> Client:
    return client_of(new_key(*scopes, team=team))


def _with_session(name: str, *, team: str | None = None, role: str = "viewer", organisation: str = "none") -> Client:
    return _signed_in(make_user(name, team=team, role=role, organisation=organisation))


def _signed_in(user: User) -> Client:
    """Sign in by password, as pages that ask for a recent one want it."""
    client = Client(raise_request_exception=False)
    assert client.post("/sign-in", {"username": user.username, "password": PASSWORD}).status_code == 302
    session = client.session
    session[SEEN_AT] += 3600  # so that no request is the one in a minute that notes the presence
    session.save()
    return client


def _own_account(letter: str) -> dict[str, str]:
    """Give a person a second browser and a passkey; return how they are named on their pages."""
    user = User.objects.get(username=f"user-{letter}")
    session_key = _signed_in(user).session.session_key or ""
    Authenticator.objects.create(user=user, type=Authenticator.Type.WEBAUTHN, data=passkey_of(letter))
    return {"session": hashlib.sha256(session_key.encode()).hexdigest()[:20], "passkey": passkey_id(letter)}


def _team(letter: str) -> Names:
    slug, names = f"team-{letter}", _shared_kinds(letter)
    sbom = cyclonedx(f"{names['package']}@1", subject=names["artifact"], name=f"{names['image']}")
    accepted = submit(slug, sbom)
    submit(slug, cyclonedx("pkg:npm/lodash@4.17.20", subject=names["other"], name=f"registry.example/other-{letter}:1"))
    submit(slug, advisory(names["advisory"], name=names["package"].rpartition("/")[2]), declared_kind="advisory")
    submit(slug, registry_event(names["artifact"], repository=names["repository"].partition("/")[2]))
    submit(slug, _WORKFLOW, repository=names["source"], name=".github/workflows/ci.yml")
    refused = store(slug, f'{{"no": "document of {letter}"}}'.encode())
    apply_waiting()
    place = {"cluster": names["cluster"], "namespace": names["service"], "service": names["service"]}
    report(slug, deployment(digest=names["artifact"], image=names["image"], **place))
    key = new_key(team=slug).row
    incident = _incident(names, team_id=key.team_id)
    return {
        **names,
        "evidence": str(accepted.public_id),
        "rejected": str(refused.public_id),
        "key": str(key.public_id),
        "lookup": key.lookup,
        "incident": str(incident.public_id),
        "signer": str(_signer(letter, team_id=key.team_id).public_id),
        "finding": str(Finding.objects.get(team__slug=slug).public_id),
        "compromise": str(_compromise(letter).public_id),
        "block": str(_block(names).public_id),
        "drill": str(start_drill("", actor=system_actor("matrix"), at=timezone.now()).public_id),
        "decision": str(_decision(names, team_id=key.team_id)),
        **_told(letter, team_id=key.team_id),
    }


def _told(letter: str, *, team_id: int) -> dict[str, str]:
    """Make a channel of the team, a delivery that has ended, and a watch."""
    now = timezone.now()
    channel = Channel.objects.create(
        team_id=team_id,
        name=f"on call of {letter}",
        kind=ChannelKind.SLACK,
        shown_target="https://hooks.example.com",
        created_by=f"user:user-{letter}",
        created_at=now,
    )
    delivery = Delivery.objects.create(
        channel=channel,
        event_id=uuid7(),
        kind="test",
        title="told",
        body={},
        state=DeliveryState.DELIVERED,
        due_at=now,
        created_at=now,
        ended_at=now,
    )
    watch = Watch.objects.create(
        team_id=team_id,
        name=f"watch of {letter}",
        question={"text": "left-pad"},
        created_by=f"user:user-{letter}",
        created_at=now,
    )
    ids = {"channel": channel.public_id, "delivery": delivery.public_id, "watch": watch.public_id}
    return {kind: str(public_id) for kind, public_id in ids.items()}


def _signer(letter: str, *, team_id: int) -> TrustedSigner:
    return TrustedSigner.objects.create(
        team_id=team_id,
        name=f"release of {letter}",
        state=SignerState.PROPOSED,
        is_production=True,
        issuer="https://token.example",
        identity=f"https://example.org/{letter * 6}",
        maximum_level=2,
        created_at=timezone.now(),
    )


def _roots() -> None:
    """Have one version of a root count, and another wait for a second person."""
    load_first("lab", Lab().trusted_root(), actor=system_actor("test"), at=timezone.now())
    proposer = make_user("who-proposed-a-root", organisation="approver")
    propose("lab", Lab().trusted_root(), user=proposer, at=timezone.now())


def _compromise(letter: str) -> Compromise:
    return Compromise.objects.create(
        kind=CompromiseKind.BUILDER,
        value="https://b.example",
        since=timezone.now(),
        reason="stolen",
        declared_by=make_user(f"who-declared-{letter}"),
        declared_at=timezone.now(),
    )


def _block(names: Names) -> Block:
    selector = {"service": names["service"]}
    product = system_actor("test")
    return add_block(BlockKind.SERVICE, selector, reason="stolen", incident=None, actor=product, at=timezone.now())


def _decision(names: Names, *, team_id: int) -> UUID:
    asked = Asked(gate=Gate.PIPELINE, subjects=(Subject(digest=names["artifact"]),), place=Place())
    actor = Actor(team_ids=frozenset({team_id}), team_id=team_id, label="key:abcdefgh", kind="key")
    return decide(asked, actor=actor, at=timezone.now())[0].public_id


def _incident(names: Names, *, team_id: int) -> Incident:
    asked = read_incident_question({"text": names["package"]})
    actor = Actor(team_ids=frozenset({team_id}), label="key:abcdefgh", kind="key")
    incident = open_incident(
        asked.question,
        given=asked.given,
        title="taken over",
        severity=Severity.HIGH,
        actor=actor,
        at=timezone.now(),
    )
    rotate = NewAction(kind=ActionKind.ROTATE, target={"credential": "NPM_TOKEN"}, team=names["team"])
    make_action(incident.public_id, rotate, actor=actor, at=timezone.now())
    return incident


def names_of_nobody() -> Names:
    """Return a name of each kind that nothing and nobody bears."""
    kinds = (
        *("evidence", "rejected", "key", "incident", "signer", "compromise", "block", "decision", "drill"),
        "finding",
        *("channel", "delivery", "watch"),
    )
    ids = {kind: str(uuid7()) for kind in kinds}
    return {**_shared_kinds("x"), **ids, "lookup": "zzzzzzzz", "session": "0" * 20, "passkey": passkey_id("x")}


def _shared_kinds(letter: str) -> dict[str, str]:
    return {
        "team": f"team-{letter}",
        "user": f"user-{letter}",
        "artifact": digest(f"artifact of {letter}"),
        "other": digest(f"other artifact of {letter}"),
        "package": f"pkg:npm/only-of-{letter * 6}",
        "advisory": f"MAL-2026-{letter * 6}",
        "image": f"registry.example/{letter * 6}:1.0",
        "source": f"github.com/acme/{letter * 6}",
        "repository": f"registry.example/told-{letter * 6}",
        "cluster": f"cluster-{letter * 6}",
        "service": f"service-{letter * 6}",
    }
