"""Every CycloneDX and SPDX JSON document of the corpus: counts, schema verdicts and outcomes are the manifest's."""

import json
from typing import Any

import pytest

from inventory.formats.detect import detect
from inventory.formats.envelope import unwrap
from inventory.formats.limits import DEFAULT_LIMITS
from inventory.formats.read import read_document
from inventory.formats.records import FormatError, SbomRecord
from inventory.formats.schema import SchemaVerdict, check
from tests.conformance.corpus import suite

CORPUS = suite(".")
FORMATS = {"CycloneDX-JSON", "SPDX-JSON"}
ENTRIES = [
    entry
    for entry in json.loads((CORPUS / "MANIFEST.json").read_text(encoding="utf-8"))["entries"]
    if entry.get("format") in FORMATS and (CORPUS / entry["path"]).is_file()
]
MISLABELLED = {"distroless-cyclonedx-invalid-version.json"}
"""Named invalid, but the file is valid, as the manifest's own reference says of it."""


def read(data: bytes) -> SbomRecord | FormatError:
    try:
        record = read_document(data)
    except FormatError as error:
        return error
    assert isinstance(record, SbomRecord)
    return record


def verdict(data: bytes) -> SchemaVerdict | None:
    body = unwrap(data, limits=DEFAULT_LIMITS).data
    return check(body, detect(body))


def fault(entry: dict[str, Any], data: bytes) -> str | None:
    """What is wrong with our reading of one document, or None."""
    record, expected = read(data), entry["expected"]
    if isinstance(record, FormatError):
        return None if expected.startswith(("invalid", "edge")) else f"refused: {record.code} {record.message}"
    found = verdict(data)
    if expected in {"invalid", "invalid-known-gap"}:
        is_known = entry["path"].rpartition("/")[2] in MISLABELLED
        return None if is_known or (found is not None and not found.valid) else "an invalid document was read as valid"
    if expected == "valid" and entry["kind"] == "cyclonedx-conformance" and (found is None or not found.valid):
        return "a valid document is called invalid"
    wanted = entry.get("counts", {}).get("components_total")
    if wanted is not None and record.component_count != wanted:
        return f"{record.component_count} components, the document has {wanted}"
    return None


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_every_document_of_a_format_is_read_as_the_manifest_says(name: str) -> None:
    entries = [entry for entry in ENTRIES if entry["format"] == name]

    faults = {entry["path"]: fault(entry, (CORPUS / entry["path"]).read_bytes()) for entry in entries}

    assert {path: problem for path, problem in faults.items() if problem} == {}
    assert len(faults) > 100


def test_the_twins_of_one_product_hold_the_same_packages() -> None:
    pair = [entry for entry in ENTRIES if "juice-shop" in entry["path"] and entry["format_version"] in {"1.3", "1.4"}]
    sets = {}
    for entry in pair:
        record = read((CORPUS / entry["path"]).read_bytes())
        assert isinstance(record, SbomRecord)
        sets[entry["path"]] = frozenset(item.purl.text for item in record.components if item.purl is not None)

    assert len(set(sets.values())) == 1


def test_syft_and_trivy_agree_on_every_package_of_one_image() -> None:
    found = []
    for name in ("syft-image-payments.spdx23.json", "trivy-image-registry.cdx17.json"):
        record = read((CORPUS / "generated" / name).read_bytes())
        assert isinstance(record, SbomRecord)
        found.append({item.purl.text for item in record.components if item.purl and item.purl.type == "deb"})

    assert found[0] == found[1]
    assert len(found[0]) == 88
