"""Clusters asked for by name: one that the asker hears nothing of is a problem, never an answer without a match."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from msgspec import structs

from incidents.impact.estate import read_places
from inventory.identity.indicators import IndicatorKind

if TYPE_CHECKING:
    from incidents.impact.question import Question
    from supplychain.access.actors import Actor

_UNHEARD: Final = "no report of a cluster of this name can be seen: nobody looked for what was deployed there"


def with_known_clusters(question: Question, *, actor: Actor) -> Question:
    """Return the question with a problem at each cluster that nothing is known of. One statement where one is asked."""
    if not any(one.kind is IndicatorKind.CLUSTER and one.problem is None for one in question.indicators):
        return question
    known = set(read_places(actor=actor).clusters)
    indicators = tuple(
        structs.replace(one, problem=_UNHEARD)
        if one.kind is IndicatorKind.CLUSTER and one.problem is None and dict(one.details)["cluster"] not in known
        else one
        for one in question.indicators
    )
    return replace(question, indicators=indicators)
