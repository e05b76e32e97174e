"""What applying a document came to: the facts that its receipt shows."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from inventory.formats.records import ReadWarning
    from supplychain.exchange import Query


class UnfinishedError(Exception):
    """A document's turn is over before it is; what was done of it is kept, and the next turn goes on from there."""


@dataclass(frozen=True, slots=True)
class Applied:
    """`subjects` are digests.

    `counts` are the receipt's; `understood` is what else the document's page shows, small and by kind
    (ingest/understood.py); `warnings` are the reader's and those of applying, in order. `writes` are still to be
    sent, together with the row that says how the document ended.
    """

    kind: str
    format: str
    format_version: str
    subjects: tuple[str, ...]
    counts: Mapping[str, int]
    warnings: tuple[ReadWarning, ...] = field(default=())
    understood: Mapping[str, object] = field(default_factory=dict)
    writes: tuple[Query, ...] = ()
