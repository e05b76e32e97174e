"""The tree of one document, a level at a time, and each component at its place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.views.decorators.http import require_safe

from inventory.formats.records import ROOT
from inventory.graph.document_tree import DocumentTree, PlaceNotFoundError
from inventory.graph.outline import Way
from inventory.graph.reading_again import MAX_BYTES, ComponentDetail, Neighbours, read_component, read_excerpt
from inventory.graph.receipts import find_receipt
from inventory.graph.sboms_inside import pick, sboms_of
from inventory.graph.statements import bounded
from supplychain.access.actors import actor_of
from supplychain.access.scopes import Scope
from supplychain.api.pagination import address_after, read_key
from supplychain.api.parameters import BadParameterError, read_choice, read_number, read_text
from supplychain.web.pages import asks_for_part, show, signed_in
from supplychain.web.paging import PAGE_SIZE

if TYPE_CHECKING:
    from uuid import UUID

    from django.http import HttpRequest, HttpResponse

    from inventory.graph.document_tree import Node
    from inventory.models import Evidence


@require_safe
@signed_in(Scope.INVENTORY_READ)
def tree_page(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Show one level of the tree: `node` by number or `at` a place of the document, or what `q` finds in it.

    `sbom` picks one of several SBOMs inside. Of a document without any, `at` shows what is written there.
    """
    receipt = find_receipt(public_id, actor=actor_of(request))
    pointer = read_text(request, "at") or ""
    context: dict[str, object] = {"section": "/evidence", "receipt": receipt, "read_limit": MAX_BYTES}
    with bounded():
        sboms = sboms_of(receipt)
        if not sboms and pointer:
            context |= {"place": pointer, "excerpt": read_excerpt(receipt, pointer)}
            return show(request, page="evidence/tree.html", fragment="evidence/tree.html", context=context)
        sbom = pick(sboms, part=_part(request), pointer=pointer)
        tree = DocumentTree(sbom.snapshot)
        context |= {"sboms": sboms, "sbom": sbom, "snapshot": sbom.snapshot, "tree_url": sbom.address}
        query = read_text(request, "q")
        if query:
            context |= {"query": query, "found": tree.find(query), "way": tree.first_way}
            return show(request, page="evidence/tree.html", fragment="evidence/tree.html", context=context)
        context |= _level(request, tree=tree, receipt=receipt, pointer=pointer)
    return show(request, page="evidence/tree.html", fragment="evidence/_level.html", context=context)


def _part(request: HttpRequest) -> int | None:
    part = read_number(request, "sbom", default=-1)
    return None if part < 0 else part


def _level(request: HttpRequest, *, tree: DocumentTree, receipt: Evidence, pointer: str) -> dict[str, object]:
    way = Way(read_choice(request, "way", allowed=tuple(Way)) or tree.first_way)
    try:
        number = tree.place(pointer) if pointer else read_number(request, "node", default=ROOT)
    except PlaceNotFoundError:
        return {"missing": pointer, "place": pointer, "excerpt": read_excerpt(receipt, pointer), "way": way}
    is_loose = read_choice(request, "part", allowed=("loose",)) is not None
    level = tree.level(number, way=way, after=_after(request), limit=PAGE_SIZE, is_loose=is_loose)
    context = {
        "way": way,
        "level": level,
        "next": address_after(request, key=None if level.next is None else [level.next]),
    }
    if level.node is None or asks_for_part(request):
        return context
    return context | _detail(tree, receipt=receipt, node=level.node, place=pointer or level.node.pointer)


def _detail(tree: DocumentTree, *, receipt: Evidence, node: Node, place: str) -> dict[str, object]:
    detail = read_component(receipt, node.number, part=tree.snapshot.part, count=tree.snapshot.component_count)
    neighbours = {} if detail is None else _neighbours(tree, detail)
    return {"detail": detail, "place": place, "excerpt": read_excerpt(receipt, place), **neighbours}


def _neighbours(tree: DocumentTree, detail: ComponentDetail) -> dict[str, object]:
    """Name what the component needs and what needs it; the root among them has a page of its own, the top."""
    wanted = {number for part in (detail.needs, detail.needed_by) for number in part.numbers if number != ROOT}
    known = {node.number: node for node in tree.nodes(sorted(wanted))}

    def named(part: Neighbours) -> list[Node]:
        return [known[number] for number in part.numbers if number != ROOT]

    return {
        "needs": named(detail.needs),
        "needed_by": named(detail.needed_by),
        "is_needed_by_root": ROOT in detail.needed_by.numbers,
    }


def _after(request: HttpRequest) -> int:
    key = read_key(request, length=1)
    if key is None:
        return ROOT
    if not isinstance(key[0], int):
        raise BadParameterError("cursor", "does not belong to this list.", code="bad_cursor")
    return key[0]
