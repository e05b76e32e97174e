"""Which credentials an attacker could reach: those of the jobs that ran, or built, what an answer found.

What a job could reach stands in its workflow file: names of secrets, its token's permissions, the roles it signs in
as. Where that file is not known, all secrets of its repository are at risk, and where nobody knows the build, that is a
line of its own: silence is no safety.
"""

from __future__ import annotations

import enum
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from incidents.models import ActionKind
from incidents.response.exposed import exposures_of
from incidents.response.strengths import Strength
from incidents.response.targets import hash_of
from inventory.models import WorkflowJob, WorkflowVersion

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from incidents.response.basis import Answer
    from incidents.response.exposed import Exposed, UnknownBuilds
    from supplychain.access.actors import Actor


class CredentialType(enum.StrEnum):
    """What kind of credential it is, or that nobody can name it."""

    SECRET = "secret"  # noqa: S105  # no password
    TOKEN = "token"  # noqa: S105  # no password
    OIDC = "oidc"
    ALL = "all"
    UNKNOWN = "unknown"


@dataclass(slots=True)
class Credential:
    """One credential of one workflow. `digests` are the artifacts whose build could reach it, `runs` those builds.

    `is_required`: recovery waits for it. What only held a vulnerable version ran nothing of an attacker's, so that is
    told and not required.
    """

    type: CredentialType
    name: str
    repository: str
    workflow: str
    environment: str
    team: str | None
    strength: Strength
    why: str
    digests: set[str] | frozenset[str] = frozenset()
    runs: set[str] = field(default_factory=set)
    reached: dict[tuple[str, str], datetime | None] = field(default_factory=dict)
    """When what could reach it was over, by artifact and run ('' for none); None: nobody knows."""
    after_action: int | None = None
    """The action that was done before this was found (rounds.py)."""
    state: str | None = None
    action: int | None = None

    @property
    def is_required(self) -> bool:
        return self.strength is not Strength.LOW and self.type not in {CredentialType.TOKEN, CredentialType.UNKNOWN}

    @property
    def is_sought(self) -> bool:
        """Whether recovery waits until somebody knows the builds, or rotates all that they may have reached."""
        return self.strength is not Strength.LOW and self.type is CredentialType.UNKNOWN

    @property
    def kind(self) -> ActionKind:
        return ActionKind.REVOKE if self.type is CredentialType.OIDC else ActionKind.ROTATE

    @property
    def target(self) -> dict[str, str]:
        parts = {"credential": self.name, "type": self.type.value, "repository": self.repository}
        after = {} if self.after_action is None else {"after_action": str(self.after_action)}
        return {name: value for name, value in parts.items() if value} | after

    @property
    def key(self) -> str:
        """Name the action that takes it out of use."""
        return hash_of(self.kind, self.target)


_ALL_SECRETS: Final = "*"
_UNKNOWN_BUILDS: Final = "credentials of builds that nobody knows"
_WRITES: Final = frozenset({"write", "write-all"})
_OF_GITHUB: Final = "GITHUB_TOKEN"


def exposed_by(answer: Answer, *, actor: Actor) -> tuple[Credential, ...]:
    """Return what was exposed, in no order. Four statements, however many rows there are."""
    exposures = exposures_of(answer, actor=actor)
    workflows = _Workflows(exposures.runs, actor=actor)
    found: dict[tuple[str, ...], Credential] = {}
    for run in exposures.runs:
        for one in _of_run(run, workflows=workflows):
            _merge(found, one, digests={run.digest} if run.digest else frozenset(), run=run)
    for builds in exposures.unknown:
        _merge(found, _of_unknown(builds), digests=builds.digests)
    if exposures.unlisted_count:
        why = f"{exposures.unlisted_count} more runs are exposed, possible or unknown than the answer lists"
        _merge(found, Credential(CredentialType.UNKNOWN, _UNKNOWN_BUILDS, "", "", "", None, Strength.LOW, why))
    return tuple(found.values())


