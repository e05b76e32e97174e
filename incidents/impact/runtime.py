"""What an answer needs of what runs, whether now (what_runs.py) or at a time in the past (what_ran.py)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from incidents.impact.counted import Counted
    from incidents.impact.facts import Containers, Points


class Runtime(Protocol):
    """What runs and what is known of it: asked for with the answer's next exchange, there when that is over."""

    def ask(self, parameters: Mapping[str, object], *, is_long: bool) -> None:
        """Ask what runs of what is found, and where digests run that no SBOM surely describes, unless it is known."""

    def points(self) -> Points:
        """Return what runs of what is found, or all of it."""

    def undescribed(self) -> Containers:
        """Return all containers of digests that no SBOM surely describes; mark 1 for those that are not described."""

    def counted(self) -> Counted:
        """Return the counts, which were asked for from the beginning."""


@dataclass(frozen=True, slots=True)
class Scope:
    """All that what runs depends on besides the state of the estate."""

    teams: tuple[int, ...] | None
    clusters: tuple[str, ...] | None
    environments: tuple[str, ...] | None
    since: object
    until: object

    @classmethod
    def of(cls, parameters: Mapping[str, object]) -> Scope:
        """Take the parameters of a question's statements."""
        teams: Any = parameters["teams"]
        clusters: Any = parameters["clusters"]
        environments: Any = parameters["environments"]
        return cls(
            None if teams is None else tuple(teams),
            clusters and tuple(sorted(clusters)),
            environments and tuple(sorted(environments)),
            parameters["since"],
            parameters["until"],
        )
