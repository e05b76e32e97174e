"""What is proposed, what is to be done in groups, and, folded, what binds and what is done."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from incidents.models import Stage
from incidents.response.moves import BINDING
from incidents.views.grouping import Grouping, grouped, kind_words
from incidents.views.lines import Line, line_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from incidents.models import ActionKind
    from incidents.response.proposals import Proposal
    from incidents.views.panels.page import IncidentPage, PanelContext

PROPOSALS_SHOWN = 60
LINES_SHOWN = 300


@dataclass(frozen=True, slots=True)
class Proposed:
    """The proposals of one kind: how many, and the first of them. `binds`: in force as soon as they are taken."""

    kind: str
    title: str
    count: int
    shown: Sequence[Proposal]
    binds: bool

    @property
    def more_count(self) -> int:
        return self.count - len(self.shown)


@dataclass(frozen=True, slots=True)
class Folded:
    """Actions that are over, or bind: there to be looked up, and changed with a reason."""

    form: str
    title: str
    asks: str
    all: Sequence[Line]

    @property
    def lines(self) -> Sequence[Line]:
        return self.all[:LINES_SHOWN]

    @property
    def count(self) -> int:
        return len(self.all)

    @property
    def may_end(self) -> bool:
        return any(line.moves for line in self.all)


def containment(page: IncidentPage) -> PanelContext | None:
    """Return proposals and actions; nothing for an earlier answer, which is no place to act from."""
    if not page.is_newest or not (page.actions or page.proposals or page.runs_it):
        return None
    is_open = page.incident.stage != Stage.CLOSED
    runs_it = page.may_respond and page.is_whole
    lines = [
        line_of(one, actor=page.actor, runs_it=runs_it, now=page.now, endings=page.endings) for one in page.actions
    ]
    opened = [line for line in lines if line.is_open]
    binding = [line for line in lines if line.is_in_force]
    ended = [line for line in lines if not line.is_open and not line.is_in_force]
    late_count = sum(line.is_late for line in opened)
    return {
        "ending": [line for line in binding if line.ending is not None],
        "proposed": _proposed(page.proposals_by_kind),
        "proposal_count": len(page.proposals),
        "groups": grouped(opened[:LINES_SHOWN], by=page.grouping),
        "groupings": [(one.value, one is page.grouping) for one in Grouping],
        "open_count": len(opened),
        "unshown_count": max(0, len(opened) - LINES_SHOWN),
        "late_count": late_count,
        "may_move": is_open and any(line.moves for line in opened),
        "folded": [
            Folded("in-force", "In force", "Reason, to lift one of them", binding),
            Folded("ended", "Done, lifted or withdrawn", "Why one of them is not done after all", ended),
        ],
        "count": len(lines),
        "runs_it": page.runs_it,
        "teams": [one.team.slug for one in page.concerned] if page.runs_it else [],
        "query": page.query,
        "hides_owner": page.grouping is Grouping.OWNER,
        "badge": f"{late_count} late" if late_count else len(opened) or "",
    }


def _proposed(proposals: Mapping[ActionKind, Sequence[Proposal]]) -> list[Proposed]:
    shown = max(10, PROPOSALS_SHOWN // max(1, len(proposals)))
    return [
        Proposed(kind.value, kind_words(kind), len(some), some[:shown], kind in BINDING)
        for kind, some in proposals.items()
    ]
