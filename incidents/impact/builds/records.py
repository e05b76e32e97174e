"""What is known of workflows and of their runs, as the statements of sql.py fetch it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID


class Use(NamedTuple):
    """One `uses`, or what a run was seen to use; `commit` is what the ref was seen to lead to."""

    job: str
    kind: str
    given: str
    owner_repository: str
    path: str
    ref: str
    is_pinned: bool
    comment: str = ""
    line: int = 0


class Download(NamedTuple):
    """What a step fetches by address."""

    job: str
    url: str
    is_run: bool
    check: str
    checksums: tuple[str, ...]
    line: int


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a workflow or composite action. `knows_downloads` is False where it was read before these were."""

    repository: str
    path: str
    commit: str
    observed_at: datetime
    evidence: UUID
    uses: tuple[Use, ...]
    downloads: tuple[Download, ...]
    knows_downloads: bool = True

    @classmethod
    def of_row(cls, *columns: Any) -> Version:
        repository, path, commit, observed_at, evidence, uses, fetched, knows_downloads = columns
        return cls(
            repository,
            path,
            commit,
            observed_at,
            evidence,
            tuple(Use(*use) for use in uses or ()),
            tuple(
                Download(job, url, runs, check, tuple(sums), at) for job, url, runs, check, sums, at in fetched or ()
            ),
            knows_downloads,
        )


class Resolved(NamedTuple):
    """An action that a run was seen to use. `commit` '' where nobody saw which."""

    owner_repository: str
    path: str
    ref: str
    commit: str


class Fetched(NamedTuple):
    """A file among the inputs that a provenance names by its address."""

    url: str
    digest: str


class Told(NamedTuple):
    """What one document tells of a run: a row of RUNS."""

    repository: str
    run_id: str
    attempt: int | None
    path: str
    commit: str
    event: str
    actor: str
    started_at: datetime | None
    finished_at: datetime | None
    evidence: UUID
    pointer: str
    artifacts: Sequence[int]
    resolved: tuple[Resolved, ...]
    fetched: tuple[Fetched, ...]
    unsent: tuple[str, ...] = ()
    """Actions and workflows of others that its file leads to and whose own files nobody has sent."""

    @classmethod
    def of_row(cls, *columns: Any) -> Told:
        *head, resolved, fetched, unsent = columns
        used = tuple(Resolved(*one) for one in resolved or ())
        return cls._make((*head, used, tuple(Fetched(*one) for one in fetched or ()), tuple(unsent)))


@dataclass(slots=True)
class Run:
    """One run, of all that documents tell of it."""

    told: list[Told] = field(default_factory=list)

    @property
    def first(self) -> Told:
        return self.told[0]

    @property
    def resolved(self) -> list[Resolved]:
        return [one for told in self.told for one in told.resolved]

    @property
    def artifacts(self) -> set[int]:
        return {artifact for told in self.told for artifact in told.artifacts}

    @property
    def files(self) -> set[tuple[str, str, str]]:
        """(repository, path, commit) of the workflow that ran, as each document says."""
        return {(told.repository, told.path, told.commit) for told in self.told}

    @property
    def unsent(self) -> list[str]:
        return sorted({given for told in self.told for given in told.unsent})

    @property
    def spans(self) -> list[tuple[datetime | None, datetime | None]]:
        return [(told.started_at, told.finished_at) for told in self.told]

    @property
    def started_at(self) -> datetime | None:
        return min((told.started_at for told in self.told if told.started_at is not None), default=None)

    @property
    def attempt(self) -> int | None:
        return max((told.attempt for told in self.told if told.attempt is not None), default=None)


def runs_of(told: Sequence[Told]) -> list[Run]:
    """Put together what is told of one run: by its number and attempt; where an attempt is not told, by its number.

    Then what any attempt used counts for all that came out of them: too much rather than too little.
    """
    numbered: dict[tuple[str, str], list[Told]] = {}
    runs: list[Run] = []
    for one in told:
        if one.run_id:
            numbered.setdefault((one.repository, one.run_id), []).append(one)
        else:
            runs.append(Run([one]))
    for group in numbered.values():
        attempts = {one.attempt for one in group}
        if None in attempts:
            runs.append(Run(group))
        else:
            runs.extend(
                Run([one for one in group if one.attempt == attempt]) for attempt in sorted(filter(None, attempts))
            )
    return runs