class _Workflows:
    """The known versions of the workflow files that runs name, with their jobs. Two statements."""

    def __init__(self, runs: Iterable[Exposed], *, actor: Actor) -> None:
        repositories = sorted({run.repository for run in runs if run.repository})
        versions = WorkflowVersion.objects.visible_to(actor).filter(repository__in=repositories)
        self._versions: dict[tuple[str, str], list[WorkflowVersion]] = defaultdict(list)
        for version in versions.select_related("team").order_by("observed_at", "pk"):
            self._versions[version.repository, version.path].append(version)
        self._jobs: dict[int, list[WorkflowJob]] = defaultdict(list)
        known = [version.pk for found in self._versions.values() for version in found]
        for job in WorkflowJob.objects.filter(workflow__in=known).order_by("pk"):
            self._jobs[job.workflow_id].append(job)

    def in_force(self, run: Exposed) -> tuple[WorkflowVersion, bool] | None:
        """Return the version of the run's commit (sure), else the newest one before it, else the newest."""
        found = self._versions.get((run.repository, run.workflow), [])
        for version in found:
            if version.commit and version.commit == run.commit:
                return version, True
        earlier = [one for one in found if run.started_at is None or one.observed_at <= run.started_at]
        return ((earlier or found)[-1], False) if found else None

    def jobs_of(self, version: WorkflowVersion, *, job: str | None) -> list[WorkflowJob]:
        """Return the job that is meant, or all where none is named or it is not in this version."""
        jobs = self._jobs[version.pk]
        return [one for one in jobs if one.name == job] or jobs


def _of_run(run: Exposed, *, workflows: _Workflows) -> Iterator[Credential]:
    found = workflows.in_force(run)
    if found is None:
        why = "the workflow file of the run is not known: any secret of the repository may have been in reach"
        name = f"all secrets of {run.repository}, not known which"
        yield _credential(CredentialType.ALL, name, run, why=why)
        return
    version, is_sure = found
    strength = run.strength if is_sure else max(run.strength, Strength.MEDIUM)
    for job in workflows.jobs_of(version, job=run.job):
        for one in _of_job(run, job):
            one.team, one.strength, one.environment = version.team.slug, strength, job.environment
            yield one


def _of_job(run: Exposed, job: WorkflowJob) -> Iterator[Credential]:
    for name in job.secrets:
        if name == _ALL_SECRETS:
            shown = f"all secrets of {run.repository} (inherited)"
            yield _credential(CredentialType.ALL, shown, run, why=f"job {job.name} inherits them")
        elif name != _OF_GITHUB:
            yield _credential(CredentialType.SECRET, name, run, why=f"job {job.name} uses it")
    for role in job.roles or ():
        yield _credential(CredentialType.OIDC, role, run, why=f"job {job.name} signs in as it")
    writes = _writes_of(job)
    if "id-token" in writes and not job.roles:
        why = f"job {job.name} may ask for an identity token: whatever trusts it was in reach"
        yield _credential(CredentialType.OIDC, f"roles that trust {run.repository}", run, why=why)
    if writes:
        why = f"of job {job.name}; it ended with the run: look at what it wrote ({', '.join(sorted(writes))})"
        yield _credential(CredentialType.TOKEN, _OF_GITHUB, run, why=why)


def _writes_of(job: WorkflowJob) -> set[str]:
    if job.permissions is None:
        return {"not stated: the repository's default"}
    return {scope for scope, access in job.permissions.items() if access in _WRITES}


def _credential(kind: CredentialType, name: str, run: Exposed, *, why: str) -> Credential:
    return Credential(kind, name, run.repository, run.workflow, "", run.team, run.strength, why)


def _of_unknown(builds: UnknownBuilds) -> Credential:
    why = "nothing tells which build made it: what that build could reach is not known"
    # By its name one action goes for all teams: whose they are changes as soon as they run no more.
    return Credential(CredentialType.UNKNOWN, _UNKNOWN_BUILDS, "", "", "", builds.team, builds.strength, why)


def _merge(
    found: dict[tuple[str, ...], Credential],
    one: Credential,
    *,
    digests: set[str] | frozenset[str] = frozenset(),
    run: Exposed | None = None,
) -> None:
    """Put it together with its equals; `run` is the one that could reach it, where it is known."""
    key = (one.type, one.name, one.repository, one.workflow, one.team or "", "sought" if one.is_sought else "")
    known = found.setdefault(key, one)
    known.strength = min(known.strength, one.strength)
    if not known.digests:
        known.digests = digests  # those of unknown builds are hundreds of thousands, and never change
    elif digests:
        known.digests = known.digests if isinstance(known.digests, set) else set(known.digests)
        known.digests.update(digests)
    if run is None:
        return
    if run.run:
        known.runs.add(run.run)
    place = (run.digest, run.run or "")
    before = known.reached.get(place, run.over_at)
    known.reached[place] = None if before is None or run.over_at is None else max(before, run.over_at)
