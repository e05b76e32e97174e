"""Channels: made, changed, tested, given a new key and ended by people; every step leaves its audit line."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils.module_loading import import_string

from supplychain.access import audit
from supplychain.access.scopes import Scope
from supplychain.errors import DomainError, ErrorDetail
from supplychain.notify import secrets
from supplychain.notify.addresses import BadTargetError, read_target
from supplychain.notify.message import Message
from supplychain.notify.models import Channel, ChannelKind, Delivery, DeliveryState, Purpose
from supplychain.notify.outbox import delivery_for, ring
from supplychain.notify.signing import new_key

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from uuid import UUID

    from supplychain.access.actors import Actor
    from supplychain.access.models import Team

MAX_RECIPIENTS = 20
SEVERITIES = ("critical", "high", "medium", "low")
TEST = "test"
_KIND = re.compile(r"[a-z_]+(\.([a-z_]+|\*))?")


class ChannelNotFoundError(DomainError):
    """There is no such channel or delivery, or not for this actor."""

    def __init__(self, what: str = "channel") -> None:
        super().__init__("not_found", f"There is no such {what}.", status=404)


class NotYoursError(DomainError):
    """Channels of a team are its members', those of the organisation its responders' and administrators'."""

    def __init__(self) -> None:
        message = "A person of the team, or who runs incidents for all of them, decides where it is told."
        super().__init__("channel_not_yours", message, status=403)


class PersonNeededError(DomainError):
    """A key, which a build may hold, does not decide where the news of incidents goes."""

    def __init__(self) -> None:
        super().__init__("person_needed", "A signed-in person decides this, no key.", status=403)


class BadFilterError(DomainError):
    """A filter names something that nothing ever is."""

    def __init__(self, message: str, *, field: str) -> None:
        super().__init__("bad_filter", message, details=[ErrorDetail(f"/{field}", "bad_filter", message)])


class NotReplayableError(DomainError):
    """What waits will be delivered anyway."""

    def __init__(self) -> None:
        super().__init__("still_waiting", "This delivery still waits: it is tried by itself.", status=409)


def environment_names() -> list[str]:
    """Return the environments that a filter may name: a channel that names another would hear nothing."""
    names: Callable[[], list[str]] = import_string(settings.ENVIRONMENT_NAMES)
    return names()


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What a channel is told of; empty is everything."""

    event_kinds: tuple[str, ...] = ()
    severities: tuple[str, ...] = ()
    environments: tuple[str, ...] = ()
    only_production: bool = False

    def check(self) -> None:
        """Raise BadFilterError."""
        if any(not _KIND.fullmatch(kind) for kind in self.event_kinds):
            raise BadFilterError("An event is named as in `incident.found` or `incident.*`.", field="event_kinds")
        if not set(self.severities) <= set(SEVERITIES):
            raise BadFilterError(f"A severity is one of {', '.join(SEVERITIES)}.", field="severities")
        if any(not name or len(name) > 255 for name in self.environments):
            raise BadFilterError("An environment has a name of at most 255 characters.", field="environments")
        known = environment_names() if self.environments else []
        if unknown := sorted(set(self.environments) - set(known)):
            there = f"There are {', '.join(known)}." if known else "Clusters have reported none yet."
            raise BadFilterError(f"No environment is called {', '.join(unknown)}. {there}", field="environments")


@dataclass(frozen=True, slots=True)
class Made:
    """A new channel, and its signing key where it has one: shown now, and never again."""

    channel: Channel
    signing_key: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What is to change; None leaves it as it is."""

    name: str | None = None
    is_paused: bool | None = None
    filters: Filters | None = None
    target: str | None = None


def make_channel(
    name: str, *, kind: ChannelKind, target: str, team: Team | None, filters: Filters, actor: Actor, at: datetime
) -> Made:
    """Store a channel with its address and, for a webhook, a new key.

    Raises NotYoursError, BadTargetError, BadFilterError.
    """
    check_may_manage(actor, team_id=None if team is None else team.pk)
    filters.check()
    address, shown = _read_target(kind, target)
    with transaction.atomic():
        channel = Channel.objects.create(
            team=team,
            name=name,
            kind=kind,
            shown_target=shown,
            **{one.name: _listed(getattr(filters, one.name)) for one in fields(filters)},
            created_by=actor.label,
            created_at=at,
        )
        secrets.put(channel, Purpose.TARGET, address, at=at)
        key = new_key() if kind is ChannelKind.WEBHOOK else None
        if key is not None:
            secrets.put(channel, Purpose.SIGNING, key, at=at)
        _record(actor, "channel.made", channel, at=at, kind=kind.value, target=shown)
    return Made(channel, key)


def change_channel(public_id: UUID, changes: Changes, *, actor: Actor, at: datetime) -> Channel:
    """Change what is given. Raises ChannelNotFoundError, NotYoursError, BadTargetError, BadFilterError."""
    with transaction.atomic():
        channel = _locked(public_id, actor=actor)
        changed: list[str] = []
        if changes.filters is not None:
            changes.filters.check()
            for one in fields(changes.filters):
                setattr(channel, one.name, _listed(getattr(changes.filters, one.name)))
                changed.append(one.name)
        if changes.name is not None:
            channel.name = changes.name
            changed.append("name")
        if changes.is_paused is not None:
            channel.is_paused = changes.is_paused
            changed.append("is_paused")
            if not changes.is_paused:
                transaction.on_commit(ring)
        if changes.target is not None:
            address, channel.shown_target = _read_target(ChannelKind(channel.kind), changes.target)
            secrets.put(channel, Purpose.TARGET, address, at=at)
            channel.rests_until, channel.failure_count = None, 0
            changed += ["shown_target", "rests_until", "failure_count"]
        if changed:
            channel.save(update_fields=changed)
            _record(actor, "channel.changed", channel, at=at, fields=", ".join(changed), target=channel.shown_target)
    return channel


