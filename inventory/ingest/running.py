"""Keep the projection of what runs now: open intervals joined to the SBOM points that tell their content.

One SELECT, RUN_POINTS, says how a reported digest meets the digests that SBOMs are about (graph/families.py). The
projection stores its result for open intervals, and questions about the past run the same SELECT on closed ones, so the
two cannot disagree.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import connection

from inventory.graph.families import FAMILY, RUN_POINTS

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

_LOCK = 0x5C70_0001
LOCK_SHARED = f"SELECT pg_advisory_xact_lock_shared({_LOCK})"
LOCK_EXCLUSIVE = f"SELECT pg_advisory_xact_lock({_LOCK})"
_OPEN = """
SELECT i.id, i.team_id, i.artifact_id, i.node_architecture FROM inventory_runinterval i
WHERE i.closed_at IS NULL AND i.artifact_id IS NOT NULL AND {condition}
"""
_OF_FAMILY = f"i.artifact_id = ANY(ARRAY({FAMILY}))"
_INSERT = """
INSERT INTO inventory_running (interval_id, artifact_id, track_id, seq, certainty, is_complete, teams)
SELECT interval_id, artifact_id, track_id, seq, certainty, is_complete, teams FROM ({points}) points
ORDER BY interval_id, artifact_id, track_id, seq
ON CONFLICT (interval_id, artifact_id, track_id, seq, teams) DO NOTHING
"""


def _insert_where(condition: str) -> str:
    return _INSERT.format(points=RUN_POINTS.format(intervals=_OPEN.format(condition=condition)))


_COLUMNS = "interval_id, artifact_id, track_id, seq, certainty, is_complete, teams"
_DIFFERENCES = f"""
WITH stored AS (SELECT {_COLUMNS} FROM inventory_running),
counted AS (SELECT {_COLUMNS} FROM ({RUN_POINTS.format(intervals=_OPEN.format(condition="true"))}) points)
SELECT true AS is_missing, missing.* FROM (SELECT * FROM counted EXCEPT SELECT * FROM stored) missing
UNION ALL
SELECT false, surplus.* FROM (SELECT * FROM stored EXCEPT SELECT * FROM counted) surplus
ORDER BY {_COLUMNS}, is_missing
"""
_PACKED = """
SELECT track_id, seq >> 8 AS block, string_agg(int4send(seq), ''::bytea ORDER BY seq, artifact_id) AS seqs,
       string_agg(int4send(artifact_id), ''::bytea ORDER BY seq, artifact_id) AS artifacts
FROM inventory_snapshotsubject GROUP BY 1, 2
"""
_ME = "pg_current_xact_id()::text::bigint"
_WRONG_BLOCKS = f"""
SELECT coalesce(b.track_id, p.track_id), coalesce(b.block, p.block)
FROM inventory_subjectblock b FULL JOIN ({_PACKED}) p ON p.track_id = b.track_id AND p.block = b.block
WHERE coalesce(b.seqs, '') <> coalesce(p.seqs, '') OR coalesce(b.artifacts, '') <> coalesce(p.artifacts, '')
ORDER BY 1, 2
"""
ADD_POINTS = _insert_where(_OF_FAMILY)
"""Add what open intervals of the family of `%(ids)s` now run besides what they ran: enough after a new SBOM, under
lock_shared. Idempotent."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A join of an interval and an SBOM that the projection lacks (`is_missing`), or holds without reason."""

    is_missing: bool
    interval_id: int
    artifact_id: int
    track_id: int
    seq: int
    certainty: int
    is_complete: bool
    teams: Sequence[int]


def find_differences() -> list[Difference]:
    """Compare the projection with a full recount; empty when they agree.

    One statement, so it sees one state, and needs no lock: every transaction leaves the two equal. It reads every open
    interval.
    """
    with connection.cursor() as cursor:
        cursor.execute(_DIFFERENCES)
        return [Difference(*row) for row in cursor.fetchall()]


def find_wrong_blocks() -> list[tuple[int, int]]:
    """Return (track, block) of every stretch whose packed subjects are not those of a recount."""
    with connection.cursor() as cursor:
        cursor.execute(_WRONG_BLOCKS)
        return [(track_id, block) for track_id, block in cursor.fetchall()]


def lock_shared() -> None:
    """Keep reports of what runs from changing under this transaction; other SBOMs may be applied beside it.

    Without it an SBOM and a report, neither seeing the other, could both leave out the row that joins them.
    """
    _execute(LOCK_SHARED, {})


def lock_exclusive() -> None:
    """Take the projection for a report or a membership: nobody else writes it until this transaction ends."""
    _execute(LOCK_EXCLUSIVE, {})


def refresh_intervals(interval_ids: Collection[int]) -> None:
    """Rewrite the projection of these intervals, closed ones included (they leave it)."""
    ids = sorted(interval_ids)
    if ids:
        _execute("DELETE FROM inventory_running WHERE interval_id = ANY(%(ids)s)", {"ids": ids})
        _execute(_insert_where("i.id = ANY(%(ids)s)"), {"ids": ids})


def refresh_artifacts(artifact_ids: Collection[int]) -> None:
    """Rewrite the projection of every open interval whose digest has to do with these artifacts (a new membership)."""
    ids = sorted(artifact_ids)
    if ids:
        _execute(
            "DELETE FROM inventory_running r USING inventory_runinterval i "
            f"WHERE r.interval_id = i.id AND i.closed_at IS NULL AND {_OF_FAMILY}",
            {"ids": ids},
        )
        _execute(ADD_POINTS, {"ids": ids})


def refresh_all() -> None:
    """Rewrite the whole projection and the packed subjects (after a restore; `verify_running` tells when)."""
    _execute("DELETE FROM inventory_running", {})
    _execute(_insert_where("true"), {})
    # No row goes: who keeps the packed subjects learns of what changed in those that are there.
    _execute(f"UPDATE inventory_subjectblock SET seqs = '', artifacts = '', changed_in = {_ME}", {})
    _execute(
        f"INSERT INTO inventory_subjectblock (track_id, block, seqs, artifacts, changed_in) SELECT *, {_ME} "
        f"FROM ({_PACKED}) packed ON CONFLICT (track_id, block) DO UPDATE "
        "SET seqs = excluded.seqs, artifacts = excluded.artifacts",
        {},
    )


def _execute(sql: str, parameters: dict[str, list[int]]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters or None)
