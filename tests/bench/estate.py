"""An estate of realistic shape, made from a seed: services that evolve, and what of them runs (docs/benchmarks.md).

Each service picks an ecosystem, a base image of 15 to 450 system packages and 10 to 1,300 application packages by a
Zipf distribution. Half of its builds change nothing; otherwise 3 % of the packages move to a newer version, and
sometimes the base does. So successive SBOMs share about 97 % of their components, as real ones do.
"""

from __future__ import annotations

import hashlib
import json
import random
import uuid
import zlib
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ECOSYSTEMS = ("npm", "pypi", "maven", "golang", "cargo", "gem", "nuget", "composer")
PACKAGES_EACH = 12_000
BASES = 40
CLUSTERS, NAMESPACES, TEAMS = 40, 25, 8
_DEPLOYED = 0.35
_ZIPF = 0.95


@dataclass(frozen=True, slots=True)
class Build:
    """One version of a service: its image, and the SBOM document a generator would write of it."""

    service: str
    number: int
    digest: str
    document: bytes
    component_count: int

    @property
    def team(self) -> str:
        """The team that sends it: services are dealt out evenly."""
        return f"team-{int(self.service.rpartition('-')[2]) % TEAMS}"


@dataclass(slots=True)
class _Service:
    name: str
    ecosystem: str
    base: int
    versions: dict[str, int] = field(default_factory=dict)
    base_version: int = 0


class Estate:
    """A generator of builds; the same seed gives the same bytes."""

    def __init__(self, *, services: int, seed: int = 1) -> None:
        self._random = random.Random(seed)
        self._weights = [1 / (rank + 1) ** _ZIPF for rank in range(PACKAGES_EACH)]
        self._bases = [self._random.randint(15, 450) for _ in range(BASES)]
        self._seed = seed
        self._numbers: dict[str, int] = {}
        self._services = [self._new_service(number) for number in range(services)]

    def builds(self, count: int) -> Iterator[Build]:
        """Yield `count` builds, each of a random service."""
        for _ in range(count):
            service = self._random.choice(self._services)
            number = self._numbers[service.name] = self._numbers.get(service.name, 0) + 1
            if number > 1 and self._random.random() < 0.5:
                self._evolve(service)
            yield self._build(service, number)

    def reports(self, builds: Sequence[Build], *, until: datetime, days: int = 100) -> list[dict[str, object]]:
        """Return the deployment records of about a third of the builds, oldest first, spread over the days before.

        A service keeps its workloads, so each record after a workload's first is a rollout that ends an interval.
        """
        pause = timedelta(days=days) / max(1, len(builds))
        records = []
        for place, build in enumerate(builds):
            if self._random.random() < _DEPLOYED:
                observed_at = until - timedelta(days=days) + place * pause
                records += [_report(build, number=number, observed_at=observed_at) for number in range(_spread(build))]
        return records

    def _new_service(self, number: int) -> _Service:
        service = _Service(f"service-{number:05}", self._random.choice(ECOSYSTEMS), self._random.randrange(BASES))
        wanted = int(10 * 130 ** self._random.random())
        for package in self._random.choices(range(PACKAGES_EACH), weights=self._weights, k=wanted * 2):
            if len(service.versions) >= wanted:
                break
            service.versions.setdefault(f"package-{package:05}", self._random.randrange(4))
        return service

    def _evolve(self, service: _Service) -> None:
        for name in service.versions:
            if self._random.random() < 0.03:
                service.versions[name] += 1
        if self._random.random() < 0.5:
            service.base_version += 1

    def _build(self, service: _Service, number: int) -> Build:
        purls = [f"pkg:{service.ecosystem}/{name}@1.{version}.0" for name, version in service.versions.items()]
        for index in range(self._bases[service.base]):
            version = f"2.{service.base_version if index % 10 == 0 else 0}-1"
            purls.append(f"pkg:deb/debian/os-package-{index:03}@{version}?arch=amd64&distro=debian-12")
        digest = "sha256:" + hashlib.sha256(f"{self._seed} {service.name}@{number}".encode()).hexdigest()
        document = json.dumps(_document(service.name, number=number, purls=purls)).encode()
        return Build(service.name, number, digest, document, len(purls))


def large_document(count: int) -> bytes:
    """Return a document of so many components, none of which was seen before."""
    purls = [f"pkg:npm/%40large-{count}/package-{place:06}@1.0.0" for place in range(count)]
    return json.dumps(_document(f"large-{count}", number=1, purls=purls)).encode()


def _spread(build: Build) -> int:
    """Return how many workloads run the service: 2 to 12, always the same."""
    return 2 + zlib.crc32(build.service.encode()) % 11


def _report(build: Build, *, number: int, observed_at: datetime) -> dict[str, object]:
    place = zlib.crc32(f"{build.service}/{number}".encode())
    return {
        "cluster": f"cluster-{place % CLUSTERS:02}",
        "namespace": f"namespace-{place // CLUSTERS % NAMESPACES:02}",
        "workload": f"Deployment/{build.service}-{number}",
        "container": "app",
        "image": f"registry.example/{build.service}:{build.number}",
        "digest": build.digest,
        "service": build.service,
        "environment": "production",
        "observed_at": observed_at.isoformat(),
    }


def _document(name: str, *, number: int, purls: list[str]) -> dict[str, object]:
    """Return a CycloneDX 1.6 document of about a kilobyte a component, as syft writes them."""
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, f'{name}@{number}')}",
        "version": 1,
        "metadata": {
            "tools": {"components": [{"type": "application", "name": "syft", "version": "1.18.1"}]},
            "component": {
                "type": "container",
                "bom-ref": "root",
                "name": f"registry.example/{name}",
                "version": str(number),
            },
        },
        "components": [_component(purl, place=place) for place, purl in enumerate(purls)],
        "dependencies": [
            {"ref": "root", "dependsOn": purls[:20]},
            *(
                {"ref": purl, "dependsOn": purls[20 + place * 3 : 23 + place * 3]}
                for place, purl in enumerate(purls[:200])
            ),
        ],
    }


def _component(purl: str, *, place: int) -> dict[str, object]:
    name = purl.partition("@")[0].rpartition("/")[2]
    version = purl.partition("@")[2].partition("?")[0]
    component: dict[str, object] = {
        "bom-ref": purl,
        "type": "library",
        "name": name,
        "version": version,
        "purl": purl,
        "cpe": f"cpe:2.3:a:{name}:{name}:{version}:*:*:*:*:*:*:*",
        "licenses": [{"license": {"id": "MIT"}}],
        "externalReferences": [
            {"type": "website", "url": f"https://example.org/{name}"},
            {"type": "vcs", "url": f"https://git.example.org/{name}/{name}.git"},
        ],
        "properties": [
            {"name": f"syft:package:{key}", "value": f"{key} of {name} found by a cataloger"}
            for key in ("foundBy", "language", "type", "metadataType")
        ],
    }
    if place % 2 == 0:
        component["hashes"] = [{"alg": "SHA-256", "content": hashlib.sha256(purl.encode()).hexdigest()}]
    return component
