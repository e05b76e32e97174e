"""Make a watch, pause and end it, and let it look again."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from django.db import transaction

from incidents.models import Sight, Watch, WatchHit
from incidents.response import runs
from incidents.response.opening import NoViewError
from incidents.watches.hits import PLACES_KEPT, hits_in, key_of
from inventory.models import Environment
from supplychain.access import audit
from supplychain.errors import DomainError
from supplychain.notify.message import Message
from supplychain.notify.outbox import publish

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from uuid import UUID

    from incidents.impact.question import Question
    from incidents.watches.hits import HitKey
    from supplychain.access.actors import Actor
    from supplychain.access.audit import JSON

LOOKED_BACK = timedelta(days=30)
MOST_AT_ONCE = 10_000
_TOLD = 20


class WatchNotFoundError(DomainError):
    """There is no such watch, or not for this actor."""

    def __init__(self) -> None:
        super().__init__("not_found", "There is no such watch.", status=404)


class TimedWatchError(DomainError):
    """A watch looks at what comes: it has no time of its own."""

    def __init__(self) -> None:
        super().__init__("watch_without_time", "A watch looks at what comes: leave `at`, `from` and `to` away.")


def make_watch(question: Question, *, given: Mapping[str, object], name: str, actor: Actor, at: datetime) -> Watch:
    """Store a watch, and all that matches already: it shows what the watch would have told, and is never told.

    Raises NoViewError, TimedWatchError.
    """
    if not question.is_now:
        raise TimedWatchError
    team_id = _view_of(actor)
    before = runs.ask(question, actor=actor, at=at)
    with transaction.atomic():
        watch = Watch.objects.create(
            team_id=team_id, name=name, question=dict(given), created_by=actor.label, created_at=at
        )
        hits = hits_in(watch, before.header, before.rows, at=at, is_before=True)
        WatchHit.objects.bulk_create(hits[:MOST_AT_ONCE])
        _record(actor, "watch.made", watch, at=at, name=name)
    return watch


def change_watch(
    public_id: UUID, *, actor: Actor, at: datetime, name: str | None = None, is_paused: bool | None = None
) -> Watch:
    """Rename a watch, pause it, or let it go on: then it tells what came meanwhile. Raises WatchNotFoundError."""
    with transaction.atomic():
        watch = _locked(public_id, actor=actor)
        wanted = {"name": name, "is_paused": is_paused}
        changed = [field for field, value in wanted.items() if value is not None and value != getattr(watch, field)]
        for field in changed:
            setattr(watch, field, wanted[field])
        if changed:
            watch.save(update_fields=changed)
            _record(actor, "watch.changed", watch, at=at, fields=", ".join(changed))
    return watch


def end_watch(public_id: UUID, *, actor: Actor, at: datetime) -> Watch:
    """End a watch; what it found stays. Raises WatchNotFoundError."""
    with transaction.atomic():
        watch = _locked(public_id, actor=actor)
        watch.ended_at = at
        watch.save(update_fields=["ended_at"])
        _record(actor, "watch.ended", watch, at=at)
    return watch


def look(watch: Watch, question: Question, *, actor: Actor, at: datetime) -> int:
    """Ask a watch's question, keep what it has not told yet, and tell it; return how many hits that are."""
    answered = runs.ask(question, actor=actor, at=at, audited=False)
    with transaction.atomic():
        if not Watch.objects.filter(pk=watch.pk, ended_at__isnull=True, is_paused=False).exists():
            return 0
        known = set(map(key_of, WatchHit.objects.filter(watch=watch).only("artifact", "indicator", "sight")))
        found = hits_in(watch, answered.header, answered.rows, at=at, is_before=False)
        new = [hit for hit in found if not _is_known(hit, known)][:MOST_AT_ONCE]
        if new:
            WatchHit.objects.bulk_create(new)
            publish(_message(watch, new, at=at))
            _record(actor, "watch.hit", watch, at=at, hit_count=len(new))
    return len(new)


def would_have_matched(watch: Watch) -> int:
    """Count what matched in the month before the watch was made."""
    since = watch.created_at - LOOKED_BACK
    return WatchHit.objects.filter(watch=watch, is_before=True, happened_at__gte=since).count()


def _is_known(hit: WatchHit, known: set[HitKey]) -> bool:
    """What was told as running is not told as found when it runs no more."""
    key = key_of(hit)
    return key in known or replace(key, sight=Sight.RUNNING) in known


def _message(watch: Watch, hits: Sequence[WatchHit], *, at: datetime) -> Message:
    environments = frozenset(place["environment"] for hit in hits for place in hit.places)
    lines = [f"{hit.name or hit.artifact}: {hit.indicator}, {hit.sight}" for hit in hits[:_TOLD]]
    production = Environment.objects.filter(slug__in=sorted(environments), is_production=True).exists()
    return Message(
        kind="watch.hit",
        at=at,
        title=f"{watch.name}: {len(hits)} new",
        text="\n".join(lines),
        path=f"/watches/{watch.public_id}",
        subject=str(watch.public_id),
        data={
            "watch": {"id": str(watch.public_id), "name": watch.name},
            "hit_count": len(hits),
            "hits": [_hit(hit) for hit in hits[:_TOLD]],
        },
        environments=environments,
        is_production=production,
        to_organisation=True,
        team_ids=frozenset() if watch.team_id is None else frozenset({watch.team_id}),
    )


def _hit(hit: WatchHit) -> Mapping[str, JSON]:
    return {
        "id": str(hit.public_id),
        "artifact": hit.artifact,
        "name": hit.name,
        "indicator": hit.indicator,
        "sight": hit.sight,
        "status": hit.status,
        "evidence": None if hit.evidence is None else str(hit.evidence),
        "places": hit.places[:PLACES_KEPT],
    }


def _view_of(actor: Actor) -> int | None:
    if actor.sees_all:
        return None
    if actor.team_ids is None or len(actor.team_ids) != 1:
        raise NoViewError
    return next(iter(actor.team_ids))


def _locked(public_id: UUID, *, actor: Actor) -> Watch:
    visible = Watch.objects.visible_to(actor).filter(public_id=public_id, ended_at__isnull=True)
    watch = visible.select_for_update(of=("self",), no_key=True).first()
    if watch is None:
        raise WatchNotFoundError
    return watch


def _record(actor: Actor, action: str, watch: Watch, *, at: datetime, **details: str | int) -> None:
    audit.record(actor, action, subject=str(watch.public_id), details={**details}, team_id=watch.team_id, at=at)
