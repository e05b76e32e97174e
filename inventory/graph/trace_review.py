"""The review of the commit that an artifact was built from: what a summary of it proves, what reports say.

A source level says how a revision came to be. That a second person agreed to it, only level 4 or its own property says:
at a lower level the link is no more than claimed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from inventory.graph.trace_links import Fact, Link, LinkKind, LinkState, Proof
from inventory.identity.repositories import is_same_repository
from inventory.models.verification import Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from inventory.graph.trace_facts import Attested, Guard, Revision, TraceFacts

_SAID = frozenset({Verdict.VERIFIED_EXPECTED, Verdict.UNSUPPORTED, Verdict.UNSIGNED_CLAIM})
"""What is not as expected, or failed, says nothing."""


def review(facts: TraceFacts) -> Link:
    """Return what is known of the review of the commit that the most believed attestation names."""
    reported = _reported(facts)
    built = built_at(facts.attested)
    if built is None:
        return reported
    about = [one for one in facts.revisions if one.verdict in _SAID and _is_about(one, built)]
    if not about:
        return reported
    best = max(about, key=lambda one: (_is_proven(one, built), one.is_reviewed, one.level or 0))
    return _summarised(best, built, beside=reported)


def built_at(attested: Sequence[Attested]) -> Attested | None:
    """Return the attestation whose commit the chain goes by."""
    return next((one for one in attested if one.commit), None)


def _is_about(one: Revision, built: Attested) -> bool:
    return (
        one.summary.get("commit") == built.commit
        and one.summary.get("result") == "PASSED"
        and one.level is not None
        and is_same_repository(one.summary.get("resource", ""), built.repository or "")
    )


def _is_proven(one: Revision, built: Attested) -> bool:
    return one.verdict == built.verdict == Verdict.VERIFIED_EXPECTED


def _summarised(one: Revision, built: Attested, *, beside: Link) -> Link:
    named = {"SLSA source level": str(one.level), "Verifier": one.summary.get("verifier", "")}
    shown = (*(Fact(name, value) for name, value in named.items() if value), *beside.facts)
    proofs = tuple(dict.fromkeys([Proof(one.evidence, one.pointer), *beside.proofs]))
    level = f"SLSA source level {one.level}"
    if _is_proven(one, built) and one.is_reviewed:
        summary = f"{level} is proven of this commit: two people agreed to it."
        return Link(LinkKind.REVIEW, LinkState.VERIFIED, summary, shown, proofs)
    summary = f"{level} is said of this commit; nothing proves it."
    if _is_proven(one, built):
        summary = f"{level} is proven of this commit; that a second person reviewed it is not."
    state = LinkState.BROKEN if beside.state is LinkState.BROKEN else LinkState.CLAIMED
    return Link(LinkKind.REVIEW, state, summary, shown, proofs)


def _reported(facts: TraceFacts) -> Link:
    """Read posture reports: they tell what a repository demands, not that this commit was reviewed."""
    if not facts.guards:
        return Link(LinkKind.REVIEW, LinkState.MISSING, "No report says whether changes are reviewed.")
    rules = [guard for guard in facts.guards if guard.score is None]
    good = [
        guard
        for guard in facts.guards
        if (guard.score or 0) > 0 or (guard.is_enforced and (guard.reviews_required or 0) > 0)
    ]
    shown = tuple(
        Fact(
            guard.name or guard.tool,
            f"{guard.score} of 10, {guard.reason}"
            if guard.score is not None
            else f"{guard.reviews_required or 0} reviews required, code owners {_asked(guard)}, "
            f"{'enforced' if guard.is_enforced else 'not enforced'}",
        )
        for guard in facts.guards
    )
    proofs = tuple(dict.fromkeys(Proof(guard.evidence, guard.pointer) for guard in facts.guards))
    if good:
        said = "A branch rule demands reviews" if any(guard in rules for guard in good) else "A scorecard found reviews"
        return Link(LinkKind.REVIEW, LinkState.CLAIMED, f"{said}; nothing proves that of this commit.", shown, proofs)
    if all(guard.score is None and guard.reviews_required is None for guard in facts.guards):
        return Link(
            LinkKind.REVIEW, LinkState.MISSING, "The reports do not say whether reviews are demanded.", shown, proofs
        )
    return Link(LinkKind.REVIEW, LinkState.BROKEN, "The reports say that changes need no review.", shown, proofs)


def _asked(guard: Guard) -> str:
    return {True: "asked", False: "not asked", None: "not told"}[guard.code_owner_review]