def rotate_key(public_id: UUID, *, actor: Actor, at: datetime) -> Made:
    """Give a webhook a new key; for a day the old one signs too. Raises ChannelNotFoundError, NotYoursError."""
    with transaction.atomic():
        channel = _locked(public_id, actor=actor)
        if channel.kind != ChannelKind.WEBHOOK:
            raise DomainError("channel_not_signed", "Only webhooks are signed.", status=409)
        key = new_key()
        secrets.put(channel, Purpose.SIGNING, key, at=at, both_for=secrets.BOTH_SIGN_FOR)
        _record(actor, "channel.key_rotated", channel, at=at)
    return Made(channel, key)


def end_channel(public_id: UUID, *, actor: Actor, at: datetime) -> Channel:
    """End a channel: nothing more is published to it, and what waits is given up."""
    with transaction.atomic():
        channel = _locked(public_id, actor=actor)
        channel.ended_at = at
        channel.save(update_fields=["ended_at"])
        waiting = Delivery.objects.filter(channel=channel, state=DeliveryState.WAITING)
        waiting.update(state=DeliveryState.GIVEN_UP, ended_at=at, last_problem="the channel was ended")
        _record(actor, "channel.ended", channel, at=at)
    return channel


def send_test(public_id: UUID, *, actor: Actor, at: datetime) -> Delivery:
    """Queue a message that says who pressed the button, whatever the filters."""
    with transaction.atomic():
        channel = _locked(public_id, actor=actor)
        message = Message(
            kind=TEST,
            at=at,
            title=f"Test of the channel {channel.name}",
            text="If you can read this, notifications arrive. Nothing else has happened.",
            path=f"/settings/notifications/{channel.public_id}",
            subject=str(channel.public_id),
            data={"pressed_by": actor.label},
        )
        _record(actor, "channel.tested", channel, at=at)
        return delivery_for(message, channel)


def replay(public_id: UUID, *, actor: Actor, at: datetime) -> Delivery:
    """Queue a delivery that has ended once more, under the same event id. Raises NotReplayableError."""
    check_may_manage_some(actor)
    with transaction.atomic():
        visible = Delivery.objects.filter(channel__in=Channel.objects.visible_to(actor).values("pk"))
        delivery = visible.select_related("channel").filter(public_id=public_id).first()
        if delivery is None:
            raise ChannelNotFoundError("delivery")
        check_may_manage(actor, team_id=delivery.channel.team_id)
        if delivery.state == DeliveryState.WAITING:
            raise NotReplayableError
        if delivery.channel.ended_at is not None:
            raise ChannelNotFoundError
        again = Delivery.objects.create(
            channel=delivery.channel,
            event_id=delivery.event_id,
            kind=delivery.kind,
            subject=delivery.subject,
            title=delivery.title,
            body=delivery.body,
            replay_of=delivery,
            due_at=at,
            created_at=at,
        )
        _record(actor, "delivery.replayed", delivery.channel, at=at, delivery=str(delivery.public_id))
        transaction.on_commit(ring)
    return again


def may_manage(actor: Actor, *, team_id: int | None) -> bool:
    """Say whether the actor may decide where this team's, or the organisation's (None), notifications go."""
    if actor.user_id is None:
        return False
    if actor.sees_all and (actor.can(Scope.INCIDENTS_WRITE) or actor.can(Scope.ADMIN)):
        return True
    return team_id is not None and team_id in actor.write_team_ids


def check_may_manage_some(actor: Actor) -> None:
    """Raise PersonNeededError or NotYoursError for who may manage no channel at all, before one is looked for."""
    if actor.user_id is None:
        raise PersonNeededError
    if not (may_manage(actor, team_id=None) or actor.write_team_ids):
        raise NotYoursError


def check_may_manage(actor: Actor, *, team_id: int | None) -> None:
    """Raise PersonNeededError or NotYoursError unless the actor may."""
    check_may_manage_some(actor)
    if not may_manage(actor, team_id=team_id):
        raise NotYoursError


def _locked(public_id: UUID, *, actor: Actor) -> Channel:
    check_may_manage_some(actor)
    visible = Channel.objects.visible_to(actor).filter(public_id=public_id, ended_at__isnull=True)
    channel = visible.select_for_update(of=("self",), no_key=True).first()
    if channel is None:
        raise ChannelNotFoundError
    check_may_manage(actor, team_id=channel.team_id)
    return channel


def _read_target(kind: ChannelKind, target: str) -> tuple[str, str]:
    """Return the address as it is used, and what may be shown of it. Raises BadTargetError."""
    if kind is not ChannelKind.EMAIL:
        return target, read_target(target).origin
    if not settings.EMAIL_HOST:
        raise BadTargetError("No mail server is set up here (SMTP_HOST): choose another kind of channel.")
    addresses = [one.strip() for one in target.replace(";", ",").split(",") if one.strip()]
    try:
        for address in addresses:
            validate_email(address)
    except ValidationError as error:
        raise BadTargetError("One of the mail addresses cannot be read.") from error
    if not 1 <= len(addresses) <= MAX_RECIPIENTS:
        raise BadTargetError(f"Give one to {MAX_RECIPIENTS} mail addresses, with commas between.")
    return ",".join(addresses), ", ".join(addresses)[:500]


def _listed(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value


def _record(actor: Actor, action: str, channel: Channel, *, at: datetime, **details: str) -> None:
    audit.record(actor, action, subject=str(channel.public_id), details={**details}, team_id=channel.team_id, at=at)
