"""Channels and messages for tests: plain functions."""

from __future__ import annotations

from typing import Any

from supplychain.access.actors import Actor, actor_for_user
from supplychain.notify.channels import Filters, Made, make_channel
from supplychain.notify.message import Message
from supplychain.notify.models import ChannelKind
from tests.supplychain.actors import AT, make_team, make_user


def a_responder(name: str = "rita") -> Actor:
    return actor_for_user(make_user(name, organisation="responder"))


def a_channel(
    target: str,
    *,
    kind: ChannelKind = ChannelKind.WEBHOOK,
    team: str | None = None,
    actor: Actor | None = None,
    **filters: Any,
) -> Made:
    return make_channel(
        "on call",
        kind=kind,
        target=target,
        team=None if team is None else make_team(team),
        filters=Filters(**filters),
        actor=actor or a_responder(),
        at=AT,
    )


def a_message(**members: Any) -> Message:
    given: dict[str, Any] = {
        "kind": "incident.found",
        "at": AT,
        "title": "xz: found",
        "text": "1 new",
        "path": "/incidents/1",
        "severity": "critical",
        "to_organisation": True,
    }
    return Message(**{**given, **members})
