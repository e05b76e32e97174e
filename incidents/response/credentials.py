"""Which credentials an attacker could reach: those of the jobs that built what an answer found.

What a job could reach stands in its workflow file: names of secrets, its token's permissions, the roles it signs in
as. Where that file is not known, all secrets of its repository are at risk, and where nobody knows the build, that is a
line of its own: silence is no safety.
"""

from __future__ import annotations

import enum
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from incidents.impact.answer import Effect, Status
from incidents.models import ActionKind
from incidents.models.response import IN_FORCE
from incidents.response.answers import newest_answer
from incidents.response.targets import hash_of
from inventory.graph.built import builds_of
from inventory.models import Artifact, WorkflowJob, WorkflowVersion
from supplychain.access.models import Team

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from incidents.impact.answer import Row
    from incidents.models import Incident
    from incidents.response.basis import Answer
    from inventory.graph.built import BuildOf
    from supplychain.access.actors import Actor


class CredentialType(enum.StrEnum):
    """What kind of credential it is, or that nobody can name it."""

    SECRET = "secret"  # noqa: S105  # no password
    TOKEN = "token"  # noqa: S105  # no password
    OIDC = "oidc"
    ALL = "all"
    UNKNOWN = "unknown"


class Strength(enum.IntEnum):
    """How sure it is that the credential was exposed, the surest first."""

    HIGH = 0
    MEDIUM = 1
    LOW = 2

    @property
    def word(self) -> str:
        return self.name.lower()


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
    digests: set[str] = field(default_factory=set)
    runs: set[str] = field(default_factory=set)
    state: str | None = None
    action: int | None = None

    @property
    def is_required(self) -> bool:
        return self.strength is not Strength.LOW and self.type not in {CredentialType.TOKEN, CredentialType.UNKNOWN}

    @property
    def kind(self) -> ActionKind:
        return ActionKind.REVOKE if self.type is CredentialType.OIDC else ActionKind.ROTATE

    @property
    def target(self) -> dict[str, str]:
        parts = {"credential": self.name, "type": self.type.value, "repository": self.repository}
        return {name: value for name, value in parts.items() if value}

    @property
    def key(self) -> str:
        """Name the action that takes it out of use."""
        return hash_of(self.kind, self.target)


_BY_BUILD: Final = frozenset({"action", "workflow", "builder", "signer", "repository", "commit", "account"})
_FOUND: Final = frozenset({Status.AFFECTED, Status.POSSIBLE})
_ALL_SECRETS: Final = "*"
_WRITES: Final = frozenset({"write", "write-all"})
_OF_GITHUB: Final = "GITHUB_TOKEN"


def credentials_of(answer: Answer, *, actor: Actor) -> tuple[Credential, ...]:
    """Return what was exposed, the surest first. Four statements, however many rows there are."""
    rows = {row.artifact.digest: row for row in answer.rows if row.status in _FOUND and row.artifact.digest}
    ids = dict(Artifact.objects.filter(digest__in=sorted(rows)).values_list("pk", "digest"))
    builds = [build for build in builds_of(list(ids), actor=actor) if build.repository]
    workflows = _Workflows(builds, actor=actor)
    found: dict[tuple[str, ...], Credential] = {}
    for build in builds:
        digest = ids[build.artifact_id] or ""
        for one in _of_build(build, row=rows[digest], workflows=workflows, indicators=answer.indicators):
            _merge(found, one, digest=digest, run=build.run)
    built = {ids[build.artifact_id] for build in builds}
    for digest, row in rows.items():
        if digest not in built:
            _merge(found, _unknown(row), digest=digest, run=None)
    return tuple(sorted(found.values(), key=lambda one: (one.strength, one.team or "~", one.repository, one.name)))


def credentials_for(incident: Incident, *, actor: Actor) -> tuple[Credential, ...]:
    """Return what the newest answer says was exposed, with the action that each was taken into.

    Who sees a part of an incident sees the credentials of their own teams.
    """
    found = credentials_of(newest_answer(incident), actor=actor)
    if not incident.is_whole_for(actor):
        slugs = set(Team.objects.filter(pk__in=sorted(actor.team_ids or ())).values_list("slug", flat=True))
        found = tuple(one for one in found if one.team in slugs)
    in_force = incident.actions.filter(state__in=[state.value for state in IN_FORCE])
    taken = {action.target_hash: action for action in in_force}
    for one in found:
        if (action := taken.get(one.key)) is not None:
            one.state, one.action = action.state, action.number
    return found


def exposure_of(row: Row, *, indicators: Sequence[Mapping[str, object]]) -> Strength:
    """Tell how sure it is that what was found ran in the build.

    What took part in a build, or is its workflow, did. A release that was named exactly is what malicious code is known
    by, and runs when it is installed; a range is how vulnerabilities are told.
    """
    asked = [indicators[match.indicator] for match in row.matches if match.indicator < len(indicators)]
    if any(one.get("kind") in _BY_BUILD for one in asked):
        return Strength.HIGH
    if row.effect is Effect.BUILD or any(one.get("package_versions") for one in asked):
        return Strength.MEDIUM
    return Strength.LOW if all(one.get("kind") == "package" for one in asked) else Strength.MEDIUM


