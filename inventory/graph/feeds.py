"""What feeds say and have taken back: the lines of lists, and how much an advisory or a list names no longer.

A feed is wrong at times. What an earlier version named and the current one does not is retracted: an answer tells how
much that is, so that whoever acted on the earlier one looks again.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec
from django.conf import settings

from inventory.graph.families import visible_teams
from inventory.graph.statements import Slice, fetch, slice_of
from inventory.graph.visibility import own
from inventory.identity.listed import ListedRow, indicator_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from inventory.identity.indicators import Indicator
    from supplychain.access.actors import Actor

SEEN = f"({own('s.team_id')} OR s.team_id IN (SELECT t.id FROM access_team t WHERE t.slug = ANY(%(feed_teams)s)))"
"""The sighting `s` may be seen: it is an own team's, or of a team whose feeds are for everybody (FEED_TEAMS)."""
_COLUMNS = """version_id, line, kind, given, type, namespace_key, any_namespace, name_key, versions, version_range,
    value, details"""
_LISTED = f"""
SELECT {_COLUMNS}
FROM inventory_listedindicator WHERE version_id = ANY(%(versions)s::bigint[]) ORDER BY version_id, position
"""
_LINES = f"""
SELECT position, {_COLUMNS}
FROM inventory_listedindicator
WHERE version_id = ANY(%(versions)s::bigint[]) AND (version_id, position) > (%(after_version)s, %(after_position)s)
ORDER BY version_id, position LIMIT %(limit)s
"""
# A package that the current version names with a range, or with all versions, may still mean what was listed before.
_RETRACTED = f"""
WITH seen AS MATERIALIZED (
    SELECT DISTINCT s.advisory_id, s.version_id, s.version_id = ANY(%(standing)s::bigint[]) AS stands
    FROM inventory_advisorysighting s WHERE s.advisory_id = ANY(%(advisories)s::int[]) AND {SEEN}
), named AS MATERIALIZED (
    SELECT seen.advisory_id, seen.stands, p.type || ' ' || p.namespace_key || ' ' || p.name_key || ' ' || p.release
        AS thing, p.versions, p.ranges <> '' OR p.versions = '{{}}' AS is_open
    FROM seen JOIN inventory_affectedpackage p ON p.version_id = seen.version_id
    UNION ALL
    SELECT seen.advisory_id, seen.stands,
        l.kind || ' ' || l.type || ' ' || l.namespace_key || ' ' || l.name_key
            || CASE WHEN l.kind = 'package' THEN '' ELSE l.value || coalesce(l.details ->> 'tag', '') END,
        l.versions, l.versions = '{{}}'
    FROM seen JOIN inventory_listedindicator l ON l.version_id = seen.version_id AND l.kind <> 'unreadable'
), gone AS (
    SELECT DISTINCT n.advisory_id, n.thing, v.version FROM named n
    LEFT JOIN LATERAL unnest(n.versions) AS v(version) ON true
    WHERE NOT n.stands
), standing AS MATERIALIZED (
    SELECT DISTINCT n.advisory_id, n.thing, n.is_open, v.version FROM named n
    LEFT JOIN LATERAL unnest(n.versions) AS v(version) ON true
    WHERE n.stands
)
SELECT g.advisory_id, count(*) FROM gone g
WHERE NOT EXISTS (SELECT FROM standing s WHERE s.advisory_id = g.advisory_id AND s.thing = g.thing
                  AND (s.is_open OR s.version = g.version OR g.version IS NULL))
GROUP BY g.advisory_id
"""


def who(actor: Actor) -> dict[str, object]:
    """Return the parameters of SEEN."""
    return {"teams": visible_teams(actor), "feed_teams": list(settings.FEED_TEAMS)}


def find_listed(versions: Sequence[int]) -> Mapping[int, tuple[Indicator, ...]]:
    """Return what these versions of lists name, line by line. One statement where there is one."""
    found: dict[int, list[Indicator]] = defaultdict(list)
    if versions:
        for version, row in fetch(_row, _LISTED, {"versions": list(versions)}):
            found[version].append(indicator_of(row))
    return {version: tuple(indicators) for version, indicators in found.items()}


@dataclass(frozen=True, slots=True)
class LinePlace:
    """The place of a line: the number of its version among the standing ones of a list, and its own in that."""

    version: int
    position: int


@dataclass(frozen=True, slots=True)
class ListLine:
    """What a line of a list was understood as."""

    place: LinePlace
    indicator: Indicator


def read_lines(versions: Sequence[int], *, after: LinePlace | None, limit: int) -> Slice[ListLine, LinePlace]:
    """Return a part of the lines of these versions of lists, in their order. One statement where there is one."""
    place, standing = after or LinePlace(0, -1), sorted(versions)
    if not 0 <= place.version < len(standing):
        return Slice((), None)
    parameters = {
        "versions": standing,
        "after_version": standing[place.version],
        "after_position": place.position,
        "limit": limit + 1,
    }

    def line(position: int, version: int, *columns: Any) -> ListLine:
        return ListLine(LinePlace(standing.index(version), position), indicator_of(_row(version, *columns)[1]))

    return slice_of(fetch(line, _LINES, parameters), limit=limit, key=lambda line: line.place)


def count_retracted(advisories: Sequence[int], *, standing: Sequence[int], actor: Actor) -> Mapping[int, int]:
    """Return how many things earlier versions of these advisories named that the standing ones do not. One statement.

    A thing is a version of a package, or whatever else a list can name. An advisory of which no version stands has
    retracted all that it named.
    """
    parameters = {"advisories": list(advisories), "standing": list(standing), **who(actor)}
    return dict(fetch(lambda advisory, count: (advisory, count), _RETRACTED, parameters))


def _row(version: int, *columns: Any) -> tuple[int, ListedRow]:
    return version, ListedRow(*(*columns[:-1], msgspec.json.decode(columns[-1])))
