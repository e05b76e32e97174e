"""What runs outside the expected pipeline: every running digest, by what may be believed of where it comes from.

A container that reports an index runs the one member that its node's architecture leaves; what is attested of that
member is attested of what runs. A digest is as good as the worst of its containers. Nothing is left out: what nothing
is attested of is a class of its own, containers that report no digest are counted apart.
"""

from __future__ import annotations

import enum
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from inventory.graph.families import visible_teams
from inventory.graph.judged import BEST, JUDGED
from inventory.graph.statements import Slice, fetch
from inventory.graph.verdicts import NO_ORIGIN, Origin, read_verdicts
from inventory.graph.visibility import own
from inventory.models.verification import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from supplychain.access.actors import Actor


class PipelineClass(enum.StrEnum):
    """Where a running digest comes from, what needs a look first."""

    UNEXPECTED = "unexpected"
    """Verified as something else than a trusted signer is expected to sign, or a signature failed."""
    NONE = "none"
    UNVERIFIABLE = "unverifiable"
    """Something is said of it, signed or not, that nothing here proves."""
    EXPECTED = "expected"


CLASS_OF = {
    Verdict.VERIFIED_EXPECTED: PipelineClass.EXPECTED,
    Verdict.VERIFIED_UNEXPECTED: PipelineClass.UNEXPECTED,
    Verdict.FAILED: PipelineClass.UNEXPECTED,
    Verdict.UNSUPPORTED: PipelineClass.UNVERIFIABLE,
    Verdict.REPORTED: PipelineClass.UNVERIFIABLE,
    Verdict.UNSIGNED_CLAIM: PipelineClass.UNVERIFIABLE,
    Verdict.NONE: PipelineClass.NONE,
}
_RANK_OF = {kind: rank for rank, kind in enumerate(PipelineClass)}


@dataclass(frozen=True, slots=True)
class PipelineFilter:
    """Which containers to look at; '' asks for all. `kind` keeps the rows of one class, and never the counts."""

    environment: str = ""
    team: str = ""
    cluster: str = ""
    kind: PipelineClass | None = None


@dataclass(frozen=True, slots=True)
class ClassCount:
    """How much of what runs is of a class. A digest has one class; its containers are counted with it."""

    artifact_count: int
    container_count: int


@dataclass(frozen=True, slots=True)
class PipelineSummary:
    """The classes add up to all running digests; containers without a digest are in none of them."""

    classes: Mapping[PipelineClass, ClassCount]
    containers_without_digest_count: int

    @property
    def running_artifact_count(self) -> int:
        return sum(counted.artifact_count for counted in self.classes.values())

    @property
    def container_count(self) -> int:
        return sum(counted.container_count for counted in self.classes.values())


@dataclass(frozen=True, slots=True, order=True)
class PipelineKey:
    """The place of a digest in the list: what needs a look first, most containers first, then by digest."""

    rank: int
    negated_container_count: int
    digest: str


@dataclass(frozen=True, slots=True)
class PipelineRow:
    """A running digest. `judged_digest` is what its origin is of: itself, or the member of an index that runs."""

    digest: str
    name: str
    kind: PipelineClass
    origin: Origin
    judged_digest: str
    container_count: int
    workload_count: int
    environments: Sequence[str]
    teams: Sequence[str]
    clusters: Sequence[str]


@dataclass(frozen=True, slots=True)
class Pipeline:
    """The report: its counts, and a part of its rows."""

    summary: PipelineSummary
    page: Slice[PipelineRow, PipelineKey]


_SHOWN = f"""
shown AS MATERIALIZED (
    SELECT i.artifact_id, i.node_architecture, i.workload_id, i.image_name, i.image_tag, c.name AS cluster,
           t.slug AS team, coalesce(e.slug, 'unknown') AS environment
    FROM inventory_runinterval i
    JOIN inventory_workload w ON w.id = i.workload_id
    JOIN inventory_cluster c ON c.id = w.cluster_id
    JOIN access_team t ON t.id = i.team_id
    LEFT JOIN inventory_environment e ON e.id = coalesce(i.environment_id, c.environment_id)
    WHERE i.closed_at IS NULL AND {own("i.team_id")}
      AND (%(cluster)s = '' OR c.name = %(cluster)s) AND (%(team)s = '' OR t.slug = %(team)s)
      AND (%(environment)s = '' OR coalesce(e.slug, 'unknown') = %(environment)s)
)
"""
_CANDIDATES = f"""
run AS (SELECT DISTINCT artifact_id, node_architecture FROM shown WHERE artifact_id IS NOT NULL),
candidate AS (
    SELECT artifact_id, node_architecture, artifact_id AS candidate_id FROM run
    UNION ALL
    SELECT r.artifact_id, r.node_architecture, min(m.member_id)
    FROM run r JOIN inventory_indexmember m ON m.index_id = r.artifact_id
    WHERE m.is_proven AND {own("m.team_id")}
      AND (r.node_architecture = '' OR m.architecture IN ('', r.node_architecture))
    GROUP BY r.artifact_id, r.node_architecture HAVING count(DISTINCT m.member_id) = 1
),
asked AS (SELECT DISTINCT candidate_id AS id FROM candidate)
"""
_VERDICTS = ", ".join(f"('{verdict.value}', {_RANK_OF[kind]})" for verdict, kind in CLASS_OF.items())
CLASSED = f"""{_CANDIDATES}, {JUDGED}, {BEST},
resolved AS (
    SELECT DISTINCT ON (c.artifact_id, c.node_architecture) c.artifact_id, c.candidate_id,
           coalesce(b.verdict, '{Verdict.NONE}') AS verdict
    FROM candidate c LEFT JOIN best b ON b.asked_id = c.candidate_id
    ORDER BY c.artifact_id, c.node_architecture, b.rank NULLS LAST, c.candidate_id <> c.artifact_id
),
worst AS (
    SELECT DISTINCT ON (r.artifact_id) r.artifact_id, r.candidate_id, k.rank
    FROM resolved r JOIN (VALUES {_VERDICTS}) AS k(verdict, rank) ON k.verdict = r.verdict
    ORDER BY r.artifact_id, k.rank, r.candidate_id
)"""
"""CTEs up to `worst` (artifact_id, candidate_id, rank): the class of each digest that containers of `shown`
(artifact_id, node_architecture) report, by its place in PipelineClass."""
_CLASSES = f"""
WITH {_SHOWN}, {CLASSED},
counted AS (
    SELECT artifact_id, count(*) AS container_count, count(DISTINCT workload_id) AS workload_count
    FROM shown GROUP BY artifact_id
)
SELECT n.artifact_id, a.digest, w.rank, w.candidate_id, n.container_count, n.workload_count
FROM counted n LEFT JOIN worst w ON w.artifact_id = n.artifact_id LEFT JOIN inventory_artifact a ON a.id = n.artifact_id
"""
"""One row a running digest, and one with a NULL artifact for the containers that report none."""

