"""Release tags that were seen at more than one image, whoever saw them: registries, deployments, documents.

An index, its members and their configs are one image. What joins digests must be proven for that (graph/judged.py): a
document that only claims it could hide an overwrite, so what is joined by a claim alone is told as possible.
"""

from __future__ import annotations

import enum
from collections import defaultdict
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from inventory.graph.families import visible_teams
from inventory.graph.release_tags import is_release_tag
from inventory.graph.statements import Slice, fetch
from inventory.graph.tags import repository_name
from inventory.graph.visibility import own

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime
    from uuid import UUID

    from supplychain.access.actors import Actor


class Certainty(enum.StrEnum):
    """Whether two images are surely two."""

    OVERWRITTEN = "overwritten"
    POSSIBLE = "possible"
    """A document claims that they belong together, and the bytes of no index or manifest prove it."""


@dataclass(frozen=True, slots=True, order=True)
class OverwriteKey:
    """The place of a tag in the list: by repository, then by tag."""

    repository: str
    tag: str


@dataclass(frozen=True, slots=True)
class Sighting:
    """A digest that the tag was seen at, from its first sighting to its last. `evidence` is the first document."""

    digest: str
    first_seen_at: datetime
    last_seen_at: datetime
    sources: Sequence[str]
    evidence: UUID | None


@dataclass(frozen=True, slots=True)
class Overwrite:
    """A release tag and the images it was seen at, in the order of their first sighting; one digest of each."""

    repository: str
    tag: str
    certainty: Certainty
    sightings: tuple[Sighting, ...]

    @property
    def key(self) -> OverwriteKey:
        return OverwriteKey(self.repository, self.tag)

    @property
    def comparisons(self) -> list[tuple[str, str]]:
        """Return the digests of each image with those of the one before."""
        return [(before.digest, after.digest) for before, after in pairwise(self.sightings)]


_SEEN = f"""
SELECT v.repository, v.tag, v.artifact_id, v.observed_at AS since, v.observed_at AS until, v.source, v.evidence_id
FROM inventory_tagevent v
WHERE v.tag <> '' AND v.artifact_id IS NOT NULL AND v.action <> 'delete' AND {own("v.team_id")}
UNION ALL
SELECT i.image_name, i.image_tag, i.artifact_id, i.opened_at, i.last_seen_at, 'deployment', i.opened_by_id
FROM inventory_runinterval i
WHERE i.image_tag <> '' AND i.image_name <> '' AND i.artifact_id IS NOT NULL AND {own("i.team_id")}
UNION ALL
SELECT n.name, n.tag, n.artifact_id, n.first_seen_at, n.first_seen_at, 'document', NULL
FROM inventory_artifactname n
WHERE n.tag <> '' AND strpos(n.name, '/') > 0 AND {own("n.team_id")} AND EXISTS (
    SELECT FROM inventory_indexmember m WHERE m.index_id = n.artifact_id AND m.is_proven AND {own("m.team_id")})
"""
"""Of names alone those of an index count that was sent itself: an SBOM names what it is of, not where a tag points."""
_AT_SEVERAL = f"""
WITH seen AS MATERIALIZED (
    SELECT * FROM ({_SEEN}) s WHERE %(repository)s = '' OR s.repository = %(repository)s
),
several AS (
    SELECT repository, tag FROM seen GROUP BY repository, tag HAVING count(DISTINCT artifact_id) > 1
),
told AS (
    SELECT s.repository, s.tag, s.artifact_id, s.since, s.until, s.source, s.evidence_id,
           s.source = 'document' AND EXISTS (
               SELECT FROM seen o WHERE o.repository = s.repository AND o.tag = s.tag
               AND o.artifact_id = s.artifact_id AND o.source <> 'document') AS is_repeated
    FROM several v JOIN seen s ON s.repository = v.repository AND s.tag = v.tag
)
SELECT t.repository, t.tag, t.artifact_id, a.digest, min(t.since), max(t.until), array_agg(DISTINCT t.source),
       (array_agg(e.public_id ORDER BY t.since, t.evidence_id) FILTER (WHERE e.id IS NOT NULL))[1]
FROM told t
JOIN inventory_artifact a ON a.id = t.artifact_id AND a.digest IS NOT NULL
LEFT JOIN inventory_evidence e ON e.id = t.evidence_id
WHERE NOT t.is_repeated
GROUP BY t.repository, t.tag, t.artifact_id, a.digest
ORDER BY t.repository, t.tag, min(t.since), a.digest
"""
"""Every tag that was seen at several digests: one row a digest. A name that a report repeats says nothing new."""
_EDGES = f"""
SELECT m.index_id, m.member_id, m.is_proven FROM inventory_indexmember m
WHERE (m.index_id = ANY(%(ids)s::int[]) OR m.member_id = ANY(%(ids)s::int[])) AND {own("m.team_id")}
UNION ALL
SELECT x.artifact_id, x.alias_id, x.is_proven FROM inventory_artifactalias x
WHERE (x.artifact_id = ANY(%(ids)s::int[]) OR x.alias_id = ANY(%(ids)s::int[])) AND {own("x.team_id")}
"""


