"""Which images were built on which, kept in the process: a few images are the base of nearly all others.

What a reader may see of it is remembered until anything is told of bases, layers, or digests that belong together
(ChangeKind.BASES); then the next question reads all of it, with an exchange that it needs anyway.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final, Self

import numpy as np

from incidents.impact.columns import ints, longs, marked, octets
from incidents.impact.remembered import forget_with_the_tables
from incidents.impact.statements import PACK, PACK_CLASS
from inventory.graph.base_images import EMPTY_LAYERS, BaseMethod
from inventory.graph.one_state import Statement
from inventory.graph.remembered import Remembered
from inventory.graph.visibility import own
from inventory.models.attestations import IMAGE_ADDRESS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from incidents.impact.columns import Flags, Ints, Longs, Octets
    from incidents.impact.remembered import Marks
    from inventory.graph.one_state import OneState

METHODS: Final = tuple(sorted(BaseMethod))
"""An edge names its method by its place here."""
_READERS_KEPT: Final = 16
"""At 200,000 images some 5 MB each."""
_NUMBER: Final = {method: number for number, method in enumerate(METHODS)}
_IS_IMAGE: Final = f"d.uri ~ '{IMAGE_ADDRESS}'"
_EMPTY: Final = ", ".join(f"'{digest}'" for digest in EMPTY_LAYERS)
# Whatever something may be built on, of all teams: few of all artifacts, and nothing else is looked into. Which digests
# are named as a base is read one behind the other, since thousands of images name the same one.
_BASES: Final = f"""
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
# `same`: the digests of one image; what has the same ones is one group. `near`: those that may stand for it where
# another image names its base.
EDGES: Final = f"""
WITH RECURSIVE {_BASES},
named(artifact_id, ids) AS MATERIALIZED (
    SELECT b.id, ARRAY(
        SELECT b.id
        UNION SELECT x.artifact_id FROM inventory_artifactalias x WHERE x.alias_id = b.id AND {own("x.team_id")}
        UNION SELECT x.alias_id FROM inventory_artifactalias x WHERE x.artifact_id = b.id AND {own("x.team_id")}
        ORDER BY 1)
    FROM basis b
),
family(ids, number) AS MATERIALIZED (SELECT ids, row_number() OVER () FROM named GROUP BY ids),
same(number, id) AS MATERIALIZED (SELECT number, unnest(ids) FROM family),
near AS MATERIALIZED (
    SELECT n.number, a.id, a.digest, n.doubt FROM (
        SELECT number, id, 0 AS doubt FROM same
        UNION SELECT same.number, m.index_id, (1 < (
                  SELECT count(DISTINCT o.member_id) FROM inventory_indexmember o
                  WHERE o.index_id = m.index_id AND {own("o.team_id")}))::int
              FROM same JOIN inventory_indexmember m ON m.member_id = same.id WHERE {own("m.team_id")}
        UNION SELECT same.number, m.member_id, 1
              FROM same JOIN inventory_indexmember m ON m.index_id = same.id WHERE {own("m.team_id")}
    ) n JOIN inventory_artifact a ON a.id = n.id
),
whole AS MATERIALIZED (
    SELECT same.number, l.artifact_id, l.chain, (
               SELECT count(*) FROM inventory_imagelayer o
               WHERE o.artifact_id = l.artifact_id AND o.team_id = l.team_id AND o.digest NOT IN ({_EMPTY})
           ) AS solid
    FROM same JOIN inventory_imagelayer l ON l.artifact_id = same.id AND l.is_last
    WHERE l.chain <> '' AND {own("l.team_id")}
),
edge(number, image, base, method, doubt, evidence) AS (
    SELECT n.number, o.artifact_id, n.id, {_NUMBER[BaseMethod.PROVENANCE]}, n.doubt, (
               SELECT min(c.evidence_id) FROM inventory_attestationsource c WHERE c.attestation_id = d.provenance_id)
    FROM near n
    JOIN inventory_provenancedependency d ON d.digest = n.digest AND d.digest <> '' AND {_IS_IMAGE}
    JOIN inventory_attestationsubject o ON o.attestation_id = d.provenance_id
    WHERE o.artifact_id IS NOT NULL AND {own("o.team_id")}
    UNION ALL
    SELECT n.number, c.artifact_id, n.id,
           CASE c.claim WHEN 'base_spdx' THEN {_NUMBER[BaseMethod.SPDX]} ELSE {_NUMBER[BaseMethod.ANNOTATION]} END,
           n.doubt, c.evidence_id
    FROM near n JOIN inventory_artifactclaim c ON c.value = n.digest
    WHERE c.claim IN ('base_digest', 'base_spdx') AND {own("c.team_id")}
    UNION ALL
    SELECT b.number, coalesce(x.artifact_id, t.artifact_id), b.artifact_id, {_NUMBER[BaseMethod.LAYER_PREFIX]},
           (b.solid < 2)::int, t.evidence_id
    FROM whole b
    JOIN inventory_imagelayer t ON t.chain = b.chain AND NOT t.is_last
    LEFT JOIN (SELECT x.alias_id, min(x.artifact_id) AS artifact_id FROM inventory_artifactalias x
               WHERE {own("x.team_id")} GROUP BY x.alias_id) x ON x.alias_id = t.artifact_id
    WHERE b.solid > 0 AND {own("t.team_id")}
      AND NOT EXISTS (SELECT FROM same WHERE same.number = b.number AND same.id = t.artifact_id)
),
member AS (
    SELECT {PACK.format("artifact_id")} AS artifacts, {PACK.format("number::int")} AS families
    FROM (SELECT n.artifact_id, f.number FROM named n JOIN family f ON f.ids = n.ids ORDER BY n.artifact_id) m
),
based AS (
    SELECT array_agg(id) AS ids, array_agg(digest) AS digests
    FROM (SELECT DISTINCT near.id, near.digest FROM near WHERE near.id IN (SELECT base FROM edge)) b
),
packed AS (
    SELECT {PACK.format("number::int")} AS families, {PACK.format("image")} AS images, {PACK.format("base")} AS bases,
           {PACK_CLASS.format("method")} AS methods, {PACK_CLASS.format("doubt")} AS doubts,
           string_agg(int8send(coalesce(evidence, 0)), ''::bytea) AS evidence
    FROM edge
)
SELECT member.artifacts, member.families, based.ids, based.digests, ARRAY(
           SELECT digest FROM claimed WHERE digest IS NOT NULL UNION SELECT digest FROM input WHERE digest IS NOT NULL
           EXCEPT SELECT digest FROM inventory_artifact WHERE digest IN (
               SELECT digest FROM claimed UNION SELECT digest FROM input)),
       packed.families, packed.images, packed.bases, packed.methods, packed.doubts, packed.evidence
FROM member CROSS JOIN based CROSS JOIN packed
"""
_COME: Final = "SELECT count(*) FROM inventory_artifact WHERE digest = ANY(%(digests)s)"


