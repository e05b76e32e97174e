"""SBOMs of drills: small, all different, and what the database must hold of them is known beforehand."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass

_SERVICES = 10
_PACKAGES = 400


@dataclass(frozen=True, slots=True)
class SbomDocument:
    """One document to send: bytes, and the edges it states."""

    digest: str
    data: bytes
    purls: frozenset[str]

    @property
    def edges(self) -> Iterator[tuple[str, str]]:
        return ((self.digest, purl) for purl in self.purls)


def make_documents(count: int, *, components: int = 20, label: str = "drill") -> list[SbomDocument]:
    """Return documents of a few services whose builds follow one another, so that tracks are extended and ended."""
    return [_document(number, components=components, label=label) for number in range(count)]


def make_document(name: str, *, components: int, label: str = "drill") -> SbomDocument:
    """Return one document whose components nobody else has."""
    purls = [f"pkg:npm/{label}-{name}-{place}@1.0.0" for place in range(components)]
    return _of(purls, subject=f"{label}/{name}", name=f"registry.example/{label}/{name}:1")


def _document(number: int, *, components: int, label: str) -> SbomDocument:
    # Every build shares most components with the one before, in other versions now and then.
    service, build = number % _SERVICES, number // _SERVICES
    first = service * 31 + build
    purls = [f"pkg:npm/{label}-{(first + place) % _PACKAGES}@1.{build // 7}.0" for place in range(components)]
    return _of(purls, subject=f"{label} {number}", name=f"registry.example/{label}/service-{service}:{build}")


def _of(purls: list[str], *, subject: str, name: str) -> SbomDocument:
    digest = f"sha256:{hashlib.sha256(subject.encode()).hexdigest()}"
    document = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "component": {"type": "container", "bom-ref": "root", "name": name, "version": digest},
            "tools": {"components": [{"type": "application", "name": "syft"}]},
        },
        "components": [_component(purl) for purl in purls],
    }
    return SbomDocument(digest, json.dumps(document).encode(), frozenset(purls))


def _component(purl: str) -> dict[str, str]:
    name, _, version = purl.removeprefix("pkg:npm/").rpartition("@")
    return {"type": "library", "bom-ref": purl, "name": name, "version": version, "purl": purl}
