"""The page of blocks and freezes: what binds, who asked for its end, and the forms to set, lift and keep one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import wraps
from typing import TYPE_CHECKING

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from inventory.graph.artifacts import described
from inventory.policy import announcing
from inventory.policy.blocks import Ending, add_blocks
from inventory.policy.listing import KINDS, STATES, TOLD_TO_ALL, find_blocks
from inventory.policy.models import Block, BlockKind
from inventory.policy.preview import preview
from inventory.policy.selectors import describe, read_selector
from supplychain.access.actors import actor_of
from supplychain.access.scopes import Scope
from supplychain.api.pagination import read_page
from supplychain.api.parameters import read_choice
from supplychain.errors import DomainError
from supplychain.web.pages import show, signed_in
from supplychain.web.paging import Listing, first_address
from supplychain.web.refusals import BadFieldError, Refusal

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from inventory.graph.artifacts import ArtifactRow
    from inventory.policy.selectors import Selector
    from supplychain.access.actors import Actor

MAX_PREVIEW_ROWS = 50
_FIELDS: Mapping[str, tuple[str, ...]] = {
    BlockKind.ARTIFACT: ("digest",),
    BlockKind.PACKAGE: ("purl", "range"),
    BlockKind.BUILDER: ("id",),
    BlockKind.SIGNER: ("identity", "issuer"),
    BlockKind.REPOSITORY: ("repository",),
    BlockKind.SERVICE: ("service",),
    BlockKind.ENVIRONMENT: ("environment",),
    BlockKind.CLUSTER: ("cluster", "namespace"),
}
"""Which members of a selector the two fields of the form are, by kind."""


@dataclass(frozen=True, slots=True)
class BlockRow:
    """A block as the page shows it. `selector` is '' for who is not told what it names.

    `artifact`: what the reader knows of the artifact that it names, by the evidence that they may see.
    """

    block: Block
    selector: str
    binds: bool
    may_agree: bool
    form: str
    """The name of its form among those of the page."""
    artifact: ArtifactRow | None = None


@require_http_methods(["GET", "HEAD", "POST"])
def block_list(request: HttpRequest) -> HttpResponse:
    """List blocks, or set one: the two methods need different rights."""
    return _set(request) if request.method == "POST" else _list(request)


@signed_in(Scope.POLICY_READ)
def _list(request: HttpRequest) -> HttpResponse:
    return _page(request)


def may_narrow(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Let in who decides about policy, and who runs incidents."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: UUID, **kwargs: UUID) -> HttpResponse:
        actor = actor_of(request)
        if not (actor.can(Scope.POLICY_WRITE) or actor.can(Scope.INCIDENTS_WRITE)):
            raise PermissionDenied("This needs the right policy:write or incidents:write.")
        return view(request, *args, **kwargs)

    return signed_in(Scope.POLICY_READ)(guarded)


@may_narrow
def _set(request: HttpRequest) -> HttpResponse:
    """Set the block of the form, or show first what it would hit."""
    actor, at = actor_of(request), timezone.now()
    try:
        selector = _selector(request)
        if "preview" in request.POST:
            return _page(request, previewed=selector)
        (block,) = add_blocks([selector], reason=request.POST.get("reason", ""), incident=None, actor=actor, at=at)
    except DomainError as refusal:
        return _refused(request, form="set", error=refusal)
    messages.success(request, f"Blocked: {block.kind} {selector.described}. It binds at every gate from now on.")
    return HttpResponseRedirect("/blocks", status=303)


@require_POST
@may_narrow
def lift(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Ask for the end of a block, or agree to it."""
    actor, at = actor_of(request), timezone.now()
    agrees = "agree" in request.POST
    try:
        if agrees:
            announcing.lift(public_id, actor=actor, at=at)
        else:
            announcing.ask_to_lift(public_id, Ending(reason=request.POST.get("reason", "")), actor=actor, at=at)
    except DomainError as refusal:
        return _refused(request, form=_form_of(public_id), error=refusal)
    messages.success(request, "Lifted." if agrees else "Asked for. It binds until another person agrees.")
    return HttpResponseRedirect("/blocks", status=303)


