"""How facts are shown in rows: where an artifact comes from, and how sure its matches are, in a word."""

from __future__ import annotations

from typing import TYPE_CHECKING

from incidents.impact.answer import Provenance

if TYPE_CHECKING:
    from collections.abc import Sequence

    from incidents.impact.answer import Match
    from inventory.graph.verdicts import Origin

_HIGH, _MEDIUM = 90, 60
_UNRESOLVED_CONFIDENCE = 70


def shown_provenance(origin: Origin) -> Provenance:
    """Return what a row says of where its artifact comes from."""
    return Provenance(
        verdict=origin.verdict.value,
        slsa_build_level=origin.slsa_build_level,
        builder=origin.builder,
        repository=origin.repository,
        commit=origin.commit,
        workflow=origin.workflow,
        signer=origin.signer,
        reasons=origin.reasons,
    )


def best_confidence(matches: Sequence[Match], *, is_unresolved: bool) -> str:
    """The row's confidence is its best match's, lowered where the running platform is unresolved."""
    order = ("high", "medium", "low")
    best = min((match.confidence for match in matches), key=order.index, default="low")
    return max(best, confidence_word(_UNRESOLVED_CONFIDENCE), key=order.index) if is_unresolved else best


def confidence_word(percent: int) -> str:
    """Return a confidence in percent as the word that is shown."""
    return "high" if percent >= _HIGH else "medium" if percent >= _MEDIUM else "low"
