"""Pages of notifications: where they go, what became of each, and the forms to change that."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponseRedirect
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from supplychain.access.actors import actor_of
from supplychain.access.models import Team
from supplychain.access.scopes import Scope
from supplychain.api.pagination import read_page
from supplychain.errors import DomainError
from supplychain.notify import channels as domain
from supplychain.notify.channels import Changes, ChannelNotFoundError, Filters
from supplychain.notify.models import Channel, ChannelKind, Delivery
from supplychain.web.pages import show, signed_in
from supplychain.web.paging import Listing, first_address
from supplychain.web.refusals import BadFieldError, Refusal

if TYPE_CHECKING:
    from collections.abc import Mapping
    from uuid import UUID

    from django.http import HttpRequest, HttpResponse

    from supplychain.access.actors import Actor

HOME = "/settings/notifications"
MAX_NAME, MAX_TARGET, MAX_WORDS = 100, 2_000, 50
EVENTS = (
    ("incident.*", "everything of incidents"),
    ("incident.opened", "an incident was opened"),
    ("incident.found", "an answer changed"),
    ("incident.stage", "an incident moved on"),
    ("incident.action", "something is to be done, or was done"),
    ("incident.closed", "an incident is over"),
    ("incident.team_concerned", "a team is concerned"),
    ("watch.hit", "a watch found something"),
    ("drill.*", "drills, which nobody is told of who does not ask"),
)


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in(Scope.INCIDENTS_READ)
def channels(request: HttpRequest) -> HttpResponse:
    """List channels, or make one: then its key is on the page that answers, this once."""
    if request.method != "POST":
        return _list(request)
    try:
        made = domain.make_channel(
            _text(request, "name", limit=MAX_NAME),
            kind=_kind(request),
            target=_text(request, "target", limit=MAX_TARGET),
            team=_team(request),
            filters=_filters(request),
            actor=actor_of(request),
            at=timezone.now(),
        )
    except DomainError as refusal:
        if refusal.status != 400:
            raise
        return _list(request, refused=Refusal("new", refusal, request.POST))
    return _channel(request, made.channel, signing_key=made.signing_key)


@require_safe
@signed_in(Scope.INCIDENTS_READ)
def channel(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Show a channel and its deliveries."""
    return _channel(request, _find(request, public_id))


