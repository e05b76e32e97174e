"""The statements of builds: the files that lead to what is asked for, their versions, and the runs that matter.

They find too much rather than too little, by names alone: which version ran, and what it used, is judged from the rows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from incidents.impact.builds.records import Told, Version
from incidents.impact.builds.targets import spellings
from inventory.graph.one_state import Statement
from inventory.graph.visibility import own

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import datetime

    from incidents.impact.builds.targets import Target

_FOLDER = "regexp_replace({0}, '/?action[.]ya?ml$', '')"
# A local file nobody sent is as good as an expression: what runs there is unknown.
_HIDDEN = f"""
    SELECT u.workflow_id FROM inventory_actionuse u
    WHERE %(asks_uses)s AND u.owner_repository = '' AND (u.kind = 'unresolved' OR u.kind = 'local' AND NOT EXISTS (
        SELECT FROM inventory_workflowversion v
        WHERE {own("v.team_id")} AND v.path IN (
            ltrim(rtrim(substr(u.path, 3), '/') || '/action.yml', '/'),
            ltrim(rtrim(substr(u.path, 3), '/') || '/action.yaml', '/'), substr(u.path, 3))))
"""
_CALLERS = f"""
    CROSS JOIN LATERAL (
        SELECT u.workflow_id FROM inventory_actionuse u
        WHERE f.repository LIKE 'github.com/%%' AND u.owner_repository = substr(f.repository, 12)
        UNION ALL
        SELECT u.workflow_id FROM inventory_actionuse u
        WHERE u.owner_repository = '' AND u.kind = 'local'
          AND u.path IN ('./' || f.path, './' || {_FOLDER.format("f.path")}, './' || {_FOLDER.format("f.path")} || '/')
    ) u
    JOIN inventory_workflowversion w ON w.id = u.workflow_id
    WHERE {own("w.team_id")}"""
_FILES = f"""
seed AS (
    SELECT w.repository, w.path FROM (
        SELECT u.workflow_id FROM inventory_actionuse u WHERE u.owner_repository = ANY(%(repositories)s::text[])
        UNION SELECT u.workflow_id FROM inventory_actionuse u
              WHERE u.owner_repository = '' AND u.kind = 'docker'
                AND (u.path = ANY(%(images)s::text[]) OR u.ref = ANY(%(digests)s::text[]))
        UNION SELECT d.workflow_id FROM inventory_tooldownload d WHERE d.url = ANY(%(urls)s::text[])
        UNION SELECT j.workflow_id FROM inventory_workflowjob j WHERE j.env IS NULL AND %(urls)s::text[] <> '{{}}'
        UNION {_HIDDEN}
    ) u JOIN inventory_workflowversion w ON w.id = u.workflow_id
    WHERE {own("w.team_id")}
),
file(repository, path) AS (
    SELECT repository, path FROM seed
    UNION
    SELECT w.repository, w.path FROM file f {_CALLERS}
)"""
# Files that run an action or workflow of others which nobody has sent, at any depth: what that uses is not known.
_OPEN = f"""
unsent AS MATERIALIZED (
    SELECT d.owner_repository, d.path, d.given FROM (
        SELECT u.owner_repository, u.path, min(u.given) AS given FROM inventory_actionuse u
        WHERE %(asks_uses)s AND u.owner_repository <> '' AND u.kind <> 'docker' GROUP BY 1, 2
    ) d
    WHERE NOT EXISTS (
        SELECT FROM inventory_workflowversion v
        WHERE {own("v.team_id")} AND v.repository = 'github.com/' || d.owner_repository AND v.path IN (
            ltrim(d.path || '/action.yml', '/'), ltrim(d.path || '/action.yaml', '/'), d.path))
),
open_file(repository, path, given) AS (
    SELECT w.repository, w.path, n.given
    FROM unsent n JOIN inventory_actionuse u ON u.owner_repository = n.owner_repository AND u.path = n.path
    JOIN inventory_workflowversion w ON w.id = u.workflow_id
    WHERE {own("w.team_id")}
    UNION
    SELECT w.repository, w.path, f.given FROM open_file f {_CALLERS}
)"""
_IN_WINDOW = """
            (%(since)s::timestamptz IS NULL OR r.started_at IS NULL OR r.started_at >= %(since)s
                 OR r.finished_at >= %(since)s)
            AND (%(until)s::timestamptz IS NULL OR r.started_at IS NULL OR r.started_at < %(until)s)"""
_VERSIONS = f"""
WITH RECURSIVE {_FILES}
SELECT w.repository, w.path, w.commit, w.observed_at, e.public_id,
    (SELECT jsonb_agg(jsonb_build_array(u.job, u.kind, u.given, u.owner_repository, u.path, u.ref,
                                        u.ref_kind IN ('commit', 'digest'), u.comment, u.line) ORDER BY u.id)
     FROM inventory_actionuse u WHERE u.workflow_id = w.id),
    (SELECT jsonb_agg(jsonb_build_array(d.job, d.url, d.is_run, d.check_kind, to_jsonb(d.checksums), d.line)
                      ORDER BY d.id)
     FROM inventory_tooldownload d WHERE d.workflow_id = w.id AND d.url = ANY(%(urls)s::text[])),
    NOT EXISTS (SELECT FROM inventory_workflowjob j WHERE j.workflow_id = w.id AND j.env IS NULL)
