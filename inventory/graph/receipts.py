"""Receipts as an actor may see them: evidence with what became of it, whom it is from and how it was filtered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import Q

from inventory.models import Evidence, State
from supplychain.errors import DomainError

if TYPE_CHECKING:
    from uuid import UUID

    from django.db.models import QuerySet

    from supplychain.access.actors import Actor

_RELATED = ("state", "team", "api_key", "user")


class ReceiptNotFoundError(DomainError):
    """No evidence the actor may see has this id."""

    def __init__(self) -> None:
        super().__init__("not_found", "No evidence with this id is known here.", status=404)


@dataclass(frozen=True, slots=True)
class ReceiptFilter:
    """`artifact` is a digest the document is about, as it says or as it was sent for."""

    state: State | None = None
    kind: str = ""
    artifact: str = ""


def receipts(wanted: ReceiptFilter, *, actor: Actor) -> QuerySet[Evidence]:
    """Return visible evidence with its state, unordered: the reader pages through it by id."""
    rows = Evidence.objects.visible_to(actor).select_related(*_RELATED)
    if wanted.state is not None:
        rows = rows.filter(state__state=wanted.state)
    if wanted.kind:
        rows = rows.filter(state__kind=wanted.kind)
    if wanted.artifact:
        rows = rows.filter(Q(state__subjects__contains=[wanted.artifact]) | Q(artifacts__contains=[wanted.artifact]))
    return rows


def find_receipt(public_id: UUID, *, actor: Actor) -> Evidence:
    """Return one receipt; raises ReceiptNotFoundError for what is missing or another team's. One statement."""
    found = Evidence.objects.visible_to(actor).select_related(*_RELATED).filter(public_id=public_id).first()
    if found is None:
        raise ReceiptNotFoundError
    return found
