"""Pages of advisories: the list, and all that is known under one name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.views.decorators.http import require_safe

from inventory.graph.advisories import AdvisoryPlace, list_advisories, read_advisory
from inventory.graph.statements import bounded
from inventory.identity.listed import LIST_SOURCE
from inventory.identity.purls import package_purl
from supplychain.access.actors import actor_of
from supplychain.access.scopes import Scope
from supplychain.api.parameters import read_text
from supplychain.web.pages import show, signed_in
from supplychain.web.paging import PAGE_SIZE, listing, read_place
from supplychain.web.snippets import send_advisory

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.http import HttpRequest, HttpResponse

    from inventory.graph.advisories import AdvisoryRow, Affected

AFFECTED_SHOWN = 100
VERSIONS_SHOWN = 20
STATEMENTS_SHOWN = 100
LINES_SHOWN = 100


@dataclass(frozen=True, slots=True)
class AffectedShown:
    """A package that an advisory names. `purl` None: packages of this ecosystem are not looked for."""

    ecosystem: str
    name: str
    purl: str | None
    release: str
    range: str
    listed: Sequence[str]
    listed_count: int
    problems: Sequence[str]
    doubt: str
    imports: Sequence[str]


@dataclass(frozen=True, slots=True)
class RecordShown:
    """One record with the first packages it names."""

    record: AdvisoryRow
    affected: tuple[AffectedShown, ...]
    is_list: bool = False
    retracted_count: int = 0


@require_safe
@signed_in(Scope.INVENTORY_READ)
def advisory_list(request: HttpRequest) -> HttpResponse:
    query = read_text(request, "q") or ""
    with bounded():
        part = list_advisories(
            query, package=None, after=read_place(request, AdvisoryPlace), limit=PAGE_SIZE, actor=actor_of(request)
        )
    context = {
        "section": "/advisories",
        "list": listing(request, part),
        "query": query,
        "upload_snippet": send_advisory(request),
    }
    return show(request, page="advisories/list.html", fragment="advisories/_rows.html", context=context)


@require_safe
@signed_in(Scope.INVENTORY_READ)
def advisory_page(request: HttpRequest, identifier: str) -> HttpResponse:
    with bounded():
        found = read_advisory(identifier, limit=LINES_SHOWN, actor=actor_of(request))
    context = {
        "lines": [line.indicator for line in found.lines.rows],
        "has_more_lines": found.lines.next is not None,
        "section": "/advisories",
        "identifier": _spelled(identifier, records=found.records),
        "names": [_spelled(name, records=found.records) for name in found.names if name != identifier.upper()],
        "records": [
            RecordShown(
                record,
                tuple(_affected(entry) for entry in record.affected[:AFFECTED_SHOWN]),
                is_list=record.source == LIST_SOURCE,
                retracted_count=found.retracted.get(record.advisory_id, 0),
            )
            for record in found.records
        ],
        "statements": found.statements[:STATEMENTS_SHOWN],
        "statement_count": len(found.statements),
    }
    return show(request, page="advisories/page.html", fragment="advisories/page.html", context=context)


def _spelled(identifier: str, *, records: Sequence[AdvisoryRow]) -> str:
    """Return a name as its record spells it; one that is known without record in upper case, as names are kept."""
    wanted = identifier.upper()
    return next((one.identifier for one in records if one.identifier.upper() == wanted), wanted)


def _affected(entry: Affected) -> AffectedShown:
    versions = entry.versions() if entry.type else None
    return AffectedShown(
        ecosystem=entry.ecosystem,
        name=entry.name,
        purl=package_purl(entry.type, namespace=entry.namespace_key, name=entry.name_key) if entry.type else None,
        release=entry.release,
        range=versions.range.canonical if versions is not None and versions.range is not None else "",
        listed=entry.listed[:VERSIONS_SHOWN],
        listed_count=len(entry.listed),
        problems=versions.problems if versions is not None else (),
        doubt=entry.doubt,
        imports=entry.imports[:VERSIONS_SHOWN],
    )
