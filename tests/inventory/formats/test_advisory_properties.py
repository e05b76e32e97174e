"""Readers of advisories and statements raise FormatError alone, whatever the bytes, and stay below their limits."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inventory.formats.advisory_records import AdvisoryFeed
from inventory.formats.limits import Limits
from inventory.formats.read import read_document
from inventory.formats.records import FormatError, VexRecord
from tests.inventory.formats.fixtures import raw

LIMITS = Limits(components=50, edges=50, depth=20)
SOURCES = {
    "osv": raw("osv/log4shell.json"),
    "github": raw("osv/github-api.json"),
    "openvex": raw("vex/openvex-0.2.0.json"),
    "openvex 0.0.1": raw("vex/openvex-0.0.1.json"),
    "csaf": raw("vex/csaf-2.0.json"),
}
ODD = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=8) | st.sampled_from(["pkg:npm/", "0", "vers:x"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


def read_whole(data: bytes) -> None:
    """Read a document to its end; only a refusal may come out of it."""
    try:
        document = read_document(data, limits=LIMITS)
        if isinstance(document, AdvisoryFeed):
            found = [document.read(one) for one in document.records]
            assert len(found) <= LIMITS.components
        elif isinstance(document, VexRecord):
            assert sum(len(one.products) for one in document.statements) <= LIMITS.edges
            assert document.statement_count == len(document.statements) + document.rejected_count
    except FormatError:
        return


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [path] if path else []
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        found += places(inner, (*path, key))
    return found


@pytest.mark.parametrize("name", sorted(SOURCES))
@given(data=st.data())
def test_a_document_with_odd_values_is_read_or_refused(name: str, data: st.DataObject):
    document = json.loads(SOURCES[name])
    for _ in range(data.draw(st.integers(1, 3))):
        *way, last = data.draw(st.sampled_from(places(document)))
        owner = document
        for step in way:
            owner = owner[step]
        owner[last] = data.draw(ODD)

    read_whole(json.dumps(document).encode())


@pytest.mark.parametrize("name", sorted(SOURCES))
@given(cut=st.integers(0, 4000), changes=st.lists(st.tuples(st.integers(0, 4000), st.integers(0, 255)), max_size=6))
def test_mutated_bytes_are_read_or_refused(name: str, cut: int, changes: list[tuple[int, int]]):
    data = bytearray(SOURCES[name][: cut or None])
    for place, value in changes:
        if place < len(data):
            data[place] = value

    read_whole(bytes(data))


@given(st.text(max_size=200))
def test_yaml_that_begins_like_an_advisory_is_read_or_refused(text: str):
    read_whole(f"id: PYSEC-2026-1\nmodified: 2026-03-01T00:00:00Z\n{text}".encode(errors="replace"))
