"""Download from the incident's page: the evidence pack, and the rows that are looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from django.http import HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from incidents.export.pack import export_pack
from incidents.export.sending import send_pack
from incidents.impact.flat_rows import rows_as_csv
from incidents.response.part import part_of
from incidents.views.incidents import find_incident, find_run
from incidents.views.narrowing import read_narrowed
from supplychain.access.actors import actor_of
from supplychain.access.scopes import Scope
from supplychain.web.pages import signed_in

if TYPE_CHECKING:
    from uuid import UUID

    from django.http import HttpRequest


@require_POST
@signed_in(Scope.INCIDENTS_READ)
def export(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Send the pack. A form and no link: it is told on the timeline, which no prefetching browser may cause."""
    with_raw = request.POST.get("raw") != "false"
    pack = export_pack(public_id, with_raw=with_raw, actor=actor_of(request), at=timezone.now())
    return cast("HttpResponse", send_pack(pack))


@require_safe
@signed_in(Scope.INCIDENTS_READ)
def rows(request: HttpRequest, public_id: UUID, number: int) -> HttpResponse:
    """Send the rows of an answer as CSV, narrowed as the page shows them, all pages."""
    incident = find_incident(request, public_id)
    part = part_of(find_run(incident, number), actor=actor_of(request))
    found = read_narrowed(request).of(part.rows)
    name = f"incident-{public_id}-answer-{number}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse("".join(rows_as_csv(found)), content_type="text/csv; charset=utf-8", headers=headers)
