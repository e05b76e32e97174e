"""What an image, or a document that lies beside it in a registry, says besides its digests."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from inventory.formats.attestations.records import AttestationRecord
    from inventory.formats.claims import ClaimRecord
    from inventory.formats.records import ArtifactKind, ConfigRecord, MembershipRecord, ReadWarning
    from inventory.identity.digests import Digest


class TagAction(enum.StrEnum):
    """What happened to a tag, or was seen of it."""

    PUSH = "push"
    PULL = "pull"
    DELETE = "delete"
    MOUNT = "mount"


@dataclass(frozen=True, slots=True)
class ReferrerRecord:
    """A manifest refers to another one: OCI 1.1 `subject`, or BuildKit's mark in an index."""

    subject: Digest
    referrer: Digest
    artifact_type: str


@dataclass(frozen=True, slots=True)
class LayerRecord:
    """A layer of an image: its digest as stored (of a manifest), or unpacked (`is_diff_id`, of a config)."""

    artifact: Digest
    position: int
    digest: Digest
    is_diff_id: bool


@dataclass(frozen=True, slots=True)
class ImageRecord:
    """An OCI image index, manifest or config as uploaded: its own digest is the digest of its bytes."""

    digest: Digest
    kind: ArtifactKind
    media_type: str
    memberships: tuple[MembershipRecord, ...] = ()
    configs: tuple[ConfigRecord, ...] = ()
    claims: tuple[ClaimRecord, ...] = ()
    referrers: tuple[ReferrerRecord, ...] = ()
    layers: tuple[LayerRecord, ...] = ()
    signatures: tuple[AttestationRecord, ...] = ()
    """Of cosign's `.sig` manifest: what they sign are blobs of its layers."""
    artifacts: tuple[tuple[Digest, str], ...] = ()
    """What an index lists that is no image: (digest, artifact type), as the fallback for referrers does."""
    warnings: list[ReadWarning] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class TagEventRecord:
    """One event of a registry. `repository` is registry/path; `digest` is None only where a tag was deleted."""

    repository: str
    tag: str
    digest: Digest | None
    action: TagAction
    observed_at: datetime | None
    event_id: str
    actor: str
    pointer: str


@dataclass(slots=True)
class RegistryRecord:
    """Notifications of a registry. Those that say nothing of a tag (layers, pulls by digest) are passed over."""

    format: str
    events: list[TagEventRecord]
    event_count: int = 0
    passed_over_count: int = 0
    rejected_count: int = 0
    warnings: list[ReadWarning] = field(default_factory=list)