FROM file f
JOIN inventory_workflowversion w ON w.repository = f.repository AND w.path = f.path AND {own("w.team_id")}
JOIN inventory_evidence e ON e.id = w.evidence_id
ORDER BY w.id
"""
_RUNS = f"""
WITH RECURSIVE {_FILES},
{_OPEN},
found AS (
    SELECT r.id FROM file f JOIN inventory_buildrun r ON r.repository = f.repository AND r.workflow_path = f.path
    UNION SELECT a.run_id FROM inventory_resolvedaction a WHERE a.owner_repository = ANY(%(repositories)s::text[])
    UNION SELECT r.id FROM inventory_provenancedependency d
          JOIN inventory_buildrun r ON r.attestation_id = d.provenance_id
          WHERE d.uri = ANY(%(addresses)s::text[]) AND d.uri LIKE 'http%%'
    UNION SELECT r.id FROM inventory_buildrun r
          WHERE %(asks_uses)s AND {own("r.team_id")} AND {_IN_WINDOW} AND NOT EXISTS (
                SELECT FROM inventory_workflowversion w
                WHERE w.repository = r.repository AND w.path = r.workflow_path AND {own("w.team_id")})
    UNION SELECT r.id FROM (SELECT DISTINCT repository, path FROM open_file) f
          JOIN inventory_buildrun r ON r.repository = f.repository AND r.workflow_path = f.path
          WHERE {own("r.team_id")} AND {_IN_WINDOW}
),
told AS (
    SELECT r.id FROM found JOIN inventory_buildrun r USING (id) WHERE {own("r.team_id")}
    UNION SELECT o.id FROM found JOIN inventory_buildrun r USING (id)
          JOIN inventory_buildrun o ON o.repository = r.repository AND o.run_id = r.run_id
          WHERE r.run_id <> '' AND {own("r.team_id")} AND {own("o.team_id")}
)
SELECT r.repository, r.run_id, r.attempt, r.workflow_path, r.commit, r.event, r.actor, r.started_at, r.finished_at,
    e.public_id, r.pointer,
    ARRAY(SELECT s.artifact_id FROM inventory_attestationsubject s
          WHERE s.attestation_id = r.attestation_id AND s.artifact_id IS NOT NULL),
    (SELECT jsonb_agg(jsonb_build_array(a.owner_repository, a.path, a.ref, a.commit) ORDER BY a.id)
     FROM inventory_resolvedaction a WHERE a.run_id = r.id),
    (SELECT jsonb_agg(jsonb_build_array(regexp_replace(d.uri, '^https?://', ''), d.digest) ORDER BY d.position)
     FROM inventory_provenancedependency d
     WHERE d.provenance_id = r.attestation_id AND d.uri = ANY(%(addresses)s::text[]) AND d.uri LIKE 'http%%'),
    ARRAY(SELECT DISTINCT f.given FROM open_file f
          WHERE f.repository = r.repository AND f.path = r.workflow_path ORDER BY 1)
FROM told JOIN inventory_buildrun r USING (id) JOIN inventory_evidence e ON e.id = r.evidence_id
ORDER BY r.id
"""


def statements(targets: Iterable[Target], *, teams: Sequence[int] | None) -> tuple[Statement[Version], Statement[Told]]:
    """Return the statements of the versions of all files that may lead to the targets, and of the runs that matter."""
    targets = list(targets)
    urls = sorted({target.url for target in targets if target.url})
    asked = [target for target in targets if target.owner_repository or target.url]
    parameters = {
        "repositories": sorted({target.owner_repository for target in targets if target.owner_repository}),
        "images": sorted({name for target in targets if target.image for name in spellings(target.image)}),
        "digests": sorted({target.digest for target in targets if target.digest}),
        "urls": urls,
        "addresses": [f"{scheme}://{url}" for url in urls for scheme in ("https", "http")],
        "asks_uses": bool(asked),
        "since": _widest([target.since for target in asked], pick=min),
        "until": _widest([target.until for target in asked], pick=max),
        "teams": teams,
    }
    return Statement(Version.of_row, _VERSIONS, parameters), Statement(Told.of_row, _RUNS, parameters)


def _widest(times: Sequence[datetime | None], *, pick: Callable[[Iterable[datetime]], datetime]) -> datetime | None:
    """Return the widest bound; None where one of them has none."""
    given = [at for at in times if at is not None]
    return pick(given) if given and len(given) == len(times) else None
