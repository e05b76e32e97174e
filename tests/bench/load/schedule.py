"""When everything in the history of an estate happened, and which ids it gets: those of the order of arrival."""

from __future__ import annotations

import random
import zlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import NamedTuple

from tests.bench.estate import CLUSTERS, NAMESPACES, Built, Estate
from tests.bench.images import digest_of
from tests.bench.universe import DAYS

RECORDS_EACH = 500
_ROLLOUT_DAYS, _BETWEEN_DAYS = 0.05, 0.001
_UNDESCRIBED = 50
"""One workload more for so many, of somebody else's image, which no SBOM describes."""


class Build(NamedTuple):
    """One build; `number` counts from 1."""

    at: float
    service: int
    number: int


class Record(NamedTuple):
    """A workload was seen running a build; a negative `service` is somebody else's image."""

    at: float
    service: int
    number: int
    workload: int


@dataclass(frozen=True, slots=True)
class Report:
    """Records that were sent together."""

    at: float
    records: tuple[Record, ...]


@dataclass(frozen=True, slots=True)
class Clock:
    """Turns days of the history into moments; the history ends at `until`."""

    until: datetime

    def moment(self, at: float) -> datetime:
        return self.until + timedelta(days=at - DAYS)


class Schedule:
    """All builds and reports in the order of time. Evidence ids follow both, artifact and snapshot ids the builds.

    Of an estate with layers each build is followed by its manifest.
    """

    def __init__(self, estate: Estate) -> None:
        self.universe = estate.universe
        self.services = estate.built
        self.has_layers = estate.has_layers
        numbers = range(len(self.services))
        self.builds = sorted(
            Build(at, number, place) for number in numbers for place, at in enumerate(estate.times(number), 1)
        )
        self.places: list[list[int]] = [[] for _ in numbers]
        """For each service the places of its builds in `builds`; the id of a build's artifact is its place + 1."""
        for place, build in enumerate(self.builds):
            self.places[build.service].append(place)
        self.digests = [""] * len(self.builds)
        """Of each build, once it was played: with layers a digest hangs on what it was built on."""
        self.reports = list(_reports(self._records(estate)))
        events = [(build.at, place, 0) for place, build in enumerate(self.builds)]
        events += [(at, place, 1) for at, place, _ in events if estate.has_layers]
        events += [(report.at, place, 2) for place, report in enumerate(self.reports)]
        self.build_evidence = [0] * len(self.builds)
        self.manifest_evidence = self.build_evidence.copy() if estate.has_layers else []
        self.report_evidence = [0] * len(self.reports)
        kinds = self.build_evidence, self.manifest_evidence, self.report_evidence
        for evidence_id, (_, place, kind) in enumerate(sorted(events), 1):
            kinds[kind][place] = evidence_id

    def artifact_id(self, record: Record) -> int:
        """Return the id of what a record reports; other people's images come after all builds."""
        if record.service < 0:
            return len(self.builds) - record.service
        return self.places[record.service][record.number - 1] + 1

    def config_id(self, place: int) -> int:
        """Return the id of a build's config, as its manifest names it: they come after all images."""
        return len(self.builds) + self.foreign_count + place + 1

    def digest(self, record: Record) -> str:
        """Return the digest of what a record reports."""
        if record.service < 0:
            place = place_of(record, self.services)
            return digest_of(f"{place.repository}:{place.tag[2:]}")
        return self.digests[self.places[record.service][record.number - 1]]

    @cached_property
    def foreign_count(self) -> int:
        return max(2, sum(service.workload_count for service in self.services) // _UNDESCRIBED)

    def _records(self, estate: Estate) -> list[Record]:
        records = []
        for service in self.services:
            deployed = estate.deployed(service.number)
            for place, is_deployed in zip(self.places[service.number], deployed, strict=True):
                if is_deployed:
                    build = self.builds[place]
                    records += [
                        Record(build.at + _ROLLOUT_DAYS + number * _BETWEEN_DAYS, build.service, build.number, number)
                        for number in range(service.workload_count)
                    ]
        pick = random.Random(f"{estate.scale.name}/foreign")
        records += [Record(pick.random() * (DAYS - 1), -1 - number, 1, 0) for number in range(self.foreign_count)]
        return sorted(records)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a workload runs and what it runs there, in words."""

    cluster: str
    namespace: str
    workload: str
    repository: str
    tag: str
    service: str
    team: str
    environment: str


def place_of(record: Record, services: list[Built]) -> Place:
    """Tell what a record says."""
    service = services[record.service] if record.service >= 0 else None
    name = f"vendor-{-record.service:04}" if service is None else service.name
    repository = f"vendor.example/apps/{name}" if service is None else service.repository
    tag = f"1.{record.number}"
    where = zlib.crc32(f"{name}/{record.workload}".encode())
    cluster = where % CLUSTERS
    return Place(
        cluster=f"cluster-{cluster:02}",
        namespace=f"namespace-{where // CLUSTERS % NAMESPACES:02}",
        workload=f"{name}-{record.workload}",
        repository=repository,
        tag=tag,
        service="" if service is None else name,
        team="" if service is None else service.team,
        environment="production" if cluster % 5 < 3 else "staging" if cluster % 5 == 3 else "development",
    )


def stated(record: Record, schedule: Schedule, *, clock: Clock) -> dict[str, str]:
    """Return a record as it stands in a report; what it reports was played."""
    place = place_of(record, schedule.services)
    named = {"service": place.service, "team": place.team} if place.service else {}
    return {
        "cluster": place.cluster,
        "namespace": place.namespace,
        "workload": f"Deployment/{place.workload}",
        "container": "app",
        "image": f"{place.repository}:{place.tag}",
        "digest": schedule.digest(record),
        "environment": place.environment,
        "observed_at": clock.moment(record.at).isoformat(),
        **named,
    }


def _reports(records: list[Record]) -> list[Report]:
    chunks = [tuple(records[start : start + RECORDS_EACH]) for start in range(0, len(records), RECORDS_EACH)]
    return [Report(chunk[-1].at + _BETWEEN_DAYS, chunk) for chunk in chunks]
