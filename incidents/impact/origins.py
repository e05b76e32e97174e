"""From indicators of origin to artifacts: who built or signed them, from what, and how far that is proven.

Only what a valid certificate proves is affected. What a payload, a label or another tool says is possible, and never
excludes anything; only a trusted time outside the window does.
"""

from __future__ import annotations

from collections import defaultdict
from functools import cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from incidents.impact.answer import Via
from incidents.impact.judging import MatchClass
from incidents.impact.lookup import ArtifactMatch, Lookup
from incidents.impact.probes import ORIGIN_KINDS, probes_of
from inventory.graph.one_state import Statement
from inventory.graph.origin_matches import (
    AFTER,
    ANY,
    BEFORE,
    BESIDE,
    BROKEN,
    CLAIMED,
    FOUND,
    LABELLED,
    PROVEN,
    PUSHED,
    REPORTED,
    SIGNED,
    SPANS,
    UNTIMED,
    WITHIN,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from uuid import UUID

    from incidents.impact.candidates import Placed
    from incidents.impact.probes import Probe

__all__ = ["ORIGIN_KINDS", "origins"]

_SURE, _LIKELY, _CLAIM = 100, 70, 40
_SAID: Final = {
    PROVEN: ", as a verified signature proves",
    BESIDE: ", as the certificate of something else that is attested of it says",
    BROKEN: ", as the certificate of a signature that failed says",
    SIGNED: ", as verified provenance says that no certificate binds to it",
    CLAIMED: ", as provenance says that nobody verified",
    LABELLED: ", as the image's own labels say",
    REPORTED: ", as another tool reports",
    PUSHED: ", as the registry says",
}
_WHEN: Final = {
    ANY: "",
    WITHIN: ", in the window",
    UNTIMED: "; no trusted time tells when",
    SPANS: "; signed after the window, and perhaps made in it",
    BEFORE: ", before the window",
    AFTER: ", after the window",
}
_CONFIDENCE: Final = {PROVEN: _SURE, BESIDE: _LIKELY, SIGNED: _LIKELY, PUSHED: _LIKELY}
_OUTSIDE: Final = frozenset({BEFORE, AFTER})
_BY_INDEX: Final = "what is attested of the index counts for this digest"
_BY_CLAIM: Final = "a document claims that this digest is in the index"


class _Found(NamedTuple):
    """A row of FOUND."""

    artifact_id: int
    number: int
    value: str
    fact: int
    time: int
    is_proven: bool
    holder: str | None
    evidence: UUID | None
    pointer: str | None

    @property
    def judged(self) -> tuple[int, int]:
        """The class, and the confidence."""
        return _judge(self.fact, self.time, self.is_proven)

    @property
    def via(self) -> tuple[Via, ...]:
        return () if self.holder is None else (Via("index", self.holder, _BY_INDEX if self.is_proven else _BY_CLAIM),)


@cache
def _judge(fact: int, time: int, is_proven: bool) -> tuple[int, int]:  # noqa: FBT001  # three columns of a row
    """Return class and confidence of a row: a few dozen answers, for as many rows as one origin has artifacts."""
    if time in _OUTSIDE:
        match_class = MatchClass.CLEARED if is_proven else MatchClass.POSSIBLE
    else:
        is_sure = fact == PROVEN and time in {ANY, WITHIN} and is_proven
        match_class = MatchClass.AFFECTED if is_sure else MatchClass.POSSIBLE
    if not is_proven:
        return match_class, _CLAIM
    certainty = _CONFIDENCE.get(fact, _CLAIM)
    return match_class, min(certainty, _LIKELY) if time in {UNTIMED, SPANS} else certainty


def origins(asked: Iterable[Placed], *, teams: Sequence[int] | None) -> Lookup[ArtifactMatch] | None:
    """Return the look-up of indicators that attestations answer; None where none is asked."""
    probes = probes_of(asked)
    if not probes:
        return None

    def read(rows: Iterable[_Found]) -> Iterator[ArtifactMatch]:
        return _best(rows, probes=probes)

    parameters: dict[str, Any] = {
        "numbers": list(range(len(probes))),
        "fields": [probe.field for probe in probes],
        "lows": [probe.low for probe in probes],
        "highs": [probe.high for probe in probes],
        "alsos": [probe.also for probe in probes],
        "since": [probe.since for probe in probes],
        "until": [probe.until for probe in probes],
        "teams": teams,
    }
    return Lookup(Statement(_Found, FOUND, parameters), read)


def _best(rows: Iterable[_Found], *, probes: Sequence[Probe]) -> Iterator[ArtifactMatch]:
    """Yield what says most of each artifact and indicator: what was signed in the window outweighs what was not."""
    best: dict[tuple[int, int], tuple[tuple[int, int], _Found]] = {}
    begun: dict[int, set[str]] = defaultdict(set)
    for found in rows:
        probe = probes[found.number]
        if probe.fits(found.value):
            if probe.is_beginning:
                begun[probe.place].add(found.value)
            match_class, confidence = found.judged
            key, rank = (found.artifact_id, probe.place), (match_class, -confidence)
            if key not in best or rank < best[key][0]:
                best[key] = rank, found
    for (artifact_id, place), (_, found) in best.items():
        yield _match(artifact_id, found, probe=probes[found.number], alike=len(begun.get(place, ())))


def _match(artifact_id: int, found: _Found, *, probe: Probe, alike: int) -> ArtifactMatch:
    """Return a match; what only begins like `alike` different values is sure of none of them."""
    is_ambiguous, (match_class, confidence) = alike > 1, found.judged
    when = _WHEN[found.time] if probe.has_window else ""
    more = f"; {alike} commits begin so" if is_ambiguous else ""
    return ArtifactMatch(
        artifact_id,
        probe.place,
        max(match_class, MatchClass.POSSIBLE) if is_ambiguous else match_class,
        f"{probe.text}{_SAID[found.fact]}{when}{more}",
        min(confidence, _CLAIM) if is_ambiguous else confidence,
        found.evidence,
        found.pointer,
        found.via,
    )
