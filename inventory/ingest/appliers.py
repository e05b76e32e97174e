"""Which code applies which kind of record, and for which kinds of document a key must be to send it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction

from inventory.formats.advisory_records import AdvisoryFeed
from inventory.formats.attestations.records import AttestationsRecord
from inventory.formats.image_records import ImageRecord, RegistryRecord
from inventory.formats.posture.records import PostureRecord
from inventory.formats.posture.workflow_records import WorkflowRecord
from inventory.formats.records import RuntimeRecord, SbomRecord, VexRecord
from inventory.ingest import advisories, attestations, image, posture, registry, runtime, sbom, vex
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
        return _apply(document, held=held, at=at)


def kinds_for(document: Document) -> frozenset[str]:
    """Return the kinds of which a key must be bound to one; either word opens both ways to report what runs."""
    match document:
        case SbomRecord():
            kinds: set[str] = {EvidenceKind.SBOM}
        case ImageRecord():
            kinds = {EvidenceKind.IMAGE}
        case RuntimeRecord():
            kinds = {EvidenceKind.DEPLOYMENT, EvidenceKind.SNAPSHOT}
        case AdvisoryFeed():
            kinds = {EvidenceKind.ADVISORY}
        case VexRecord():
            kinds = {EvidenceKind.VEX}
        case PostureRecord():
            kinds = {EvidenceKind.POSTURE}
        case WorkflowRecord():
            kinds = {EvidenceKind.WORKFLOW}
        case AttestationsRecord():
            kinds = {EvidenceKind.ATTESTATION}
        case RegistryRecord():
            kinds = {EvidenceKind.REGISTRY}
    return frozenset(kinds)


def _apply(document: Document, *, held: Held, at: datetime) -> Applied:
    evidence = held.evidence
    match document:
        case SbomRecord():
            applied = sbom.apply(document, held=held, at=at)
        case ImageRecord():
            applied = image.apply(document, evidence=evidence, at=at)
        case RuntimeRecord():
            applied = runtime.apply(document, evidence=evidence, at=at)
        case AdvisoryFeed():
            applied = advisories.apply(document, evidence=evidence)
        case VexRecord():
            applied = vex.apply(document, evidence=evidence)
        case PostureRecord():
            applied = posture.apply_report(document, evidence=evidence)
        case WorkflowRecord():
            applied = posture.apply_workflow(document, evidence=evidence)
        case RegistryRecord():
            applied = registry.apply(document, evidence=evidence, at=at)
        case AttestationsRecord():
            applied = attestations.apply(document, held=held, at=at)
    return applied
