"""An estate of realistic shape, made from a seed: services that evolve, and what of them runs (docs/benchmarks.md).

Each service picks an ecosystem, a base image of 15 to 450 operating-system packages and 10 to 1,300 application packages by
a Zipf distribution. Half of its builds change nothing; otherwise 3 % of the packages move to a newer version, and sometimes
the base does. So successive SBOMs share about 97 % of their components, as real ones do.
"""

from __future__ import annotations

import hashlib
import json
import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ECOSYSTEMS = ("npm", "pypi", "maven", "golang", "cargo", "gem", "nuget", "composer")
PACKAGES_EACH = 12_000
BASES = 40
_ZIPF = 0.95


@dataclass(frozen=True, slots=True)
class Build:
    """One version of a service: its image, and the SBOM document a generator would write of it."""

    service: str
    number: int
    digest: str
    document: bytes
    component_count: int


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
        self._random = random.Random(seed)  # noqa: S311  # reproducible data, no secret
        self._weights = [1 / (rank + 1) ** _ZIPF for rank in range(PACKAGES_EACH)]
        self._bases = [self._random.randint(15, 450) for _ in range(BASES)]
        self._services = [self._new_service(number) for number in range(services)]

    def builds(self, count: int) -> Iterator[Build]:
        """Yield `count` builds, each of a random service."""
        numbers: dict[str, int] = {}
        for _ in range(count):
            service = self._random.choice(self._services)
            number = numbers[service.name] = numbers.get(service.name, 0) + 1
            if number > 1 and self._random.random() < 0.5:
                self._evolve(service)
            yield self._build(service, number)

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
        purls += [
            f"pkg:deb/debian/os-package-{index:03}@2.{service.base_version if index % 10 == 0 else 0}-1?arch=amd64&distro=debian-12"
            for index in range(self._bases[service.base])
        ]
        digest = "sha256:" + hashlib.sha256(f"{service.name}@{number}".encode()).hexdigest()
        document = json.dumps(_document(service.name, number=number, purls=purls)).encode()
        return Build(service.name, number, digest, document, len(purls))


def _document(name: str, *, number: int, purls: list[str]) -> dict[str, object]:
    """Return a CycloneDX 1.6 document of about a kilobyte a component, as syft writes them."""
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{hashlib.md5(f'{name}@{number}'.encode(), usedforsecurity=False).hexdigest()}",
        "version": 1,
        "metadata": {
            "tools": {"components": [{"type": "application", "name": "syft", "version": "1.18.1"}]},
            "component": {"type": "container", "bom-ref": "root", "name": f"registry.example/{name}", "version": str(number)},
        },
        "components": [_component(purl, place=place) for place, purl in enumerate(purls)],
        "dependencies": [
            {"ref": "root", "dependsOn": purls[:20]},
            *({"ref": purl, "dependsOn": purls[20 + place * 3 : 23 + place * 3]} for place, purl in enumerate(purls[:200])),
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