@require_POST
@may_narrow
def keep(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Refuse the end that was asked for."""
    try:
        announcing.keep(public_id, actor=actor_of(request), at=timezone.now())
    except DomainError as refusal:
        return _refused(request, form=_form_of(public_id), error=refusal)
    messages.success(request, "Kept: it binds on.")
    return HttpResponseRedirect("/blocks", status=303)


def _refused(request: HttpRequest, *, form: str, error: DomainError) -> HttpResponse:
    """Show the page as it still is, and in the form what was typed and what is wrong with it."""
    if error.status in {403, 404}:
        raise error
    names = _FIELDS.get(request.POST.get("kind", ""), ())
    refused = Refusal(form, error, request.POST, dict(zip(names, ("value", "more"), strict=False)))
    return _page(request, refused=refused)


def _form_of(public_id: UUID) -> str:
    return f"lift-{public_id}"


def _page(request: HttpRequest, *, previewed: Selector | None = None, refused: Refusal | None = None) -> HttpResponse:
    actor, now = actor_of(request), timezone.now()
    page = read_page(find_blocks(request, sees_all=actor.sees_all, at=now), request=request, order=("-public_id",))
    found = None if previewed is None else preview(previewed, at=now)
    shown = [] if found is None else found.rows[:MAX_PREVIEW_ROWS]
    told = (block.value for block in page.rows if block.kind == BlockKind.ARTIFACT and _is_told(block, actor))
    artifacts = described([*told, *(row.digest for row in shown)], actor=actor)
    rows = tuple(_row(block, artifacts, actor=actor, at=now) for block in page.rows)
    context: dict[str, object] = {
        "section": "/blocks",
        "list": Listing(rows, next=page.next or "", first=first_address(request)),
        "state": read_choice(request, "state", allowed=STATES) or "",
        "kind": read_choice(request, "kind", allowed=KINDS) or "",
        "states": STATES,
        "kinds": KINDS,
        "may_narrow": actor.can(Scope.POLICY_WRITE) or actor.can(Scope.INCIDENTS_WRITE),
        "refused": refused,
        "typed": request.POST if previewed is not None or (refused and refused.form == "set") else {},
        "now": now,
    }
    if found is not None:
        hits = [(row, artifacts.get(row.digest)) for row in shown]
        context |= {"previewed": previewed, "preview": found, "preview_rows": hits}
    if request.method == "POST":
        return render(request, "blocks/list.html", context, status=refused.error.status if refused else 200)
    return show(request, page="blocks/list.html", fragment="blocks/_rows.html", context=context)


def _is_told(block: Block, actor: Actor) -> bool:
    return actor.sees_all or block.kind in TOLD_TO_ALL


def _row(block: Block, artifacts: Mapping[str, ArtifactRow], *, actor: Actor, at: datetime) -> BlockRow:
    is_told = _is_told(block, actor)
    artifact = artifacts.get(block.value) if is_told and block.kind == BlockKind.ARTIFACT else None
    may_agree = block.lift_asked_by_id is not None and block.lift_asked_by_id != actor.user_id
    selector = describe(block.kind, block.selector) if is_told else ""
    return BlockRow(block, selector, block.binds(at), may_agree, _form_of(block.public_id), artifact)


def _selector(request: HttpRequest) -> Selector:
    kind = request.POST.get("kind", "")
    if kind not in _FIELDS:
        raise BadFieldError("kind", f"The kind is one of {', '.join(KINDS)}.")
    typed = (request.POST.get("value", "").strip(), request.POST.get("more", "").strip())
    given = {name: value for name, value in zip(_FIELDS[kind], typed, strict=False) if value}
    return read_selector(BlockKind(kind), given)