class _Workflows:
    """The known versions of the workflow files that builds name, with their jobs. Two statements."""

    def __init__(self, builds: Iterable[BuildOf], *, actor: Actor) -> None:
        repositories = sorted({build.repository for build in builds if build.repository})
        versions = WorkflowVersion.objects.visible_to(actor).filter(repository__in=repositories)
        self._versions: dict[tuple[str, str], list[WorkflowVersion]] = defaultdict(list)
        for version in versions.select_related("team").order_by("observed_at", "pk"):
            self._versions[version.repository, version.path].append(version)
        self._jobs: dict[int, list[WorkflowJob]] = defaultdict(list)
        known = [version.pk for found in self._versions.values() for version in found]
        for job in WorkflowJob.objects.filter(workflow__in=known).order_by("pk"):
            self._jobs[job.workflow_id].append(job)

    def in_force(self, build: BuildOf) -> tuple[WorkflowVersion, bool] | None:
        """Return the version of the build's commit (sure), else the newest one before it, else the newest."""
        found = self._versions.get((build.repository or "", build.workflow or ""), [])
        for version in found:
            if version.commit and version.commit == build.commit:
                return version, True
        earlier = [one for one in found if build.started_at is None or one.observed_at <= build.started_at]
        return ((earlier or found)[-1], False) if found else None

    def jobs_of(self, version: WorkflowVersion) -> list[WorkflowJob]:
        return self._jobs[version.pk]


def _of_build(
    build: BuildOf, *, row: Row, workflows: _Workflows, indicators: Sequence[Mapping[str, object]]
) -> Iterator[Credential]:
    strength = exposure_of(row, indicators=indicators)
    found = workflows.in_force(build)
    if found is None:
        why = "the workflow file that built it is not known: any secret of the repository may have been in reach"
        name = f"all secrets of {build.repository}, not known which"
        yield _credential(CredentialType.ALL, name, build, team=_team_of(row), strength=strength, why=why)
        return
    version, is_sure = found
    strength = strength if is_sure else max(strength, Strength.MEDIUM)
    for job in workflows.jobs_of(version):
        yield from _of_job(build, job, team=version.team.slug, strength=strength)


def _of_job(build: BuildOf, job: WorkflowJob, *, team: str, strength: Strength) -> Iterator[Credential]:
    for name in job.secrets:
        if name == _OF_GITHUB:
            continue
        kind = CredentialType.ALL if name == _ALL_SECRETS else CredentialType.SECRET
        shown = f"all secrets of {build.repository} (inherited)" if name == _ALL_SECRETS else name
        why = f"job {job.name} uses it"
        yield _credential(kind, shown, build, team=team, strength=strength, why=why, environment=job.environment)
    for role in job.roles or ():
        why = f"job {job.name} signs in as it"
        yield _credential(
            CredentialType.OIDC, role, build, team=team, strength=strength, why=why, environment=job.environment
        )
    writes = _writes_of(job)
    if "id-token" in writes and not job.roles:
        why = f"job {job.name} may ask for an identity token: whatever trusts it was in reach"
        name = f"roles that trust {build.repository}"
        yield _credential(
            CredentialType.OIDC, name, build, team=team, strength=strength, why=why, environment=job.environment
        )
    if writes:
        why = f"of job {job.name}; it ended with the run: look at what it wrote ({', '.join(sorted(writes))})"
        yield _credential(CredentialType.TOKEN, _OF_GITHUB, build, team=team, strength=strength, why=why)


def _writes_of(job: WorkflowJob) -> set[str]:
    if job.permissions is None:
        return {"not stated: the repository's default"}
    return {scope for scope, access in job.permissions.items() if access in _WRITES}


def _credential(
    kind: CredentialType,
    name: str,
    build: BuildOf,
    *,
    team: str | None,
    strength: Strength,
    why: str,
    environment: str = "",
) -> Credential:
    return Credential(kind, name, build.repository or "", build.workflow or "", environment, team, strength, why)


def _unknown(row: Row) -> Credential:
    why = "nothing tells which build made it: what that build could reach is not known"
    return Credential(
        CredentialType.UNKNOWN, "credentials of builds that nobody knows", "", "", "", _team_of(row), Strength.LOW, why
    )


def _team_of(row: Row) -> str | None:
    return min((one.team for one in row.workloads), default=None)


def _merge(found: dict[tuple[str, ...], Credential], one: Credential, *, digest: str, run: str | None) -> None:
    key = (one.type, one.name, one.repository, one.workflow, one.team or "")
    known = found.setdefault(key, one)
    known.strength = min(known.strength, one.strength)
    known.digests.add(digest)
    if run:
        known.runs.add(run)
