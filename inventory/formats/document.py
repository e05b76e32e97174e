"""What a reader returns: one record of one of these types a document."""

from __future__ import annotations

from inventory.formats.advisory_records import AdvisoryFeed
from inventory.formats.attestations.records import AttestationsRecord
from inventory.formats.image_records import ImageRecord, RegistryRecord
from inventory.formats.list_records import ListRecord
from inventory.formats.posture.records import PostureRecord
from inventory.formats.posture.run_records import WorkflowRunsRecord
from inventory.formats.posture.workflow_records import WorkflowRecord
from inventory.formats.records import RuntimeRecord, SbomRecord, VexRecord

Document = (
    SbomRecord
    | ImageRecord
    | RuntimeRecord
    | AttestationsRecord
    | RegistryRecord
    | PostureRecord
    | WorkflowRecord
    | WorkflowRunsRecord
    | VexRecord
    | AdvisoryFeed
    | ListRecord
)
