"""The library that writes CycloneDX for us, asked about the same small documents."""

import json
from typing import Any

import pytest
from cyclonedx.model.bom import Bom

from tests.inventory.formats.documents import component, cyclonedx, encode
from tests.inventory.formats.fixtures import raw, read_sbom

DOCUMENTS = [
    raw("cyclonedx/syft-image.json"),
    raw("cyclonedx/trivy-image.json"),
    raw("cyclonedx/npm-nested.json"),
    encode(cyclonedx(component("a", components=[component("b"), component("c", purl="pkg:npm/c@1")]))),
]


def library(data: bytes) -> Any:
    """The library's model; it makes `from_json` at import, out of the type checker's sight."""
    model: Any = Bom
    return model.from_json(json.loads(data))


def flat(components):
    return [item for part in components for item in (part, *flat(part.components))]


@pytest.mark.parametrize("data", DOCUMENTS)
def test_both_read_the_same_components(data) -> None:
    bom = library(data)

    record = read_sbom(data)

    theirs = sorted((item.name, item.version or "", str(item.bom_ref.value)) for item in flat(bom.components))
    ours = sorted((item.name, item.version, str(item.ref)) for item in record.components)
    assert ours == theirs


@pytest.mark.parametrize("data", DOCUMENTS)
def test_both_read_the_same_edges(data) -> None:
    bom = library(data)
    root = bom.metadata.component.bom_ref.value if bom.metadata.component else None

    record = read_sbom(data)

    refs = [*[item.ref for item in record.components], root]
    theirs = {(entry.ref.value, target.ref.value) for entry in bom.dependencies for target in entry.dependencies}
    assert {(refs[edge.source], refs[edge.target]) for edge in record.edges} == theirs
