"""The chain of an artifact, from its source to what runs it: each link, its evidence, and where it could be replaced.

A link is verified only by an attestation that was verified and is as expected. What anybody else says is a claim,
however often it is said: posture reports, registries and clusters are believed in what they report, and prove nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from inventory.formats.claims import Claim
from inventory.graph.artifacts import find_artifact
from inventory.graph.release_tags import is_release_tag
from inventory.graph.trace_facts import read_trace_facts
from inventory.graph.trace_links import Fact, Link, LinkKind, LinkState, Proof
from inventory.graph.trace_review import review
from inventory.models.verification import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable

    from inventory.graph.trace_facts import Attested, Tagged, TraceFacts
    from supplychain.access.actors import Actor


@dataclass(frozen=True, slots=True)
class Trace:
    """The chain. `gap` is the first link that is not verified: from there on it could be replaced silently.

    `needs` are codes of what the next build level lacks; none at the highest.
    """

    digest: str
    verdict: Verdict
    slsa_build_level: int
    needs: tuple[str, ...]
    links: tuple[Link, ...]

    @property
    def gap(self) -> LinkKind | None:
        return next((link.kind for link in self.links if link.state is not LinkState.VERIFIED), None)


HIGHEST_LEVEL = 3
_CONTRADICTS = {
    LinkKind.SOURCE: {"unexpected_repository", "unexpected_repository_id", "unexpected_owner", "source_mismatch"},
    LinkKind.COMMIT: {"unexpected_ref", "ref_mismatch", "source_mismatch"},
    LinkKind.WORKFLOW: {
        "unexpected_workflow",
        "unexpected_event",
        "unexpected_build_type",
        "unexpected_parameter",
        "workflow_mismatch",
        "run_mismatch",
    },
    LinkKind.BUILDER: {"unexpected_builder", "unexpected_runner", "builder_mismatch", "runner_mismatch"},
    LinkKind.DIGEST: {"subject_mismatch", "bad_subject"},
}
"""Which reasons speak against which link; all others are the signature's."""
_NEEDS = {
    Verdict.NONE: "needs_provenance",
    Verdict.UNSIGNED_CLAIM: "needs_signature",
    Verdict.REPORTED: "needs_attestation",
    Verdict.UNSUPPORTED: "needs_verifiable_signature",
    Verdict.FAILED: "needs_valid_signature",
    Verdict.VERIFIED_UNEXPECTED: "needs_trusted_signer",
    Verdict.VERIFIED_EXPECTED: "needs_isolated_builder",
}


def read_trace(digest: str, *, actor: Actor) -> Trace:
    """Return the chain of a visible artifact, as far as the actor may see; raises ArtifactNotFoundError.

    Seven statements.
    """
    return build_trace(digest, read_trace_facts(find_artifact(digest, actor=actor), actor=actor))


def build_trace(digest: str, facts: TraceFacts) -> Trace:
    """Put the chain together from what was read."""
    best = facts.attested[0] if facts.attested else None
    verdict = Verdict.NONE if best is None else Verdict(best.verdict)
    level = 0 if best is None else best.level
    return Trace(
        digest=digest,
        verdict=verdict,
        slsa_build_level=level,
        needs=_needs(best, verdict=verdict, level=level),
        links=(
            _source(facts),
            review(facts),
            _commit(facts),
            _workflow(facts),
            _builder(facts),
            _digest(facts),
            _signature(facts),
            _tags(facts),
            Link(LinkKind.ADMISSION, LinkState.MISSING, "No admission decision is recorded."),
            _workloads(facts),
        ),
    )


def _needs(best: Attested | None, *, verdict: Verdict, level: int) -> tuple[str, ...]:
    if level >= HIGHEST_LEVEL:
        return ()
    stored = () if best is None else best.needs
    return tuple(stored) or (_NEEDS[verdict],)


def _source(facts: TraceFacts) -> Link:
    one = _first(facts, lambda row: row.repository)
    if one is not None:
        named = _shown(("Repository", one.repository), ("Ref", one.ref))
        return _attested(LinkKind.SOURCE, one, f"Built from {one.repository}", named)
    return _label(
        facts, Claim.SOURCE, LinkKind.SOURCE, "Repository", "Nothing says which repository it was built from."
    )


def _commit(facts: TraceFacts) -> Link:
    one = _first(facts, lambda row: row.commit)
    if one is not None:
        return _attested(LinkKind.COMMIT, one, f"Built at commit {_short(one.commit)}", _shown(("Commit", one.commit)))
    return _label(facts, Claim.REVISION, LinkKind.COMMIT, "Commit", "Nothing says which commit it was built from.")


def _label(facts: TraceFacts, claim: Claim, kind: LinkKind, name: str, absent: str) -> Link:
    """Return what the image's own labels say: whoever built it wrote them."""
    found = next((one for one in facts.claims if one.claim == claim), None)
    if found is None:
        return Link(kind, LinkState.MISSING, absent)
    summary = "A label of the image says so; whoever built it wrote the label."
    return Link(kind, LinkState.CLAIMED, summary, (Fact(name, found.value),), (Proof(found.evidence),))


def _workflow(facts: TraceFacts) -> Link:
    one = _first(facts, lambda row: row.workflow)
    if one is None:
        return Link(LinkKind.WORKFLOW, LinkState.MISSING, "Nothing says which workflow built it.")
    named = _shown(("Workflow", one.workflow), ("Event", one.event), ("Run", one.run))
    return _attested(LinkKind.WORKFLOW, one, f"Built by {one.workflow}", named)