@require_POST
@signed_in(Scope.INCIDENTS_READ)
def change(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Change name and filters, pause it or let it go on."""
    try:
        domain.change_channel(public_id, _changes(request), actor=actor_of(request), at=timezone.now())
    except DomainError as refusal:
        if refusal.status != 400:
            raise
        return _channel(request, _find(request, public_id), refused=Refusal("change", refusal, request.POST))
    messages.success(request, "Changed.")
    return _to(public_id)


@require_POST
@signed_in(Scope.INCIDENTS_READ)
def test(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Send a test message."""
    domain.send_test(public_id, actor=actor_of(request), at=timezone.now())
    messages.success(request, "A test is on its way; its line below tells what became of it.")
    return _to(public_id)


@require_POST
@signed_in(Scope.INCIDENTS_READ)
def rotate(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Make a new key, and show it this once."""
    made = domain.rotate_key(public_id, actor=actor_of(request), at=timezone.now())
    return _channel(request, made.channel, signing_key=made.signing_key)


@require_POST
@signed_in(Scope.INCIDENTS_READ)
def end(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """End a channel."""
    domain.end_channel(public_id, actor=actor_of(request), at=timezone.now())
    messages.success(request, "The channel has ended; nothing more goes there.")
    return HttpResponseRedirect(HOME, status=303)


@require_POST
@signed_in(Scope.INCIDENTS_READ)
def replay(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Deliver once more."""
    again = domain.replay(public_id, actor=actor_of(request), at=timezone.now())
    messages.success(request, "It is delivered once more, under the same event id.")
    return _to(again.channel.public_id)


def _list(request: HttpRequest, *, refused: Refusal | None = None) -> HttpResponse:
    actor = actor_of(request)
    rows = Channel.objects.visible_to(actor).filter(ended_at__isnull=True).select_related("team")
    page = read_page(rows, request=request, order=("-public_id",))
    context = {
        "section": HOME,
        "refused": refused,
        "list": Listing(page.rows, next=page.next or "", first=first_address(request)),
        "kinds": [kind.value for kind in ChannelKind],
        "owners": _owners(actor),
        "chosen": _chosen(request) if refused else None,
        "now": timezone.now(),
        **_choices(),
    }
    status = refused.error.status if refused else 200
    return show(request, page="notify/list.html", fragment="notify/_rows.html", context=context, status=status)


def _channel(
    request: HttpRequest, channel: Channel, *, signing_key: str | None = None, refused: Refusal | None = None
) -> HttpResponse:
    deliveries = Delivery.objects.filter(channel=channel).select_related("replay_of").prefetch_related("attempts")
    page = read_page(deliveries, request=request, order=("-public_id",))
    context = {
        "section": HOME,
        "refused": refused,
        "channel": channel,
        "chosen": _chosen(request) if refused else channel,
        "signing_key": signing_key,
        "list": Listing(page.rows, next=page.next or "", first=first_address(request)),
        "may_manage": domain.may_manage(actor_of(request), team_id=channel.team_id) and channel.ended_at is None,
        "now": timezone.now(),
        **_choices(),
    }
    status = refused.error.status if refused else 200
    return render(request, "notify/channel.html", context, status=status)


def _changes(request: HttpRequest) -> Changes:
    form = request.POST
    return Changes(
        name=_text(request, "name", limit=MAX_NAME) if "name" in form else None,
        is_paused=form["paused"] == "true" if "paused" in form else None,
        filters=_filters(request) if "name" in form else None,
        target=_text(request, "target", limit=MAX_TARGET) if form.get("target") else None,
    )


def _chosen(request: HttpRequest) -> Mapping[str, object]:
    """Return what was chosen in a refused form, as the form shows a channel's filters."""
    form = request.POST
    return {
        "event_kinds": form.getlist("event_kinds"),
        "severities": form.getlist("severities"),
        "environments": form.get("environments", "").split(),
        "only_production": form.get("only_production") == "true",
    }


def _choices() -> Mapping[str, object]:
    return {"events": EVENTS, "severities": domain.SEVERITIES, "environment_names": domain.environment_names()}


def _owners(actor: Actor) -> list[str]:
    """Return whose channels the actor may make: '' is the organisation's."""
    teams = Team.objects.order_by("slug")
    if domain.may_manage(actor, team_id=None):
        return ["", *teams.values_list("slug", flat=True)]
    return list(teams.filter(pk__in=sorted(actor.write_team_ids)).values_list("slug", flat=True))


def _find(request: HttpRequest, public_id: UUID) -> Channel:
    found = Channel.objects.visible_to(actor_of(request)).select_related("team").filter(public_id=public_id).first()
    if found is None:
        raise ChannelNotFoundError
    return found


def _text(request: HttpRequest, name: str, *, limit: int) -> str:
    text = request.POST.get(name, "").strip()
    if not text or len(text) > limit or "\0" in text:
        raise BadFieldError(name, f"The field {name} must hold 1 to {limit:,} characters, and no NUL.")
    return text


def _kind(request: HttpRequest) -> ChannelKind:
    given = request.POST.get("kind", "")
    if given not in ChannelKind.values:
        raise BadFieldError("kind", f"The kind is one of {', '.join(ChannelKind.values)}.")
    return ChannelKind(given)


def _team(request: HttpRequest) -> Team | None:
    slug = request.POST.get("team", "")
    if not slug:
        return None
    if slug not in _owners(actor_of(request)):
        raise PermissionDenied("A person of the team decides where it is told.")
    return Team.objects.get(slug=slug)


def _filters(request: HttpRequest) -> Filters:
    form = request.POST
    environments = form.get("environments", "").replace("\0", "").replace(",", " ").split()
    if len(environments) > MAX_WORDS:
        raise BadFieldError("environments", f"At most {MAX_WORDS} environments.")
    return Filters(
        event_kinds=tuple(form.getlist("event_kinds")[:MAX_WORDS]),
        severities=tuple(form.getlist("severities")[:MAX_WORDS]),
        environments=tuple(dict.fromkeys(environments)),
        only_production=form.get("only_production") == "true",
    )


def _to(public_id: UUID) -> HttpResponse:
    return HttpResponseRedirect(f"{HOME}/{public_id}", status=303)
