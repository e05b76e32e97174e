"""Images that were built on what an answer finds, on what was built on that, and so on: they hold its layers.

What an image's own SBOM lists does not matter here: scanners leave out what they do not see, and so nothing of this
ever clears. An image below is known by provenance, by label, by an SPDX document, or by its layers. A base that is
named by its index stands for one of its members: surely where there is one alone, else possibly.

Few images are a base: the walk begins at those of them that hold what is asked for, and what an image lists itself is
taken away at its end, component by component (docs/adr/0011).
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from incidents.impact.answer import Via
from incidents.impact.base_edges import METHODS
from incidents.impact.columns import different, expanded, points_of
from incidents.impact.lookup import ArtifactMatch
from incidents.impact.stretches import CLEARED_FROM
from inventory.graph.base_images import BaseMethod
from inventory.graph.one_state import Statement

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from uuid import UUID

    from incidents.impact.base_edges import Edges
    from incidents.impact.columns import Flags, Ints, Longs, Octets
    from incidents.impact.facts import Spans
    from incidents.impact.matching import Matches
    from incidents.impact.subjects import Subjects

DEEPEST: Final = 20
_CONFIDENCE: Final = {
    BaseMethod.PROVENANCE: 100,
    BaseMethod.ANNOTATION: 70,
    BaseMethod.SPDX: 70,
    BaseMethod.LAYER_PREFIX: 100,
}
_WEAK: Final = 40
_WORDS: Final = {
    BaseMethod.PROVENANCE: "its provenance names",
    BaseMethod.ANNOTATION: "its label names",
    BaseMethod.SPDX: "an SPDX document names",
    BaseMethod.LAYER_PREFIX: "its layers begin with those of",
}
_EVIDENCE: Final = "SELECT id, public_id FROM inventory_evidence WHERE id = ANY(%(evidence)s::bigint[])"
_NONE: Final = 255
_CLASS_BITS: Final = 2
_ORIGIN_SHIFT: Final = 33
"""Of a key: the origin's place, the artifact's number (31 bits), its class. So keys are in the order of origins."""


class Built(NamedTuple):
    """Artifacts built on something that an origin put in the answer: a component, or below zero a named match.

    Columns, an entry for each artifact, origin, base and method, in their order; the best of each. `edges` are places
    among the edges.
    """

    artifacts: Longs
    origins: Longs
    classes: Octets
    edges: Longs


@dataclass(frozen=True)
class Holders:
    """Which artifacts an answer's stretches, and its named matches, put in it, by what they hold: below cleared."""

    origins: Longs
    """Ascending; components, and -1 - n for the named match n."""
    starts: Longs
    """Where the stretches of each origin begin, and behind all of them their end."""
    classes: Octets
    first: Longs
    last: Longs
    artifacts: Ints
    """What `first` and `last` are places in."""

    @classmethod
    def of(cls, spans: Spans, *, subjects: Subjects, named: Sequence[ArtifactMatch]) -> Holders:
        """Put stretches, which tell their components, in the order of these; a named match is a stretch of its own."""
        order = np.argsort(spans.components, kind="stable")
        order = order[spans.classes[order] < CLEARED_FROM]
        tracks, count = spans.tracks[order], len(named)
        first = subjects.at.searchsorted(points_of(tracks, spans.since[order]))
        last = subjects.at.searchsorted(points_of(tracks, spans.until[order]))
        backwards = named[::-1]
        at = len(subjects.artifacts) + np.arange(count, dtype=np.int64)
        origin_of = np.concatenate((np.arange(-count, 0, dtype=np.int64), spans.components[order].astype(np.int64)))
        origins = different(origin_of)
        return cls(
            origins,
            np.append(origin_of.searchsorted(origins), len(origin_of)),
            np.concatenate((np.array([one.match_class for one in backwards], np.uint8), spans.classes[order])),
            np.concatenate((at, first)),
            np.concatenate((at + 1, last)),
            np.concatenate((subjects.artifacts, np.array([one.artifact_id for one in backwards], np.int32))),
        )

    def keys_of(self, is_wanted: Flags) -> Longs:
        """Return the keys of those artifacts whose flags are set, each once, in order."""
        is_there = self.artifacts < len(is_wanted)
        is_there[is_there] = is_wanted[self.artifacts[is_there]]
        places = np.flatnonzero(is_there)
        first, last = places.searchsorted(self.first), places.searchsorted(self.last)
        spans = np.repeat(np.arange(len(first)), last - first)
        origins = np.repeat(np.arange(len(self.origins)), np.diff(self.starts))[spans]
        return different(_keys(origins, self.artifacts[places[expanded(first, last)]], self.classes[spans]))

    def listed_above(self, origins: Longs, artifacts: Ints, classes: Octets, *, greatest: int) -> Flags:
        """Say of each artifact whether what it lists itself of its origin says less of it than its class.

        `origins` are places in `origins`, ascending.
        """
        best = np.full(max(greatest, int(self.artifacts.max(initial=0))) + 1, _NONE, np.uint8)
        is_above = np.empty(len(origins), np.bool_)
        asked = different(origins)
        starts, ends = origins.searchsorted(asked), origins.searchsorted(asked, side="right")
        for origin, start, end in zip(asked.tolist(), starts.tolist(), ends.tolist(), strict=True):
            mine = slice(int(self.starts[origin]), int(self.starts[origin + 1]))
            holders = self.artifacts[expanded(self.first[mine], self.last[mine])]
            own = np.repeat(self.classes[mine], self.last[mine] - self.first[mine])
            for row_class in reversed(np.flatnonzero(np.bincount(own, minlength=1)).tolist()):
                best[holders[own == row_class]] = row_class
            is_above[start:end] = best[artifacts[start:end]] > classes[start:end]
            best[holders] = _NONE
        return is_above


