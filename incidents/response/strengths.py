"""How sure it is that what a row tells of ran something of an attacker's when it was built. Pure."""

from __future__ import annotations

import enum
from array import array
from collections import defaultdict
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from incidents.impact.answer import Effect, Status
from inventory.graph.packed import pack

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from incidents.impact.answer import Row

_OF_BUILDS: Final = frozenset(
    {"action", "download", "workflow", "builder", "signer", "repository", "commit", "account", "run"}
)
_FOUND: Final = frozenset({Status.AFFECTED, Status.POSSIBLE})


class Strength(enum.IntEnum):
    """How sure it is that something of an attacker's ran there, the surest first."""

    HIGH = 0
    MEDIUM = 1
    LOW = 2

    @property
    def word(self) -> str:
        return self.name.lower()


class Unknown(Struct, frozen=True, array_like=True, gc=False):
    """The rows of what a team runs, by their places (graph/packed.py), and how sure it is that they were exposed."""

    team: str | None
    strength: Strength
    places: bytes


def unknown_of(rows: Iterable[Row], *, indicators: Sequence[Mapping[str, object]]) -> tuple[Unknown, ...]:
    """Put all that was found together, as if nothing were known of its builds."""
    found: dict[tuple[str | None, Strength], array[int]] = defaultdict(lambda: array("i"))
    for place, row in enumerate(rows):
        if row.status in _FOUND and row.artifact.digest:
            strength = max(strength_of(row, indicators=indicators), Strength.MEDIUM)
            found[team_of(row), strength].append(place)
    return tuple(Unknown(team, strength, pack(places)) for (team, strength), places in found.items())


def strength_of(row: Row, *, indicators: Sequence[Mapping[str, object]]) -> Strength:
    """Tell how sure it is that what was found ran in the build.

    What took part in a build, or is its workflow, did. A release that was named exactly is what malicious code is known
    by, and runs when it is installed; a range is how vulnerabilities are told.
    """
    asked = [indicators[match.indicator] for match in row.matches if match.indicator < len(indicators)]
    if any(one.get("kind") in _OF_BUILDS for one in asked):
        return Strength.HIGH if row.confidence == "high" else Strength.MEDIUM
    if row.effect is Effect.BUILD or any(one.get("package_versions") for one in asked):
        return Strength.MEDIUM
    return Strength.LOW if all(one.get("kind") == "package" for one in asked) else Strength.MEDIUM


def team_of(row: Row) -> str | None:
    """Return a team that runs it; None where nobody is known to."""
    return min((one.team for one in row.workloads), default=None)
