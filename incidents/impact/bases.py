"""Images that were built on what an answer finds, on what was built on that, and so on: they hold its layers.

What an image's own SBOM lists does not matter here: scanners leave out what they do not see, and so nothing of this
ever clears. An image below is known by provenance, by label, by an SPDX document, or by its layers. A base that is
named by its index stands for one of its members: surely where there is one alone, else possibly.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from incidents.impact.answer import Via
from incidents.impact.lookup import ArtifactMatch
from incidents.impact.stretches import CLEARED_FROM
from inventory.graph.base_images import EMPTY_LAYERS, BaseMethod
from inventory.graph.one_state import Statement, array_of
from inventory.graph.visibility import own
from inventory.models.attestations import IMAGE_ADDRESS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from uuid import UUID

    from incidents.impact.matching import Matches
    from inventory.graph.one_state import Along, OneState

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
_IS_IMAGE: Final = f"d.uri ~ '{IMAGE_ADDRESS}'"
KNOWN: Final = f"""
SELECT EXISTS (SELECT FROM inventory_imagelayer l WHERE l.position > 0 AND {own("l.team_id")})
    OR EXISTS (SELECT FROM inventory_artifactclaim c
               WHERE c.claim IN ('base_digest', 'base_spdx') AND {own("c.team_id")})
    OR EXISTS (SELECT FROM inventory_provenancedependency d JOIN inventory_attestation a ON a.id = d.provenance_id
               WHERE d.digest <> '' AND {_IS_IMAGE} AND {own("a.team_id")})
"""
_EMPTY = ", ".join(f"'{digest}'" for digest in EMPTY_LAYERS)
# `near` are the digests that may stand for an artifact where another names it as its base.
_BUILT_ON = f"""
    WITH same AS (
        SELECT s.artifact_id AS id
        UNION SELECT x.artifact_id FROM inventory_artifactalias x
              WHERE x.alias_id = s.artifact_id AND {own("x.team_id")}
        UNION SELECT x.alias_id FROM inventory_artifactalias x
              WHERE x.artifact_id = s.artifact_id AND {own("x.team_id")}
    ),
    near AS (
        SELECT a.id, a.digest, n.doubt FROM (
            SELECT id, 0 AS doubt FROM same
            UNION SELECT m.index_id, (1 < (SELECT count(DISTINCT o.member_id) FROM inventory_indexmember o
                                           WHERE o.index_id = m.index_id AND {own("o.team_id")}))::int
                  FROM same JOIN inventory_indexmember m ON m.member_id = same.id WHERE {own("m.team_id")}
            UNION SELECT m.member_id, 1
                  FROM same JOIN inventory_indexmember m ON m.index_id = same.id WHERE {own("m.team_id")}
        ) n JOIN inventory_artifact a ON a.id = n.id
    )
    SELECT o.artifact_id AS image, n.digest AS base, '{BaseMethod.PROVENANCE}' AS method, n.doubt, (
               SELECT min(c.evidence_id) FROM inventory_attestationsource c WHERE c.attestation_id = d.provenance_id
           ) AS evidence
    FROM near n
    JOIN inventory_provenancedependency d ON d.digest = n.digest AND d.digest <> '' AND {_IS_IMAGE}
    JOIN inventory_attestationsubject o ON o.attestation_id = d.provenance_id
    WHERE o.artifact_id IS NOT NULL AND {own("o.team_id")}
    UNION ALL
    SELECT c.artifact_id, n.digest,
           CASE c.claim WHEN 'base_spdx' THEN '{BaseMethod.SPDX}' ELSE '{BaseMethod.ANNOTATION}' END, n.doubt,
           c.evidence_id
    FROM near n JOIN inventory_artifactclaim c ON c.value = n.digest
    WHERE c.claim IN ('base_digest', 'base_spdx') AND {own("c.team_id")}
    UNION ALL
    SELECT coalesce((SELECT min(x.artifact_id) FROM inventory_artifactalias x
                     WHERE x.alias_id = t.artifact_id AND {own("x.team_id")}), t.artifact_id),
           b.digest, '{BaseMethod.LAYER_PREFIX}', (b.solid < 2)::int, t.evidence_id
    FROM (
        SELECT l.artifact_id, a.digest, l.chain, (
                   SELECT count(*) FROM inventory_imagelayer o
                   WHERE o.artifact_id = l.artifact_id AND o.team_id = l.team_id AND o.digest NOT IN ({_EMPTY})
               ) AS solid
        FROM same JOIN inventory_imagelayer l ON l.artifact_id = same.id AND l.is_last
        JOIN inventory_artifact a ON a.id = l.artifact_id
        WHERE l.chain <> '' AND {own("l.team_id")}
    ) b
    JOIN inventory_imagelayer t ON t.chain = b.chain AND NOT t.is_last
    WHERE b.solid > 0 AND t.artifact_id NOT IN (SELECT id FROM same) AND {own("t.team_id")}
