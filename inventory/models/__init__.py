"""The inventory's tables, one file a part; imported from here."""

from inventory.models.advisories import (
    Advisory,
    AdvisoryAlias,
    AdvisorySighting,
    AdvisoryVersion,
    AffectedPackage,
    VexProduct,
    VexStatement,
)
from inventory.models.artifacts import Artifact, ArtifactAlias, ArtifactName, IndexMember
from inventory.models.changes import ChangeKind, EstateChange
from inventory.models.evidence import (
    IN_WORK,
    READABLE,
    BlobPlace,
    Evidence,
    EvidenceBlob,
    EvidenceKind,
    EvidenceState,
    State,
)
from inventory.models.packages import Component, ComponentCpe, ComponentHash, Package, PackageReach
from inventory.models.presence import OPEN_END, Presence, Snapshot, SnapshotSubject, SubjectBlock, Track
from inventory.models.retention import EvidenceTombstone, RetentionItem, RetentionPlan
from inventory.models.runtime import (
    Certainty,
    CloseReason,
    Cluster,
    Environment,
    RunInterval,
    Running,
    ServiceMapping,
    Workload,
)

__all__ = [
    "IN_WORK",
    "OPEN_END",
    "READABLE",
    "Advisory",
    "AdvisoryAlias",
    "AdvisorySighting",
    "AdvisoryVersion",
    "AffectedPackage",
    "Artifact",
    "ArtifactAlias",
    "ArtifactName",
    "BlobPlace",
    "Certainty",
    "ChangeKind",
    "CloseReason",
    "Cluster",
    "Component",
    "ComponentCpe",
    "ComponentHash",
    "Environment",
    "EstateChange",
    "Evidence",
    "EvidenceBlob",
    "EvidenceKind",
    "EvidenceState",
    "EvidenceTombstone",
    "IndexMember",
    "Package",
    "PackageReach",
    "Presence",
    "RetentionItem",
    "RetentionPlan",
    "RunInterval",
    "Running",
    "ServiceMapping",
    "Snapshot",
    "SnapshotSubject",
    "State",
    "SubjectBlock",
    "Track",
    "VexProduct",
    "VexStatement",
    "Workload",
]
