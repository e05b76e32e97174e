"""What the tables do not hold of one document, read from its kept bytes again: of small documents only.

A page may take 200 ms. Reading costs about 10 microseconds a component and as much again a dependency, so what is above
these limits is not read here; its page says so, and its bytes are a download away.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from inventory.formats.attestations.records import AttestationsRecord
from inventory.formats.excerpt import excerpt
from inventory.formats.limits import Limits
from inventory.formats.read import read_document
from inventory.formats.records import FormatError, RuntimeRecord, SbomRecord
from inventory.graph.receipts import tombstone_of
from inventory.store.blobs import read
from inventory.store.errors import EvidenceCorruptError, EvidenceMissingError, EvidenceStoreUnavailableError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from inventory.formats.document import Document
    from inventory.formats.records import Hash
    from inventory.models import Evidence

logger = logging.getLogger(__name__)

MAX_BYTES: Final = 4 * 1024 * 1024
MAX_COMPONENTS: Final = 10_000
MAX_EDGES: Final = 50_000
MAX_LISTED: Final = 100
_LIMITS: Final = Limits(inflated_bytes=4 * MAX_BYTES, components=MAX_COMPONENTS, edges=MAX_EDGES)


@dataclass(frozen=True, slots=True)
class Neighbours:
    """What one component needs, or what needs it: the first MAX_LISTED places of `total`. ROOT is the subject."""

    numbers: tuple[int, ...]
    total: int


@dataclass(frozen=True, slots=True)
class ComponentDetail:
    """One component as its document has it."""

    type: str
    cpe: str | None
    source_package: str | None
    hashes: tuple[Hash, ...]
    needs: Neighbours
    needed_by: Neighbours


def may_read(evidence: Evidence) -> bool:
    """Tell whether a page may read this document's bytes again."""
    return evidence.size_bytes <= MAX_BYTES and tombstone_of(evidence) is None


def sbom_of(document: Document, *, part: int) -> SbomRecord | None:
    """Return an SBOM of a document by its number; None where it has none, as today's reader sees it."""
    if isinstance(document, AttestationsRecord):
        inside = document.with_sbom()
        return inside[part].sbom if part < len(inside) else None
    return document if isinstance(document, SbomRecord) and part == 0 else None


def read_component(evidence: Evidence, number: int, *, part: int, count: int) -> ComponentDetail | None:
    """Return the component at one place of an SBOM of `count` places, by its number in the document.

    None where the document is too large, or today's reader sees other components in it.
    """
    document = _document(evidence) if count <= MAX_COMPONENTS else None
    record = None if document is None else sbom_of(document, part=part)
    if record is None or len(record.components) != count:
        return None
    component = record.components[number]
    return ComponentDetail(
        type=component.type,
        cpe=component.cpe,
        source_package=component.source_package,
        hashes=component.hashes,
        needs=_neighbours([edge.target for edge in record.edges if edge.source == number]),
        needed_by=_neighbours([edge.source for edge in record.edges if edge.target == number]),
    )


def read_report(evidence: Evidence) -> RuntimeRecord | None:
    """Return what a report names, in its order; None where it is too large."""
    record = _document(evidence)
    return record if isinstance(record, RuntimeRecord) else None


def read_excerpt(evidence: Evidence, pointer: str) -> str:
    """Return what stands at a place of a JSON document; '' where it cannot be shown."""
    data = _bytes(evidence) if pointer else None
    return "" if data is None else excerpt(data, pointer, limits=_LIMITS)


def _document(evidence: Evidence) -> Document | None:
    data = _bytes(evidence)
    try:
        return None if data is None else read_document(data, limits=_LIMITS)
    except FormatError:
        return None


def _bytes(evidence: Evidence) -> bytes | None:
    """Return the bytes of a small document. That they are gone or broken is the alarm of others, not of a page."""
    if not may_read(evidence):
        return None
    try:
        return read(evidence.blob)
    except (EvidenceCorruptError, EvidenceMissingError, EvidenceStoreUnavailableError) as error:
        logger.warning("A document could not be read for its page.", extra={"reason": error.code})
        return None


def _neighbours(numbers: Sequence[int]) -> Neighbours:
    return Neighbours(tuple(numbers[:MAX_LISTED]), len(numbers))
