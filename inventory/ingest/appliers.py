"""Which code applies which kind of record, and for which kinds of document a key must be to send it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction

from inventory.formats.advisory_records import AdvisoryFeed
from inventory.formats.attestations.records import AttestationsRecord
from inventory.formats.posture.records import PostureRecord
from inventory.formats.posture.workflow_records import WorkflowRecord
from inventory.formats.records import ImageRecord, RuntimeRecord, SbomRecord, VexRecord
from inventory.ingest import advisories, attestations, image, posture, runtime, sbom, vex
from inventory.models import EvidenceKind

if TYPE_CHECKING:
    from datetime import datetime

    from inventory.formats.document import Document
    from inventory.ingest.held import Held
    from inventory.ingest.result import Applied


def apply_document(document: Document, *, held: Held, at: datetime) -> Applied:
    """Apply a document; one that is refused leaves nothing behind.

    An SBOM is refused before its first write, so the commonest document is spared a savepoint.
    """
    if isinstance(document, SbomRecord):
        return sbom.apply(document, held=held, at=at)
    with transaction.atomic():
        match document:
            case ImageRecord():
                return image.apply(document, evidence=held.evidence, at=at)
            case RuntimeRecord():
                return runtime.apply(document, evidence=held.evidence, at=at)
            case AdvisoryFeed():
                return advisories.apply(document, evidence=held.evidence)
            case VexRecord():
                return vex.apply(document, evidence=held.evidence)
            case PostureRecord():
                return posture.apply_report(document, evidence=held.evidence)
            case WorkflowRecord():
                return posture.apply_workflow(document, evidence=held.evidence)
            case AttestationsRecord():
                return attestations.apply(document, held=held, at=at)


def kinds_for(document: Document) -> frozenset[str]:
    """Return the kinds of which a key must be bound to one; either word opens both ways to report what runs."""
    match document:
        case SbomRecord():
            return frozenset({EvidenceKind.SBOM})
        case ImageRecord():
            return frozenset({EvidenceKind.IMAGE})
        case RuntimeRecord():
            return frozenset({EvidenceKind.DEPLOYMENT, EvidenceKind.SNAPSHOT})
        case AdvisoryFeed():
            return frozenset({EvidenceKind.ADVISORY})
        case VexRecord():
            return frozenset({EvidenceKind.VEX})
        case PostureRecord():
            return frozenset({EvidenceKind.POSTURE})
        case WorkflowRecord():
            return frozenset({EvidenceKind.WORKFLOW})
        case AttestationsRecord():
            return frozenset({EvidenceKind.ATTESTATION})
