"""Components that an SBOM says come from a repository, commit or account that is asked for: possible, no more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from incidents.impact.candidates import ComponentMatch
from incidents.impact.judging import MatchClass
from incidents.impact.lookup import Lookup
from inventory.graph.one_state import Statement
from inventory.graph.visibility import own

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from incidents.impact.candidates import Placed

_CLAIM: Final = 40
"""In percent, as sure as an image's own labels."""
_HEX_END: Final = "g"
_FULL: Final = frozenset({40, 64})
_CLAIMED: Final = f"""
SELECT DISTINCT a.number, o.component_id, o.value
FROM unnest(%(numbers)s::int[], %(kinds)s::text[], %(lows)s::text[], %(highs)s::text[]) AS a(number, kind, low, high)
CROSS JOIN LATERAL (
    SELECT o.component_id, o.value FROM inventory_componentsource o
    WHERE o.kind = a.kind AND o.value >= a.low AND o.value < a.high AND {own("o.team_id")} OFFSET 0) o
"""


def claimed(asked: Iterable[Placed], *, teams: Sequence[int] | None) -> Lookup[ComponentMatch] | None:
    """Return the look-up of what SBOMs say comes from repositories, commits and accounts; None where none is asked."""
    wanted = [(place, *_stretch(dict(indicator.details))) for place, indicator in asked]
    if not wanted:
        return None

    def read(rows: Iterable[tuple[int, int, str]]) -> Iterator[ComponentMatch]:
        for number, component_id, value in rows:
            kind = wanted[number][1]
            reason = f"{'made or published by' if kind == 'account' else 'comes from'} {value}, as an SBOM says"
            yield ComponentMatch(component_id, wanted[number][0], MatchClass.POSSIBLE, reason, _CLAIM)

    parameters: dict[str, Any] = {
        "numbers": list(range(len(wanted))),
        "kinds": [kind for _, kind, _, _ in wanted],
        "lows": [low for _, _, low, _ in wanted],
        "highs": [high for *_, high in wanted],
        "teams": teams,
    }
    return Lookup(Statement(lambda *row: row, _CLAIMED, parameters), read)


def _stretch(named: dict[str, str]) -> tuple[str, str, str]:
    """Return kind, first value and end of what is asked for: exactly one, or the commits that begin so."""
    if "login" in named:
        login = named["login"].lower()
        return "account", login, login + "\x01"
    if "sha" not in named:
        return "repository", named["repository"], named["repository"] + "\x01"
    sha = named["sha"]
    return "commit", sha, sha + ("\x01" if len(sha) in _FULL else _HEX_END)