def _builder(facts: TraceFacts) -> Link:
    one = _first(facts, lambda row: row.builder)
    if one is None:
        return Link(LinkKind.BUILDER, LinkState.MISSING, "Nothing says what built it.")
    named = _shown(("Builder", one.builder), ("Runner", one.runner), ("SLSA build level", str(one.level)))
    return _attested(LinkKind.BUILDER, one, "Provenance names its builder", named)


def _digest(facts: TraceFacts) -> Link:
    """The chain reaches the artifact where an attestation is about its digest, or an index that commits to it."""
    one = next((row for row in facts.attested if row.envelope_digest), None)
    if one is None:
        return Link(LinkKind.DIGEST, LinkState.MISSING, "No attestation is about this digest.")
    about = "the index that lists this digest" if one.relation == "index" else "this digest"
    return _attested(
        LinkKind.DIGEST, one, f"An attestation is about {about}", _shown(("Attestation", one.envelope_digest))
    )


def _signature(facts: TraceFacts) -> Link:
    one = next((row for row in facts.attested if row.signature_count or row.verdict == Verdict.REPORTED), None)
    if one is None:
        return Link(LinkKind.SIGNATURE, LinkState.MISSING, "Nobody signed anything that says where it comes from.")
    signed_at = None if one.signed_at is None else one.signed_at.isoformat().replace("+00:00", "Z")
    named = _shown(("Signer", one.signer), ("Trusted as", one.trusted_as), ("Signed at", signed_at))
    state = {
        Verdict.VERIFIED_EXPECTED: LinkState.VERIFIED,
        Verdict.FAILED: LinkState.BROKEN,
    }.get(Verdict(one.verdict), LinkState.CLAIMED)
    summary = {
        Verdict.VERIFIED_EXPECTED: "Signed by a signer who is trusted for it.",
        Verdict.VERIFIED_UNEXPECTED: "The signature is good; its signer is not trusted for this.",
        Verdict.FAILED: "Verification failed.",
        Verdict.REPORTED: "Another tool says that it verified a signature.",
    }.get(Verdict(one.verdict), "Signed; nobody here can tell whether the signature is good.")
    return Link(LinkKind.SIGNATURE, state, summary, named, (_proof(one),), tuple(one.differences))


def _tags(facts: TraceFacts) -> Link:
    if not facts.tags:
        return Link(LinkKind.TAGS, LinkState.MISSING, "No registry or deployment named a tag of it.")
    shown = tuple(Fact(f"{tag.repository}:{tag.tag}", _where(tag)) for tag in facts.tags)
    proofs = tuple(dict.fromkeys(Proof(tag.evidence, tag.pointer) for tag in facts.tags))
    overwritten = [tag for tag in facts.tags if tag.other and is_release_tag(tag.tag)]
    if overwritten:
        summary = f"{_many(len(overwritten), 'release tag')} pointed at another image too."
        return Link(LinkKind.TAGS, LinkState.BROKEN, summary, shown, proofs, ("tag_overwritten",))
    return Link(LinkKind.TAGS, LinkState.CLAIMED, "No release tag of it was seen at another image.", shown, proofs)


def _where(tag: Tagged) -> str:
    if tag.other is None:
        return "seen at this image alone"
    return f"points here now, before at {tag.other}" if tag.is_here else f"points at {tag.other} now"


def _workloads(facts: TraceFacts) -> Link:
    if not facts.places:
        return Link(LinkKind.WORKLOADS, LinkState.MISSING, "No cluster reports that it runs.")
    shown = tuple(
        Fact(f"{place.cluster} ({place.environment})", f"{place.namespace}: {_many(place.workload_count, 'workload')}")
        for place in facts.places
    )
    clusters = len({place.cluster for place in facts.places})
    workloads = sum(place.workload_count for place in facts.places)
    summary = f"Reported running in {_many(workloads, 'workload')} of {_many(clusters, 'cluster')}."
    proofs = tuple(dict.fromkeys(Proof(place.evidence) for place in facts.places))
    return Link(LinkKind.WORKLOADS, LinkState.CLAIMED, summary, shown, proofs)


def _attested(kind: LinkKind, one: Attested, summary: str, facts: tuple[Fact, ...]) -> Link:
    """Return a link that rests on one attestation; what it differs in speaks against the link it is about."""
    against = tuple(code for code in one.differences if code in _CONTRADICTS[kind])
    differences = tuple(
        Fact("Expected", f"{expected}, found {found}")
        for code in against
        for expected, found in [one.differences[code]]
        if expected or found
    )
    if against:
        return Link(
            kind,
            LinkState.BROKEN,
            f"{summary}, against what is expected.",
            facts + differences,
            (_proof(one),),
            against,
        )
    if one.verdict == Verdict.VERIFIED_EXPECTED:
        return Link(kind, LinkState.VERIFIED, f"{summary}: proven by its signature.", facts, (_proof(one),))
    why = {
        Verdict.VERIFIED_UNEXPECTED: "by a signer who is not trusted for it",
        Verdict.FAILED: "by a statement that failed verification",
        Verdict.REPORTED: "as another tool reports",
        Verdict.UNSUPPORTED: "by a signature that nobody here can judge",
    }.get(Verdict(one.verdict), "and nobody signed it")
    return Link(
        kind, LinkState.CLAIMED, f"{summary}, so it is said, {why}.", facts, (_proof(one),), tuple(one.differences)
    )


def _first(facts: TraceFacts, has: Callable[[Attested], str | None]) -> Attested | None:
    return next((row for row in facts.attested if has(row)), None)


def _proof(one: Attested) -> Proof:
    return Proof(one.evidence, one.pointer)


def _shown(*pairs: tuple[str, str | None]) -> tuple[Fact, ...]:
    return tuple(Fact(name, value) for name, value in pairs if value)


def _many(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _short(commit: str | None) -> str:
    return (commit or "")[:12]
