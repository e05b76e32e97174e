"""Plant a compromise: documents about digests that run nowhere, with a component that exists nowhere else.

They go the way of any upload, and stay as evidence of the drill's own team: in no count of what runs, and in no answer
but one that asks for the component. So it is known beforehand what an answer must list.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from django.conf import settings

from inventory.intake.body import BodyLimits
from inventory.intake.receive import Parameters, Submission, receive
from inventory.models import IN_WORK, READABLE, EvidenceState
from supplychain.access.models import Team
from supplychain.errors import DomainError
from supplychain.ids import uuid7

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from incidents.models import Drill
    from supplychain.access.actors import Actor

_NAME: Final = "supplychain-drill"
_VERSION: Final = "1.0.0"
_MOST_BYTES: Final = 65_536


class NoDrillTeamError(DomainError):
    """Nothing can be planted: no team is set that the documents would belong to."""

    def __init__(self) -> None:
        super().__init__("no_drill_team", "Set DRILL_TEAM to a team that planted documents belong to.", status=409)


@dataclass(frozen=True, slots=True)
class Planted:
    """The component that was planted, and what it was planted in: each a digest and its evidence."""

    component: str
    documents: tuple[dict[str, str], ...]


@dataclass(frozen=True, slots=True)
class Growth:
    """How far what was planted came: documents that wait, that were not taken in, and when the last was searchable."""

    waiting_count: int
    failed_count: int
    searchable_at: datetime | None


def plant(*, actor: Actor, at: datetime) -> Planted:
    """Send the documents of a new compromise. Raises NoDrillTeamError."""
    team = Team.objects.filter(slug=settings.DRILL_TEAM).first() if settings.DRILL_TEAM else None
    if team is None:
        raise NoDrillTeamError
    word = uuid7().hex
    component = f"pkg:generic/{_NAME}/{word}@{_VERSION}"
    limits = BodyLimits(raw_bytes=_MOST_BYTES, inflated_bytes=_MOST_BYTES)
    documents = []
    for digest, data in _documents(word, component):
        submission = Submission([data], parameters=Parameters(artifacts=(digest,)))
        received = receive(submission, actor=actor, team_id=team.pk, at=at, limits=limits)
        documents.append({"digest": digest, "evidence": str(received.evidence.public_id)})
    return Planted(component, tuple(documents))


def growth_of(drill: Drill) -> Growth:
    """Return how far what a drill planted came. One statement."""
    ids = [one["evidence"] for one in drill.planted]
    states = EvidenceState.objects.filter(evidence__public_id__in=ids).values_list("state", "applied_at")
    found = list(states)
    applied = [at for state, at in found if state in READABLE and at is not None]
    waiting = sum(state in IN_WORK for state, _ in found)
    return Growth(waiting, len(ids) - waiting - len(applied), max(applied) if len(applied) == len(ids) else None)


def _documents(word: str, component: str) -> Iterator[tuple[str, bytes]]:
    """Yield three images: one holds it directly, one deep inside another component, one is told of by SPDX."""
    digests = [f"sha256:{hashlib.sha256(f'{_NAME} {word} {number}'.encode()).hexdigest()}" for number in range(3)]
    name = component.removeprefix("pkg:generic/").partition("@")[0]
    leaf = {"type": "library", "name": name, "version": _VERSION, "purl": component, "bom-ref": component}
    inner = {"type": "file", "name": "drill.jar", "bom-ref": "jar", "components": [leaf]}
    for digest, held in zip(digests, (leaf, inner), strict=False):
        root = {"type": "container", "bom-ref": "root", "name": f"{_NAME}/{word}", "version": digest}
        document = {"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1, "components": [held]}
        yield digest, json.dumps({**document, "metadata": {"component": root}}).encode()
    yield digests[2], json.dumps(_spdx(word, component, name=name)).encode()


def _spdx(word: str, component: str, *, name: str) -> dict[str, object]:
    reference = {"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": component}
    described = {"SPDXID": "SPDXRef-image", "name": f"{_NAME}/{word}", "downloadLocation": "NOASSERTION"}
    leaf = {"SPDXID": "SPDXRef-leaf", "name": name, "versionInfo": _VERSION, "downloadLocation": "NOASSERTION",
            "externalRefs": [reference]}  # fmt: skip
    return {
        "spdxVersion": "SPDX-2.3", "dataLicense": "CC0-1.0", "SPDXID": "SPDXRef-DOCUMENT", "name": f"{_NAME}/{word}",
        "documentNamespace": f"https://{_NAME}.example/{word}", "documentDescribes": ["SPDXRef-image"],
        "creationInfo": {"created": "2026-01-01T00:00:00Z", "creators": [f"Tool: {_NAME}"]},
        "packages": [described, leaf],
    }  # fmt: skip
