"""What an answer says of each of its rows, in a byte: status, effect, and whether anything runs it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from incidents.impact.answer import Effect, Status

if TYPE_CHECKING:
    from incidents.impact.answer import Row

STATUSES: Final = tuple(Status)
_STATUS, _BUILD, _RUNS = 0b0011, 0b0100, 0b1000


def verdict_of(row: Row) -> int:
    """Return the byte of a row."""
    return STATUSES.index(row.status) | (_BUILD * (row.effect is Effect.BUILD)) | (_RUNS * row.running)


def status_of(verdict: int) -> Status:
    return STATUSES[verdict & _STATUS]


def effect_of(verdict: int) -> Effect:
    return Effect.BUILD if verdict & _BUILD else Effect.RUNTIME


def runs(verdict: int) -> bool:
    return bool(verdict & _RUNS)
