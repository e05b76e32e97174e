"""What a part of an incident's page is told: each thing is read once, however many parts show it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from django.template.loader import render_to_string

from incidents.models import Stage
from incidents.recovery.standing import recovery_of
from incidents.response.actions import actions_for
from incidents.response.clocks import clocks_of
from incidents.response.part import part_of_kept
from incidents.response.proposals import Proposals, propose, seen_by
from incidents.response.rounds import credentials_of
from incidents.views import answer
from incidents.views.grouping import Grouping
from incidents.views.narrowing import Narrowed
from inventory.policy.blocks import blocks_of
from supplychain.access.models import Team
from supplychain.access.scopes import Scope

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from uuid import UUID

    from django.utils.safestring import SafeString

    from incidents.models import ActionKind, ContainmentAction, Incident, IncidentTeam, QueryRun
    from incidents.recovery.standing import Recovery
    from incidents.response.answers import KeptAnswer
    from incidents.response.clocks import Clock
    from incidents.response.credentials import Credential
    from incidents.response.part import Part
    from incidents.response.proposals import Proposal
    from inventory.policy.models import Block
    from supplychain.access.actors import Actor
    from supplychain.web.refusals import Refusal


SERVICES_SHOWN = 20
"""Services whose proofs are shown, of those that are left and of those that are over."""


@dataclass(frozen=True)
class IncidentPage:
    """Which incident is shown to whom, with which of its answers, and how the reader wants it."""

    incident: Incident
    kept: KeptAnswer
    actor: Actor
    now: datetime
    narrowed: Narrowed = field(default_factory=Narrowed)
    grouping: Grouping = Grouping.OWNER
    refused: Refusal | None = None

    @property
    def run(self) -> QueryRun:
        return self.kept.run

    @property
    def is_newest(self) -> bool:
        return self.run.number == self.incident.run_count

    @property
    def is_whole(self) -> bool:
        return self.incident.is_whole_for(self.actor)

    @property
    def may_respond(self) -> bool:
        return self.actor.can(Scope.INCIDENTS_WRITE)

    @property
    def runs_it(self) -> bool:
        """Whether the reader may act: who runs the incident, while it is open, from its newest answer."""
        return self.may_respond and self.is_whole and self.incident.stage != Stage.CLOSED and self.is_newest

    @cached_property
    def part(self) -> Part:
        """What the reader may see of the answer."""
        return part_of_kept(self.kept, actor=self.actor)

    @cached_property
    def credentials(self) -> Sequence[Credential]:
        """All that the answer says was in reach; what is shown of it goes through what the reader may see."""
        return credentials_of(self.kept.basis, incident=self.incident, actor=self.actor)

    @cached_property
    def recovery(self) -> Recovery | None:
        """Where the services stand; None beside an earlier answer, which says nothing of it."""
        if not self.is_newest:
            return None
        return recovery_of(
            self.incident,
            actor=self.actor,
            at=self.now,
            kept=self.kept,
            credentials=self.credentials,
            most=SERVICES_SHOWN,
        )

    @cached_property
    def actions(self) -> Sequence[ContainmentAction]:
        return list(actions_for(self.incident, actor=self.actor).order_by("number"))

    @cached_property
    def endings(self) -> Mapping[UUID, Block]:
        """The blocks that bind for this incident and of which one person has asked for the end, by their ids."""
        asked = blocks_of(self.incident.public_id).filter(lift_asked_by__isnull=False, ends_at__isnull=True)
        return {block.public_id: block for block in asked} if self.is_whole else {}

    @cached_property
    def proposals(self) -> Proposals:
        """What the newest answer gives rise to; nothing once the incident is closed."""
        if not self.is_newest or self.incident.stage == Stage.CLOSED:
            return Proposals.nothing(self.kept.basis)
        slugs = set(Team.objects.filter(pk__in=sorted(self.actor.team_ids or ())).values_list("slug", flat=True))
        found = propose(
            self.incident,
            answer=self.kept.basis,
            asked_at=self.now,
            actor=self.actor,
            credentials=self.credentials,
        )
        return seen_by(found, incident=self.incident, actor=self.actor, slugs=slugs)

    @cached_property
    def proposals_by_kind(self) -> Mapping[ActionKind, Sequence[Proposal]]:
        return self.proposals.by_kind()

    @cached_property
    def concerned(self) -> Sequence[IncidentTeam]:
        """The teams it concerns, as far as the reader may know of them."""
        found = self.incident.teams.select_related("team").order_by("team__slug")
        return [one for one in found if self.actor.sees_all or one.team_id in (self.actor.team_ids or ())]

    @cached_property
    def clocks(self) -> Sequence[Clock]:
        """What must be reported; nothing for who sees a part."""
        return clocks_of(self.incident, self.incident.reports.all(), at=self.now) if self.is_whole else ()

    @property
    def address(self) -> str:
        """Where this answer is: the incident's own address for the newest."""
        base = f"/incidents/{self.incident.public_id}"
        return base if self.is_newest else f"{base}/queries/{self.run.number}"

    @property
    def query(self) -> str:
        """How the reader wants it, as an address asks for it."""
        grouped = "" if self.grouping is Grouping.OWNER else f"group={self.grouping}"
        return "&".join(part for part in (self.narrowed.query, grouped) if part)


def answer_context(page: IncidentPage) -> Mapping[str, object]:
    """Return what every part is rendered with: the incident, and the answer that is shown."""
    part = page.part
    return {
        "page": page,
        "incident": page.incident,
        "run": page.run,
        "header": part.header,
        "data_as_of": page.run.data_as_of,
        "tiles": answer.tiles(part.summary),
        "now": page.now,
        "refused": page.refused,
        **(page.kept.once("about", lambda: answer.about(part.header)) if page.is_whole else answer.about(part.header)),
    }


PanelContext = Mapping[str, object]
"""What the panel's template is rendered with, under the name `panel`."""


@dataclass(frozen=True, slots=True)
class Panel:
    """One part: its name in the page's address, its title in the list of parts ('' for none), and what fills it.

    None leaves the part out. The context's `badge` stands beside the title in the list, `tone` colours it. `of_answer`
    names what a part shows that tells the answer and nothing else, not even whose form it is: then it is drawn once,
    for all who see the whole of it. '' where it is not so.
    """

    name: str
    title: str
    template: str
    context: Callable[[IncidentPage], PanelContext | None]
    key: str = ""
    of_answer: Callable[[IncidentPage], str] = lambda _: ""


@dataclass(frozen=True, slots=True)
class Filled:
    """A part as it is drawn: its template's context, or already the text."""

    panel: Panel
    context: PanelContext | None
    drawn: SafeString | None = None

    @property
    def badge(self) -> object:
        return "" if self.context is None else self.context.get("badge", "")


def fill(panels: Sequence[Panel], page: IncidentPage) -> list[Filled]:
    return [_filled(panel, page) for panel in panels]


def always(_: IncidentPage) -> str:
    """Say that a part tells the answer and nothing else."""
    return "always"


def _filled(panel: Panel, page: IncidentPage) -> Filled:
    name = panel.of_answer(page) if page.is_whole else ""
    if not name:
        return Filled(panel, panel.context(page))
    context = page.kept.once(f"{panel.name}, {name}", lambda: panel.context(page))
    if context is None:
        return Filled(panel, None)

    def draw() -> SafeString:
        return render_to_string(panel.template, {**answer_context(page), "panel": context})

    return Filled(panel, context, page.kept.once(f"{panel.name}, {name}, drawn", draw))
