"""The statements of a long list of packages: what it affects is looked up, what it clears is asked of what runs.

A list of thousands of packages has tens of thousands of components that a rule excludes. They matter only where they
run, and there one of them is enough: so each track is read where something of it runs, up to the first that is found.
Rows are as those of statements.py.
"""

from incidents.impact.statements import (
    ASKED,
    BY_PLACE,
    INTERVALS,
    NOW,
    OWNED,
    PACK,
    PACK_CLASS,
    POINTS_NOW,
    POINTS_THEN,
    THEN,
)
from inventory.graph.visibility import own

_HOLDS = """EXISTS (
    SELECT FROM inventory_presence p
    WHERE p.track_id = r.track_id AND p.from_seq <= r.seq AND p.to_seq > r.seq {also}
      AND CASE WHEN p.component_id < octet_length(%(candidates)s::bytea)
               THEN get_byte(%(candidates)s::bytea, p.component_id) = 1 END)"""
"""A byte for each component is asked faster than a table, and each track is left at the first hit."""
_SUBJECTS = f"""
SELECT {PACK.format("track_id")}, {PACK.format("octet_length(seqs) / 4")},
       string_agg(seqs, ''::bytea), string_agg(artifacts, ''::bytea)
FROM (
    SELECT b.track_id, b.seqs, b.artifacts FROM inventory_subjectblock b JOIN inventory_track t ON t.id = b.track_id
    WHERE {own("t.team_id")} ORDER BY b.track_id, b.block
) block
"""
"""Of all tracks: few hold nothing of a long list."""
_FOUND = f"""
WITH {ASKED},
shown AS MATERIALIZED ({{intervals}}),
cleared AS MATERIALIZED (
    SELECT r.track_id, r.seq, CASE WHEN {_HOLDS.format(also="AND (p.flags >> 1) & 7 NOT IN (3, 4, 5)")} THEN 4
                                   WHEN {_HOLDS.format(also="")} THEN 5 END AS class
    FROM (SELECT DISTINCT track_id, seq FROM ({{points}}) point) r
)
SELECT * FROM (
    SELECT {PACK.format("component_id")}, {PACK.format("track_id")}, {PACK.format("from_seq")},
           {PACK.format("to_seq")}, {PACK_CLASS.format("class")}
    FROM (
        SELECT component_id, track_id, from_seq, to_seq, class FROM held
        UNION ALL
        SELECT 0, track_id, seq, seq + 1, class FROM cleared WHERE class IS NOT NULL
    ) span
) spans
CROSS JOIN ({_SUBJECTS}) subjects
"""
_POINTS = f"""
WITH shown AS MATERIALIZED ({{intervals}})
{BY_PLACE.format(found=f"SELECT r.track_id, r.seq, {OWNED} FROM ({{points}}) r JOIN shown i ON i.id = r.interval_id")}
"""


def found(*, is_now: bool) -> str:
    """Return the statement of where what is affected is, at which running points anything is cleared, and subjects.

    The points have no component.
    """
    return _of_time(_FOUND, is_now=is_now)


def points(*, is_now: bool) -> str:
    """Return the statement of all that runs."""
    return _of_time(_POINTS, is_now=is_now)


def _of_time(sql: str, *, is_now: bool) -> str:
    return sql.format(
        intervals=INTERVALS.format(when=NOW if is_now else THEN), points=POINTS_NOW if is_now else POINTS_THEN
    )
