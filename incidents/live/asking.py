"""Ask what is marked, and keep an answer where it differs. What that may cost is stated here."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from time import monotonic
from typing import TYPE_CHECKING
from uuid import UUID

from django.db import OperationalError
from django.db.models import F, Q
from django.utils import timezone

from incidents.live.subject import asked_by, eyes, meaning
from incidents.models import FollowedEvidence, LiveQuestion
from incidents.response.opening import ask_if_different
from incidents.watches.keeping import look
from supplychain.errors import DomainError

if TYPE_CHECKING:
    from collections.abc import Iterator

logger = logging.getLogger(__name__)

TURN_SECONDS = 2.0
"""How long one task asks; what is left waits for the next."""
LEASE = timedelta(seconds=30)
"""For so long nobody else asks, should this worker die over it."""
SHARE = 0.5
"""Of one worker's time: after a turn nobody asks for as long as makes it this part."""
SOONEST = timedelta(seconds=1)
TIMES_TOOK = 4
"""One question is asked at most once a second, and for at most a fifth of the time."""
SETTLED_WITHIN = timedelta(seconds=30)
SETTLING_SHARE = 0.05
"""Of one worker's time, for evidence that can change counts alone: all questions together."""
AFTER_A_FAILURE = timedelta(seconds=60)


def ask_what_waits(at: datetime) -> bool:
    """Ask what is due, for a turn, and what was asked longest ago first; True when more is due.

    False also while another worker asks.
    """
    mine = FollowedEvidence.objects.filter(rests_until__lte=at).update(rests_until=at + LEASE)
    if not mine:
        return False
    began, more = monotonic(), False
    for question in _due(at):
        if monotonic() > began + TURN_SECONDS:
            more = True
            break
        _ask(question)
    rest = timedelta(seconds=(monotonic() - began) * (1 / SHARE - 1))
    FollowedEvidence.objects.update(rests_until=timezone.now() + rest)
    return more


def _due(at: datetime) -> Iterator[LiveQuestion]:
    waiting = LiveQuestion.objects.filter(Q(touched_at__isnull=False) | Q(unsettled_at__isnull=False))
    questions = list(waiting.select_related("incident", "watch").order_by(F("asked_at").asc(nulls_first=True), "pk"))
    count = LiveQuestion.objects.count()
    for question in questions:
        if question.asked_at is None or _earliest(question, count=count) <= at:
            yield question


def _earliest(question: LiveQuestion, *, count: int) -> datetime:
    """Return when a question may be asked again that was asked before."""
    asked_at, took = question.asked_at or question.touched_at, timedelta(milliseconds=question.took_ms)
    assert asked_at is not None  # noqa: S101  what is due is touched or was asked
    if question.problem:
        return asked_at + AFTER_A_FAILURE
    if question.touched_at is not None:
        return asked_at + max(SOONEST, TIMES_TOOK * took)
    return asked_at + max(SETTLED_WITHIN, took * count / SETTLING_SHARE)


def _ask(question: LiveQuestion) -> None:
    """Ask one question. That it was tried is written first, so that one that fails waits behind the others."""
    began, at = monotonic(), timezone.now()
    LiveQuestion.objects.filter(pk=question.pk).update(asked_at=at)
    try:
        _ask_again(question, at=at)
        problem = ""
    except (DomainError, OperationalError) as error:
        problem = error.message if isinstance(error, DomainError) else "The database did not answer in time."
        logger.exception("A question could not be asked by itself.", extra={"of": _name(question)})
    took_ms = round((monotonic() - began) * 1000)
    rows = LiveQuestion.objects.filter(pk=question.pk)
    rows.update(took_ms=took_ms, problem=problem[:500])
    if not problem:
        rows.filter(touched_at=question.touched_at).update(touched_at=None)
        rows.filter(unsettled_at=question.unsettled_at).update(unsettled_at=None)


def _ask_again(question: LiveQuestion, *, at: datetime) -> None:
    asked = asked_by(question)
    meant, actor = meaning(asked.given, team_id=asked.team_id).question, eyes(asked.team_id)
    if question.watch is not None:
        count = look(question.watch, meant, actor=actor, at=at)
        if count:
            logger.info("A watch found something.", extra={"of": _name(question), "hit_count": count})
        return
    run = ask_if_different(UUID(_name(question)), question=meant, given=asked.given, actor=actor, at=at)
    if run is not None:
        logger.info("New evidence changed an answer.", extra={"of": _name(question), "run": run.number})


def _name(question: LiveQuestion) -> str:
    of = question.incident or question.watch
    return "" if of is None else str(of.public_id)
