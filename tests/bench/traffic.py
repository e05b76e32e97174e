"""What arrives after the history: documents that go on where the loaded services are, and reports of what they run."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

from inventory.models import ArtifactName
from tests.bench.documents import document

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.bench.estate import Estate, Service


_MOST_OF_A_TEAM = 50


@dataclass(frozen=True, slots=True)
class Upload:
    """The SBOM of one build, and who sends it."""

    team: str
    repository: str
    tag: str
    digest: str
    document: bytes
    component_count: int


class Traffic:
    """Builds of services of an estate, each the next of its service in this database."""

    def __init__(self, estate: Estate, *, most_services: int = 200, seed: int = 1) -> None:
        self._estate = estate
        self._random = random.Random(f"{seed}/traffic")
        count = min(most_services, estate.scale.services)
        self._numbers = self._random.sample(range(estate.scale.services), count)
        self._services: dict[int, Service] = {}

    def uploads(self, count: int, *, team: str = "") -> Iterator[Upload]:
        """Yield so many builds, each of a random service, or of one of a team's."""
        numbers = self.numbers_of(team)[:_MOST_OF_A_TEAM] if team else self._numbers
        for _ in range(count):
            yield self.upload(self._random.choice(numbers))

    def choose(self, count: int) -> list[int]:
        """Return some of the services that builds come from."""
        return self._random.sample(self._numbers, min(count, len(self._numbers)))

    def upload(self, number: int) -> Upload:
        """Return the next build of a service."""
        service = self._services.get(number)
        if service is None:
            service = self._services[number] = self._resume(number)
        self._estate.build_next(service)
        data, count = document(service), len(service.components) + len(service.base)
        return Upload(service.team, service.repository, service.tag, service.digest, data, count)

    def numbers_of(self, team: str) -> list[int]:
        """Return the services of a team."""
        scale = self._estate.scale
        return [number for number in range(scale.services) if f"team-{number % scale.teams:02}" == team]

    def _resume(self, number: int) -> Service:
        """Go on behind the newest build: of those before it, some were made ready and never sent."""
        repository = self._estate.service(number).repository
        tags = ArtifactName.objects.filter(name=repository, tag__startswith="1.").values_list("tag", flat=True)
        newest = max((int(tag.removeprefix("1.")) for tag in tags), default=0)
        return self._estate.resume(number, build_count=newest)
