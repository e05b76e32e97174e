"""What people say of places, where reports say nothing: settings of clusters and environments, services of workloads.

Every change is one transaction with its audit line; one that changes nothing writes nothing.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from django.db import transaction
from django.db.models import Q, QuerySet

from inventory.graph.runtime import UNKNOWN_ENVIRONMENT, ClusterNotFoundError, ClusterRow
from inventory.ingest.places import ensure_environments
from inventory.ingest.running import lock_exclusive
from inventory.models import Cluster, Environment, ServiceMapping
from supplychain.access import audit
from supplychain.access.actors import Actor
from supplychain.access.models import Team
from supplychain.errors import DomainError

SINCE_EVER = datetime(1970, 1, 1, tzinfo=UTC)
"""A mapping from here on holds for all the past that questions can ask about."""
NO_ENVIRONMENT = UNKNOWN_ENVIRONMENT
"""What lists call a place whose environment nobody named; so no environment can bear this name."""
MIN_INTERVAL_SECONDS = 10
MAX_INTERVAL_SECONDS = 366 * 24 * 3600
_MAX_TEXT = 255
_FOREIGN_GLOB = re.compile(r"[\[\]{}\\]")


class BoundKeyError(DomainError):
    """A binding narrows a key to what it reports; what is said here holds for more than that."""

    def __init__(self) -> None:
        super().__init__(
            "outside_binding", "A key that is bound describes no places: use one without bindings.", status=403
        )


class SettingsChangedError(DomainError):
    """Somebody else changed the cluster since the caller looked."""

    def __init__(self) -> None:
        super().__init__(
            "precondition_failed", "The cluster's settings have changed meanwhile: read them again.", status=412
        )


class BadReportIntervalError(DomainError):
    """A cluster cannot have this report interval."""

    def __init__(self) -> None:
        super().__init__(
            "bad_report_interval",
            f"The report interval is in seconds, from {MIN_INTERVAL_SECONDS} to {MAX_INTERVAL_SECONDS} (366 days).",
        )


class BadEnvironmentError(DomainError):
    """No environment can have this name."""

    def __init__(self, slug: str) -> None:
        super().__init__(
            "bad_environment", f"{slug[:60]!r} names no environment: 1 to {_MAX_TEXT} printable characters."
        )


class NotForOneTeamError(DomainError):
    """Environments are the organisation's, so one team's key or member cannot describe them."""

    def __init__(self) -> None:
        super().__init__("organisation_only", "Environments belong to all teams: ask an administrator.", status=403)


class UnknownTeamError(DomainError):
    """The team that a mapping is for does not exist, or is another's."""

    def __init__(self, slug: str) -> None:
        super().__init__("unknown_team", f"There is no team {slug[:60]!r}.")


class BadMappingError(DomainError):
    """A mapping of this text or range cannot be kept."""

    def __init__(self, message: str) -> None:
        super().__init__("bad_mapping", message)


class MappingOverlapError(DomainError):
    """The same pattern of the same team maps to a service at that time already."""

    def __init__(self, service: str) -> None:
        super().__init__(
            "mapping_overlap",
            f"These workloads are mapped to {service!r} in that time already: end or withdraw that mapping first.",
            status=409,
        )


class MappingNotFoundError(DomainError):
    """The team has no mapping of this service and pattern that holds at the time."""

    def __init__(self) -> None:
        super().__init__("mapping_not_found", "No such mapping of this team holds at that time.", status=404)


@dataclass(frozen=True, slots=True)
class WorkloadPattern:
    """Which workloads a mapping speaks for: globs over the names, in which `*` and `?` alone are special."""

    cluster: str = "*"
    namespace: str = "*"
    workload: str = "*"

    def check(self) -> None:
        """Raise BadMappingError for a part that could match nothing, or means something else than it says."""
        for part, glob in asdict(self).items():
            _check_text(part, glob)
            if _FOREIGN_GLOB.search(glob):
                raise BadMappingError(f"The {part} pattern {glob!r}: `*` and `?` alone are special, no []{{}} and \\.")
        if "/" in self.workload:
            raise BadMappingError(f"The workload pattern {self.workload!r}: give the name alone, without its kind.")


