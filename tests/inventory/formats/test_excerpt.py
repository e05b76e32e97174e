"""What stands at a place is shown as it was sent, whatever the format, and nothing is raised over what is broken."""

from __future__ import annotations

import base64
import gzip
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inventory.formats.excerpt import LONGEST, excerpt
from inventory.formats.limits import Limits

DOCUMENT = {"components": [{"name": "a"}, {"name": "b", "components": [{"name": "inner", "x/y": {"~": 1}}]}]}
JSON = json.dumps(DOCUMENT).encode()
XML = b"""<?xml version="1.0"?>
<bom xmlns="http://cyclonedx.org/schema/bom/1.6"><components>
<component><name>a</name></component>
<component><name>b</name><components><component><name>inner</name></component></components></component>
</components></bom>"""
LINES = b"SPDXVersion: SPDX-2.3\n" + b"".join(b"Tag: %d\n" % number for number in range(2, 30))


def at(data: bytes, place: str) -> str:
    return excerpt(data, place, limits=Limits())


@pytest.mark.parametrize(
    ("place", "shown"),
    [
        ("/components/0/name", '"a"'),
        ("/components/1/components/0/x~1y/~0", "1"),
        ("/components/0", '{\n  "name": "a"\n}'),
        ("/components/0/missing", '{\n  "name": "a"\n}'),
        ("/components/9", json.dumps(DOCUMENT["components"], indent=2)),
        ("", ""),
        ("/nothing", ""),
    ],
)
def test_a_pointer_leads_to_its_value_or_the_nearest_around_it(place: str, shown: str):
    assert at(JSON, place) == shown


@pytest.mark.parametrize(
    ("place", "shown"),
    [
        ("/bom/components/component[1]/name", "<name>a</name>"),
        ("/bom/components/component[2]/components/component[1]", "<component><name>inner</name></component>"),
        ("/bom/components/component[2]/components/component[1]/@bom-ref", "<component><name>inner</name></component>"),
        ("/bom/components/component[1]/purl", "<component><name>a</name></component>"),
        ("/other", ""),
    ],
)
def test_an_xpath_leads_to_its_element_or_the_nearest_around_it(place: str, shown: str):
    assert at(XML, place) == shown


def test_a_line_is_shown_with_those_around_it():
    shown = at(LINES, "line 10").splitlines()

    assert [line.split()[0] for line in shown] == [str(number) for number in range(6, 15)]
    assert "Tag: 10" in shown[4]
    assert at(LINES, "line 999") == ""


def test_a_compressed_document_is_shown_too():
    assert at(gzip.compress(JSON), "/components/0/name") == '"a"'


def test_nothing_behind_a_document_type_is_shown():
    data = b'<!DOCTYPE bom [<!ENTITY x "secret">]><bom><a>&x;</a></bom>'

    assert at(data, "/bom/a") == ""


@pytest.mark.parametrize("name", ["nobody-knows", "shift_jis", "utf-16"])
def test_an_encoding_that_cannot_be_read_shows_nothing(name: str):
    assert at(f'<?xml version="1.0" encoding="{name}"?><bom><a>x</a></bom>'.encode(), "/bom/a") == ""


def test_a_long_value_is_cut():
    assert len(at(json.dumps({"a": "x" * 9_000}).encode(), "/a")) == LONGEST


@given(data=st.binary(max_size=80), place=st.text(max_size=30))
def test_no_bytes_and_no_place_raise_anything(data: bytes, place: str):
    assert isinstance(at(data, place), str)


@given(
    cut=st.integers(0, len(XML)),
    junk=st.binary(max_size=4),
    place=st.sampled_from(["/bom/components/component[2]", "/bom", "/bom/components/component[1]/name", "line 3"]),
)
def test_broken_xml_raises_nothing(cut: int, junk: bytes, place: str):
    assert isinstance(at(XML[:cut] + junk + XML[cut:], place), str)
    assert isinstance(at(XML[:cut], place), str)


def test_a_pointer_leads_through_the_payload_of_an_envelope_and_the_lines_of_a_document():
    payload = {"predicate": {"components": [{"name": "inside"}]}}
    envelope = {"payloadType": "x", "payload": base64.b64encode(json.dumps(payload).encode()).decode()}
    text = json.dumps({"Data": json.dumps(payload)})

    place = "/payload/predicate/components/0/name"
    assert at(json.dumps(envelope).encode(), place) == '"inside"'
    assert at(b'{"first": 1}\n' + json.dumps(envelope).encode(), f"/1{place}") == '"inside"'
    assert at(text.encode(), "/Data/predicate/components/0/name") == '"inside"'
    assert at(b'{"payload": "not base64!"}', place) == '"not base64!"'