"""
# Whatever something may be built on, of all teams: few of all artifacts, and nothing else is looked into. Which digests
# are named as a base is read one behind the other, since thousands of images name the same one.
_BASES = f"""
claimed(claim, digest) AS (
    SELECT k.claim, (SELECT min(c.value) FROM inventory_artifactclaim c WHERE c.claim = k.claim)
    FROM (VALUES ('base_digest'), ('base_spdx')) AS k(claim)
    UNION ALL
    SELECT v.claim, (SELECT min(c.value) FROM inventory_artifactclaim c
                     WHERE c.claim = v.claim AND c.value > v.digest)
    FROM claimed v WHERE v.digest IS NOT NULL
),
input(digest) AS (
    SELECT min(d.digest) FROM inventory_provenancedependency d WHERE d.digest <> '' AND {_IS_IMAGE}
    UNION ALL
    SELECT (SELECT min(d.digest) FROM inventory_provenancedependency d
            WHERE d.digest <> '' AND {_IS_IMAGE} AND d.digest > v.digest)
    FROM input v WHERE v.digest IS NOT NULL
),
below(id) AS (
    SELECT l.artifact_id FROM inventory_layerstack k CROSS JOIN LATERAL (
        SELECT artifact_id FROM inventory_imagelayer WHERE is_last AND chain = k.chain OFFSET 0) l
    WHERE k.is_whole AND k.has_above
    UNION SELECT a.id FROM claimed v JOIN inventory_artifact a ON a.digest = v.digest
    UNION SELECT a.id FROM input v JOIN inventory_artifact a ON a.digest = v.digest
),
meant(id) AS (
    SELECT id FROM below
    UNION SELECT m.member_id FROM below JOIN inventory_indexmember m ON m.index_id = below.id
    UNION SELECT m.index_id FROM below JOIN inventory_indexmember m ON m.member_id = below.id
),
basis(id) AS MATERIALIZED (
    SELECT id FROM meant
    UNION SELECT x.artifact_id FROM meant JOIN inventory_artifactalias x ON x.alias_id = meant.id
    UNION SELECT x.alias_id FROM meant JOIN inventory_artifactalias x ON x.artifact_id = meant.id
)"""
_CLOSED = f"""
WITH RECURSIVE hit(artifact_id, origin, class) AS MATERIALIZED (
    SELECT s.artifact_id, w.component_id, w.class + ((p.flags >> 1) & 7 IN (3, 4, 5))::int
    FROM unnest(%(components)s::int[], %(classes)s::smallint[]) AS w(component_id, class)
    JOIN inventory_presence p ON p.component_id = w.component_id
    JOIN inventory_track t ON t.id = p.track_id
    JOIN inventory_snapshotsubject s ON s.track_id = p.track_id AND s.seq >= p.from_seq AND s.seq < p.to_seq
    WHERE w.class < {CLEARED_FROM} AND {own("t.team_id")}
    UNION
    SELECT * FROM unnest(%(named)s::int[], %(origins)s::int[], %(named_classes)s::int[])
),
{_BASES},
step(artifact_id, origin, class, base, method, is_weak, evidence, depth) AS (
    SELECT artifact_id, origin, class, ''::text, ''::text, false, NULL::bigint, 0 FROM hit
    WHERE artifact_id IN (SELECT id FROM basis)
    UNION
    SELECT e.image, s.origin, CASE WHEN e.doubt > 0 THEN greatest(s.class, 2 + s.class %% 2) ELSE s.class END,
           e.base::text COLLATE "default", e.method::text COLLATE "default", e.doubt > 0, e.evidence, s.depth + 1
    FROM step s CROSS JOIN LATERAL ({_BUILT_ON}) e
    WHERE s.depth < {DEEPEST} AND e.image <> s.artifact_id AND s.artifact_id IN (SELECT id FROM basis)
)
SELECT DISTINCT ON (s.artifact_id, s.origin, s.base, s.method)
       s.artifact_id, s.origin, s.class, s.base, s.method, s.is_weak, v.public_id, s.depth
