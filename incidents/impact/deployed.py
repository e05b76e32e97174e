"""What was deployed with the credential of a cluster or namespace: all that began to run there in its window.

What does not come from the expected pipeline is marked: whoever held the credential could run anything.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from incidents.impact.judging import MatchClass
from incidents.impact.lookup import ArtifactMatch, Lookup
from inventory.graph.one_state import Statement
from inventory.graph.pipeline import CLASSED, PipelineClass
from inventory.graph.visibility import own
from inventory.models.runtime import STALE_AFTER_INTERVALS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from uuid import UUID

    from incidents.impact.candidates import Placed

_IN, _LATE, _BACKDATED, _BEFORE, _AFTER = range(5)
_CLASS: Final = {
    _IN: MatchClass.AFFECTED,
    _LATE: MatchClass.POSSIBLE,
    _BACKDATED: MatchClass.POSSIBLE,
    _BEFORE: MatchClass.CLEARED,
    _AFTER: MatchClass.CLEARED,
}
_CONFIDENCE: Final = {_LATE: 70, _BACKDATED: 40}
_WHEN: Final = {
    _IN: "began to run in {0}",
    _LATE: "was first reported in {0} so soon after the window that it may have begun in it",
    _BACKDATED: "began to run in {0} before the window, as a report says that was received in it or later",
    _BEFORE: "began to run in {0} before the window",
    _AFTER: "began to run in {0} after the window",
}
_ORIGIN: Final = {
    PipelineClass.UNEXPECTED: "outside the expected pipeline: what is attested of it is not as expected, or failed",
    PipelineClass.NONE: "outside the expected pipeline: nothing tells where it comes from",
    PipelineClass.UNVERIFIABLE: "outside the expected pipeline: nothing proves what is said of where it comes from",
    PipelineClass.EXPECTED: "from the expected pipeline",
}
_KINDS: Final = tuple(PipelineClass)
# Who held the credential could also report: an earlier beginning counts only when it was received as early.
_DEPLOYED: Final = f"""
WITH place AS (
    SELECT * FROM unnest(%(places)s::int[], %(clusters)s::text[], %(namespaces)s::text[], %(since)s::timestamptz[],
                         %(until)s::timestamptz[]) AS place(number, cluster, namespace, since, until)
),
began AS MATERIALIZED (
    SELECT p.number, i.artifact_id, i.node_architecture, i.opened_by_id, i.id,
           CASE WHEN i.opened_at < p.since AND e.received_at >= p.since THEN {_BACKDATED}
                WHEN i.opened_at < p.since THEN {_BEFORE}
                WHEN i.opened_at >= p.until + make_interval(
                    secs => {STALE_AFTER_INTERVALS} * c.report_interval_seconds) THEN {_AFTER}
                WHEN i.opened_at >= p.until THEN {_LATE}
                ELSE {_IN} END AS time
    FROM place p
    JOIN inventory_cluster c ON c.name = p.cluster
    JOIN inventory_workload w ON w.cluster_id = c.id AND (p.namespace = '' OR w.namespace = p.namespace)
    JOIN inventory_runinterval i ON i.workload_id = w.id
    JOIN inventory_evidence e ON e.id = i.opened_by_id
    WHERE i.artifact_id IS NOT NULL AND (i.closed_at IS NULL OR i.closed_at > i.opened_at) AND {own("i.team_id")}
),
shown AS (SELECT artifact_id, node_architecture FROM began WHERE time < {_BEFORE}),
{CLASSED}
SELECT DISTINCT ON (b.artifact_id, b.number) b.artifact_id, b.number, b.time, w.rank, e.public_id
FROM began b
LEFT JOIN worst w ON w.artifact_id = b.artifact_id
JOIN inventory_evidence e ON e.id = b.opened_by_id
ORDER BY b.artifact_id, b.number, b.time, b.id
"""


class _Deployed(NamedTuple):
    artifact_id: int
    place: int
    time: int
    rank: int | None
    evidence: UUID


def deployed(asked: Sequence[Placed], *, teams: Sequence[int] | None) -> Lookup[ArtifactMatch] | None:
    """Return the look-up of cluster credentials; None where none is asked for."""
    if not asked:
        return None
    named = {place: dict(indicator.details) for place, indicator in asked}

    def read(rows: Iterable[_Deployed]) -> Iterator[ArtifactMatch]:
        for found in rows:
            where = named[found.place]
            yield ArtifactMatch(
                found.artifact_id,
                found.place,
                _CLASS[found.time],
                _reason(found, where="/".join([where["cluster"], *filter(None, [where.get("namespace")])])),
                _CONFIDENCE.get(found.time, 100),
                found.evidence,
            )

    parameters: dict[str, Any] = {
        "places": list(named),
        "clusters": [where["cluster"] for where in named.values()],
        "namespaces": [where.get("namespace", "") for where in named.values()],
        "since": [indicator.valid_from for _, indicator in asked],
        "until": [indicator.valid_to for _, indicator in asked],
        "teams": teams,
    }
    return Lookup(Statement(_Deployed, _DEPLOYED, parameters), read)


def _reason(found: _Deployed, *, where: str) -> str:
    when = _WHEN[found.time].format(where)
    return when if found.rank is None else f"{when}; {_ORIGIN[_KINDS[found.rank]]}"