_PLACES = f"""
WITH {_SHOWN}
SELECT s.artifact_id, max(CASE WHEN s.image_tag = '' THEN s.image_name ELSE s.image_name || ':' || s.image_tag END),
       array_agg(DISTINCT s.environment), array_agg(DISTINCT s.team), array_agg(DISTINCT s.cluster)
FROM shown s WHERE s.artifact_id = ANY(%(ids)s::int[]) GROUP BY s.artifact_id
"""


@dataclass(frozen=True, slots=True)
class _Classed:
    artifact_id: int | None
    digest: str
    rank: int
    candidate_id: int
    container_count: int
    workload_count: int

    @property
    def kind(self) -> PipelineClass:
        return tuple(PipelineClass)[self.rank]

    @property
    def key(self) -> PipelineKey:
        return PipelineKey(self.rank, -self.container_count, self.digest)


@dataclass(frozen=True, slots=True)
class _Places:
    artifact_id: int
    name: str
    environments: Sequence[str]
    teams: Sequence[str]
    clusters: Sequence[str]


def read_pipeline(wanted: PipelineFilter, *, after: PipelineKey | None, limit: int | None, actor: Actor) -> Pipeline:
    """Return the counts, and the rows behind a place; `limit` None: all of them. Four statements at most."""
    scope = {
        "teams": visible_teams(actor),
        "environment": wanted.environment,
        "team": wanted.team,
        "cluster": wanted.cluster,
    }
    found = fetch(_Classed, _CLASSES, scope)
    classed = sorted((row for row in found if row.artifact_id is not None), key=lambda row: row.key)
    summary = _summary(classed, without_digest=[row for row in found if row.artifact_id is None])
    listed = [row for row in classed if wanted.kind in {None, row.kind} and (after is None or row.key > after)]
    shown = listed if limit is None else listed[:limit]
    rows = tuple(_describe(shown, scope=scope, actor=actor))
    return Pipeline(summary, Slice(rows, next=shown[-1].key if len(shown) < len(listed) else None))


def _summary(classed: Iterable[_Classed], *, without_digest: Sequence[_Classed]) -> PipelineSummary:
    artifacts, containers = Counter[PipelineClass](), Counter[PipelineClass]()
    for row in classed:
        artifacts[row.kind] += 1
        containers[row.kind] += row.container_count
    return PipelineSummary(
        {kind: ClassCount(artifacts[kind], containers[kind]) for kind in PipelineClass},
        sum(row.container_count for row in without_digest),
    )


def _describe(shown: Sequence[_Classed], *, scope: Mapping[str, object], actor: Actor) -> Iterable[PipelineRow]:
    """Add to the rows of a page where they come from and where they run: three statements."""
    if not shown:
        return
    origins = read_verdicts({row.candidate_id for row in shown}, actor=actor)
    ids = [row.artifact_id for row in shown]
    places = {row.artifact_id: row for row in fetch(_Places, _PLACES, {**scope, "ids": ids})}
    digests = _digests({row.candidate_id for row in shown})
    for row in shown:
        place = places[row.artifact_id or 0]
        yield PipelineRow(
            digest=row.digest,
            name=place.name,
            kind=row.kind,
            origin=origins.get(row.candidate_id, NO_ORIGIN),
            judged_digest=digests[row.candidate_id],
            container_count=row.container_count,
            workload_count=row.workload_count,
            environments=place.environments,
            teams=place.teams,
            clusters=place.clusters,
        )


def _digests(ids: Iterable[int]) -> dict[int, str]:
    """Return the digests of artifacts that the asker's own proven memberships led to."""
    found = fetch(
        lambda *row: row,
        "SELECT id, digest FROM inventory_artifact WHERE id = ANY(%(ids)s::int[])",
        {"ids": sorted(ids)},
    )
    return dict(found)