FROM step s JOIN inventory_evidence v ON v.id = s.evidence
WHERE s.depth > 0 AND NOT EXISTS (
    SELECT FROM hit h WHERE h.artifact_id = s.artifact_id AND h.origin = s.origin AND h.class <= s.class)
ORDER BY s.artifact_id, s.origin, s.base, s.method, s.class, s.depth, s.evidence
"""


@dataclass(frozen=True, slots=True)
class _Built:
    """An artifact built on something that a component (or, below zero, a named match) put in the answer."""

    artifact_id: int
    origin: int
    match_class: int
    base: str
    method: str
    is_weak: bool
    evidence: UUID
    depth: int


class Bases:
    """Whether anything is known to be built on anything, asked along with the first exchange."""

    def __init__(self, *, teams: Sequence[int] | None, state: OneState) -> None:
        self._teams, self._state = teams, state
        self._known: Along[bool] = state.along(Statement(bool, KNOWN, {"teams": teams}))

    @property
    def are_known(self) -> bool:
        """Say whether any is, once the first exchange is over."""
        return any(self._known.rows)

    def closed(self, matches: Matches) -> Matches:
        """Return the matches with all that was built on them: one round trip, where anything is known of bases."""
        best = {item: row_class for item, row_class in matches.best().items() if row_class < CLEARED_FROM}
        named = [match for match in matches.artifacts if match.match_class < CLEARED_FROM]
        if not (self.are_known and (best or named)):
            return matches
        parameters = {
            "components": array_of(best),
            "classes": array_of(best.values()),
            "named": [match.artifact_id for match in named],
            "origins": [-1 - place for place in range(len(named))],
            "named_classes": [match.match_class for match in named],
            "teams": self._teams,
        }
        found = self._state.fetch(Statement(_Built, _CLOSED, parameters))
        built = tuple(_matches(found, matches=matches, named=named))
        return replace(matches, artifacts=(*matches.artifacts, *built), asks_artifacts=True)


def _matches(found: Sequence[_Built], *, matches: Matches, named: Sequence[ArtifactMatch]) -> Iterator[ArtifactMatch]:
    places: dict[int, set[int]] = defaultdict(set)
    for match in matches.components:
        places[match.component_id].add(match.indicator)
    for number, artifact in enumerate(named):
        places[-1 - number].add(artifact.indicator)
    seen: set[tuple[int, int, str, str]] = set()
    for one in found:
        for place in sorted(places[one.origin]):
            key = (one.artifact_id, place, one.base, one.method)
            if key not in seen:
                seen.add(key)
                yield _match(one, place=place)


def _match(one: _Built, *, place: int) -> ArtifactMatch:
    method = BaseMethod(one.method)
    doubt = "; which platform of it, or how much of its layers, is not sure" if one.is_weak else ""
    return ArtifactMatch(
        one.artifact_id,
        place,
        one.match_class,
        f"built on {one.base[:19]}…, which is in this answer: {_WORDS[method]} it{doubt}",
        min(_CONFIDENCE[method], _WEAK) if one.is_weak else _CONFIDENCE[method],
        one.evidence,
        None,
        (Via("base_image", one.base, method.value),),
    )