def set_cluster(
    name: str,
    *,
    actor: Actor,
    at: datetime,
    environment: str | None = None,
    report_interval_seconds: int | None = None,
    if_version: Collection[str] | None = None,
) -> Cluster:
    """Set a cluster's default environment and how often it promises to report; None leaves a setting as it is.

    A new environment is made, by the rule for those that reports name; `unknown` takes the default away. It is
    looked up when somebody reads, so it speaks for the past too. Raises ClusterNotFoundError, also for another
    team's cluster, BadEnvironmentError, BadReportIntervalError, BoundKeyError, and SettingsChangedError when
    `settings_version` is none of `if_version`.
    """
    _refuse_bound(actor)
    slug = None if environment is None else _read_environment(environment)
    _check_interval(report_interval_seconds)
    with transaction.atomic():
        lock_exclusive()
        cluster = Cluster.objects.visible_to(actor).select_related("environment").filter(name=name).first()
        if cluster is None:
            raise ClusterNotFoundError
        if if_version is not None and settings_version(cluster) not in if_version:
            raise SettingsChangedError
        before = _settings(cluster)
        if slug is not None:
            ensure_environments({slug} - {NO_ENVIRONMENT})
            cluster.environment = Environment.objects.filter(slug=slug).first()
        if report_interval_seconds is not None:
            cluster.report_interval_seconds = report_interval_seconds
        if (after := _settings(cluster)) != before:
            cluster.save(update_fields=["environment", "report_interval_seconds"])
            details: dict[str, audit.JSON] = {"before": before, "after": after}
            audit.record(
                actor, "cluster.described", subject=f"cluster:{name}", details=details, team_id=cluster.team_id, at=at
            )
    return cluster


def settings_version(cluster: Cluster | ClusterRow) -> str:
    """Name the settings of a cluster: equal settings have equal names, whatever else happens in the cluster."""
    environment = cluster.environment
    slug = environment.slug if isinstance(environment, Environment) else environment or NO_ENVIRONMENT
    return hashlib.sha256(f"{slug}\n{cluster.report_interval_seconds}".encode()).hexdigest()[:32]


def set_environment(slug: str, *, is_production: bool, actor: Actor, at: datetime) -> Environment:
    """Say whether an environment is production, for past and future answers; one that no report named yet is made.

    Raises BadEnvironmentError, BoundKeyError, and NotForOneTeamError unless the actor sees all teams.
    """
    _refuse_bound(actor)
    wanted = _read_environment(slug)
    if wanted == NO_ENVIRONMENT:
        raise BadEnvironmentError(slug)
    if not actor.sees_all:
        raise NotForOneTeamError
    with transaction.atomic():
        lock_exclusive()
        environment = Environment.objects.filter(slug=wanted).first()
        before = None if environment is None else environment.is_production
        if environment is None:
            environment = Environment.objects.create(slug=wanted, is_production=is_production)
        elif before is not is_production:
            environment.is_production = is_production
            environment.save(update_fields=["is_production"])
        if before is not is_production:
            details = {"before": before, "after": is_production}
            audit.record(actor, "environment.described", subject=f"environment:{wanted}", details=details, at=at)
    return environment


def map_service(
    service: str,
    *,
    team: str,
    pattern: WorkloadPattern,
    actor: Actor,
    at: datetime,
    valid_from: datetime = SINCE_EVER,
    valid_to: datetime | None = None,
) -> ServiceMapping:
    """Map a team's workloads that match to a service, from one time up to, not including, another.

    One pattern of a team maps to one service at a time; the same mapping again is the one there is. Raises
    BadMappingError, UnknownTeamError, BoundKeyError and MappingOverlapError.
    """
    _check_text("service", service)
    pattern.check()
    if valid_to is not None and valid_to <= valid_from:
        raise BadMappingError("A mapping must end after it begins.")
    with transaction.atomic():
        owner = _lock_team(team, actor=actor)
        overlapping = _overlapping(owner, pattern=pattern, valid_from=valid_from, valid_to=valid_to).first()
        if overlapping is not None:
            if (overlapping.service, overlapping.valid_from, overlapping.valid_to) != (service, valid_from, valid_to):
                raise MappingOverlapError(overlapping.service)
            return overlapping
        mapping = ServiceMapping.objects.create(
            team=owner, service=service, valid_from=valid_from, valid_to=valid_to, **asdict(pattern)
        )
        _record(mapping, "service_mapping.added", actor=actor, at=at)
    return mapping


