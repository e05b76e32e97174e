"""The operations page: is everything that was accepted being worked on, and will it be tomorrow.

It is about the whole installation, so only those who see every team may open it; for others it is not there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.http import Http404
from django.utils import timezone
from django.views.decorators.http import require_safe

from inventory.graph.backlog import (
    read_backlog,
    read_backlog_by_team,
    read_failures,
    read_quarantined,
)
from inventory.graph.receipts import public_ids
from inventory.graph.statements import bounded
from inventory.models import State
from supplychain.access.actors import actor_of
from supplychain.access.scopes import Scope
from supplychain.ops.capacity import read_capacity
from supplychain.ops.costs import read_server_statements, read_slow
from supplychain.ops.findings import find_all
from supplychain.ops.measures import chart_of_counts, chart_of_worst, rate_of
from supplychain.ops.processes import is_silent, read_beats
from supplychain.web.pages import show, signed_in

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from django.http import HttpRequest, HttpResponse

    from supplychain.ops.models import ProcessBeat

_STEPS, _STEP_MINUTES = 72, 5
_CALM_SECONDS = 10.0
"""A backlog that is younger does not fill its chart."""
_TEAMS_SHOWN = 20
_ROWS_SHOWN = 10
_PROCESSES_SHOWN = 100
_RED_FIRST = {"danger": 0, "warning": 1, "unknown": 2, "good": 3}
_EVIDENCE = "evidence:"


@dataclass(frozen=True, slots=True)
class Process:
    """A process as the page shows it; `evidence` is the receipt of the document it works on."""

    beat: ProcessBeat
    is_silent: bool
    evidence: UUID | None


@require_safe
@signed_in(Scope.INVENTORY_READ)
def operations(request: HttpRequest) -> HttpResponse:
    actor, at = actor_of(request), timezone.now()
    if not actor.sees_all:
        raise Http404
    with bounded():
        context = {"section": "/ops", "now": at, **_documents(at), **_machines(at)}
    context["may_retry"] = actor.can(Scope.EVIDENCE_WRITE)
    context["findings"] = sorted(find_all(at), key=lambda finding: _RED_FIRST[finding.level])
    return show(request, page="ops/page.html", fragment="ops/_board.html", context=context)


def _documents(at: datetime) -> dict[str, object]:
    backlog, failures = read_backlog(), read_failures()
    return {
        "backlog": backlog,
        "backlog_seconds": backlog.age_seconds(at),
        "backlog_chart": chart_of_worst(
            "backlog.age_seconds", at=at, steps=_STEPS, step_minutes=_STEP_MINUTES, scale=_CALM_SECONDS
        ),
        "throughput_chart": chart_of_counts("documents.applied", at=at, steps=_STEPS, step_minutes=_STEP_MINUTES),
        "applied_rate": rate_of("documents.applied", at=at, minutes=5),
        "teams": read_backlog_by_team(limit=_TEAMS_SHOWN),
        "failures": failures,
        "quarantined_count": sum(failure.count for failure in failures if failure.state == State.QUARANTINED),
        "quarantined": read_quarantined(limit=_ROWS_SHOWN),
    }


def _machines(at: datetime) -> dict[str, object]:
    return {
        "processes": _processes(at),
        "capacity": read_capacity(at=at),
        "slow": read_slow(limit=_ROWS_SHOWN),
        "server_statements": read_server_statements(limit=_ROWS_SHOWN),
    }


def _processes(at: datetime) -> list[Process]:
    beats = read_beats(limit=_PROCESSES_SHOWN)
    rows = {int(beat.doing.removeprefix(_EVIDENCE)): beat for beat in beats if beat.doing.startswith(_EVIDENCE)}
    receipts = public_ids(rows)
    doing = {rows[row].id: receipts.get(row) for row in rows}
    return [Process(beat, is_silent(beat, at=at), doing.get(beat.id)) for beat in beats]
