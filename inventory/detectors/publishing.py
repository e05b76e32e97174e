"""Which jobs of a workflow can publish: what others run comes out of them, so a way into them is worth most."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_NAMED: Final = re.compile(r"(?<![a-z])(?:release|publish|deploy)", re.IGNORECASE)
_TRIGGERS: Final = frozenset({"release", "deployment", "registry_package"})
_WRITES: Final = frozenset({"contents", "packages", "id-token", "deployments", "*"})


@dataclass(frozen=True, slots=True)
class JobFact:
    """One job; `permissions` is None where nothing is stated, and then says nothing."""

    name: str
    permissions: Mapping[str, str] | None
    environment: str


def publishers_of(*, path: str, name: str, triggers: Iterable[str], jobs: Iterable[JobFact]) -> frozenset[str]:
    """Return the names of the jobs that can publish; '' stands for the steps of a composite action.

    All of a file can that is started by a release or is named so; else a job that may write what is published, may
    prove who it is (`id-token`), or has an environment.
    """
    if not _TRIGGERS.isdisjoint(triggers) or _NAMED.search(path) or _NAMED.search(name):
        return frozenset({"", *(job.name for job in jobs)})
    return frozenset(_by_their_rights(jobs))


def _by_their_rights(jobs: Iterable[JobFact]) -> Iterator[str]:
    for job in jobs:
        granted = job.permissions or {}
        if job.environment or any(granted.get(scope) == "write" for scope in _WRITES):
            yield job.name
