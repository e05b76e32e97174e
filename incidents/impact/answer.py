"""The answer to an incident question, in the words and the order of docs/api.md."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from msgspec import Struct


class Status(enum.StrEnum):
    """What is known of one artifact. Never "not affected": see `cleared` and `unknown` in docs/glossary.md."""

    AFFECTED = "affected"
    POSSIBLE = "possible"
    UNKNOWN = "unknown"
    CLEARED = "cleared"


class Effect(enum.StrEnum):
    """Whether the thing is in what runs, or only took part in building it."""

    RUNTIME = "runtime"
    BUILD = "build"


@dataclass(frozen=True, slots=True)
class Counted:
    """How much of the estate a status covers."""

    artifact_count: int = 0
    running_artifact_count: int = 0
    workload_count: int = 0
    namespace_count: int = 0
    cluster_count: int = 0


@dataclass(frozen=True, slots=True)
class Summary:
    """The four statuses are disjoint and add up; `build_exposure` counts again what has effect build."""

    affected: Counted = field(default_factory=Counted)
    possible: Counted = field(default_factory=Counted)
    cleared: Counted = field(default_factory=Counted)
    unknown: Counted = field(default_factory=Counted)
    build_exposure: Counted = field(default_factory=Counted)


@dataclass(frozen=True, slots=True)
class Backlog:
    """Evidence accepted and not yet searchable: what the answer could not take into account."""

    evidence_count: int
    oldest_received_at: datetime | None
    quarantined_count: int


@dataclass(frozen=True, slots=True)
class ReplicaNote:
    """What the read replica had to do with an answer. `passed`: why the primary answered instead.

    `missing_evidence_count` documents are searchable at the primary and were not yet there; the backlog counts them.
    """

    answered: bool
    passed: str | None
    lag_seconds: float | None
    applied_sequence: int | None
    missing_evidence_count: int


@dataclass(frozen=True, slots=True)
class ClusterFreshness:
    """When a cluster was last heard; stale after three of its report intervals."""

    name: str
    last_heard_at: datetime
    stale: bool


@dataclass(frozen=True, slots=True)
class ProvenanceCoverage:
    """Running artifacts by what is told of where they come from: verified provenance, any other, none."""

    verified_count: int
    claimed_count: int
    without_count: int


@dataclass(frozen=True, slots=True)
class Coverage:
    """Out of what the answer was given. Counts are of what runs at the instant asked, digests as reported."""

    running_artifact_count: int
    sbom_complete_count: int
    sbom_partial_count: int
    without_sbom_count: int
    containers_without_digest_count: int
    sbom_without_digest_count: int
    index_unresolved_count: int
    unmapped_service_count: int
    ecosystems: Mapping[str, int]
    clusters: tuple[ClusterFreshness, ...]
    provenance: ProvenanceCoverage | None = None
    """Counted where something is asked for by its origin."""
    publisher_unknown_count: int | None = None
    """Components in what runs of which no SBOM says who made or published them; told where an account is asked for."""


@dataclass(frozen=True, slots=True)
class Feed:
    """A version of an advisory or list that was asked, by its id.

    `retracted_count`: versions of packages, and other things, that earlier versions named and this one does not.
    """

    source: str
    version: str
    retracted_count: int


class NamespaceCount(Struct, frozen=True, gc=False):
    namespace: str
    workload_count: int


class ClusterCount(Struct, frozen=True, gc=False):
    """Where the rows asked for run."""

    cluster: str
    environment: str
    namespaces: tuple[NamespaceCount, ...]


class ArtifactShown(Struct, frozen=True, gc=False):
    digest: str | None
    names: tuple[str, ...]
    kind: str


class Match(Struct, frozen=True, gc=False):
    """Why a row is there. `path` runs from a direct dependency to the match; None where the document does not tell."""

    indicator: int
    purl: str | None
    evidence: UUID | None
    pointer: str | None
    path: tuple[str, ...] | None
    direct: bool | None
    confidence: str
    reason: str


class Via(Struct, frozen=True, gc=False):
    """Through what the row's artifact is reached: an index and its member, a config and its manifest."""

    kind: str
    digest: str
    method: str


class WorkloadShown(Struct, frozen=True, gc=False):
    """One container that ran the artifact at the instant asked."""

    cluster: str
    environment: str
    namespace: str
    kind: str
    name: str
    container: str
    service: str | None
    team: str
    running_since: datetime
    last_seen_at: datetime
    ended_at: datetime | None


class Provenance(Struct, frozen=True, gc=False):
    """How the artifact was built, as the attestation says that may be believed most (inventory/graph/verdicts.py)."""

    verdict: str
    slsa_build_level: int | None
    builder: str | None
    repository: str | None
    commit: str | None
    workflow: str | None
    signer: str | None
    reasons: tuple[str, ...]


NO_PROVENANCE = Provenance("none", None, None, None, None, None, None, ("no_attestation",))


class Row(Struct, frozen=True, gc=False):
    """One artifact of the answer."""

    artifact: ArtifactShown
    status: Status
    effect: Effect
    running: bool
    matches: tuple[Match, ...]
    via: tuple[Via, ...]
    provenance: Provenance
    workloads: tuple[WorkloadShown, ...]
    vex: tuple[str, ...]
    """What is stated of its vulnerabilities, a sentence each; it takes nothing out of an answer."""
    confidence: str


class IndicatorAnswer(Struct, frozen=True):
    """An indicator as it was taken, with what it came to. `asked` holds the shown fields (Indicator.as_asked)."""

    asked: Mapping[str, object]
    artifact_count: int
    running_artifact_count: int
    workload_count: int


@dataclass(frozen=True, slots=True)
class Asked:
    """The question as understood."""

    indicators: tuple[IndicatorAnswer, ...]
    at: datetime | None
    from_: datetime | None
    to: datetime | None
    environments: tuple[str, ...] = ()
    clusters: tuple[str, ...] = ()
    teams: tuple[str, ...] = ()
    statuses: tuple[Status, ...] = ()


class Build(Struct, frozen=True, gc=False):
    """A run that an indicator exposed, that a rule excludes, or of which nobody knows. `file`: where the use stands.

    What it could reach are the secrets of its `job` there; None where the whole run is meant, or the run itself told.
    """

    indicator: int
    status: Status
    confidence: str
    reason: str
    repository: str
    run_id: str | None
    attempt: int | None
    workflow: str | None
    commit: str | None
    event: str | None
    actor: str | None
    started_at: datetime | None
    job: str | None
    uses: str | None
    file: UUID | None
    evidence: UUID
    artifact_count: int


@dataclass(frozen=True, slots=True)
class Builds:
    """The runs of builds that an answer is about: all are counted and hashed, the first of them are listed.

    An answer that an incident keeps lists 20,000, any other 500.
    """

    affected_count: int
    possible_count: int
    unknown_count: int
    cleared_count: int
    runs: tuple[Build, ...]
    hash: str = ""
    """Of what every run is to what was asked, listed or not; '' in answers of earlier releases."""


@dataclass(frozen=True, slots=True)
class Header:
    """Everything of an answer but its rows: the same on every page."""

    asked: Asked
    data_as_of: datetime
    backlog: Backlog
    coverage: Coverage
    summary: Summary
    clusters: tuple[ClusterCount, ...]
    replica: ReplicaNote | None = None
    feeds: tuple[Feed, ...] = ()
    builds: Builds | None = None


@dataclass(frozen=True, slots=True)
class Impact:
    """An answer, or one page of it. `next` is the cursor of the next page; `hash` is of the whole answer."""

    header: Header
    rows: tuple[Row, ...]
    next: str | None
    hash: str
