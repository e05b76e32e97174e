"""Components that documents state a CPE for, found by the vendor and product of the CPE that is asked for.

Scanners guess most of the CPEs they write, so a match is of medium confidence, and one of a distribution's package is
possible at most: it may be patched without its upstream version saying so. What only has another version is left out:
a guess clears nothing.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from incidents.impact.candidates import ComponentMatch
from incidents.impact.judging import DISTRIBUTIONS, Candidate, MatchClass, judge
from incidents.impact.lookup import Lookup
from inventory.graph.one_state import Statement
from inventory.identity.cpes import beginnings_of, read_cpe

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from incidents.impact.candidates import Placed
    from inventory.identity.indicators import Indicator

_LIKELY: Final = 60
_MAYBE: Final = 40
_BEHIND_COLON: Final = ";"
"""The character after `:`: all that goes on with a colon lies between."""
_STATED: Final = """
WITH asked(place, beginning, beyond) AS (
    SELECT * FROM unnest(%(places)s::int[], %(beginnings)s::text[], %(beyonds)s::text[])
),
found AS (
    SELECT DISTINCT a.place, k.cpe, k.component_id FROM asked a CROSS JOIN LATERAL (
        SELECT k.cpe, k.component_id FROM inventory_componentcpe k
        WHERE k.cpe >= a.beginning COLLATE "C" AND k.cpe < a.beyond COLLATE "C"
          AND (k.cpe = a.beginning OR substr(k.cpe, length(a.beginning) + 1, 1) = ':')
          AND (%(teams)s::bigint[] IS NULL OR k.team_id = ANY(%(teams)s)) OFFSET 0) k
)
SELECT f.place, f.cpe, c.id, p.type, c.version, c.identity FROM found f
CROSS JOIN LATERAL (SELECT c.id, c.version, c.identity, c.package_id FROM inventory_component c
                    WHERE c.id = f.component_id OFFSET 0) c
CROSS JOIN LATERAL (SELECT p.type FROM inventory_package p WHERE p.id = c.package_id OFFSET 0) p
"""


@dataclass(frozen=True, slots=True)
class _Stated:
    """A component for which a visible document states a CPE of the product."""

    place: int
    cpe: str
    component_id: int
    type: str
    version: str
    identity: str


def stated_cpes(asked: Sequence[Placed], *, teams: Sequence[int] | None) -> Lookup[ComponentMatch] | None:
    """Return the look-up of products by their CPEs; None where none is asked for."""
    indicators = dict(asked)
    beginnings: dict[str, list[int]] = defaultdict(list)
    for place, indicator in asked:
        cpe = read_cpe(dict(indicator.details).get("cpe", ""))
        for beginning in beginnings_of(cpe) if cpe is not None else ():
            beginnings[beginning].append(place)
    if not beginnings:
        return None

    def read(rows: Iterable[_Stated]) -> Iterator[ComponentMatch]:
        for row in rows:
            match = _judged(row, indicators[row.place])
            if match is not None:
                yield match

    pairs = [(place, beginning) for beginning, places in sorted(beginnings.items()) for place in places]
    parameters: dict[str, Any] = {
        "places": [place for place, _ in pairs],
        "beginnings": [beginning for _, beginning in pairs],
        "beyonds": [beginning + _BEHIND_COLON for _, beginning in pairs],
        "teams": teams,
    }
    return Lookup(Statement(_Stated, _STATED, parameters), read)


def _judged(row: _Stated, indicator: Indicator) -> ComponentMatch | None:
    cpe = read_cpe(row.cpe)
    versions = dict.fromkeys(filter(None, (row.version, cpe.version if cpe is not None else "")))
    for version in versions or ("",):
        found, reason = judge(indicator, Candidate(row.component_id, row.type, version, row.identity, by_source=False))
        if found is not MatchClass.CLEARED:
            break
    else:
        return None
    if row.type in DISTRIBUTIONS and found is MatchClass.AFFECTED:
        found, reason = MatchClass.POSSIBLE, f"{reason}; its distribution may have patched it"
    confidence = _LIKELY if found is MatchClass.AFFECTED else _MAYBE
    return ComponentMatch(
        row.component_id, row.place, found, f"a document states {row.cpe[:200]}: {reason}", confidence
    )
