"""What is other than in the answer before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from incidents.response.between import Between, Side
from incidents.timeline import IncidentNotFoundError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from incidents.impact.answer import Row
    from incidents.response.differences import BuildDifference
    from incidents.views.panels.page import IncidentPage, PanelContext

SHOWN = 100
"""Rows of each kind that are shown; all are behind the address of the difference."""
_KINDS = ("added", "stopped", "started", "changed", "retracted")


@dataclass(frozen=True, slots=True)
class Kind:
    """Rows that are other in the same way; of `changed` each behind what it was."""

    rows: Sequence[Row] | Sequence[tuple[Row, Row]]
    count: int

    @property
    def more_count(self) -> int:
        return self.count - len(self.rows)


@dataclass(frozen=True, slots=True)
class Changed:
    """All that is other."""

    kinds: dict[str, Kind]
    builds: BuildDifference
    unchanged_count: int

    @property
    def is_empty(self) -> bool:
        return self.builds.is_empty and not any(kind.count for kind in self.kinds.values())


def changes(page: IncidentPage) -> PanelContext | None:
    """Return the difference to the answer before; nothing for the first."""
    if page.run.number == 1:
        return None
    earlier = page.incident.runs.light().filter(number=page.run.number - 1).first()
    if earlier is None:
        raise IncidentNotFoundError
    earlier.incident = page.incident
    between = Between(Side(earlier, actor=page.actor), Side(page.run, actor=page.actor, kept=page.kept))
    found = page.kept.once("changes", lambda: _changed(between)) if page.is_whole else _changed(between)
    return {
        "earlier": earlier,
        "changes": found,
        "all": f"/api/v1/incidents/{page.incident.public_id}/queries/{page.run.number}/diff",
    }


def _changed(between: Between) -> Changed:
    known = between.changes
    whole = between.rows(None if known is None else known.first(SHOWN))
    counts = {name: len(getattr(known or whole, name)) for name in _KINDS}
    kinds = {name: Kind(getattr(whole, name)[:SHOWN], counts[name]) for name in _KINDS}
    return Changed(kinds, between.builds(), whole.unchanged_count)
