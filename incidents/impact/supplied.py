"""The packages that a repository supplies by their very names: those of GitHub Actions, of Go, of Swift.

That a package is named by its repository does not say which of its versions are bad: all of them may be.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from incidents.impact.candidates import ComponentMatch
from incidents.impact.judging import MatchClass
from incidents.impact.lookup import Lookup
from inventory.graph.one_state import Statement

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from incidents.impact.candidates import Placed

_LIKELY: Final = 70
_BY_OWNER: Final = {
    "github.com": ("github", "githubactions"),
    "gitlab.com": ("gitlab",),
    "bitbucket.org": ("bitbucket",),
}
_BY_HOST: Final = ("golang", "swift")
_SUPPLIED: Final = """
WITH asked(number, type, namespace, name) AS (
    SELECT * FROM unnest(%(numbers)s::int[], %(types)s::text[], %(namespaces)s::text[], %(names)s::text[])
),
package AS (
    SELECT a.number, p.id FROM asked a CROSS JOIN LATERAL (
        SELECT p.id FROM inventory_package p
        WHERE p.type = a.type AND p.namespace_key = a.namespace AND p.name_key = a.name OFFSET 0) p
    UNION
    SELECT a.number, p.id FROM asked a CROSS JOIN LATERAL (
        SELECT p.id FROM inventory_package p
        WHERE p.type = a.type AND (p.namespace_key = a.namespace || '/' || a.name
            OR p.namespace_key >= a.namespace || '/' || a.name || '/' AND
               p.namespace_key < a.namespace || '/' || a.name || '0') OFFSET 0) p
)
SELECT k.number, c.id FROM package k CROSS JOIN LATERAL (
    SELECT c.id FROM inventory_component c WHERE c.package_id = k.id OFFSET 0) c
"""
"""Behind the name of a Go repository stand its versions and packages: all of them are its own."""


def supplied(asked: Iterable[Placed]) -> Lookup[ComponentMatch] | None:
    """Return the look-up of the components that repositories supply; None where no repository is asked for."""
    named = [(place, name) for place, indicator in asked if (name := dict(indicator.details).get("repository"))]
    wanted = [(place, name, *package) for place, name in named for package in _packages(name)]
    if not wanted:
        return None

    def read(rows: Iterable[tuple[int, int]]) -> Iterator[ComponentMatch]:
        for number, component_id in rows:
            place, name, *_ = wanted[number]
            reason = f"{name} supplies this package, as its name says"
            yield ComponentMatch(component_id, place, MatchClass.POSSIBLE, reason, _LIKELY)

    parameters: dict[str, Any] = {
        "numbers": list(range(len(wanted))),
        "types": [purl_type for _, _, purl_type, _, _ in wanted],
        "namespaces": [namespace for *_, namespace, _ in wanted],
        "names": [name for *_, name in wanted],
    }
    return Lookup(Statement(lambda *row: row, _SUPPLIED, parameters), read)


def _packages(repository: str) -> Sequence[tuple[str, str, str]]:
    """Return (type, namespace, name) of each."""
    owner, _, name = repository.lower().rpartition("/")
    host, _, path = owner.partition("/")
    by_owner = [(purl_type, path, name) for purl_type in _BY_OWNER.get(host, ())]
    return [*by_owner, *((purl_type, owner, name) for purl_type in _BY_HOST)]