@dataclass(frozen=True, slots=True)
class _Seen:
    repository: str
    tag: str
    artifact_id: int
    digest: str
    first_seen_at: datetime
    last_seen_at: datetime
    sources: Sequence[str]
    evidence: UUID | None


@dataclass(frozen=True, slots=True)
class _Edge:
    one: int
    other: int
    is_proven: bool


def list_overwrites(
    *, repository: str, after: OverwriteKey | None, limit: int, actor: Actor
) -> Slice[Overwrite, OverwriteKey]:
    """Return the overwritten release tags of a repository, or of all (''), in their order. Two statements."""
    found = _find(repository=repository_name(repository) if repository else "", actor=actor)
    rest = [one for one in found if after is None or one.key > after]
    shown = tuple(rest[:limit])
    return Slice(shown, next=shown[-1].key if len(rest) > limit else None)


def _find(*, repository: str, actor: Actor) -> list[Overwrite]:
    teams = visible_teams(actor)
    seen = fetch(_Seen, _AT_SEVERAL, {"repository": repository, "teams": teams})
    releases: dict[OverwriteKey, list[_Seen]] = defaultdict(list)
    for row in seen:
        if is_release_tag(row.tag):
            releases[OverwriteKey(row.repository, row.tag)].append(row)
    ids = sorted({row.artifact_id for rows in releases.values() for row in rows})
    edges = fetch(_Edge, _EDGES, {"ids": ids, "teams": teams}) if ids else []
    proven = _images(ids, edges=[edge for edge in edges if edge.is_proven])
    claimed = _images(ids, edges=edges)
    found = (_overwrite(key, rows, proven=proven, claimed=claimed) for key, rows in sorted(releases.items()))
    return [one for one in found if one is not None]


def _overwrite(
    key: OverwriteKey, rows: Sequence[_Seen], *, proven: Mapping[int, int], claimed: Mapping[int, int]
) -> Overwrite | None:
    """Return the tag's images, each by the digest seen first; None where all its digests are one image."""
    images: dict[int, list[_Seen]] = defaultdict(list)
    for row in rows:
        images[proven[row.artifact_id]].append(row)
    if len(images) < 2:
        return None
    is_sure = len({claimed[row.artifact_id] for row in rows}) > 1
    return Overwrite(
        key.repository,
        key.tag,
        Certainty.OVERWRITTEN if is_sure else Certainty.POSSIBLE,
        tuple(_sighting(image) for image in images.values()),
    )


def _sighting(image: Sequence[_Seen]) -> Sighting:
    return Sighting(
        digest=image[0].digest,
        first_seen_at=image[0].first_seen_at,
        last_seen_at=max(row.last_seen_at for row in image),
        sources=sorted({source for row in image for source in row.sources}),
        evidence=next((row.evidence for row in image if row.evidence is not None), None),
    )


def _images(ids: Iterable[int], *, edges: Iterable[_Edge]) -> dict[int, int]:
    """Return {artifact: image}: artifacts that edges join, over whichever others, have the same number."""
    parent: dict[int, int] = {}

    def root(one: int) -> int:
        while parent.setdefault(one, one) != one:
            parent[one] = parent[parent[one]]
            one = parent[one]
        return one

    for edge in edges:
        parent[root(edge.one)] = root(edge.other)
    return {one: root(one) for one in ids}
