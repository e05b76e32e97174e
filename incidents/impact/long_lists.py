"""The statements of a long list of packages: what it affects is looked up, what it clears is asked of what runs.

A list of thousands of packages has tens of thousands of components that a rule excludes. They matter only where they
run, and there one of them is enough: so each track is read where something of it runs, up to the first that is found.
Where more runs than they are worth, each of them is looked up instead: the database knows how much runs, and chooses.
Rows are as those of statements.py.
"""

from incidents.impact.statements import (
    BY_PLACE,
    INTERVALS,
    NOW,
    OWNED,
    PACK,
    PACK_CLASS,
    POINTS_NOW,
    POINTS_THEN,
    RAN,
)

MOST_LOOKED_UP = 40_000
"""Of more candidates it always costs less to look through what runs."""
_WORTH = 6
"""To read what one point of a track holds, up to the first candidate, takes as long as to look up so many of them."""
_RUNTIME = "({0}.flags >> 1) & 7 NOT IN (3, 4, 5)"
_HELD = """
    FROM inventory_presence p
    WHERE p.track_id = r.track_id AND p.from_seq <= r.seq AND p.to_seq > r.seq
      AND CASE WHEN p.component_id < octet_length(%(candidates)s::bytea)
               THEN get_byte(%(candidates)s::bytea, p.component_id) = 1 END"""
"""A byte for each component is asked faster than a table, and each track is left at the first hit."""
_BY_POINT = f"""
    SELECT r.track_id, r.seq, 4 AS class FROM point r CROSS JOIN LATERAL (SELECT {_HELD} LIMIT 1) found"""
_KEY = "p.component_id, p.track_id, p.from_seq"
_RUNS = f"""(SELECT {_RUNTIME.format("f")} FROM inventory_presence f WHERE f.component_id = {{0}}.component_id
            AND f.track_id = {{0}}.track_id AND f.from_seq = {{0}}.from_seq)"""
_BY_POINT_WITH_EFFECTS = f"""
    SELECT r.track_id, r.seq, CASE WHEN {_RUNS.format("found")} OR EXISTS (
        SELECT FROM (SELECT {_KEY} {_HELD} OFFSET 0) other WHERE {_RUNS.format("other")}) THEN 4 ELSE 5 END AS class
    FROM point r CROSS JOIN LATERAL (SELECT {_KEY} {_HELD} LIMIT 1) found"""
"""How a component takes part stands in the primary key's index, not in the track's: looked up for the hits alone."""
_BY_COMPONENT = f"""
    SELECT r.track_id, r.seq, min(CASE WHEN {_RUNTIME.format("p")} THEN 4 ELSE 5 END)
    FROM unnest(%(few_candidates)s::int[]) AS candidate(component_id)
    CROSS JOIN LATERAL (
        SELECT p.track_id, p.from_seq, p.to_seq, p.flags FROM inventory_presence p
        WHERE p.component_id = candidate.component_id OFFSET 0) p
    JOIN point r ON r.track_id = p.track_id AND r.seq >= p.from_seq AND r.seq < p.to_seq
    GROUP BY 1, 2"""
_ARE_FEW = f"""%(few_candidates)s::int[] IS NOT NULL
    AND cardinality(%(few_candidates)s::int[]) <= {_WORTH} * (SELECT count(*) FROM point)"""
_CLEARED = f"""
WITH shown AS MATERIALIZED ({{intervals}}),
point AS MATERIALIZED (SELECT DISTINCT track_id, seq FROM ({{points}}) point),
cleared(track_id, seq, class) AS MATERIALIZED (
    SELECT * FROM ({_BY_COMPONENT}) few WHERE {_ARE_FEW}
    UNION ALL
    SELECT * FROM ({{by_point}}) many WHERE NOT ({_ARE_FEW})
)
SELECT {PACK.format("0")}, {PACK.format("track_id")}, {PACK.format("seq")}, {PACK.format("seq + 1")},
       {PACK_CLASS.format("class")}
FROM cleared
"""
POINTS = f"""
WITH shown AS MATERIALIZED ({INTERVALS.format(when=NOW)})
{BY_PLACE.format(found=f"SELECT r.track_id, r.seq, {OWNED} FROM ({POINTS_NOW}) r JOIN shown i ON i.id = r.interval_id")}
"""
"""All that runs now."""


def cleared(*, is_now: bool, tells_effects: bool) -> str:
    """Return the statement of at which running points anything is cleared: spans of component 0.

    What is affected there as well is found by statements.HELD. Whether what is cleared takes part at run time or in the
    build alone shows in rows that are cleared: where nobody asks for these, all of it is called 4.
    """
    return _CLEARED.format(
        intervals=INTERVALS.format(when=NOW if is_now else RAN),
        points=POINTS_NOW if is_now else POINTS_THEN,
        by_point=_BY_POINT_WITH_EFFECTS if tells_effects else _BY_POINT,
    )
