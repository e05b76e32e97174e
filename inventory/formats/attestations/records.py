"""What is read of an attestation: a claim, whoever signed it. Nothing in these records says that it is true."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from inventory.formats.records import ReadWarning, SbomRecord, VexRecord
    from inventory.identity.digests import Digest

MAX_SIGNATURES = 16
MAX_LOG_ENTRIES = 8
MAX_SUBJECTS = 1_024
MAX_ATTESTATIONS = 1_000
MAX_BYTES = 16 * 1024 * 1024
"""Of one envelope or statement. An SBOM inside is held to the limits of SBOMs instead."""


class Envelope(enum.StrEnum):
    """What the statement came in."""

    STATEMENT = "statement"
    """Bare: nobody signed it."""
    DSSE = "dsse"
    BUNDLE = "sigstore-bundle"
    MESSAGE = "message-signature"
    """A Sigstore bundle over the artifact's bytes: a signature without a statement."""
    METABLOCK = "in-toto-metablock"
    """in-toto before DSSE: `{"signed": …, "signatures": […]}`."""
    PYPI = "pypi-attestation"
    SIMPLE_SIGNING = "simple-signing"
    """The payload that cosign signs for an image; the signature lies in the registry."""
    COSIGN_LAYER = "cosign-layer"
    """A layer of cosign's `.sig` or `.att` manifest: the signature, without what it signs."""


class Predicate(enum.StrEnum):
    """What a statement says of its subjects. Chosen by predicate type alone, never by media type."""

    PROVENANCE = "provenance"
    VERIFICATION_SUMMARY = "verification_summary"
    VULNERABILITIES = "vulnerabilities"
    TEST_RESULT = "test_result"
    RELEASE = "release"
    LINK = "link"
    SCAI = "scai"
    REFERENCE = "reference"
    RUNTIME_TRACE = "runtime_trace"
    SIMPLE_VERIFICATION = "simple_verification"
    COSIGN_CUSTOM = "cosign_custom"
    OPENVEX = "openvex"
    NPM_PUBLISH = "npm_publish"
    PYPI_PUBLISH = "pypi_publish"
    SPDX = "spdx"
    CYCLONEDX = "cyclonedx"
    IMAGE_SIGNATURE = "image_signature"
    """cosign simple signing: this identity calls this image so."""
    SIGNATURE = "signature"
    """Over the artifact's own bytes."""
    UNKNOWN = "unknown"
    """Stored and shown; never an input of a policy."""


@dataclass(frozen=True, slots=True)
class SignatureRecord:
    """One signature as found. `key_id` is a hint that nobody signed; `certificate` is DER, the leaf, or empty."""

    key_id: str
    value: bytes
    certificate: bytes = b""


@dataclass(frozen=True, slots=True)
class AttestedSubject:
    """What a statement is about. `digests` are those that name an artifact, the shortest first: all name the same."""

    name: str
    digests: tuple[Digest, ...]
    others: tuple[tuple[str, str], ...]
    """Digests that name no artifact here: (gitCommit, hex), (sha1, hex) …"""
    pointer: str
    refs: tuple[str, ...] = ()
    """Of a git revision: the refs that pointed at it."""


@dataclass(frozen=True, slots=True)
class DependencyRecord:
    """An input of a build: a material (SLSA 0.x), a resolved dependency (SLSA 1)."""

    uri: str
    name: str
    digest: Digest | None
    commit: str
    """A git commit in lower-case hex, or ''."""
    others: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class ProvenanceRecord:
    """How the subjects were built, as the builder (or whoever signed in its place) claims. '' where it does not say."""

    builder_id: str
    build_type: str
    invocation_id: str = ""
    repository: str = ""
    """`github.com/org/repository`: no scheme, user, `.git` or ref."""
    ref: str = ""
    commit: str = ""
    workflow_path: str = ""
    event: str = ""
    runner_environment: str = ""
    parameters: str | None = None
    """External parameters as JSON; None when there are none, or they are too large to be kept beside the bytes."""
    run_id: str = ""
    attempt: int | None = None
    actor: str = ""
    called_workflow: str = ""
    """The reusable workflow that the builder is, as `owner/name/path@ref`; '' where it is none."""
    started_at: datetime | None = None
    finished_at: datetime | None = None
    dependencies: tuple[DependencyRecord, ...] = ()


@dataclass(frozen=True, slots=True)
class AttestationRecord:
    """One statement and its envelope. `envelope_digest` is the SHA-256 of the envelope's bytes, as they stood."""

    envelope: Envelope
    envelope_version: str
    envelope_digest: str
    pointer: str
    """Where it stands in the document that was sent; of JSON lines `/` and the number of the line, from 0."""
    payload_type: str
    payload_digest: str
    """SHA-256 of the exact bytes that are signed (before PAE); '' where there is none."""
    statement_type: str
    predicate_type: str
    predicate: Predicate
    subjects: tuple[AttestedSubject, ...]
    signatures: tuple[SignatureRecord, ...] = ()
    log_entry_count: int = 0
    timestamp_count: int = 0
    provenance: ProvenanceRecord | None = None
    facts: tuple[tuple[str, str], ...] = ()
    """What the predicate says in a few lines, to be shown: (name, text)."""
    sbom: SbomRecord | None = None
    vex: VexRecord | None = None

    @property
    def is_signed(self) -> bool:
        """Tell whether it carries a signature: anybody's, over anything. Not that it is a good one."""
        return bool(self.signatures)


MAX_REPORTED_LEVEL = 2
"""What another tool says is believed up to this build level, whatever it says."""


@dataclass(frozen=True, slots=True)
class ReportedRecord:
    """What another tool says that it verified. `digests` empty: of the artifact that the request names."""

    tool: str
    digests: tuple[Digest, ...]
    pointer: str
    passed: bool
    predicate_type: str = ""
    issuer: str = ""
    identity: str = ""
    builder_id: str = ""
    repository: str = ""
    level: int | None = None


@dataclass(slots=True)
class AttestationsRecord:
    """All attestations of one document. Those that cannot be read are counted, and told by a warning."""

    format: str
    format_version: str
    attestations: list[AttestationRecord]
    rejected_count: int = 0
    warnings: list[ReadWarning] = field(default_factory=list)
    reports: list[ReportedRecord] = field(default_factory=list)
    """What tools say that they verified, beside what they hand out."""

    def each_once(self) -> list[AttestationRecord]:
        """Return the attestations in their order; of equal envelopes the first."""
        return each_once(self.attestations)

    def with_sbom(self) -> list[AttestationRecord]:
        """Return those that hold an SBOM, each once, in the order in which these are numbered (`Snapshot.part`).

        SBOMs about a digest come first, because they take labels of the same bytes away; those that state memberships
        last, because these take the projection's lock at once.
        """
        found = [(item, item.sbom) for item in self.each_once() if item.sbom is not None]
        found.sort(key=lambda pair: (bool(pair[1].memberships or pair[1].configs), not pair[1].subjects))
        return [item for item, _ in found]


def each_once(attestations: Sequence[AttestationRecord]) -> list[AttestationRecord]:
    """Return them in their order; of equal envelopes the first."""
    return list({item.envelope_digest: item for item in reversed(attestations)}.values())[::-1]
