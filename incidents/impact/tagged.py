"""Where a tag pointed in the window of an indicator, as registries told: these digests are asked for, and no name.

A registry tells what it saw and when: the tag pointed there at that time. What was told last before the window was in
force when it began, unless the tag was deleted. What a pull sees first after the window may have been there in it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from incidents.impact.judging import MatchClass
from incidents.impact.lookup import ArtifactMatch, Lookup
from inventory.graph.one_state import Statement
from inventory.graph.visibility import own

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from uuid import UUID

    from incidents.impact.candidates import Placed

_SEEN, _BEFORE, _AFTER = range(3)
_CLASS: Final = {_SEEN: MatchClass.AFFECTED, _BEFORE: MatchClass.AFFECTED, _AFTER: MatchClass.POSSIBLE}
_CONFIDENCE: Final = {_SEEN: 100, _BEFORE: 70, _AFTER: 40}
_WORDS: Final = {
    _SEEN: "{0} pointed to {1} in the window, as its registry told",
    _BEFORE: "{0} pointed to {1} when the window began: nothing else was told before that",
    _AFTER: "{0} was seen at {1} after the window, and nothing tells that it was moved there only then",
}
_OF_TAG: Final = f"v.repository = t.name AND v.tag = t.tag AND {own('v.team_id')}"
_TAGGED: Final = f"""
WITH asked AS (
    SELECT place, name, tag, coalesce(since, '-infinity') AS since, coalesce(until, 'infinity') AS until
    FROM unnest(%(places)s::int[], %(names)s::text[], %(tags)s::text[], %(since)s::timestamptz[],
                %(until)s::timestamptz[]) AS asked(place, name, tag, since, until)
),
tag AS (
    SELECT place, name, tag, since, until FROM asked WHERE tag <> ''
    UNION ALL
    SELECT a.place, a.name, v.tag, a.since, a.until FROM asked a CROSS JOIN LATERAL (
        SELECT DISTINCT v.tag FROM inventory_tagevent v
        WHERE v.repository = a.name AND v.tag <> '' AND {own("v.team_id")}) v
    WHERE a.tag = ''
),
told AS (
    SELECT t.place, t.tag, v.artifact_id, {_SEEN} AS time, v.evidence_id, v.pointer, v.observed_at
    FROM tag t JOIN inventory_tagevent v ON {_OF_TAG} AND v.observed_at >= t.since AND v.observed_at < t.until
    WHERE v.action <> 'delete'
    UNION ALL
    SELECT t.place, t.tag, v.artifact_id, {_BEFORE}, v.evidence_id, v.pointer, v.observed_at
    FROM tag t CROSS JOIN LATERAL (
        SELECT * FROM inventory_tagevent v WHERE {_OF_TAG} AND v.observed_at < t.since
        ORDER BY v.observed_at DESC, v.id DESC LIMIT 1) v
    WHERE v.action <> 'delete' AND NOT EXISTS (
        SELECT FROM inventory_tagevent d
        WHERE d.artifact_id = v.artifact_id AND d.repository = v.repository AND d.tag = '' AND d.action = 'delete'
          AND d.observed_at >= v.observed_at AND d.observed_at < t.since AND {own("d.team_id")})
    UNION ALL
    SELECT t.place, t.tag, v.artifact_id, {_AFTER}, v.evidence_id, v.pointer, v.observed_at
    FROM tag t CROSS JOIN LATERAL (
        SELECT * FROM inventory_tagevent v WHERE {_OF_TAG} AND v.observed_at >= t.until
        ORDER BY v.observed_at, v.id LIMIT 1) v
    WHERE v.action NOT IN ('push', 'delete')
),
named AS (
    SELECT place, tag, artifact_id, time, false AS is_member, evidence_id, pointer, observed_at FROM told
    UNION ALL
    SELECT t.place, t.tag, m.member_id, t.time, true, t.evidence_id, t.pointer, t.observed_at
    FROM told t JOIN inventory_indexmember m ON m.index_id = t.artifact_id WHERE {own("m.team_id")}
)
SELECT DISTINCT ON (n.place, n.artifact_id) n.artifact_id, n.place, n.tag, n.time, n.is_member, e.public_id, n.pointer
FROM named n JOIN inventory_evidence e ON e.id = n.evidence_id
ORDER BY n.place, n.artifact_id, n.time, n.is_member, n.observed_at, n.tag, n.evidence_id, n.pointer
"""


class _Tagged(NamedTuple):
    artifact_id: int
    place: int
    tag: str
    time: int
    is_member: bool
    evidence: UUID
    pointer: str


def tagged(asked: Sequence[Placed], *, teams: Sequence[int] | None) -> Lookup[ArtifactMatch] | None:
    """Return the look-up of tags in a window; None where no image is asked for in one."""
    within = [placed for placed in asked if placed[1].valid_from is not None or placed[1].valid_to is not None]
    if not within:
        return None
    named = {place: indicator.image_name for place, indicator in within}

    def read(rows: Iterable[_Tagged]) -> Iterator[ArtifactMatch]:
        for found in rows:
            what = "the index that lists it" if found.is_member else "it"
            yield ArtifactMatch(
                found.artifact_id,
                found.place,
                _CLASS[found.time],
                _WORDS[found.time].format(f"{named[found.place]}:{found.tag}", what),
                _CONFIDENCE[found.time],
                found.evidence,
                found.pointer or None,
            )

    parameters: dict[str, Any] = {
        "places": list(named),
        "names": list(named.values()),
        "tags": [indicator.image_tag or "" for _, indicator in within],
        "since": [indicator.valid_from for _, indicator in within],
        "until": [indicator.valid_to for _, indicator in within],
        "teams": teams,
    }
    return Lookup(Statement(_Tagged, _TAGGED, parameters), read)
