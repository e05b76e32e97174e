"""What a look-up of artifacts finds, and how it is asked: the seam of all that answers indicators."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from uuid import UUID

    from incidents.impact.answer import Via
    from inventory.graph.one_state import Statement


@dataclass(frozen=True, slots=True)
class ArtifactMatch:
    """An artifact is itself what an indicator names, or may be; or a rule excludes it; or nobody can tell.

    `match_class` as in statements.py, so odd where only its build was exposed, 8 unknown. What is cleared or unknown
    counts where it runs. `confidence` in percent; `evidence` and `pointer` say which document tells, and where.
    """

    artifact_id: int
    indicator: int
    match_class: int
    reason: str
    confidence: int = 100
    evidence: UUID | None = None
    pointer: str | None = None
    via: tuple[Via, ...] = ()


Match = TypeVar("Match")


@dataclass(frozen=True, slots=True)
class Lookup(Generic[Match]):
    """A statement, and what its rows mean."""

    statement: Statement[Any]
    read: Callable[[Iterable[Any]], Iterable[Match]]
