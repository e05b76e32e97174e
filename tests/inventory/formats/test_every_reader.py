"""Every reader there is, fuzzed: whatever the bytes, it answers or refuses, within its limits.

The formats' own property tests look closer; this one leaves none out: a reader without a document here fails it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inventory.formats.advisory_records import AdvisoryFeed
from inventory.formats.attestations.records import MAX_ATTESTATIONS, AttestationsRecord
from inventory.formats.convert import CONVERTERS, convert
from inventory.formats.detect import detect
from inventory.formats.document import Document
from inventory.formats.image_claims import MAX_LAYERS
from inventory.formats.image_records import ImageRecord, RegistryRecord
from inventory.formats.limits import Limits
from inventory.formats.list_records import ListRecord
from inventory.formats.posture.records import PostureRecord
from inventory.formats.posture.run_records import WorkflowRunsRecord
from inventory.formats.posture.workflow_records import WorkflowRecord
from inventory.formats.read import READERS, open_document, read_document
from inventory.formats.records import FormatError, RuntimeRecord, SbomRecord, VexRecord
from inventory.formats.schema import check
from tests.inventory.formats.every_format import SAMPLES
from tests.inventory.formats.test_attestation_properties import places, replaced
from tests.inventory.formats.test_convert import EXAMPLES
from tests.inventory.formats.test_properties import assert_storable

LIMITS = Limits(components=12, edges=16, depth=24, name_characters=400, inflated_bytes=1 << 20, zip_entries=4)
SLOW = settings(
    max_examples=int(os.environ.get("FUZZ_EXAMPLES", "20")),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
"""`FUZZ_EXAMPLES=5000` looks much further than a suite has time for."""
JSON_FORMATS = sorted(name for name, sample in SAMPLES.items() if sample.data.lstrip()[:1] in {b"{", b"["})
LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=6),
    st.sampled_from(["\ud800", "\0", "sha256:" + "a" * 64, "pkg:npm/a@1", "x" * 500]),
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)
EDITS = st.lists(
    st.tuples(st.integers(0, 1 << 16), st.integers(0, 60), st.integers(0, 30), st.binary(max_size=4)),
    min_size=1,
    max_size=3,
)
"""Where, how many bytes, how often they then stand there, and what follows them."""


def edited(data: bytes, edits: Sequence[tuple[int, int, int, bytes]]) -> bytes:
    for chosen, length, times, junk in edits:
        start = chosen % (len(data) + 1)
        data = data[:start] + data[start : start + length] * times + junk + data[start + length :]
    return data


def read(data: bytes, *, kind: str | None) -> Document | None:
    """Read a document to its end; only a refusal may come out of it, and only what a database takes."""
    try:
        document = read_document(data, limits=LIMITS, kind=kind)
        if isinstance(document, AdvisoryFeed):
            found = [document.read(record) for record in document.records]
            assert len(found) <= LIMITS.components
            assert_storable([found, document.defects.warnings()])
            return document
        if isinstance(document, SbomRecord):
            assert_storable(check(data, detect(data)))
    except FormatError as error:
        assert_storable([error.code, error.message, error.pointer])
        return None
    assert_storable(document)
    assert_bounded(document)
    return document


def assert_bounded(document: Document) -> None:
    """No list of a document is longer than what it may hold."""
    if isinstance(document, AttestationsRecord):
        assert len(document.attestations) + document.rejected_count <= MAX_ATTESTATIONS
        for found in document.attestations:
            for inside in (found.sbom, found.vex):
                if inside is not None:
                    assert_bounded(inside)
        return
    if isinstance(document, ImageRecord):
        assert len(document.layers) <= MAX_LAYERS
    assert max(counted(document), default=0) <= LIMITS.components
    assert edges_of(document) <= LIMITS.edges


def counted(document: Any) -> list[int]:
    """How many things a document came to, each of which `Limits.components` bounds."""
    lists: dict[type, tuple[str, ...]] = {
        RuntimeRecord: ("runs", "declared"),
        VexRecord: ("statements",),
        ImageRecord: ("memberships",),
        RegistryRecord: ("events",),
        PostureRecord: ("checks", "findings", "rules"),
        WorkflowRunsRecord: ("runs",),
        WorkflowRecord: (),  # bounded by its YAML: 1 MiB, 100,000 values
        ListRecord: ("indicators",),
    }
    if isinstance(document, SbomRecord):
        return [document.component_count]
    return [len(getattr(document, name)) for name in lists[type(document)]]


def edges_of(document: Any) -> int:
    if isinstance(document, VexRecord):
        return sum(len(statement.products) for statement in document.statements)
    return len(document.edges) if isinstance(document, SbomRecord) else 0


def test_there_is_a_document_for_every_reader() -> None:
    assert set(SAMPLES) == set(READERS)
    assert set(EXAMPLES) == set(CONVERTERS)


@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_the_document_reaches_its_reader_and_is_read(name: str) -> None:
    sample = SAMPLES[name]

    assert open_document(sample.data, limits=LIMITS, kind=sample.kind).detected.format == name
    assert read(sample.data, kind=sample.kind) is not None


@pytest.mark.parametrize("name", sorted(SAMPLES))
@SLOW
@given(edits=EDITS)
def test_changed_repeated_and_lost_bytes_are_read_or_refused(
    name: str, edits: Sequence[tuple[int, int, int, bytes]]
) -> None:
    read(edited(SAMPLES[name].data, edits), kind=SAMPLES[name].kind)


@pytest.mark.parametrize("name", sorted(SAMPLES))
@SLOW
@given(junk=st.binary(max_size=60), kept=st.integers(0, 1 << 16))
def test_a_document_that_ends_in_anything_is_read_or_refused(name: str, junk: bytes, kept: int) -> None:
    data = SAMPLES[name].data

    read(data[: kept % len(data)] + junk, kind=SAMPLES[name].kind)


@pytest.mark.parametrize("name", JSON_FORMATS)
@SLOW
@given(data=st.data())
def test_any_value_anywhere_and_any_list_repeated_is_read_or_refused(name: str, data: st.DataObject) -> None:
    document = json.loads(SAMPLES[name].data)
    for _ in range(data.draw(st.integers(1, 2))):
        way = data.draw(st.sampled_from(places(document)))
        old = document
        for step in way:
            old = old[step]
        new = old * data.draw(st.integers(0, 20)) if isinstance(old, list) else data.draw(VALUES)
        document = replaced(document, way, new)

    read(json.dumps(document).encode(), kind=SAMPLES[name].kind)


@pytest.mark.parametrize("source", sorted(CONVERTERS))
@SLOW
@given(edits=EDITS)
def test_a_changed_listing_of_another_runtime_is_converted_or_refused(
    source: str, edits: Sequence[tuple[int, int, int, bytes]]
) -> None:
    data = edited(json.dumps(EXAMPLES[source]).encode(), edits)
    try:
        made = convert(data, source=source, cluster="c", limits=LIMITS).records
    except FormatError as error:
        assert_storable([error.code, error.message, error.pointer])
        return
    assert len(made) <= LIMITS.components
