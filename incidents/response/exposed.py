"""Which build runs an answer says were exposed: those that it lists, and those that made what it found."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from incidents.impact.answer import Status
from incidents.response.strengths import Strength, strength_of, team_of, unknown_of
from inventory.graph.built import Ids, builds_of
from inventory.graph.packed import column
from inventory.graph.statements import fetch

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from incidents.impact.answer import Build, Row
    from incidents.response.basis import Answer
    from inventory.graph.built import BuildOf
    from supplychain.access.actors import Actor


@dataclass(frozen=True, slots=True)
class Exposed:
    """One run, or one job of it. `job` None: any of its jobs; `digest` '': nothing that was found came out of it.

    What is rotated after `over_at` it did not see; None: nobody knows when that was.
    """

    repository: str
    workflow: str
    commit: str | None
    started_at: datetime | None
    run: str | None
    job: str | None
    digest: str
    team: str | None
    strength: Strength
    over_at: datetime | None


@dataclass(frozen=True, slots=True)
class UnknownBuilds:
    """The digests that a team runs and of which nobody knows the build, and how sure it is that they were exposed.

    `strength` is at most medium: of an unknown build nothing is sure.
    """

    team: str | None
    strength: Strength
    digests: frozenset[str]


@dataclass(frozen=True, slots=True)
class Exposures:
    """All of an answer; `unlisted_count` runs were not listed."""

    runs: tuple[Exposed, ...]
    unknown: tuple[UnknownBuilds, ...]
    unlisted_count: int


_LISTED_ALONE: Final = frozenset({"action", "download"})
"""Kinds whose exposed runs the answer lists itself, with the job."""
_FOUND: Final = frozenset({Status.AFFECTED, Status.POSSIBLE})
_IDS: Final = "SELECT id, digest FROM inventory_artifact WHERE digest = ANY(%(digests)s::text[])"
_WORDS: Final = {one.word: one for one in Strength}


def exposures_of(answer: Answer, *, actor: Actor) -> Exposures:
    """Return the exposed runs. Two statements, however many rows there are."""
    ids = answer.once("artifacts", lambda: ids_of(answer) if answer.gist is None else answer.gist.read_artifacts())
    jobs = _listed_jobs(answer.builds)
    found = [_listed(build) for build in answer.builds if build.status is not Status.CLEARED]
    built: set[str] = set()
    for build in builds_of(answer.once("artifact_ids", lambda: Ids.of(ids)), actor=actor):
        if not build.repository:
            continue
        digest = ids[build.artifact_id]
        built.add(digest)
        row = answer.rows[answer.found[digest]]
        strength = strength_of(row, indicators=answer.indicators)
        only = jobs.get((build.repository, build.workflow or "")) if _is_listed(row, answer) else None
        found += [
            Exposed(
                build.repository,
                build.workflow or "",
                build.commit,
                build.started_at,
                build.run,
                job,
                digest,
                team_of(row),
                strength,
                _over_at(build),
            )
            for job in (sorted(only) if only else (None,))
        ]
    by_team = answer.once("by_team", lambda: _by_team(answer))
    unknown = by_team if not built else tuple(replace(one, digests=one.digests - built) for one in by_team)
    return Exposures(tuple(found), tuple(one for one in unknown if one.digests), answer.unlisted_count)


def ids_of(answer: Answer) -> Mapping[int, str]:
    """Return the digests of what was found, by the ids that the artifacts always had. One statement."""
    return dict(fetch(lambda *pair: pair, _IDS, {"digests": list(answer.found)}))


def _by_team(answer: Answer) -> tuple[UnknownBuilds, ...]:
    gist, digests = answer.gist, answer.known.keys
    found = unknown_of(answer.rows, indicators=answer.indicators) if gist is None else gist.unknown
    return tuple(
        UnknownBuilds(one.team, one.strength, frozenset(str(digests[place]) for place in column(one.places)))
        for one in found
    )


def _over_at(build: BuildOf) -> datetime | None:
    """A builder claims when it was finished, so that alone is not believed; a proven signature's time is."""
    if build.signed_at is None:
        return None
    return build.signed_at if build.finished_at is None else max(build.signed_at, build.finished_at)


def _listed(build: Build) -> Exposed:
    strength = Strength.LOW if build.status is Status.UNKNOWN else _WORDS.get(build.confidence, Strength.MEDIUM)
    strength = max(strength, Strength.MEDIUM) if build.status is Status.POSSIBLE else strength
    run = f"https://{build.repository}/actions/runs/{build.run_id}" if build.run_id else None
    # An answer tells when a run began, not when it ended.
    at = build.started_at
    return Exposed(build.repository, build.workflow or "", build.commit, at, run, build.job, "", None, strength, at)


def _listed_jobs(builds: Sequence[Build]) -> dict[tuple[str, str], set[str]]:
    """Return the exposed jobs of each workflow, where the answer names jobs for all its runs."""
    found: dict[tuple[str, str], set[str | None]] = defaultdict(set)
    for build in builds:
        if build.status in _FOUND:
            found[build.repository, build.workflow or ""].add(build.job)
    return {key: {job for job in jobs if job is not None} for key, jobs in found.items() if None not in jobs}


def _is_listed(row: Row, answer: Answer) -> bool:
    kinds = {answer.indicators[match.indicator].get("kind") for match in row.matches}
    return kinds <= _LISTED_ALONE
