"""The links of a trace: what each is, what may be known of it, and the control at its boundary."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from uuid import UUID


class LinkState(enum.StrEnum):
    """What the evidence of a link amounts to."""

    VERIFIED = "verified"
    CLAIMED = "claimed"
    MISSING = "missing"
    BROKEN = "broken"


class LinkKind(enum.StrEnum):
    """The links, in their order."""

    SOURCE = "source"
    REVIEW = "review"
    COMMIT = "commit"
    WORKFLOW = "workflow"
    BUILDER = "builder"
    DIGEST = "digest"
    SIGNATURE = "signature"
    TAGS = "tags"
    ADMISSION = "admission"
    WORKLOADS = "workloads"


class Boundary(enum.StrEnum):
    """What somebody must get across to replace what runs."""

    SOURCE_TO_CI = "source_to_ci"
    CI_TO_ARTIFACT = "ci_to_artifact"
    ARTIFACT_TO_REGISTRY = "artifact_to_registry"
    REGISTRY_TO_RUNTIME = "registry_to_runtime"


@dataclass(frozen=True, slots=True)
class Control:
    """What has to hold at a boundary for the link to be safe."""

    boundary: Boundary
    name: str


CONTROLS = {
    LinkKind.SOURCE: Control(Boundary.SOURCE_TO_CI, "Releases are built from protected branches of a known repository"),
    LinkKind.REVIEW: Control(Boundary.SOURCE_TO_CI, "A second person reviews; code owners approve workflow changes"),
    LinkKind.COMMIT: Control(Boundary.SOURCE_TO_CI, "The exact commit is known"),
    LinkKind.WORKFLOW: Control(Boundary.CI_TO_ARTIFACT, "An approved workflow builds, in a clean environment"),
    LinkKind.BUILDER: Control(Boundary.CI_TO_ARTIFACT, "An isolated builder states how it built"),
    LinkKind.DIGEST: Control(Boundary.ARTIFACT_TO_REGISTRY, "The artifact is known by its digest"),
    LinkKind.SIGNATURE: Control(
        Boundary.ARTIFACT_TO_REGISTRY, "The artifact is signed by a signer who is trusted for it"
    ),
    LinkKind.TAGS: Control(Boundary.ARTIFACT_TO_REGISTRY, "No release tag is overwritten"),
    LinkKind.ADMISSION: Control(
        Boundary.REGISTRY_TO_RUNTIME, "Admission verifies signature, provenance, source and builder"
    ),
    LinkKind.WORKLOADS: Control(Boundary.REGISTRY_TO_RUNTIME, "What runs is deployed by digest"),
}


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that is known of a link."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Proof:
    """A document, and where in it ('': the whole of it)."""

    evidence: UUID
    pointer: str = ""


@dataclass(frozen=True, slots=True)
class Link:
    """One link. `summary` says it in a sentence, `reasons` are codes (docs/trust.md)."""

    kind: LinkKind
    state: LinkState
    summary: str
    facts: tuple[Fact, ...] = ()
    proofs: tuple[Proof, ...] = ()
    reasons: tuple[str, ...] = ()

    @property
    def control(self) -> Control:
        return CONTROLS[self.kind]

    @property
    def is_satisfied(self) -> bool | None:
        """Tell whether the control holds: True is proven, False contradicted, None unknown."""
        return {LinkState.VERIFIED: True, LinkState.BROKEN: False}.get(self.state)
