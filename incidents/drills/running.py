"""Start a drill, and run it: answer, count by hand, see that a block would hold. Nothing is blocked or opened."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import timedelta
from time import perf_counter
from typing import TYPE_CHECKING, Final

from django.db import transaction
from django.utils import timezone

from incidents.drills.by_hand import count_by_hand, running_digests
from incidents.drills.picking import pick_component
from incidents.drills.planting import growth_of, plant
from incidents.drills.telling import tell
from incidents.impact.answer import Status
from incidents.impact.question import Question
from incidents.models import Drill, DrillResult
from incidents.pasted import read_text
from incidents.response import runs
from inventory.identity.purls import PurlError, parse_purl
from inventory.policy.hits import find_hits_of
from inventory.policy.models import BlockKind
from inventory.policy.selectors import read_selector
from supplychain.access import audit
from supplychain.access.actors import system_actor
from supplychain.errors import DomainError, ErrorDetail

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from supplychain.access.actors import Actor
    from supplychain.access.audit import JSON

TARGET_MS = 60_000
"""The list within a minute: the target of the stage Response."""
MOST_MISSING = 100
_FOUND: Final = frozenset({Status.AFFECTED, Status.POSSIBLE})
WAITS_FOR = timedelta(hours=1)
"""A drill that nobody ran by then measures nothing any more; it stays, without a result."""


class DrillRefusedError(DomainError):
    """A drill asks of the whole organisation, and so does who starts one."""

    def __init__(self) -> None:
        super().__init__("sees_not_all", "Only who sees all teams starts a drill.", status=403)


class BadDrillError(DomainError):
    """What is to be rehearsed is no package of a version."""

    def __init__(self) -> None:
        message = "A drill rehearses one purl with a version, as pkg:npm/lodash@4.17.20; without it one is picked."
        super().__init__("bad_drill", message, details=(ErrorDetail("/component", "bad_drill", message),))


class NotGrownError(DomainError):
    """What was planted cannot be found."""

    def __init__(self, count: int) -> None:
        super().__init__("not_searchable", f"{count} of the planted documents are not searchable.", status=409)


class DrillNotFoundError(DomainError):
    """There is no such drill."""

    def __init__(self) -> None:
        super().__init__("not_found", "There is no such drill.", status=404)


def start_drill(component: str, *, actor: Actor, at: datetime) -> Drill:
    """Note that a drill is to be run; a worker does it. Raises DrillRefusedError, BadDrillError."""
    if not actor.sees_all:
        raise DrillRefusedError
    return _start(Drill(component=_checked(component), started_by=actor.label, started_at=at), actor=actor)


def start_planted_drill(*, actor: Actor, at: datetime) -> Drill:
    """Plant a compromise, and note that it is to be found; not inside a transaction.

    Raises DrillRefusedError, NoDrillTeamError.
    """
    if not actor.sees_all:
        raise DrillRefusedError
    planted = plant(actor=actor, at=at)
    drill = Drill(component=planted.component, planted=list(planted.documents), started_by=actor.label, started_at=at)
    with transaction.atomic():
        return _start(drill, actor=actor)


def _start(drill: Drill, *, actor: Actor) -> Drill:
    drill.save(force_insert=True)
    details: dict[str, JSON] = {"component": drill.component or None, "planted_count": len(drill.planted)}
    audit.record(actor, "drill.started", subject=str(drill.public_id), details=details, at=drill.started_at)
    return drill


def find_drill(public_id: UUID) -> Drill:
    """Return a drill with its result, if it has one. Raises DrillNotFoundError."""
    drill = Drill.objects.select_related("result").filter(public_id=public_id).first()
    if drill is None:
        raise DrillNotFoundError
    return drill


@dataclass(frozen=True, slots=True)
class Turn:
    """Drills that were run, and those left because what they planted is not searchable yet."""

    run_count: int
    left_count: int


def run_waiting(at: datetime) -> Turn:
    """Run the drills of the last hour that have no result yet and whose documents settled, the oldest first."""
    waiting = list(Drill.objects.filter(result__isnull=True, started_at__gt=at - WAITS_FOR).order_by("pk"))
    ready = [one for one in waiting if not (one.planted and growth_of(one).waiting_count)]
    for one in ready:
        run_drill(one.public_id)
    return Turn(len(ready), len(waiting) - len(ready))


def run_drill(public_id: UUID) -> DrillResult:
    """Run a drill that was started, and keep what came of it; the first result stands, whoever runs it again."""
    drill = find_drill(public_id)
    known: DrillResult | None = getattr(drill, "result", None)
    if known is not None:
        return known
    result = _measure(drill, began=timezone.now())
    DrillResult.objects.bulk_create([result], ignore_conflicts=True)
    kept = DrillResult.objects.get(drill=drill)
    audit.record(
        system_actor("drill"),
        "drill.finished",
        subject=str(drill.public_id),
        details={
            "component": kept.component,
            "is_passed": kept.is_passed,
            "list_ms": kept.list_ms,
            "notify_ms": kept.notify_ms,
            "found_count": kept.found_count,
            "expected_count": kept.expected_count,
            "problem": kept.problem or None,
        },
        at=kept.finished_at,
    )
    return kept


def _checked(component: str) -> str:
    if not component:
        return ""
    try:
        purl = parse_purl(component)
    except PurlError as error:
        raise BadDrillError from error
    if not purl.version:
        raise BadDrillError
    return component


def _measure(drill: Drill, *, began: datetime) -> DrillResult:
    """Answer first, with the stopwatch; what is compared with it comes after."""
    component = drill.component or pick_component(random.SystemRandom())
    waited_ms = max(0, round((began - drill.started_at).total_seconds() * 1000))
    result = DrillResult(drill=drill, component=component, waited_ms=waited_ms, is_passed=False)
    try:
        if component:
            _answer_and_compare(drill, result)
        result.problem = _problem(result)
    except DomainError as error:
        result.problem = error.message[:500]
    result.is_passed = not result.problem
    result.finished_at = timezone.now()
    return result


def _answer_and_compare(drill: Drill, result: DrillResult) -> None:
    planted = {one["digest"] for one in drill.planted}
    if planted:
        _measure_growth(drill, result)
    actor, clock = system_actor("drill"), perf_counter()
    question = Question(indicators=read_text(result.component).indicators)
    answered = runs.ask(question, actor=actor, at=timezone.now())
    matching = [row for row in answered.rows if row.status in _FOUND and (planted or row.running)]
    listed = {row.artifact.digest for row in matching if row.artifact.digest}
    result.list_ms = _since(clock)
    result.answer_hash, result.listed_count = answered.answer_hash, len(listed)
    result.blocked_count = _blocked(result.component, sorted(listed))
    result.block_ms = _since(clock)
    told = tell(drill, component=result.component, listed_count=len(listed))
    result.channel_count, result.told_count = told.channel_count, told.told_count
    if told.channel_count and told.told_count == told.channel_count:
        result.notify_ms = _since(clock)
    _compare(result, listed=listed, planted=planted)


def _measure_growth(drill: Drill, result: DrillResult) -> None:
    growth = growth_of(drill)
    left = growth.waiting_count + growth.failed_count
    if growth.searchable_at is None:
        raise NotGrownError(left)
    result.searchable_ms = max(0, round((growth.searchable_at - drill.started_at).total_seconds() * 1000))


def _compare(result: DrillResult, *, listed: set[str], planted: set[str]) -> None:
    """Hold the list to a count by hand; what was planted is expected whatever that count says."""
    hand = perf_counter()
    counted = count_by_hand(result.component, among=planted or running_digests())
    result.count_ms = _since(hand)
    result.document_count, result.unread_count = counted.document_count, counted.unread_count
    expected = counted.digests | planted
    result.expected_count, result.found_count = len(expected), len(expected & listed)
    result.missing = sorted(expected - listed)[:MOST_MISSING]


def _blocked(component: str, digests: list[str]) -> int:
    """Count what a block of this version would hit, as the gate asks it; none is set, and nothing is refused."""
    if not digests:
        return 0
    hits = find_hits_of(read_selector(BlockKind.PACKAGE, {"purl": component}), digests, at=timezone.now())
    return sum(bool(hits.get(digest)) for digest in digests)


def _problem(result: DrillResult) -> str:
    if not result.component:
        return "Nothing that runs has an SBOM that names a component: there is nothing to rehearse."
    if not result.expected_count:
        return "The count by hand found it nowhere that runs: pick another component."
    if result.found_count < result.expected_count:
        return f"{result.expected_count - result.found_count} {_what(result)} hold it and were not listed."
    if result.blocked_count < result.listed_count:
        return f"A block would miss {result.listed_count - result.blocked_count} of those listed."
    if result.told_count < result.channel_count:
        left = result.channel_count - result.told_count
        return f"{left} of {result.channel_count} channels that are marked for drills were not told in time."
    if (result.list_ms or 0) > TARGET_MS:
        return "The list took longer than a minute."
    return ""


def _what(result: DrillResult) -> str:
    return "planted artifacts" if result.searchable_ms is not None else "running artifacts"


def _since(clock: float) -> int:
    return round((perf_counter() - clock) * 1000)
