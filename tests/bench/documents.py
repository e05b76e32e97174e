"""The documents a generator would write of a build: CycloneDX 1.6, a kilobyte a component, as syft writes them."""

from __future__ import annotations

import hashlib
import json
import uuid
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import unquote

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tests.bench.estate import Built

_HEADER = """{
 "bomFormat": "CycloneDX", "specVersion": "1.6", "serialNumber": "urn:uuid:%s", "version": 1,
 "metadata": {
  "tools": {"components": [{"type": "application", "name": "syft", "version": "1.18.1"}]},
  "component": {"type": "container", "bom-ref": "root", "name": "%s", "version": "%s"}},
 "components": ["""


def document(service: Built) -> bytes:
    """Return the SBOM of a service's newest build."""
    purls, count = service.purls(), len(service.components)
    below: dict[int, list[str]] = {-1: []}
    for place, parent in enumerate(service.parents()):
        below.setdefault(parent, []).append(purls[place])
    refs = {-1: "root"} | dict(enumerate(purls[:count]))
    dependencies = [{"ref": refs[parent], "dependsOn": children} for parent, children in sorted(below.items())]
    return _join(_header(service), [_component(purl) for purl in purls], dependencies)


def empty_document(service: Built) -> bytes:
    """Return only what the SBOM says about itself and its subject: most of history is kept so."""
    return _join(_header(service), [], [])


def large_document(count: int, *, name: str) -> bytes:
    """Return a document of so many components, none of which was seen before."""
    purls = [f"pkg:npm/%40{name}/package-{place:06}@1.0.0" for place in range(count)]
    head = _HEADER % (uuid.uuid5(uuid.NAMESPACE_URL, name), name, "1")
    dependencies = [{"ref": "root", "dependsOn": purls[:20]}]
    return _join(head.encode(), [component(purl) for purl in purls], dependencies)


def component(purl: str) -> bytes:
    """Return a component as it stands in a document."""
    name = unquote(purl.partition("@")[0].rpartition("/")[2])
    version = unquote(purl.rpartition("@")[2].partition("?")[0])
    member: dict[str, object] = {
        "bom-ref": purl,
        "type": "library",
        "name": name,
        "version": version,
        "purl": purl,
        "cpe": cpe(purl),
        "licenses": [{"license": {"id": "MIT"}}],
        "externalReferences": [
            {"type": "website", "url": f"https://example.org/{name}"},
            {"type": "vcs", "url": vcs(purl)},
        ],
        "properties": [
            {"name": f"syft:package:{key}", "value": f"{key} of {name} found by a cataloger"}
            for key in ("foundBy", "language", "type", "metadataType")
        ],
    }
    stated = sha256_of(purl)
    if stated:
        member["hashes"] = [{"alg": "SHA-256", "content": stated}]
    return json.dumps(member).encode()


def cpe(purl: str) -> str:
    """Return the CPE that the document states for a component."""
    name = purl.partition("@")[0].rpartition("/")[2].replace("%2B", "")
    version = purl.rpartition("@")[2].partition("?")[0].replace("%2B", "")
    return f"cpe:2.3:a:{name}:{name}:{version}:*:*:*:*:*:*:*"


def vcs(purl: str) -> str:
    """Return the repository that the document says a component comes from."""
    name = unquote(purl.partition("@")[0].rpartition("/")[2])
    return f"https://git.example.org/{name}/{name}.git"


def sha256_of(purl: str) -> str:
    """Return the hash that the document states for a component; every second has none."""
    value = hashlib.sha256(purl.encode()).hexdigest()
    return value if int(value[0], 16) % 2 else ""


_component = lru_cache(maxsize=100_000)(component)
"""Builds share nearly all of their components: about 100 MB when full."""


def _header(service: Built) -> bytes:
    name = f"{service.repository}:{service.tag}"
    return (_HEADER % (uuid.uuid5(uuid.NAMESPACE_URL, name), name, service.digest)).encode()


def _join(head: bytes, components: Sequence[bytes], dependencies: Sequence[Mapping[str, object]]) -> bytes:
    tail = json.dumps(dependencies).encode()
    return b"".join((head, b",\n".join(components), b'],\n "dependencies": ', tail, b"}"))
