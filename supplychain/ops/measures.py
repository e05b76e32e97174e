"""Read what all processes counted by the minute (reporter.py), as numbers and as bars."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Sum

from supplychain.ops.models import Measure

_MINUTE = timedelta(minutes=1)
CHART_HEIGHT = 100


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of a chart, in its units: x from the left, y from the top."""

    x: int
    y: float
    height: float


@dataclass(frozen=True, slots=True)
class Chart:
    """A series of equal steps of time up to `ends_at`; `highest` and `last` are the values the bars stand for."""

    bars: tuple[Bar, ...]
    width: int
    highest: float
    last: float
    began_at: datetime
    ends_at: datetime


def rate_of(name: str, *, at: datetime, minutes: int) -> float:
    """Return how many a minute there were, over whole minutes alone."""
    end = at.replace(second=0, microsecond=0)
    rows = Measure.objects.filter(name=name, minute__gte=end - minutes * _MINUTE, minute__lt=end)
    return (rows.aggregate(total=Sum("count"))["total"] or 0) / minutes


def chart_of_counts(name: str, *, at: datetime, steps: int, step_minutes: int) -> Chart:
    """Return documents a minute, each bar an average over a step."""
    return _chart(name, "count", at=at, steps=steps, step_minutes=step_minutes)


def chart_of_worst(name: str, *, at: datetime, steps: int, step_minutes: int, scale: float = 0.0) -> Chart:
    """Return the largest value of each step, drawn on a scale of at least `scale`, so that little looks little."""
    return _chart(name, "worst", at=at, steps=steps, step_minutes=step_minutes, scale=scale)


def _chart(name: str, column: str, *, at: datetime, steps: int, step_minutes: int, scale: float = 0.0) -> Chart:
    end = at.replace(second=0, microsecond=0) + _MINUTE
    step = step_minutes * _MINUTE
    begin = end - steps * step
    values = [0.0] * steps
    for minute, value in Measure.objects.filter(name=name, minute__gte=begin, minute__lt=end).values_list(
        "minute", column
    ):
        index = (minute - begin) // step
        values[index] = max(values[index], value) if column == "worst" else values[index] + value / step_minutes
    highest = max(values)
    bars = (_bar(index, value / max(highest, scale)) for index, value in enumerate(values) if value > 0)
    return Chart(tuple(bars), width=steps, highest=highest, last=values[-1], began_at=begin, ends_at=end)


def _bar(index: int, share: float) -> Bar:
    height = max(1.0, share * CHART_HEIGHT)  # what happened is seen, however small it was
    return Bar(index, CHART_HEIGHT - height, height)
