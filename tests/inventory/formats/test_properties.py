"""Whatever the bytes, a reader answers or refuses; and every component is read or counted as refused."""

import json
from dataclasses import fields, is_dataclass
from typing import Any

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inventory.formats.detect import detect
from inventory.formats.graph import Graph
from inventory.formats.read import read_document
from inventory.formats.records import FormatError, SbomRecord
from inventory.formats.schema import check
from tests.inventory.formats.documents import cyclonedx, spdx

NAMES = st.sampled_from(
    ["artifacts", "cpes", "artifactRelationships", "services", "vulnerabilities", "analysis", "affects", "evidence",
     "identity", "confidence", "ancestors",
     "bom-ref", "type", "name", "version", "purl", "hashes", "alg", "content", "properties", "value", "components",
     "scope", "ref", "dependsOn", "metadata", "component", "tools", "timestamp", "pedigree", "variants", "SPDXID",
     "checksums", "externalRefs", "referenceType", "relationshipType", "spdxElementId", "relatedSpdxElement", "kind",
     "items", "spec", "status", "containers", "containerStatuses", "imageID", "state", "running", "ownerReferences",
     "labels", "manifests", "digest", "platform", "config", "records", "namespaces", "workload", "cluster",
     "namespace", "container", "template", "jobTemplate", "initContainers", "image"]
)  # fmt: skip
TEXTS = st.one_of(
    st.text(max_size=8),
    st.sampled_from(
        ["a", "b", "pkg:npm/a@1", "sha256:" + "a" * 64, "SHA-256", "SPDXRef-a", "DEPENDS_ON", "\ud800", "\0"]
    ),
)
LEAVES = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), TEXTS)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=6),
    max_leaves=25,
)
COMPONENTS = st.lists(st.dictionaries(NAMES, VALUES, max_size=6) | VALUES, max_size=6)
SLOW = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])

HEADS = [
    {},
    cyclonedx(),
    spdx(),
    {"kind": "List", "apiVersion": "v1"},
    {"kind": "Deployment", "apiVersion": "apps/v1", "metadata": {"name": "a"}},
    {"kind": "JobList", "apiVersion": "batch/v1"},
    {"cluster": "c", "namespace": "n", "workload": "Pod/x", "container": "m"},
    {"schemaVersion": 2, "manifests": []},
    {"artifacts": [], "descriptor": {"name": "syft"}, "source": {"type": "image"}},
    cyclonedx(vulnerabilities=[{"id": "x", "analysis": {"state": "exploitable"}}], services=[{"name": "s"}]),
    {"schemaVersion": 2, "config": {}, "layers": []},
]


def read(data: bytes) -> Any:
    """Read by every door; anything but FormatError falls through, and so does a string that no database takes."""
    for kind in (None, "deployment"):
        try:
            record = read_document(data, kind=kind)
            verdict = check(data, detect(data)) if isinstance(record, SbomRecord) else None
        except FormatError as error:
            assert_storable([error.code, error.message, error.pointer])
            continue
        assert_storable([record, verdict])
        return record
    return None


def assert_storable(value: Any) -> None:
    """Every string of a record can be stored: UTF-8 and no NUL."""
    pending = [value]
    while pending:
        item = pending.pop()
        if isinstance(item, str):
            item.encode("utf-8")
            assert "\0" not in item
        elif isinstance(item, list | tuple | set):
            pending.extend(item)
        elif is_dataclass(item):
            pending.extend(getattr(item, field.name) for field in fields(item))
        elif isinstance(item, msgspec.Struct):
            pending.extend(msgspec.structs.astuple(item))


def count(components: Any) -> int:
    """Count components as the corpus counts them, with a stack of its own."""
    total, pending = 0, [components]
    while pending:
        items = pending.pop()
        for item in items if isinstance(items, list) else ():
            total += 1
            pending.append(item.get("components") if isinstance(item, dict) else None)
    return total


@given(st.binary(max_size=200))
@SLOW
def test_arbitrary_bytes_are_read_or_refused(data) -> None:
    read(data)


@given(st.sampled_from(HEADS), VALUES, st.dictionaries(NAMES, VALUES, max_size=6))
@SLOW
def test_arbitrary_json_is_read_or_refused(head, value, members) -> None:
    read(json.dumps(value).encode())
    read(json.dumps(head | members).encode())


@given(COMPONENTS, VALUES, VALUES)
@SLOW
def test_every_component_is_stored_or_rejected_and_none_lost(components, metadata, dependencies) -> None:
    record = read(json.dumps(cyclonedx(*components, metadata=metadata, dependencies=dependencies)).encode())

    if isinstance(record, SbomRecord):
        assert record.component_count == record.stored_count + record.rejected_count == count(components)
        assert len(Graph.of(record).shortest_parents()) == len(record.components)
        Graph.of(record).direct()


@given(COMPONENTS, VALUES)
@SLOW
def test_every_package_is_stored_or_rejected_and_none_lost(packages, relationships) -> None:
    record = read(json.dumps(spdx(*packages, relationships=relationships)).encode())

    if isinstance(record, SbomRecord):
        assert record.component_count == len(packages)
        assert len(Graph.of(record).shortest_parents()) == len(record.components)


@given(st.sampled_from(HEADS), st.integers(min_value=0), st.binary(max_size=3))
@SLOW
def test_a_document_with_broken_bytes_is_read_or_refused(head, place, junk) -> None:
    data = json.dumps(head).encode()
    at = place % (len(data) + 1)

    read(data[:at] + junk + data[at:])
    read(data[:at])
