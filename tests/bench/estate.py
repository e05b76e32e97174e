"""An estate of realistic shape, made from a seed: services that evolve, and what of them runs (docs/benchmarks.md).

Each service picks an ecosystem, a base image of 15 to 450 system packages and 10 to 1,300 application packages by
popularity. Half of its builds change nothing; otherwise 3 % of the packages move to the newest version, sometimes some
come or go, and half the time the base image does too. So successive SBOMs share about 97 % of their components.

A service depends on nothing but its seed and number: it can be played again alone, and go on from there.

An estate with layers knows the manifests too: an image begins with the layers of its base image, then come those of its
packages and of its application. Most base images are artifacts of their own, built every week.
"""

from __future__ import annotations

import hashlib
import random
from dataclasses import dataclass
from typing import TypeAlias

from tests.bench.images import base_layers, digest_of, manifest
from tests.bench.universe import DAYS, ECOSYSTEMS, Universe

CLUSTERS, NAMESPACES = 40, 25
_DEPLOYED = 0.35
_MOVED, _COMES_OR_GOES, _CHANGED = 0.03, 0.3, 0.5
_DIRECT = 0.12
_PAUSE_DAYS = 0.5
_WEEK_DAYS = 7
_UNKNOWN_BASE = 8
"""Of one lineage in so many nobody has sent the base images."""
BASE_TEAM = "platform"


@dataclass(frozen=True, slots=True)
class Scale:
    """How large an estate is."""

    name: str
    services: int
    builds: int
    teams: int


SCALES = {
    scale.name: scale
    for scale in (
        Scale("s0", services=4, builds=24, teams=2),  # for parts that need no estate
        Scale("s1", services=44, builds=2_000, teams=4),
        Scale("s10", services=440, builds=20_000, teams=8),
        Scale("s100", services=4_040, builds=200_000, teams=40),
    )
}


