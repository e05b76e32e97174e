"""What a reader hands on: plain records, one shape for every SBOM format, one for every runtime report.

Readers are pure, so a record holds what the document says (claims) and nothing that a database knows. A field that is
absent is None or empty; a value that could not be read leaves a warning and is absent from the record, never guessed.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import msgspec

if TYPE_CHECKING:
    from datetime import datetime

    from inventory.formats.advisory import AdvisoryRecord
    from inventory.formats.claims import ClaimRecord
    from inventory.formats.source_claims import SourceClaim
    from inventory.formats.vex_records import VexStatementRecord
    from inventory.identity.digests import Digest
    from inventory.identity.purls import Purl

LONGEST_MESSAGE = 4_000

ROOT = -1
"""Index that stands for the document's root (metadata.component, the described package) in `Edge`."""


@dataclass(frozen=True, slots=True)
class ReadWarning:
    """One defect of a document that was read all the same. `pointer` is an RFC 6901 pointer ('' is the document)."""

    code: str
    pointer: str
    message: str


class FormatError(Exception):
    """The document cannot be read: it is rejected with this code, the place in it, and what a person can do."""

    def __init__(self, code: str, message: str, *, pointer: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = storable(message)
        self.pointer = storable(pointer)


def storable(text: str) -> str:
    """Return text of a document as a database takes it: NUL and half surrogate pairs shown as marks, cut to 4,000."""
    if text.isascii() and "\x00" not in text:
        return text[:LONGEST_MESSAGE]
    return text[:LONGEST_MESSAGE].replace("\x00", "\N{SYMBOL FOR NULL}").encode("utf-8", "replace").decode("utf-8")


class Scope(enum.IntEnum):
    """How a component takes part, as the document says. Values are stored (Presence.flags, bits 1-3): keep them."""

    REQUIRED = 0
    OPTIONAL = 1
    EXCLUDED = 2
    DEVELOPMENT = 3
    TEST = 4
    BUILD = 5
    PROVIDED = 6


class SubjectSource(enum.StrEnum):
    """Where the digest of the artifact an SBOM is about was found."""

    PARAMETER = "parameter"
    DOCUMENT = "document"
    SIGNED = "signed"


class ArtifactKind(enum.StrEnum):
    """What bytes a digest names. `unknown` until something says: a pod's bare image id may be manifest or config."""

    OCI_INDEX = "oci_index"
    OCI_MANIFEST = "oci_manifest"
    OCI_CONFIG = "oci_config"
    FILE = "file"
    UNKNOWN = "unknown"
    NAMED = "named"


class Completeness(enum.StrEnum):
    """What the document says of its completeness (CycloneDX compositions of the root, SPDX NONE or NOASSERTION)."""

    COMPLETE = "complete"
    INCOMPLETE = "incomplete"
    UNKNOWN = "unknown"


class Hash(msgspec.Struct, frozen=True, gc=False):
    """A component's hash, `value` in lower-case hex of the right length.

    `algorithm` is in lower case: `md5`, `sha1`, `sha256`, `sha512`, `sha3-256`, `blake2b-256`, `blake3`.
    """

    algorithm: str
    value: str


class ComponentRecord(msgspec.Struct, gc=False):
    """One component as the document lists it, nested ones included; repeated ones are repeated here.

    There are as many as components, so it is of the kind that is made soonest.
    """

    name: str
    version: str
    group: str
    type: str
    """`library`, `application`, `container`, … as CycloneDX names them; SPDX: primaryPackagePurpose, lowered."""
    purl: Purl | None
    ref: str | None
    pointer: str
    parent: int | None
    """Index (in SbomRecord.components) of the component this one is nested in; None at the top, ROOT in the subject."""
    scope: Scope = Scope.REQUIRED
    hashes: tuple[Hash, ...] = ()
    cpe: str | None = None
    source_package: str | None = None
    """Name of the distribution's source package (purl `upstream`, syft and trivy properties), without version."""
    sources: tuple[SourceClaim, ...] = ()
    """Repositories and commits that the document says it comes from, and accounts that made or published it."""
    is_unsure: bool = False
    """It may not be what it says: little evidence of its identity, patched, or an ancestor of what is there."""


class Edge(NamedTuple):
    """`source` depends on `target`; both are indexes into SbomRecord.components, or ROOT."""

    source: int
    target: int


@dataclass(frozen=True, slots=True)
class SubjectRecord:
    """A digest the document is about."""

    digest: Digest
    kind: ArtifactKind
    pointer: str
    source: SubjectSource = SubjectSource.DOCUMENT
    """SIGNED: the subject of a statement in an envelope with a signature, which nobody has verified yet."""


@dataclass(frozen=True, slots=True)
class MembershipRecord:
    """An index lists a manifest for a platform (OCI image index, SPDX VARIANT_OF). '' where it does not say."""

    index: Digest
    member: Digest
    os: str = ""
    architecture: str = ""
    variant: str = ""


@dataclass(frozen=True, slots=True)
class ConfigRecord:
    """A manifest's config (image id) digest: one image, two names."""

    manifest: Digest
    config: Digest


@dataclass(frozen=True, slots=True)
class BaseRecord:
    """An image was made from another one (SPDX DESCENDANT_OF)."""

    image: Digest
    base: Digest


@dataclass(slots=True)
class SbomRecord:
    """One SBOM. `component_count` is the number of components in the document, read or rejected."""

    format: str
    """`cyclonedx` or `spdx`."""
    format_version: str
    media_type: str
    components: list[ComponentRecord]
    edges: list[Edge]
    subjects: tuple[SubjectRecord, ...] = ()
    names: tuple[str, ...] = ()
    """Image references or file names of the subject, as the document gives them."""
    label_name: str = ""
    label_version: str = ""
    """metadata.component or described package: what the document is about when it names no digest."""
    producer: str = ""
    """Name of the tool that wrote it, lower case, without version: part of the track's key."""
    producer_version: str = ""
    serial: str = ""
    """serialNumber and version, or documentNamespace."""
    architecture: str = ""
    created_at: datetime | None = None
    lifecycles: tuple[str, ...] = ()
    completeness: Completeness = Completeness.UNKNOWN
    has_edges: bool = False
    """The document says what its root depends on: without, directness is unknown, not false, and there is no path."""
    rejected_count: int = 0
    metadata_component_count: int = 0
    """So many of `components`, behind those that are counted, are parts of metadata.component, the subject (parent ROOT
    at their top): found like the others, but a receipt does not count them."""
    service_count: int = 0
    """So many of `components`, behind those parts, are services: nodes between others, not counted either."""
    ancestor_count: int = 0
    """So many at the end are what components were made from (CycloneDX pedigree), not counted either."""
    dependency_count: int = 0
    """Edges the document states, before dangling and repeated ones are dropped."""
    passed_over_count: int = 0
    """SPDX: relationships that say nothing here."""
    bases: tuple[BaseRecord, ...] = ()
    claims: tuple[ClaimRecord, ...] = ()
    """SPDX 3: from which source its author says that an artifact was built."""
    memberships: tuple[MembershipRecord, ...] = ()
    configs: tuple[ConfigRecord, ...] = ()
    vex: VexRecord | None = None
    """Statements about vulnerabilities inside the SBOM; their defects are among `warnings`."""
    warnings: list[ReadWarning] = field(default_factory=list)

    @property
    def stored_count(self) -> int:
        """Components read, without what stands behind them: `counts.components_stored` of a receipt."""
        return len(self.components) - self.metadata_component_count - self.service_count - self.ancestor_count

    @property
    def is_plan(self) -> bool:
        """Tell whether it was written at design time alone: what it lists is meant to be there, and is nowhere yet."""
        return bool(self.lifecycles) and {phase.lower() for phase in self.lifecycles} == {"design"}

    @property
    def component_count(self) -> int:
        """Components the document lists: `counts.components` of a receipt."""
        return self.stored_count + self.rejected_count


class ContainerClass(enum.StrEnum):
    """Which part of a pod asks for the image."""

    CONTAINER = "container"
    INIT = "init"
    EPHEMERAL = "ephemeral"
    IMAGE_VOLUME = "image_volume"


@dataclass(frozen=True, slots=True)
class RunRecord:
    """One container seen running (or ended) by a cluster, from our deployment record or from a Kubernetes pod."""

    pointer: str
    cluster: str
    """Empty in a Kubernetes list: the request names it."""
    namespace: str
    workload_kind: str
    workload_name: str
    container: str
    container_class: ContainerClass
    pod: str
    """Pod name or uid when the record says which, else ''."""
    image: str
    """The image reference as written in the spec; '' when only a digest was given."""
    digest: Digest | None
    digest_kind: ArtifactKind
    """What the digest is by its form alone (`docker://sha256:` is a config); UNKNOWN when only a look-up can tell."""
    ended: bool = False
    observed_at: datetime | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    node_architecture: str = ""
    environment: str = ""
    service: str = ""
    team: str = ""
    tags: tuple[tuple[str, str], ...] = ()
    runtime_risks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DeclaredImage:
    """An image that a workload's template asks for. Whether it runs, it does not say."""

    pointer: str
    namespace: str
    workload_kind: str
    workload_name: str
    container: str
    container_class: ContainerClass
    image: str
    digest: Digest | None


@dataclass(slots=True)
class RuntimeRecord:
    """A runtime report. `namespaces` is what a snapshot covers (None: not a snapshot, nothing is ended by absence)."""

    format: str
    """`deployment` (our record or list) or `kubernetes`."""
    runs: list[RunRecord]
    observed_at: datetime | None = None
    namespaces: tuple[str, ...] | None = None
    cluster_uid: str = ""
    """uid of the cluster's kube-system namespace, where a snapshot gives it: tells two clusters of one name apart."""
    partial: bool = False
    """The list says that it is not the whole (metadata.continue, remainingItemCount): nothing is ended by absence."""
    record_count: int = 0
    rejected_count: int = 0
    first_rejection: ReadWarning | None = None
    """Why the first record or pod that is not read was not, for a report of which not one counts."""
    declared: list[DeclaredImage] = field(default_factory=list)
    """Of workloads among the pods, or instead of them; they are no runs and count as no records."""
    warnings: list[ReadWarning] = field(default_factory=list)

    def reject(self, code: str, pointer: str, message: str) -> None:
        """Count a record, or a pod, that is not read."""
        self.rejected_count += 1
        if self.first_rejection is None:
            self.first_rejection = ReadWarning(code, storable(pointer), storable(message))


@dataclass(slots=True)
class VexRecord:
    """Statements about vulnerabilities (VEX): a document of its own, or those of an SBOM (`SbomRecord.vex`)."""

    format: str
    """`openvex`, `csaf` or `cyclonedx`."""
    format_version: str
    media_type: str
    statements: list[VexStatementRecord]
    issuer: str = ""
    """Who says it: OpenVEX author, CSAF publisher's namespace or name, CycloneDX supplier or manufacturer."""
    document_id: str = ""
    """OpenVEX `@id`, CSAF tracking id, CycloneDX serial number; empty where the document has none."""
    document_version: str = ""
    created_at: datetime | None = None
    statement_count: int = 0
    """Statements the document holds, read or not."""
    rejected_count: int = 0
    advisory: AdvisoryRecord | None = None
    """CSAF: what the document lets be asked for by its id."""
    warnings: list[ReadWarning] = field(default_factory=list)
