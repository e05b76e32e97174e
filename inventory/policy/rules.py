"""The rules of a gate: what is blocked or frozen fails, what cannot be told is unknown, and neither is a pass. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from inventory.policy.models import BlockKind, Mode, Outcome

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from inventory.policy.asked import Subject
    from inventory.policy.facts import SubjectFacts
    from inventory.policy.hits import Hit, Place

NOT_BLOCKED, NOT_FROZEN = "incident.not_blocked", "incident.not_frozen"


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a rule came to what it did. `evidence` names digests, for who may see all teams."""

    code: str
    message: str
    evidence: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RuleResult:
    """What one rule came to."""

    rule: str
    result: Outcome
    reasons: tuple[Reason, ...]


def not_blocked(subject: Subject, facts: SubjectFacts, *, hits: Sequence[Hit], kinds: Collection[str]) -> RuleResult:
    """Say whether something that must not run would: unknown where the evidence that a block asks for is missing."""
    if failed := _told(hits):
        return RuleResult(NOT_BLOCKED, Outcome.FAIL, failed)
    missing = tuple(_missing(subject, facts, kinds=kinds))
    return RuleResult(NOT_BLOCKED, Outcome.UNKNOWN if missing else Outcome.PASS, missing)


def not_frozen(place: Place, *, hits: Sequence[Hit], kinds: Collection[str]) -> RuleResult:
    """Say whether something new would come to a frozen place: unknown where the place is not told."""
    if failed := _told(hits):
        return RuleResult(NOT_FROZEN, Outcome.FAIL, failed)
    told = {
        BlockKind.SERVICE: place.service,
        BlockKind.ENVIRONMENT: place.environment,
        BlockKind.CLUSTER: place.cluster and place.namespace,
    }
    missing = tuple(
        Reason("place_not_told", f"A freeze by {kind} is in force, and the {kind} is not told.")
        for kind, value in told.items()
        if kind in kinds and not value
    )
    return RuleResult(NOT_FROZEN, Outcome.UNKNOWN if missing else Outcome.PASS, missing)


def outcome_of(results: Sequence[RuleResult]) -> Outcome:
    """Return what all rules came to together: the worst of them."""
    found = {result.result for result in results}
    return next((one for one in (Outcome.FAIL, Outcome.UNKNOWN) if one in found), Outcome.PASS)


def is_allowed(outcome: Outcome, *, mode: Mode) -> bool:
    """Say whether it may run. What failed never may; what cannot be told may, unless the mode is enforce."""
    return outcome is Outcome.PASS or (outcome is Outcome.UNKNOWN and mode is not Mode.ENFORCE)


def _told(hits: Sequence[Hit]) -> tuple[Reason, ...]:
    return tuple(
        Reason("frozen" if hit.is_freeze else "blocked", f"{hit.kind}: {hit.reason}", (hit.via,) if hit.via else ())
        for hit in hits
    )


_NEEDED: Mapping[BlockKind, tuple[str, str]] = {
    BlockKind.PACKAGE: ("is_listed", "no_sbom"),
    BlockKind.BUILDER: ("is_made", "no_provenance"),
    BlockKind.REPOSITORY: ("is_made", "no_provenance"),
    BlockKind.SIGNER: ("is_signed", "no_signature"),
}
"""What a block of this kind is judged by, and the reason where there is none."""
_MESSAGES = {
    "no_sbom": "Packages are blocked, and no SBOM tells what is in it.",
    "no_provenance": "A builder or repository is blocked, and no provenance tells how it was made.",
    "no_signature": "A signer is blocked, and no signature tells who signed it.",
}


def _missing(subject: Subject, facts: SubjectFacts, *, kinds: Collection[str]) -> list[Reason]:
    if subject.problem:
        return [Reason("bad_image", subject.problem)]
    if not subject.digest:
        seen = "; what it was seen at is not blocked" if facts.tagged else ", and nobody saw where it points"
        return [Reason("tag_only", f"A tag can move: name the digest{seen}.")]
    if not facts.is_known:
        return [Reason("unknown_artifact", "No evidence of yours is about this digest.")]
    lacking = {code for kind, (fact, code) in _NEEDED.items() if kind in kinds and not getattr(facts, fact)}
    return [Reason(code, _MESSAGES[code]) for code in sorted(lacking)]
