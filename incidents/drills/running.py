"""Start a drill, and run it: answer, count by hand, see that a block would hold. Nothing is blocked or opened."""

from __future__ import annotations

import random
from datetime import timedelta
from time import perf_counter
from typing import TYPE_CHECKING

from django.utils import timezone

from incidents.drills.by_hand import count_by_hand
from incidents.drills.picking import pick_component
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

TARGET_MS = 60_000
"""The list within a minute: the target of the stage Response."""
MOST_MISSING = 100
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


class DrillNotFoundError(DomainError):
    """There is no such drill."""

    def __init__(self) -> None:
        super().__init__("not_found", "There is no such drill.", status=404)


def start_drill(component: str, *, actor: Actor, at: datetime) -> Drill:
    """Note that a drill is to be run; a worker does it. Raises DrillRefusedError, BadDrillError."""
    if not actor.sees_all:
        raise DrillRefusedError
    drill = Drill.objects.create(component=_checked(component), started_by=actor.label, started_at=at)
    audit.record(
        actor, "drill.started", subject=str(drill.public_id), details={"component": drill.component or None}, at=at
    )
    return drill


def find_drill(public_id: UUID) -> Drill:
    """Return a drill with its result, if it has one. Raises DrillNotFoundError."""
    drill = Drill.objects.select_related("result").filter(public_id=public_id).first()
    if drill is None:
        raise DrillNotFoundError
    return drill


def run_waiting(at: datetime) -> int:
    """Run the drills of the last hour that have no result yet, the oldest first; how many there were."""
    waiting = Drill.objects.filter(result__isnull=True, started_at__gt=at - WAITS_FOR).order_by("pk")
    ids = list(waiting.values_list("public_id", flat=True))
    for public_id in ids:
        run_drill(public_id)
    return len(ids)


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
            _answer_and_compare(result)
        result.problem = _problem(result)
    except DomainError as error:
        result.problem = error.message[:500]
    result.is_passed = not result.problem
    result.finished_at = timezone.now()
    return result


def _answer_and_compare(result: DrillResult) -> None:
    actor, clock = system_actor("drill"), perf_counter()
    question = Question(indicators=read_text(result.component).indicators)
    answered = runs.ask(question, actor=actor, at=timezone.now())
    matching = [row for row in answered.rows if row.status in {Status.AFFECTED, Status.POSSIBLE} and row.running]
    listed = {row.artifact.digest for row in matching if row.artifact.digest}
    result.list_ms = _since(clock)
    result.answer_hash, result.listed_count = answered.answer_hash, len(listed)
    result.blocked_count = _blocked(result.component, sorted(listed))
    result.block_ms = _since(clock)
    hand = perf_counter()
    counted = count_by_hand(result.component)
    result.count_ms = _since(hand)
    result.document_count, result.unread_count = counted.document_count, counted.unread_count
    result.expected_count, result.found_count = len(counted.digests), len(counted.digests & listed)
    result.missing = sorted(counted.digests - listed)[:MOST_MISSING]


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
        return f"{result.expected_count - result.found_count} running artifacts hold it and were not listed."
    if result.blocked_count < result.listed_count:
        return f"A block would miss {result.listed_count - result.blocked_count} of those listed."
    if (result.list_ms or 0) > TARGET_MS:
        return "The list took longer than a minute."
    return ""


def _since(clock: float) -> int:
    return round((perf_counter() - clock) * 1000)