def built_on(holders: Holders, *, edges: Edges) -> Built:
    """Walk from all that holds something up to what was built on it, and return what that puts in the answer."""
    known = keys = holders.keys_of(edges.is_member)
    steps: list[tuple[Longs, Ints, Octets, Longs, Longs]] = []
    for depth in range(1, DEEPEST + 1):
        if not len(keys):
            break
        origins, artifacts, classes = keys >> _ORIGIN_SHIFT, _artifacts(keys), _classes(keys)
        first, last = edges.ranges(artifacts)
        source, at = np.repeat(np.arange(len(keys)), last - first), expanded(first, last)
        is_other = edges.images[at] != artifacts[source]
        source, at = source[is_other], at[is_other]
        images, classes = edges.images[at], classes[source]
        classes = np.where(edges.doubts[at], np.maximum(classes, 2 + classes % 2), classes)
        steps.append((origins[source], images, classes, at, np.full(len(at), depth)))
        is_base = edges.is_member[images]
        keys = different(_keys(origins[source][is_base], images[is_base], classes[is_base]))
        keys = keys[~np.isin(keys, known, assume_unique=True)]
        known = np.concatenate((known, keys))
    return _best(steps, holders=holders, edges=edges)


def _best(steps: Sequence[tuple[Longs, Ints, Octets, Longs, Longs]], *, holders: Holders, edges: Edges) -> Built:
    """Leave what an artifact lists itself, and what no document is known to tell; of the rest the best of each."""
    columns = [_added(step, holders=holders, edges=edges) for step in steps]
    if not columns:
        nothing = np.zeros(0, np.int64)
        return Built(nothing, nothing, np.zeros(0, np.uint8), nothing)
    origins, artifacts, classes, at, depths = (np.concatenate(column) for column in zip(*columns, strict=True))
    bases, methods = edges.bases[at], edges.methods[at]
    order = np.lexsort((edges.doubts[at], edges.evidence[at], depths, classes, methods, bases, origins, artifacts))
    key = np.stack((artifacts, origins, bases, methods))[:, order]
    is_first = np.ones(len(order), np.bool_)
    is_first[1:] = (key[:, 1:] != key[:, :-1]).any(axis=0)
    order = order[is_first]
    return Built(artifacts[order].astype(np.int64), holders.origins[origins[order]], classes[order], at[order])


def _added(
    step: tuple[Longs, Ints, Octets, Longs, Longs], *, holders: Holders, edges: Edges
) -> tuple[Longs, Ints, Octets, Longs, Longs]:
    origins, artifacts, classes, at, depths = step
    counts = holders.listed_above(origins, artifacts, classes, greatest=edges.greatest) & (edges.evidence[at] > 0)
    return origins[counts], artifacts[counts], classes[counts], at[counts], depths[counts]


def _keys(origins: Longs, artifacts: Ints, classes: Octets) -> Longs:
    return origins << _ORIGIN_SHIFT | artifacts.astype(np.int64) << _CLASS_BITS | classes


def _artifacts(keys: Longs) -> Ints:
    return (keys >> _CLASS_BITS & 0x7FFF_FFFF).astype(np.int32)


def _classes(keys: Longs) -> Octets:
    return (keys & (1 << _CLASS_BITS) - 1).astype(np.uint8)


def evidence_statement(built: Built, *, edges: Edges) -> Statement[tuple[int, UUID]]:
    """Return the statement that reads what the documents that tell of it are called."""
    evidence = different(edges.evidence[built.edges]).tolist()
    return Statement(lambda *row: row, _EVIDENCE, {"evidence": evidence})


def matches_of(
    built: Built, *, edges: Edges, evidence: Mapping[int, UUID], matches: Matches, named: Sequence[ArtifactMatch]
) -> Iterator[ArtifactMatch]:
    """Yield what was built as matches of the indicators that its origins are of."""
    places: dict[int, set[int]] = defaultdict(set)
    for match in matches.components:
        places[match.component_id].add(match.indicator)
    for number, artifact in enumerate(named):
        places[-1 - number].add(artifact.indicator)
    seen: set[tuple[int, int, int, int]] = set()
    columns = (
        built.artifacts, built.origins, built.classes, edges.bases[built.edges], edges.methods[built.edges],
        edges.doubts[built.edges], edges.evidence[built.edges],
    )  # fmt: skip
    for artifact_id, origin, row_class, base, method, is_weak, number in zip(
        *(column.tolist() for column in columns), strict=True
    ):
        for place in sorted(places[origin]):
            key = (artifact_id, place, base, method)
            if key not in seen:
                seen.add(key)
                told = _Told(
                    edges.digests[base], BaseMethod(METHODS[method]), is_weak=is_weak, evidence=evidence[number]
                )
                yield _match(told, artifact_id=artifact_id, place=place, row_class=row_class)


@dataclass(frozen=True, slots=True)
class _Told:
    """How it is known that an image was built on another one: `is_weak` where it may be another than that."""

    base: str
    method: BaseMethod
    is_weak: bool
    evidence: UUID


def _match(told: _Told, *, artifact_id: int, place: int, row_class: int) -> ArtifactMatch:
    method = told.method
    doubt = "; which platform of it, or how much of its layers, is not sure" if told.is_weak else ""
    return ArtifactMatch(
        artifact_id,
        place,
        row_class,
        f"built on {told.base[:19]}…, which is in this answer: {_WORDS[method]} it{doubt}",
        min(_CONFIDENCE[method], _WEAK) if told.is_weak else _CONFIDENCE[method],
        told.evidence,
        None,
        (Via("base_image", told.base, method.value),),
    )
