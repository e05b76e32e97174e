"""Where artifacts come from, by repository, workflow or builder: which there are, and what each of them made.

A valid certificate's facts stand before the payload's. What nobody verified counts too, and stands apart: anybody can
claim a repository.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING

from inventory.graph.families import visible_teams
from inventory.graph.statements import Slice, containing, fetch, slice_of
from inventory.graph.verdicts import Origin, read_verdicts
from inventory.graph.visibility import RUNNING_INTERVALS, own

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from supplychain.access.actors import Actor


class OriginKind(enum.StrEnum):
    """By what artifacts are put together."""

    REPOSITORY = "repository"
    WORKFLOW = "workflow"
    BUILDER = "builder"


@dataclass(frozen=True, slots=True)
class OriginRow:
    """One repository (`host/path`), workflow (`host/path/file`) or builder id.

    Artifacts are the subjects of its attestations; those verified are of attestations that are `verified_expected`.
    """

    name: str
    attestation_count: int
    artifact_count: int
    verified_artifact_count: int
    running_artifact_count: int
    first_received_at: datetime
    last_received_at: datetime


@dataclass(frozen=True, slots=True)
class MadeRow:
    """An artifact that attestations say it made, with what may be believed of that artifact."""

    digest: str
    name: str
    origin: Origin
    workload_count: int


_REPOSITORY = "coalesce(nullif(r.repository, ''), nullif(p.repository, ''))"
_NAMES = {
    OriginKind.REPOSITORY: _REPOSITORY,
    OriginKind.WORKFLOW: f"{_REPOSITORY} || '/' || coalesce(nullif(r.workflow_path, ''), nullif(p.workflow_path, ''))",
    OriginKind.BUILDER: "coalesce(nullif(r.builder_id, ''), nullif(p.builder_id, ''))",
}
_STATED = f"""
stated AS (
    SELECT a.id, {{name}} AS name, a.first_received_at, coalesce(w.verdict = 'verified_expected', false) AS is_verified
    FROM inventory_attestation a
    LEFT JOIN inventory_provenance p ON p.attestation_id = a.id
    LEFT JOIN inventory_attestationverdict w ON w.attestation_id = a.id
    LEFT JOIN inventory_verificationresult r ON r.id = w.result_id AND r.outcome = 'valid'
    WHERE {own("a.team_id")}
)
"""
_LIST = f"""
WITH {_STATED},
page AS (
    SELECT name, count(*) AS attestations, min(first_received_at) AS since, max(first_received_at) AS until
    FROM stated WHERE name > %(after)s AND (%(pattern)s = '' OR upper(name) LIKE %(pattern)s)
    GROUP BY name ORDER BY name LIMIT %(limit)s
),
made AS (
    SELECT s.name, o.artifact_id, bool_or(s.is_verified) AS is_verified
    FROM page g JOIN stated s ON s.name = g.name JOIN inventory_attestationsubject o ON o.attestation_id = s.id
    WHERE o.artifact_id IS NOT NULL GROUP BY s.name, o.artifact_id
),
running AS ({RUNNING_INTERVALS.replace("ANY(%(ids)s::int[])", "ANY(ARRAY(SELECT artifact_id FROM made))")})
SELECT g.name, g.attestations, count(m.artifact_id), count(*) FILTER (WHERE m.is_verified),
       count(*) FILTER (WHERE m.artifact_id IN (SELECT artifact_id FROM running)), g.since, g.until
FROM page g LEFT JOIN made m ON m.name = g.name
GROUP BY g.name, g.attestations, g.since, g.until ORDER BY g.name
"""
_MADE = f"""
WITH {_STATED}
SELECT DISTINCT o.artifact_id, a.digest
FROM stated s JOIN inventory_attestationsubject o ON o.attestation_id = s.id
JOIN inventory_artifact a ON a.id = o.artifact_id
WHERE s.name = %(name)s AND a.digest > %(after)s
ORDER BY a.digest LIMIT %(limit)s
"""
_SHOWN = f"""
WITH running AS ({RUNNING_INTERVALS})
SELECT a.id, coalesce((
           SELECT min(CASE WHEN n.tag = '' THEN n.name ELSE n.name || ':' || n.tag END)
           FROM inventory_artifactname n WHERE n.artifact_id = a.id AND {own("n.team_id")}), ''),
       (SELECT count(DISTINCT r.workload_id) FROM running r WHERE r.artifact_id = a.id)
FROM inventory_artifact a WHERE a.id = ANY(%(ids)s::int[])
"""


@dataclass(frozen=True, slots=True)
class _Made:
    artifact_id: int
    digest: str


@dataclass(frozen=True, slots=True)
class _Shown:
    artifact_id: int
    name: str
    workload_count: int


def list_origins(kind: OriginKind, *, text: str, after: str, limit: int, actor: Actor) -> Slice[OriginRow, str]:
    """Return what own attestations name, in the order of names; `text` is looked for in them. One statement."""
    parameters = {
        "teams": visible_teams(actor),
        "after": after,
        "pattern": containing(text) if text else "",
        "limit": limit + 1,
    }
    found = fetch(OriginRow, _LIST.format(name=_NAMES[kind]), parameters)
    return slice_of(found, limit=limit, key=lambda row: row.name)


def list_made(kind: OriginKind, *, name: str, after: str, limit: int, actor: Actor) -> Slice[MadeRow, str]:
    """Return the artifacts that own attestations say a repository, workflow or builder made, by digest.

    Three statements. Empty for what nothing names, and for what only other teams' attestations name.
    """
    teams = visible_teams(actor)
    parameters = {"teams": teams, "name": name, "after": after, "limit": limit + 1}
    page = slice_of(fetch(_Made, _MADE.format(name=_NAMES[kind]), parameters), limit=limit, key=lambda row: row.digest)
    return Slice(_describe(page.rows, actor=actor), next=page.next)


def _describe(made: Sequence[_Made], *, actor: Actor) -> tuple[MadeRow, ...]:
    if not made:
        return ()
    ids = [row.artifact_id for row in made]
    origins = read_verdicts(ids, actor=actor)
    shown = {row.artifact_id: row for row in fetch(_Shown, _SHOWN, {"ids": ids, "teams": visible_teams(actor)})}
    return tuple(
        MadeRow(
            row.digest, shown[row.artifact_id].name, origins[row.artifact_id], shown[row.artifact_id].workload_count
        )
        for row in made
    )
