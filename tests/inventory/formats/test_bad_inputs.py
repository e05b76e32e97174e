"""The bad inputs of the reliability list that reach a reader, each with its number, its code and its place."""

import bz2
import gzip
import lzma
from dataclasses import replace
from typing import Any

import pytest
import zstandard

from inventory.formats.limits import DEFAULT_LIMITS
from inventory.formats.read import read_document
from inventory.formats.records import FormatError, SbomRecord
from tests.inventory.formats.documents import component, cyclonedx, encode, package, relation, spdx

HEAD = b'{"bomFormat":"CycloneDX","specVersion":"1.6",'
GOOD = encode(cyclonedx(component("a")))
XML = b"""<?xml version="1.0" encoding="UTF-8"?><bom xmlns="http://cyclonedx.org/schema/bom/1.6"><components>
<component type="library"><name>a</name></component></components></bom>"""
PLAIN = replace(DEFAULT_LIMITS, inflated_bytes=10_000_000)


def nested(levels: int) -> bytes:
    inner = component("bottom")
    for level in range(levels):
        inner = component(f"level-{level}", components=[inner])
    return encode(cyclonedx(inner))


REFUSED = [
    # number, bytes, code, pointer, part of the message
    (4, gzip.compress(bytes(20_000_000)), "inflated_too_large", "", "10000000"),
    (4, zstandard.compress(bytes(20_000_000)), "inflated_too_large", "", "larger than"),
    (4, bz2.compress(bytes(20_000_000)), "inflated_too_large", "", "larger than"),
    (4, lzma.compress(bytes(20_000_000)), "inflated_too_large", "", "larger than"),
    (5, gzip.compress(gzip.compress(GOOD)), "nested_encoding", "", "another compressed file"),
    (5, zstandard.compress(gzip.compress(GOOD)), "nested_encoding", "", "Compress it once"),
    (7, gzip.compress(GOOD)[:-4], "bad_encoding", "", "ends too early"),
    (7, gzip.compress(GOOD) + b"x", "bad_encoding", "", "behind the end"),
    (7, gzip.compress(GOOD) + gzip.compress(GOOD), "bad_encoding", "", "behind the end"),
    (7, zstandard.compress(GOOD)[:-3], "bad_encoding", "", "ends too early"),
    (7, zstandard.compress(GOOD) * 2, "bad_encoding", "", "behind the end"),
    (7, b"\x1f\x8b\x08" + b"junk" * 9, "bad_encoding", "", "broken"),
    (11, b"", "empty_document", "", "empty"),
    (11, b" \n\t ", "empty_document", "", "empty"),
    (11, b"\xef\xbb\xbf", "empty_document", "", "empty"),
    (12, b"\x0a\x031.5\x10\x01", "unsupported_format", "", "CycloneDX 1.5 as protocol buffers"),
    (12, b"PK\x03\x04rest", "unsupported_format", "", "zip archive"),
    (20, GOOD.decode().encode("utf-16"), "not_utf8", "", "UTF-16"),
    (20, GOOD.decode().encode("utf-16-be"), "not_utf8", "", "UTF-16"),
    (20, GOOD.decode().encode("utf-32"), "not_utf8", "", "UTF-32"),
    (21, HEAD + b'"components":[{"name":"caf\xe9"}]}', "not_utf8", "", "Byte 71"),
    (24, HEAD + b'"components":[],"components":[{"name":"b"}]}', "duplicate_key", "/components", "occurs twice"),
    (24, b'{"spdxVersion":"SPDX-2.3","spdxVersion":"SPDX-2.3"}', "duplicate_key", "/spdxVersion", "occurs twice"),
    (25, HEAD + b'"x":NaN}', "not_finite", "", "not JSON numbers"),
    (25, HEAD + b'"x":[-Infinity]}', "not_finite", "", "not JSON numbers"),
    (26, HEAD + b'"version":1e400}', "number_out_of_range", "/version", "out of range"),
    (26, HEAD + b'"version":' + b"9" * 5_000 + b"}", "number_out_of_range", "/version", "out of range"),
    (27, nested(40), "too_deep", "/components/0" + "/components/0" * 30 + "/components", "64 levels"),
    (27, HEAD + b'"x":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "too_deep", "", "too deep"),
    (27, b"[" * 200_000, "too_deep", "", "too deep"),
    (28, GOOD + b" {}", "trailing_data", "", "behind the JSON value"),
    (28, GOOD + b"\n" + GOOD, "trailing_data", "", "behind the JSON value"),
    (30, b"[]", "wrong_shape", "", "deployment records"),
    (30, b'"text"', "wrong_shape", "", "object"),
    (30, b"5", "wrong_shape", "", "object"),
    (30, b"null", "wrong_shape", "", "object"),
    (30, b"{,}", "bad_json", "", "not valid JSON"),
    (36, b'<!DOCTYPE bom [<!ENTITY a "b">]><bom/>', "dtd_forbidden", "", "DOCTYPE"),
    (36, b'<?xml version="1.0"?><!doctype x SYSTEM "file:///etc/passwd"><bom/>', "dtd_forbidden", "", "DOCTYPE"),
    (
        36,
        XML.replace(b"<bom", b'<!-- --><!DOCTYPE bom SYSTEM "http://127.0.0.1:1/x"><bom'),
        "dtd_forbidden",
        "",
        "DOCTYPE",
    ),
    (36, b'<!DOCTYPE b [<!ENTITY % p SYSTEM "file:///etc/hosts">%p;]><bom/>', "dtd_forbidden", "", "DOCTYPE"),
    (36, XML.replace(b"<name>", b"<name>&nbsp;"), "bad_xml", "line 2", "undefined entity"),
    (36, XML + b"<!DOCTYPE bom>", "bad_xml", "line 2", "well-formed"),
    (37, XML.replace(b"<name>", b"<x>" * 200_000 + b"</x>" * 200_000 + b"<name>"), "too_deep", "", "64 levels"),
    (37, XML.replace(b"<name>", b"<components><component>" * 40), "too_deep", "", "64 levels"),
    (39, XML.replace(b"UTF-8", b"cp1252"), "not_utf8", "", "encoding other than UTF-8"),
    (21, XML.replace(b"<name>", b"<name>caf\xe9"), "not_utf8", "", "Byte"),
    (24, XML.replace(b"<components>", b"<components/><components>"), "duplicate_key", "/bom/components", "twice"),
    (26, XML[:-9], "bad_xml", "line 2", "well-formed"),
    (28, XML + XML, "bad_xml", "line 2", "well-formed"),
    (42, b'{"bomFormat":"CycloneDX","specVersion":"1.1"}', "unsupported_version", "/specVersion", "only in XML"),
    (42, XML.replace(b"bom/1.6", b"bom/9.9"), "unsupported_version", "/bom", "9.9"),
    (39, b'<?xml version="1.0" encoding="UTF-7"?><bom/>', "not_utf8", "", "encoding other than UTF-8"),
    (41, encode({"bomFormat": "SPDX", "specVersion": "1.4"}), "format_mismatch", "/bomFormat", "SPDX"),
    (41, encode(cyclonedx(spdxVersion="SPDX-2.3")), "format_mismatch", "/bomFormat", "spdxVersion"),
    (42, encode(cyclonedx(specVersion="9.9")), "unsupported_version", "/specVersion", "9.9"),
    (42, b'{"bomFormat":"CycloneDX"}', "unsupported_version", "/specVersion", "known are 1.2"),
    (42, encode(spdx(spdxVersion="SPDX-2.1")), "unsupported_version", "/spdxVersion", "SPDX-2.1"),
    (44, HEAD + b'"components":null}', "wrong_shape", "/components", "array"),
    (44, HEAD + b'"components":{}}', "wrong_shape", "/components", "array"),
    (44, HEAD + b'"components":"all"}', "wrong_shape", "/components", "array"),
    (44, HEAD + b'"dependencies":7}', "wrong_shape", "/dependencies", "array"),
    (44, encode(spdx() | {"packages": {}}), "wrong_shape", "/packages", "array"),
    (44, encode(spdx(relationships="none")), "wrong_shape", "/relationships", "array"),
]

KEPT = [
    # number, document, code, pointer, components stored, components rejected
    (19, b"\xef\xbb\xbf" + GOOD, "bom_stripped", "", 1, 0),
    (22, HEAD + rb'"components":[{"name":"a\ud800b"},{"name":"ok"}]}', "bad_string", "/components/0/name", 1, 1),
    (22, HEAD + rb'"components":[{"name":"\ud83d\ude00"},{"name":"\udc00"}]}', "bad_string", "/components/1/name",
     1, 1),
    (23, encode(cyclonedx(component("a", description="x\0"))), "nul_in_string", "/components/0/description", 0, 1),
    (23, encode(spdx(package("a", comment="\0"), package("b"))), "nul_in_string", "/packages/0/comment", 1, 1),
    (29, encode(cyclonedx(component("a", copyright="c" * 1_100_000))), "string_too_long", "/components/0/copyright",
     0, 1),
    (31, encode(cyclonedx(component("a"), surprise=1)), "unknown_field", "/surprise", 1, 0),
    (34, encode(cyclonedx(component("a", version=True))), "wrong_type", "/components/0/version", 1, 0),
    (42, encode({"specVersion": "1.4", "components": []}), "bom_format_missing", "/bomFormat", 0, 0),
    (43, encode(cyclonedx()), "empty_sbom", "/components", 0, 0),
    (43, encode(spdx()), "empty_sbom", "/packages", 0, 0),
    (44, encode(cyclonedx(component("a"), "text", None)), "wrong_shape", "/components/1", 1, 2),
    (44, encode(cyclonedx(component("a", components={}))), "wrong_type", "/components/0/components", 1, 0),
    (44, encode(spdx(package("a"), 5)), "wrong_shape", "/packages/1", 1, 1),
    (46, encode(cyclonedx(component(""), component("ok"))), "bad_name", "/components/0/name", 1, 1),
    (46, encode(cyclonedx(component("   "))), "bad_name", "/components/0/name", 0, 1),
    (46, encode(cyclonedx(component("a") | {"name": None})), "bad_name", "/components/0/name", 0, 1),
    (46, encode(cyclonedx(component("a") | {"name": 7})), "bad_name", "/components/0/name", 0, 1),
    (46, encode(cyclonedx(component("n" * 65_536))), "bad_name", "/components/0/name", 0, 1),
    (46, encode(spdx(package(""))), "bad_name", "/packages/0/name", 0, 1),
    (46, encode(cyclonedx(component("a", version="1" * 5_000))), "too_long", "/components/0/version", 1, 0),
    (46, encode(spdx(package("a", versionInfo="1" * 5_000))), "too_long", "/packages/0/versionInfo", 1, 0),
    (49, encode(cyclonedx(component("a"), dependencies=[{"ref": "a", "dependsOn": ["gone"]}])), "dangling_ref",
     "/dependencies/0/dependsOn/0", 1, 0),
    (49, encode(cyclonedx(component("a"), dependencies=[{"ref": "gone"}, {"ref": "gone", "dependsOn": ["a"]}])),
     "dangling_ref", "/dependencies/1/ref", 1, 0),
    (49, encode(spdx(package("a"), relationships=[relation("a", "DEPENDS_ON", "gone")])), "dangling_ref",
     "/relationships/0", 1, 0),
    (52, encode(cyclonedx(component("left", purl="pkg:npm/right@9"))), "name_purl_mismatch", "/components/0/purl",
     1, 0),
    (54, encode(cyclonedx(component("a", hashes=[{"alg": "SHA-255", "content": "0" * 64}]))), "bad_hash",
     "/components/0/hashes/0", 1, 0),
    (54, encode(cyclonedx(component("a", hashes=[{"alg": "SHA-256", "content": "0" * 63}]))), "bad_hash",
     "/components/0/hashes/0", 1, 0),
    (58, encode(spdx(package("a"), package("b"))), "ambiguous_root", "/documentDescribes", 2, 0),
    (63, encode(cyclonedx(component("a", scope="maybe"))), "unknown_scope", "/components/0/scope", 1, 0),
    (65, encode(cyclonedx(component("a", purl="pkg:npm/%00a@1"))), "bad_purl", "/components/0/purl", 1, 0),
    (65, encode(cyclonedx(component("a", purl="not a purl"))), "bad_purl", "/components/0/purl", 1, 0),
    (66, encode(cyclonedx(component("a", purl="pkg:npm/" + "a" * 100_000))), "bad_purl", "/components/0/purl", 1, 0),
]  # fmt: skip

TIMES = [
    "0001-01-01T00:00:00Z",
    "9999-12-31T23:59:59-01:00",
    "2026-01-01T00:00:60Z",
    "2026-01-01T00:00:00",
    "yesterday",
    5,
]


def _ids(rows: list[tuple[Any, ...]]) -> list[str]:
    return [f"item-{row[0]}-{index}" for index, row in enumerate(rows)]


@pytest.mark.parametrize(("number", "data", "code", "pointer", "words"), REFUSED, ids=_ids(REFUSED))
def test_a_document_that_cannot_be_read_is_refused_with_code_place_and_words(
    number, data, code, pointer, words
) -> None:
    with pytest.raises(FormatError) as caught:
        read_document(data, limits=PLAIN)

    assert (caught.value.code, caught.value.pointer) == (code, pointer)
    assert words in caught.value.message


@pytest.mark.parametrize("row", KEPT, ids=_ids(KEPT))
def test_a_defect_inside_leaves_a_warning_and_the_rest_is_read(row) -> None:
    _, data, code, pointer, stored, rejected = row
    record = read_document(data)

    assert isinstance(record, SbomRecord)
    assert (code, pointer) in [(warning.code, warning.pointer) for warning in record.warnings]
    assert (record.stored_count, record.rejected_count) == (stored, rejected)


@pytest.mark.parametrize("timestamp", TIMES)
def test_a_time_that_names_no_instant_is_absent_with_a_warning(timestamp) -> None:
    record = read_document(encode(cyclonedx(component("a"), metadata={"timestamp": timestamp})))

    assert isinstance(record, SbomRecord)
    assert record.created_at is None
    assert [warning.code for warning in record.warnings] == ["bad_timestamp"]


def test_too_many_components_are_refused() -> None:
    limits = replace(DEFAULT_LIMITS, components=3)
    inner = component("b", components=[component("c"), component("d")])

    with pytest.raises(FormatError) as caught:
        read_document(encode(cyclonedx(component("a"), inner)), limits=limits)

    assert caught.value.code == "too_many_components"


def test_too_many_edges_are_refused() -> None:
    document = cyclonedx(component("a"), component("b"), dependencies=[{"ref": "a", "dependsOn": ["b"] * 9}])

    with pytest.raises(FormatError) as caught:
        read_document(encode(document), limits=replace(DEFAULT_LIMITS, edges=8))

    assert caught.value.code == "too_many_edges"


def test_the_first_twenty_of_a_code_are_kept_and_the_others_counted() -> None:
    record = read_document(encode(cyclonedx(component("a"), dependencies=[{"ref": "a", "dependsOn": ["gone"] * 50}])))

    assert isinstance(record, SbomRecord)
    assert len(record.warnings) == 21
    assert record.warnings[-1].message == "30 more of these; 50 in all."


def test_identical_components_are_all_counted() -> None:
    record = read_document(encode(cyclonedx(component("a"), component("a"), component("a"))))

    assert isinstance(record, SbomRecord)
    assert (record.component_count, record.stored_count) == (3, 3)


@pytest.mark.parametrize(
    "packed", [gzip.compress(GOOD), zstandard.compress(GOOD), bz2.compress(GOOD), lzma.compress(GOOD)]
)
def test_one_compressed_file_is_unwrapped(packed) -> None:
    record = read_document(packed)

    assert isinstance(record, SbomRecord)
    assert record.component_count == 1


def test_the_children_of_a_rejected_component_are_still_read() -> None:
    record = read_document(encode(cyclonedx(component("", components=[component("child")]))))

    assert isinstance(record, SbomRecord)
    assert [(item.name, item.parent) for item in record.components] == [("child", None)]
    assert record.component_count == 2
