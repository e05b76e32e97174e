"""One image and one lock file, read by two scanners each: what they found in common has one identity each."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from inventory.identity.purls import parse_purl
from tests.conformance.corpus import suite

GENERATED = suite("generated")
PAIRS = [
    ("syft-image-payments.cdx16.json", "trivy-image-registry.cdx17.json", 88),
    ("syft-lock-netbox.cdx16.json", "trivy-lock-netbox.cdx17.json", 543),
    ("syft-lock-frontend.cdx16.json", "trivy-lock-frontend.cdx17.json", 182),
]


@pytest.mark.parametrize(("syft", "trivy", "common"), PAIRS)
def test_two_scanners_name_one_package_one_way(syft: str, trivy: str, common: int) -> None:
    of_syft, of_trivy = _identities(GENERATED / syft), _identities(GENERATED / trivy)

    assert len(of_syft & of_trivy) == common
    assert len(of_syft ^ of_trivy) <= 1  # syft lists the project of a lock file, trivy does not


def _identities(path: Path) -> set[str]:
    document = json.loads(path.read_text(encoding="utf-8"))
    return {parse_purl(component["purl"]).text for component in _components(document) if component.get("purl")}


def _components(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for component in node.get("components", ()):
        yield component
        yield from _components(component)
