"""Download the evidence pack from the incident's page."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from django.utils import timezone
from django.views.decorators.http import require_POST

from incidents.export.pack import export_pack
from incidents.export.sending import send_pack
from supplychain.access.actors import actor_of
from supplychain.access.scopes import Scope
from supplychain.web.pages import signed_in

if TYPE_CHECKING:
    from uuid import UUID

    from django.http import HttpRequest, HttpResponse


@require_POST
@signed_in(Scope.INCIDENTS_READ)
def export(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Send the pack. A form and no link: it is told on the timeline, which no prefetching browser may cause."""
    with_raw = request.POST.get("raw") != "false"
    pack = export_pack(public_id, with_raw=with_raw, actor=actor_of(request), at=timezone.now())
    return cast("HttpResponse", send_pack(pack))
