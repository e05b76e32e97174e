"""Whatever the bytes, the reader of XML answers or refuses; and every component is read or counted as refused."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from xml.sax.saxutils import escape

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inventory.formats.limits import DEFAULT_LIMITS, Limits
from inventory.formats.read import read_document
from inventory.formats.records import FormatError, SbomRecord
from tests.inventory.formats.documents import component, cyclonedx
from tests.inventory.formats.test_properties import assert_storable, read
from tests.inventory.formats.xml_writer import cyclonedx_xml

SLOW = settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
SAMPLE = cyclonedx_xml(
    cyclonedx(
        component(
            "a", purl="pkg:npm/a@1", hashes=[{"alg": "SHA-256", "content": "0" * 64}], components=[component("b")]
        ),
        component("c", pedigree={"ancestors": [component("d")]}, properties=[{"name": "x", "value": "y"}]),
        metadata={"timestamp": "2026-01-02T03:04:05Z", "component": component("root", components=[component("e")])},
        services=[{"bom-ref": "s", "name": "s"}],
        dependencies=[{"ref": "root", "dependsOn": ["a", "s"]}, {"ref": "a", "dependsOn": ["c"]}],
        compositions=[{"aggregate": "complete", "assemblies": ["root"]}],
        vulnerabilities=[{"id": "CVE-1", "analysis": {"state": "resolved"}, "affects": [{"ref": "a"}]}],
    )
)
PIECES = st.one_of(
    st.binary(max_size=6),
    st.sampled_from(
        [b"<", b">", b"/>", b"</", b"<!DOCTYPE x>", b"<!ENTITY", b"&a;", b"&#0;", b"&#xD800;",
         b"]]>", b"<![CDATA[", b"<!--", b"<component>", b"<components>", b"</component>", b"<purl>", b"<dependency/>",
         b"xmlns='u'", b"\xff", b"\xef\xbf\xbf"]
    ),
)  # fmt: skip
NAMES = st.sampled_from(
    ["component", "components", "name", "version", "purl", "hashes", "hash", "properties", "property", "pedigree",
     "ancestors", "metadata", "tools", "tool", "dependencies", "dependency", "services", "service", "compositions",
     "composition", "vulnerabilities", "vulnerability", "analysis", "state", "affects", "target", "ref", "evidence"]
)  # fmt: skip
TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=8)
TREES = st.recursive(
    st.builds(lambda name, text: f"<{name}>{escape(text)}</{name}>", NAMES, TEXTS),
    lambda inner: st.builds(
        lambda name, parts: f"<{name}>{''.join(parts)}</{name}>", NAMES, st.lists(inner, max_size=4)
    ),
    max_leaves=30,
)


@SLOW
@given(st.lists(st.tuples(st.integers(0, len(SAMPLE)), st.integers(0, 12), PIECES), min_size=1, max_size=4))
def test_a_broken_document_is_read_or_refused(edits: Sequence[tuple[int, int, bytes]]) -> None:
    data = SAMPLE
    for start, removed, piece in edits:
        data = data[:start] + piece + data[start + removed :]

    read(data)


@SLOW
@given(st.lists(TREES, max_size=6))
def test_elements_in_any_place_are_read_or_refused(parts: Sequence[str]) -> None:
    read(f'<bom xmlns="http://cyclonedx.org/schema/bom/1.6">{"".join(parts)}</bom>'.encode())


@SLOW
@given(st.recursive(st.just(()), lambda inner: st.lists(inner, max_size=4).map(tuple), max_leaves=40), TEXTS)
def test_every_component_is_read_or_counted_as_refused(tree: tuple[object, ...], name: str) -> None:
    def written(node: tuple[object, ...]) -> str:
        inner = "".join(written(child) for child in node if isinstance(child, tuple))
        return f"<component><name>{escape(name)}</name><components>{inner}</components></component>"

    def size(node: tuple[object, ...]) -> int:
        return 1 + sum(size(child) for child in node if isinstance(child, tuple))

    record = read_document(
        f'<bom xmlns="http://cyclonedx.org/schema/bom/1.6"><components>{written(tree)}</components></bom>'.encode()
    )

    assert isinstance(record, SbomRecord)
    assert_storable([record])
    assert record.component_count == size(tree) == record.stored_count + record.rejected_count


@SLOW
@given(st.integers(0, 6), st.integers(0, 6))
def test_the_limits_hold_whatever_the_shape(components: int, references: int) -> None:
    limits = replace(DEFAULT_LIMITS, components=3, edges=3)
    listed = "<component><name>a</name></component>" * components
    refs = '<dependency ref="a"/>' * references
    data = (
        f'<bom xmlns="http://cyclonedx.org/schema/bom/1.6"><components>{listed}</components>'
        f'<dependencies><dependency ref="b">{refs}</dependency></dependencies></bom>'
    ).encode()

    assert (outcome(data, limits) == "read") is (components <= 3 and references <= 3)


def outcome(data: bytes, limits: Limits) -> str:
    try:
        read_document(data, limits=limits)
    except FormatError as error:
        return error.code
    return "read"


@pytest.mark.parametrize("filling", [b"<!--%s-->", b'<metadata x="%s"/>'])
def test_a_tag_or_comment_without_end_is_refused_and_not_read_again_with_every_step(filling: bytes) -> None:
    data = b'<bom xmlns="http://cyclonedx.org/schema/bom/1.5">' + filling % (b"x" * 8_000_000) + b"</bom>"

    with pytest.raises(FormatError) as caught:
        read_document(data)

    assert caught.value.code == "bad_xml"
