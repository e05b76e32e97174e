"""Which indexes list what an answer finds: whoever pulls one may get the affected platform."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from incidents.impact.answer import Via
from inventory.graph.visibility import own

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

LISTED_BY = f"""
SELECT DISTINCT m.member_id, a.digest
FROM inventory_indexmember m JOIN inventory_artifact a ON a.id = m.index_id
WHERE m.member_id = ANY(%(ids)s::int[]) AND a.digest <> '' AND {own("m.team_id")}
ORDER BY 1, 2
"""


def listed_by(rows: Iterable[tuple[int, str]]) -> Mapping[int, Sequence[Via]]:
    """Return the indexes of each artifact, of the rows of LISTED_BY."""
    found: dict[int, list[Via]] = defaultdict(list)
    for member_id, digest in rows:
        found[member_id].append(Via("index", digest, "it lists this digest"))
    return found
