"""Tries that failed: each leaves its reason with the document, also when a later one succeeds.

A worker that died could write nothing down. That its try failed shows in the count of tries alone.
"""

from __future__ import annotations

import os
import socket
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db.models import F, JSONField, Value
from django.db.models.expressions import CombinedExpression

from inventory.models import READABLE, EvidenceState, State

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

    from inventory.ingest.held import Claim

_ENDED = (*READABLE, State.REJECTED)
UNTOLD = "It left no word: its worker was killed or crashed, or ran before failures were kept."


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a try failed; the message is shown on the receipt when it was the last."""

    code: str
    message: str
    error: str = ""
    """The class of the exception."""
    place: str = ""
    """Where in our code it failed: file, line, function."""
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class FailedTry:
    """One try that failed, as the receipt tells it."""

    attempt: int
    code: str
    message: str
    error: str = ""
    place: str = ""
    worker: str = ""
    at: str | None = None
    seconds: float | None = None


def place_of(error: Exception) -> str:
    """Name the innermost place in our own code that an exception came through."""
    place, trace = "", error.__traceback__
    while trace is not None:
        place, trace = _named(trace) or place, trace.tb_next
    return place


def noting(claim: Claim, failure: Failure) -> CombinedExpression:
    """Make the value of `failed_tries` that has this try too."""
    one = FailedTry(
        claim.attempt,
        failure.code,
        failure.message,
        failure.error,
        failure.place,
        f"{socket.gethostname()}:{os.getpid()}",
        datetime.now(UTC).isoformat(timespec="milliseconds"),
        failure.seconds,
    )
    added = Value([asdict(one)], JSONField())
    return CombinedExpression(F("failed_tries"), "||", added, output_field=JSONField())


def failed_tries(state: EvidenceState) -> Sequence[dict[str, Any]]:
    """Return the tries of a document that failed, those of workers that died among them."""
    told = {one["attempt"]: one for one in state.failed_tries}
    is_last_no_failure = state.state in (*_ENDED, State.PROCESSING)
    count = state.attempts - is_last_no_failure
    untold = (asdict(FailedTry(attempt, "worker_died", UNTOLD)) for attempt in range(1, count + 1))
    return [told.get(one["attempt"], one) for one in untold]


def _named(trace: TracebackType) -> str:
    code = trace.tb_frame.f_code
    path = Path(code.co_filename)
    if not path.is_relative_to(settings.BASE_DIR) or ".venv" in path.parts:
        return ""
    return f"{path.relative_to(settings.BASE_DIR)}:{trace.tb_lineno} {code.co_name}"
