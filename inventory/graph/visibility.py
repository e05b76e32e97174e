"""What an actor's own edges reach, as pieces of SQL: every statement of the read side is made with these.

A statement takes the parameter `teams`: the teams whose rows the asker may see, or NULL for all of them. An artifact is
visible when an SBOM, a container, a name, a membership, an alias, an attestation, a claim, a referrer or a list of
layers of such a team names it (docs/architecture.md).
"""

from __future__ import annotations


def own(column: str) -> str:
    """Return the condition that the row with this team column may be seen. Constant-folded away for who sees all."""
    return f"(%(teams)s::bigint[] IS NULL OR {column} = ANY(%(teams)s::bigint[]))"


def all_own(column: str) -> str:
    """Return the condition that every team of this array column may be seen: for facts that rest on several teams."""
    return f"(%(teams)s::bigint[] IS NULL OR {column} <@ %(teams)s::bigint[])"


_VISIBLE = (
    f"""inventory_snapshotsubject s JOIN inventory_track t ON t.id = s.track_id
            WHERE s.artifact_id = a.id AND {own("t.team_id")}""",
    f"inventory_runinterval i WHERE i.artifact_id = a.id AND {own('i.team_id')}",
    f"inventory_artifactname n WHERE n.artifact_id = a.id AND {own('n.team_id')}",
    f"inventory_indexmember m WHERE m.index_id = a.id AND {own('m.team_id')}",
    f"inventory_indexmember m WHERE m.member_id = a.id AND {own('m.team_id')}",
    f"inventory_artifactalias x WHERE x.alias_id = a.id AND {own('x.team_id')}",
    f"inventory_artifactalias x WHERE x.artifact_id = a.id AND {own('x.team_id')}",
    f"inventory_attestationsubject o WHERE o.artifact_id = a.id AND {own('o.team_id')}",
    f"inventory_artifactclaim c WHERE c.artifact_id = a.id AND {own('c.team_id')}",
    f"inventory_referrer f WHERE f.subject_id = a.id AND {own('f.team_id')}",
    f"inventory_referrer f WHERE f.referrer_id = a.id AND {own('f.team_id')}",
    f"inventory_imagelayer l WHERE l.artifact_id = a.id AND l.position = 0 AND {own('l.team_id')}",
)
VISIBLE_ARTIFACT = f"({' OR '.join(f'EXISTS (SELECT 1 FROM {edge})' for edge in _VISIBLE)})"
"""Condition on `inventory_artifact a`: an edge of an own team names it. For artifacts that are looked up."""

WALKED_ARTIFACT = f"({' OR '.join(f'EXISTS (SELECT 1 FROM {edge} OFFSET 0)' for edge in _VISIBLE)})"
"""The same condition for a list of who sees all, nearly all of which it lets pass. The OFFSET makes it looked up for
each artifact of the page: the planner would read the edges of all artifacts first, 80 ms of 200,000."""

REACHED_ARTIFACT = f"""EXISTS (
    SELECT 1 FROM (
        SELECT s.artifact_id FROM inventory_snapshotsubject s JOIN inventory_track t ON t.id = s.track_id
        WHERE {own("t.team_id")}
        UNION ALL SELECT i.artifact_id FROM inventory_runinterval i WHERE {own("i.team_id")}
        UNION ALL SELECT n.artifact_id FROM inventory_artifactname n WHERE {own("n.team_id")}
        UNION ALL SELECT m.index_id FROM inventory_indexmember m WHERE {own("m.team_id")}
        UNION ALL SELECT m.member_id FROM inventory_indexmember m WHERE {own("m.team_id")}
        UNION ALL SELECT x.alias_id FROM inventory_artifactalias x WHERE {own("x.team_id")}
        UNION ALL SELECT x.artifact_id FROM inventory_artifactalias x WHERE {own("x.team_id")}
        UNION ALL SELECT o.artifact_id FROM inventory_attestationsubject o WHERE {own("o.team_id")}
        UNION ALL SELECT c.artifact_id FROM inventory_artifactclaim c WHERE {own("c.team_id")}
        UNION ALL SELECT f.subject_id FROM inventory_referrer f WHERE {own("f.team_id")}
        UNION ALL SELECT f.referrer_id FROM inventory_referrer f WHERE {own("f.team_id")}
        UNION ALL SELECT l.artifact_id FROM inventory_imagelayer l WHERE l.position = 0 AND {own("l.team_id")}
    ) edge WHERE edge.artifact_id = a.id
)"""
"""The same condition for lists of who sees some teams only: the planner may begin at the edges where a team has few, or
at the artifacts in order where it has many. Among 100,000 artifacts a team with two finds them in 9 ms, not in 500."""

RUNNING_INTERVALS = f"""
    SELECT i.id, i.workload_id, i.artifact_id AS artifact_id FROM inventory_runinterval i
    WHERE i.closed_at IS NULL AND {own("i.team_id")} AND i.artifact_id = ANY(%(ids)s::int[])
    UNION
    SELECT i.id, i.workload_id, r.artifact_id FROM inventory_running r
    JOIN inventory_runinterval i ON i.id = r.interval_id
    WHERE {all_own("r.teams")} AND r.artifact_id = ANY(%(ids)s::int[])
"""
"""SELECT (id, workload_id, artifact_id): open intervals that run the artifacts `%(ids)s`, by their own digest or by one
of their family's."""
