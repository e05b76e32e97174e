"""The page of what runs outside the expected pipeline, and the picture of a trace."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from django.views.decorators.http import require_safe

from inventory.graph.pipeline import PipelineClass, PipelineFilter, PipelineKey, read_pipeline
from inventory.graph.runtime import WITHOUT_DIGEST, list_clusters
from inventory.graph.statements import bounded
from inventory.graph.trace_links import LinkState
from supplychain.access.actors import actor_of
from supplychain.access.scopes import Scope
from supplychain.api.parameters import read_choice, read_text
from supplychain.web.pages import show, signed_in
from supplychain.web.paging import PAGE_SIZE, listing, read_place

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from inventory.graph.pipeline import PipelineSummary
    from inventory.graph.trace import Trace
    from inventory.graph.trace_links import Boundary, Link

MAX_CLUSTERS_TO_CHOOSE = 200
_TONES = {
    PipelineClass.UNEXPECTED: "danger",
    PipelineClass.NONE: "unknown",
    PipelineClass.UNVERIFIABLE: "warning",
    PipelineClass.EXPECTED: "good",
}
_ICONS = {
    "source": "git-branch",
    "review": "eye-check",
    "commit": "git-commit",
    "workflow": "settings-automation",
    "builder": "hammer",
    "digest": "fingerprint",
    "signature": "signature",
    "tags": "tag",
    "admission": "shield-check",
    "workloads": "server-2",
}


@dataclass(frozen=True, slots=True)
class Node:
    """A link as it is drawn."""

    link: Link
    icon: str
    is_gap: bool


@dataclass(frozen=True, slots=True)
class Stretch:
    """The links of one boundary, side by side."""

    boundary: Boundary
    nodes: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Picture:
    """A trace as the page draws it. `verified_count` and `gap` say it in words too."""

    trace: Trace
    stretches: tuple[Stretch, ...]

    @property
    def verified_count(self) -> int:
        return sum(link.state is LinkState.VERIFIED for link in self.trace.links)

    @property
    def nodes(self) -> tuple[Node, ...]:
        return tuple(node for stretch in self.stretches for node in stretch.nodes)


@dataclass(frozen=True, slots=True)
class ClassTile:
    """One class of what runs, in numbers, and the list behind them."""

    kind: PipelineClass
    tone: str
    artifact_count: int
    container_count: int
    href: str
    is_chosen: bool


def picture(trace: Trace) -> Picture:
    """Return how a trace is drawn: its links in their order, by boundary."""
    gap = trace.gap
    stretches = (
        Stretch(boundary, tuple(Node(link, _ICONS[link.kind], is_gap=link.kind == gap) for link in links))
        for boundary, links in groupby(trace.links, key=lambda link: link.control.boundary)
    )
    return Picture(trace, tuple(stretches))


@require_safe
@signed_in(Scope.INVENTORY_READ)
def pipeline_page(request: HttpRequest) -> HttpResponse:
    actor, wanted = actor_of(request), _filter(request)
    with bounded():
        found = read_pipeline(wanted, after=read_place(request, PipelineKey), limit=PAGE_SIZE, actor=actor)
        clusters = list_clusters(after="", limit=MAX_CLUSTERS_TO_CHOOSE, actor=actor)
    scope = {name: value for name in ("environment", "team", "cluster") if (value := str(getattr(wanted, name)))}
    context = {
        "section": "/pipeline",
        "summary": found.summary,
        "tiles": _tiles(found.summary, wanted=wanted, scope=scope),
        "list": listing(request, found.page),
        "wanted": wanted,
        "clusters": clusters.rows,
        "without_digest_href": f"/workloads?{urlencode({**scope, 'digest': WITHOUT_DIGEST})}",
        "csv_href": f"/api/v1/pipeline?{urlencode({**scope, **_class(wanted), 'format': 'csv'})}",
        "is_narrowed": bool(scope or wanted.kind),
    }
    return show(request, page="pipeline/page.html", fragment="pipeline/_report.html", context=context)


def _tiles(summary: PipelineSummary, *, wanted: PipelineFilter, scope: dict[str, str]) -> tuple[ClassTile, ...]:
    return tuple(
        ClassTile(
            kind=kind,
            tone=_TONES[kind],
            artifact_count=counted.artifact_count,
            container_count=counted.container_count,
            href=f"/pipeline?{urlencode({**scope, 'class': kind.value})}",
            is_chosen=wanted.kind is kind,
        )
        for kind, counted in summary.classes.items()
    )


def _class(wanted: PipelineFilter) -> dict[str, str]:
    return {} if wanted.kind is None else {"class": wanted.kind.value}


def _filter(request: HttpRequest) -> PipelineFilter:
    kind = read_choice(request, "class", allowed=[kind.value for kind in PipelineClass])
    return PipelineFilter(
        environment=read_text(request, "environment") or "",
        team=read_text(request, "team") or "",
        cluster=read_text(request, "cluster") or "",
        kind=None if kind is None else PipelineClass(kind),
    )
