"""Whatever the bytes, the readers of SPDX's syntaxes answer or refuse; no limit is passed, and every package counts."""

import os
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inventory.formats.limits import DEFAULT_LIMITS
from inventory.formats.read import read_document
from inventory.formats.records import SbomRecord
from tests.inventory.formats.documents import encode, package, relation, spdx
from tests.inventory.formats.spdx_writers import rdf, tag_value, xml, yaml_text
from tests.inventory.formats.test_properties import assert_storable, read
from tests.inventory.formats.test_spdx3 import graph, related
from tests.inventory.formats.test_spdx3 import package as graph_package
from tests.inventory.formats.test_xml_properties import outcome

MODEL = spdx(
    *[
        package(
            name,
            checksums=[{"algorithm": "SHA1", "checksumValue": "a" * 40}],
            externalRefs=[
                {
                    "referenceCategory": "PACKAGE-MANAGER",
                    "referenceType": "purl",
                    "referenceLocator": f"pkg:npm/{name}@1",
                }
            ],
            attributionTexts=["one", "two words"],
        )
        for name in ("a", "b", "c")
    ],
    relationships=[relation("DOCUMENT", "DESCRIBES", "a"), relation("a", "CONTAINS", "b")],
)
DOCUMENTS = {
    "tag-value": tag_value(MODEL),
    "yaml": yaml_text(MODEL),
    "xml": xml(MODEL),
    "rdf": rdf(MODEL),
    "3": encode(graph(graph_package("app"), graph_package("b"), related("app", "dependsOn", "b"))),
}
WRITERS = {"tag-value": tag_value, "yaml": yaml_text, "xml": xml, "rdf": rdf}
PIECES = st.one_of(
    st.binary(max_size=6),
    st.sampled_from(
        [b"<text>", b"</text>", b"PackageName: x\n", b"SPDXID: SPDXRef-x\n", b"Relationship: a b c\n", b"<", b"/>",
         b">", b"<!--", b"<![CDATA[", b"<!DOCTYPE x>", b"&a;", b"&#0;", b"rdf:about=", b"rdf:nodeID='x'", b"#",
         b"\n", b": ", b"- ", b"&a ", b"*a", b"<<: *a\n", b"!!int ", b"|\n", b"---\n", b"{", b"}", b"[", b"]",
         b'"', b"'", b"\\u0000", b"\\ud800", b"\x00", b"\xff", b"\xef\xbf\xbf", b"null", b"1e999",
         b"SPDXRef-DOCUMENT", b"NONE"]
    ),
)  # fmt: skip
EDITS = st.lists(st.tuples(st.integers(0, 1 << 16), st.integers(0, 40), PIECES), min_size=1, max_size=4)
EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "60"))
"""`FUZZ_EXAMPLES=20000` looks much further than a suite has time for."""
SLOW = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@pytest.mark.parametrize("syntax", DOCUMENTS)
@SLOW
@given(edits=EDITS)
def test_a_broken_document_is_read_or_refused(syntax: str, edits: Sequence[tuple[int, int, bytes]]) -> None:
    data = DOCUMENTS[syntax]
    for chosen, removed, piece in edits:
        start = chosen % (len(data) + 1)
        data = data[:start] + piece + data[start + removed :]

    read(data)


@pytest.mark.parametrize("syntax", DOCUMENTS)
@SLOW
@given(rest=st.binary(max_size=60), kept=st.integers(0, 1 << 16))
def test_a_document_that_ends_in_anything_is_read_or_refused(syntax: str, rest: bytes, kept: int) -> None:
    data = DOCUMENTS[syntax]

    read(data[: kept % len(data)] + rest)


@pytest.mark.parametrize("syntax", WRITERS)
@SLOW
@given(names=st.lists(st.text(st.characters(codec="ascii", exclude_categories=["Cc"]), max_size=12), max_size=6))
def test_every_package_is_read_or_counted_as_refused(syntax: str, names: Sequence[str]) -> None:
    packages = [{**package(f"p{place}"), "name": name} for place, name in enumerate(names)]

    record = read_document(WRITERS[syntax](spdx(*packages)))

    assert isinstance(record, SbomRecord)
    assert_storable([record])
    assert record.component_count == len(names) == record.stored_count + record.rejected_count


@pytest.mark.parametrize("syntax", WRITERS)
@SLOW
@given(packages=st.integers(0, 6), relations=st.integers(0, 6))
def test_the_limits_hold_whatever_the_shape(syntax: str, packages: int, relations: int) -> None:
    limits = replace(DEFAULT_LIMITS, components=3, edges=3)
    listed = [package(f"p{place}") for place in range(packages)]
    related_to = [relation("p0", "DEPENDS_ON", "p0")] * relations

    data = WRITERS[syntax](spdx(*listed, relationships=related_to))

    assert (outcome(data, limits) == "read") is (packages <= 3 and relations <= 3)