def end_mapping(
    service: str, *, team: str, pattern: WorkloadPattern, ended_at: datetime, actor: Actor, at: datetime
) -> ServiceMapping:
    """End the mapping that holds at a time; what ran before keeps its service. Raises MappingNotFoundError."""
    with transaction.atomic():
        held = _holding(service, team=team, pattern=pattern, at=ended_at, actor=actor)
        # One that begins in this instant would be left without any time: that is a withdrawal.
        mapping = held.filter(valid_from__lt=ended_at).first()
        if mapping is None:
            raise MappingNotFoundError
        mapping.valid_to = ended_at
        mapping.save(update_fields=["valid_to"])
        _record(mapping, "service_mapping.ended", actor=actor, at=at)
    return mapping


def withdraw_mapping(service: str, *, team: str, pattern: WorkloadPattern, actor: Actor, at: datetime) -> None:
    """Take back a mapping that holds now and was a mistake: it then never held. Raises MappingNotFoundError.

    The row goes; what it said stays in the audit log.
    """
    with transaction.atomic():
        mapping = _holding(service, team=team, pattern=pattern, at=at, actor=actor).first()
        if mapping is None:
            raise MappingNotFoundError
        mapping.delete()
        _record(mapping, "service_mapping.withdrawn", actor=actor, at=at)


def _refuse_bound(actor: Actor) -> None:
    if actor.is_bound:
        raise BoundKeyError


def _read_environment(text: str) -> str:
    """Return the slug as reports are read: without blanks around it, in lower case."""
    slug = text.strip().lower()
    if not slug or len(slug) > _MAX_TEXT or not slug.isprintable():
        raise BadEnvironmentError(text)
    return slug


def _check_interval(seconds: int | None) -> None:
    if seconds is not None and not MIN_INTERVAL_SECONDS <= seconds <= MAX_INTERVAL_SECONDS:
        raise BadReportIntervalError


def _check_text(part: str, text: str) -> None:
    if not text.strip() or text != text.strip() or len(text) > _MAX_TEXT or not text.isprintable():
        raise BadMappingError(f"The {part} must be 1 to {_MAX_TEXT} printable characters without blanks around them.")


def _settings(cluster: Cluster) -> dict[str, audit.JSON]:
    environment = cluster.environment
    return {
        "environment": None if environment is None else environment.slug,
        "report_interval_seconds": cluster.report_interval_seconds,
    }


def _lock_team(slug: str, *, actor: Actor) -> Team:
    """Return the team and let nobody else change its mappings until the transaction ends."""
    _refuse_bound(actor)
    teams = Team.objects.filter(slug=slug)
    if actor.team_ids is not None:
        teams = teams.filter(pk__in=actor.team_ids)
    team = teams.select_for_update(no_key=True).first()
    if team is None:
        raise UnknownTeamError(slug)
    return team


def _overlapping(
    team: Team, *, pattern: WorkloadPattern, valid_from: datetime, valid_to: datetime | None
) -> QuerySet[ServiceMapping]:
    found = ServiceMapping.objects.filter(_until_after(valid_from), team=team, **asdict(pattern))
    return (found if valid_to is None else found.filter(valid_from__lt=valid_to)).order_by("valid_from", "pk")


def _holding(
    service: str, *, team: str, pattern: WorkloadPattern, at: datetime, actor: Actor
) -> QuerySet[ServiceMapping]:
    """Find the mapping that holds at a time; there is one at most."""
    owner = _lock_team(team, actor=actor)
    found = ServiceMapping.objects.filter(_until_after(at), team=owner, service=service, valid_from__lte=at)
    return found.filter(**asdict(pattern)).order_by("pk")


def _until_after(at: datetime) -> Q:
    return Q(valid_to__isnull=True) | Q(valid_to__gt=at)


def _record(mapping: ServiceMapping, action: str, *, actor: Actor, at: datetime) -> None:
    details: dict[str, audit.JSON] = {
        "cluster": mapping.cluster,
        "namespace": mapping.namespace,
        "workload": mapping.workload,
        "valid_from": mapping.valid_from.isoformat(),
        "valid_to": None if mapping.valid_to is None else mapping.valid_to.isoformat(),
    }
    audit.record(actor, action, subject=f"service:{mapping.service}", details=details, team_id=mapping.team_id, at=at)