class Service:
    """One service and what its newest build holds. `build()` goes on to the next."""

    def __init__(self, number: int, *, universe: Universe, teams: int, seed: int, has_layers: bool = False) -> None:
        self._universe = universe
        self._has_layers = has_layers
        self._pick = pick = random.Random(f"{seed}/service/{number}")
        self.number = number
        self.team = f"team-{number % teams:02}"
        self.name = f"service-{number:05}"
        self.repository = f"registry.example/{self.team}/{self.name}"
        self.ecosystem = pick.choices(range(len(ECOSYSTEMS)), weights=[each.share for each in ECOSYSTEMS])[0]
        self.lineage = pick.randrange(len(universe.lineages))
        self.workload_count = 2 + int(11 * pick.random() ** 3)
        self.build_count = 0
        self.components: list[int] = []
        """Of the application, in the document's order."""
        self.is_direct: list[bool] = []
        self.base: list[int] = []
        """Of the system; no dependencies are recorded for these."""
        self.shape = 0
        """Changes with the dependency graph, so that what follows from it need not be computed for every build."""
        self._base_week = 0
        self._moved_in = 0
        """The build that last changed what it holds."""

    def build(self, at: float) -> bool:
        """Make the next build; False when it holds the same as the one before."""
        self.build_count += 1
        if self.build_count == 1:
            self._begin(at)
            self._moved_in = 1
            return True
        if self._pick.random() >= _CHANGED:
            return False
        before = (self.components.copy(), self.base)
        self._move(at)
        if self._pick.random() < _COMES_OR_GOES:
            self._add(self._pick.randint(1, 3), at=at)
        if self._pick.random() < _COMES_OR_GOES:
            self._remove(self._pick.randint(1, 3))
        if self._pick.random() < _CHANGED:
            self.base = self._base_at(at)
        if (self.components, self.base) == before:
            return False
        self._moved_in = self.build_count
        return True

    @property
    def digest(self) -> str:
        """The digest of the newest build's image."""
        if self._has_layers:
            return f"sha256:{hashlib.sha256(self.manifest).hexdigest()}"
        return digest_of(f"{self.repository}:{self.build_count}")

    @property
    def manifest(self) -> bytes:
        """The manifest of the newest build's image: a build that moved nothing has a new layer on the same ones."""
        layers = [
            *base_layers(self.lineage, week=self._base_week),
            digest_of(f"{self.repository}/{self._moved_in}/packages"),
            digest_of(f"{self.repository}/{self.build_count}/application"),
        ]
        return manifest(layers, config=digest_of(f"{self.repository}:{self.build_count}/config"))

    @property
    def tag(self) -> str:
        return f"1.{self.build_count}"

    def parents(self) -> list[int]:
        """Return for each application component the one that brought it in, -1 where the service asked for it."""
        return [-1 if direct else place * 40_503 % 65_521 % place for place, direct in enumerate(self.is_direct)]

    def purls(self) -> list[str]:
        """Return the purls of the newest build in the document's order."""
        return [self._universe.purl(component) for component in (*self.components, *self.base)]

    def _begin(self, at: float) -> None:
        wanted = int(10 * 130 ** self._pick.random() ** 0.87)
        packages: dict[int, None] = {}
        while len(packages) < wanted:
            packages.update(dict.fromkeys(self._universe.choose(self.ecosystem, wanted, pick=self._pick)))
        lag = DAYS * 0.75
        for package in list(packages)[:wanted]:
            self._append(self._universe.latest(package, at - self._pick.random() * lag))
        self.base = self._base_at(at)

    def _append(self, component: int) -> None:
        self.is_direct.append(not self.components or self._pick.random() < _DIRECT)
        self.components.append(component)

    def _move(self, at: float) -> None:
        size = len(self.components)
        for place in self._pick.sample(range(size), int(size * _MOVED + self._pick.random())):
            self.components[place] = self._universe.latest(self._package(place), at)

    def _add(self, count: int, *, at: float) -> None:
        known = {self._package(place) for place in range(len(self.components))}
        for package in self._universe.choose(self.ecosystem, count, pick=self._pick):
            if package not in known:
                known.add(package)
                self._append(self._universe.latest(package, at))
                self.shape += 1

    def _remove(self, count: int) -> None:
        for _ in range(min(count, len(self.components) - 10)):
            place = self._pick.randrange(1, len(self.components))
            del self.components[place], self.is_direct[place]
            self.shape += 1

    def _base_at(self, at: float) -> list[int]:
        """Return the system packages of the base image, which is rebuilt every week."""
        self._base_week = int(at // _WEEK_DAYS)
        return self._universe.base(self.lineage, week=self._base_week)

    def _package(self, place: int) -> int:
        return self.components[place] >> 10


class BaseImage:
    """The base image of a lineage, which its makers build every week: to the estate a service that runs nowhere."""

    ecosystem = 0
    workload_count = 0
    team = BASE_TEAM
    shape = 0

    def __init__(self, number: int, *, lineage: int, universe: Universe) -> None:
        self.number, self.lineage, self._universe = number, lineage, universe
        self.name = f"base-{lineage:02}"
        self.repository = f"registry.example/{self.team}/{self.name}"
        self.build_count = 0
        self.components: list[int] = []
        self.is_direct: list[bool] = []
        self.base: list[int] = []

    def build(self, at: float) -> bool:
        """Make the next build; False when it holds the same as the one before."""
        self.build_count += 1
        before, self.base = self.base, self._universe.base(self.lineage, week=int(at // _WEEK_DAYS))
        return self.base != before

    @property
    def manifest(self) -> bytes:
        """Builds begin with week 0."""
        layers = base_layers(self.lineage, week=self.build_count - 1)
        return manifest(layers, config=digest_of(f"{self.repository}:{self.build_count}/config"))

    @property
    def digest(self) -> str:
        return f"sha256:{hashlib.sha256(self.manifest).hexdigest()}"

    @property
    def tag(self) -> str:
        return f"1.{self.build_count}"

    def parents(self) -> list[int]:
        """Return nothing: of the system's packages nobody says what brought them in."""
        return []

    def purls(self) -> list[str]:
        """Return the purls of the newest build in the document's order."""
        return [self._universe.purl(component) for component in self.base]


Built: TypeAlias = Service | BaseImage


class Estate:
    """The services of one scale, and when each was built; with layers, their base images behind them."""

    def __init__(self, scale: Scale, *, seed: int = 1, has_layers: bool = False) -> None:
        self.scale = scale
        self.has_layers = has_layers
        self.universe = Universe(seed=seed)
        self._seed = seed
        pick = random.Random(f"{seed}/builds/{scale.name}")
        eagerness = [pick.lognormvariate(0, 0.4) for _ in range(scale.services)]
        self._counts = [1] * scale.services
        for number in pick.choices(range(scale.services), weights=eagerness, k=scale.builds - scale.services):
            self._counts[number] += 1
        used = {self.service(number).lineage for number in range(scale.services)} if has_layers else set()
        self._bases = sorted(lineage for lineage in used if lineage % _UNKNOWN_BASE)

    @property
    def built(self) -> list[Built]:
        """All that is built, none of it yet, by its number."""
        services = [self.service(number) for number in range(self.scale.services)]
        bases = [
            BaseImage(self.scale.services + place, lineage=lineage, universe=self.universe)
            for place, lineage in enumerate(self._bases)
        ]
        return [*services, *bases]

    def service(self, number: int) -> Service:
        """Return a service that has not been built yet."""
        return Service(
            number, universe=self.universe, teams=self.scale.teams, seed=self._seed, has_layers=self.has_layers
        )

    def times(self, number: int) -> list[float]:
        """Return when the builds of a service's history were made, in days, in order."""
        if number >= self.scale.services:
            return [float(day) for day in range(0, int(DAYS) - 1, _WEEK_DAYS)]
        pick = random.Random(f"{self._seed}/times/{number}")
        return sorted(pick.random() * (DAYS - 1) for _ in range(self._counts[number]))

    def deployed(self, number: int) -> list[bool]:
        """Return which builds of a service's history were deployed; its last but one is, so that each service runs."""
        if number >= self.scale.services:
            return [False] * len(self.times(number))
        pick = random.Random(f"{self._seed}/deployed/{number}")
        deployed = [pick.random() < _DEPLOYED for _ in range(self._counts[number])]
        deployed[max(0, len(deployed) - 2)] = True
        return deployed

    def resume(self, number: int, *, build_count: int) -> Service:
        """Return a service as it is after so many builds, those beyond its history included."""
        service = self.service(number)
        for at in self.times(number)[:build_count]:
            service.build(at)
        while service.build_count < build_count:
            self.build_next(service)
        return service

    def build_next(self, service: Service) -> None:
        """Make one build more, half a day after the last."""
        beyond = service.build_count - self._counts[service.number]
        service.build(DAYS + max(0, beyond) * _PAUSE_DAYS)
