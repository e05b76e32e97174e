"""Which code applies which kind of record, and for which kinds of document a key must be to send it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from django.db import transaction

from inventory.formats.advisory_records import AdvisoryFeed
from inventory.formats.attestations.records import AttestationsRecord
from inventory.formats.image_records import ImageRecord, RegistryRecord
from inventory.formats.list_records import ListRecord
from inventory.formats.posture.records import PostureRecord
from inventory.formats.posture.run_records import WorkflowRunsRecord
from inventory.formats.posture.workflow_records import WorkflowRecord
from inventory.formats.records import RuntimeRecord, SbomRecord, VexRecord
from inventory.ingest import advisories, attestations, image, lists, posture, registry, runtime, sbom, vex
from inventory.models import EvidenceKind

if TYPE_CHECKING:
    from datetime import datetime

    from inventory.formats.document import Document
    from inventory.ingest.held import Held
    from inventory.ingest.result import Applied
    from inventory.models import Evidence


_KINDS: Final[Mapping[type, frozenset[str]]] = {
    SbomRecord: frozenset({EvidenceKind.SBOM}),
    ImageRecord: frozenset({EvidenceKind.IMAGE}),
    RuntimeRecord: frozenset({EvidenceKind.DEPLOYMENT, EvidenceKind.SNAPSHOT}),
    AdvisoryFeed: frozenset({EvidenceKind.ADVISORY}),
    ListRecord: frozenset({EvidenceKind.LIST}),
    VexRecord: frozenset({EvidenceKind.VEX}),
    PostureRecord: frozenset({EvidenceKind.POSTURE}),
    WorkflowRecord: frozenset({EvidenceKind.WORKFLOW}),
    WorkflowRunsRecord: frozenset({EvidenceKind.WORKFLOW}),
    AttestationsRecord: frozenset({EvidenceKind.ATTESTATION}),
    RegistryRecord: frozenset({EvidenceKind.REGISTRY}),
}


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
    return _KINDS[type(document)]


def _apply(document: Document, *, held: Held, at: datetime) -> Applied:
    evidence = held.evidence
    match document:
        case SbomRecord():
            applied = sbom.apply(document, held=held, at=at)
        case ImageRecord():
            applied = image.apply(document, evidence=evidence, at=at)
        case RuntimeRecord():
            applied = runtime.apply(document, evidence=evidence, at=at)
        case AdvisoryFeed() | ListRecord() | VexRecord():
            applied = _apply_said(document, evidence=evidence)
        case PostureRecord() | WorkflowRecord() | WorkflowRunsRecord():
            applied = _apply_reported(document, evidence=evidence, at=at)
        case RegistryRecord():
            applied = registry.apply(document, evidence=evidence, at=at)
        case AttestationsRecord():
            applied = attestations.apply(document, held=held, at=at)
    return applied


def _apply_said(document: AdvisoryFeed | ListRecord | VexRecord, *, evidence: Evidence) -> Applied:
    """Apply what others say of packages and products."""
    match document:
        case AdvisoryFeed():
            return advisories.apply(document, evidence=evidence)
        case ListRecord():
            return lists.apply(document, evidence=evidence)
        case VexRecord():
            return vex.apply(document, evidence=evidence)


def _apply_reported(
    document: PostureRecord | WorkflowRecord | WorkflowRunsRecord, *, evidence: Evidence, at: datetime
) -> Applied:
    """Apply what is said of repositories, their workflows, and the runs of these."""
    match document:
        case PostureRecord():
            return posture.apply_report(document, evidence=evidence)
        case WorkflowRecord():
            return posture.apply_workflow(document, evidence=evidence, at=at)
        case WorkflowRunsRecord():
            return posture.apply_runs(document, evidence=evidence)