@dataclass(frozen=True)
class Edges:
    """What was built on what. `members` are all that may be a base, ascending; `families` says which edges are theirs.

    The columns of edges are ordered by family. `bases` are places in `digests`, which are ordered; `methods` in
    METHODS; `evidence` is 0 where no document is known to tell. `missing` are the digests named as a base that no
    artifact has yet: one that comes leaves no mark.
    """

    members: Ints
    families: Ints
    digests: Sequence[str]
    missing: Sequence[str]
    of_family: Ints
    images: Ints
    bases: Ints
    methods: Octets
    doubts: Flags
    evidence: Longs

    @classmethod
    def unpack(
        cls,
        artifacts: bytes | None,
        families: bytes | None,
        base_ids: list[int] | None,
        digests: list[str] | None,
        missing: list[str] | None,
        *edges: bytes | None,
    ) -> Self:
        """Take the row of EDGES."""
        of_family, images, bases = map(ints, edges[:3])
        methods, doubts = map(octets, edges[3:5])
        order = np.argsort(of_family, kind="stable")
        known = sorted(zip(digests or (), base_ids or (), strict=True))
        place_of = np.zeros(int(bases.max(initial=0)) + 1, np.int32)
        for place, (_, base) in enumerate(known):
            place_of[base] = place
        return cls(
            members=ints(artifacts),
            families=ints(families),
            digests=[digest for digest, _ in known],
            missing=missing or (),
            of_family=of_family[order],
            images=images[order],
            bases=place_of[bases][order],
            methods=methods[order],
            doubts=doubts[order].astype(np.bool_),
            evidence=longs(edges[5])[order],
        )

    def __len__(self) -> int:
        return len(self.images)

    @cached_property
    def greatest(self) -> int:
        """The greatest number of an artifact that is a base or was built on one."""
        return int(max(self.members.max(initial=0), self.images.max(initial=0)))

    @cached_property
    def is_member(self) -> Flags:
        """Return for each artifact, by its number, whether it may be a base."""
        return marked(self.greatest + 1, self.members)

    def ranges(self, members: Ints) -> tuple[Longs, Longs]:
        """Return where the edges of these members begin, and end."""
        families = self.families[self.members.searchsorted(members)]
        return self.of_family.searchsorted(families), self.of_family.searchsorted(families, side="right")


NO_EDGES: Final = Edges.unpack(*[None] * 11)
EDGES_KEPT: Final[Remembered[Edges]] = Remembered(_READERS_KEPT)
forget_with_the_tables(EDGES_KEPT.forget)


class AskedEdges:
    """The edges that a reader may see in one state: those that are remembered, or read with its next exchange."""

    def __init__(self, *, teams: Sequence[int] | None, marks: Marks, state: OneState) -> None:
        self._marks, self._key = marks.bases, None if teams is None else tuple(teams)
        known = EDGES_KEPT.get(self._marks, self._key)
        self._known = NO_EDGES if known is None else known
        self._state, self._statement = state, Statement(Edges.unpack, EDGES, {"teams": teams})
        missing = self._known.missing
        self._come = state.along(Statement(int, _COME, {"digests": missing})) if missing else None
        self._asked = None if known is not None else state.along(self._statement)

    @property
    def may_be(self) -> bool:
        """Whether there are any, as far as is known before the exchange."""
        return self._asked is not None or self._come is not None or len(self._known) > 0

    def read(self) -> Edges:
        """Return them, once the exchange is over; for a round trip where one that was missing has come."""
        if self._asked is not None:
            (edges,) = self._asked.rows
        elif self._come is not None and any(self._come.rows):
            (edges,) = self._state.fetch(self._statement)
        else:
            return self._known
        EDGES_KEPT.put(self._marks, self._key, edges)
        return edges
