"""Lists as documents: read when their sender says so, and never instead of another format."""

import json

import pytest

from inventory.formats.limits import Limits
from inventory.formats.list_records import ListRecord
from inventory.formats.read import read_document
from inventory.formats.records import FormatError
from tests.factories import advisory, cyclonedx
from tests.inventory.formats.advisory_files import zipped

PACKAGE_LOCK = {
    "name": "app", "lockfileVersion": 3, "requires": True,
    "packages": {"": {"name": "app"}, "node_modules/left-pad": {"version": "1.3.0"}},
}  # fmt: skip
PACKAGE_LOCK_1 = {
    "name": "app", "version": "9.9.9", "lockfileVersion": 1,
    "dependencies": {
        "left-pad": {"version": "1.3.0", "requires": {"b": "^1.0.0"}, "dependencies": {"b": {"version": "1.0.1"}}},
        "alias": {"version": "npm:@scope/real@2.0.0"},
        "fork": {"version": "git+ssh://git@example.org/fork.git#abc"},
    },
}  # fmt: skip
COMPOSER_LOCK = {"content-hash": "a", "packages": [{"name": "acme/tool", "version": "1.0.0"}], "packages-dev": []}


def read(data: bytes, **limits: int) -> ListRecord:
    record = read_document(data, limits=Limits(**limits), kind="list")
    assert isinstance(record, ListRecord)
    return record


def asked(data: bytes) -> list[tuple[str, tuple[str, ...]]]:
    return [(one.package.written if one.package else one.kind.value, one.versions) for one in read(data).indicators]


def code_of(data: bytes, *, kind: str | None = "list") -> str:
    with pytest.raises(FormatError) as caught:
        read_document(data, kind=kind)
    return caught.value.code


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"left-pad@1.3.0\n", [("left-pad", ("1.3.0",))]),
        (b'"Package","Version"\n"left-pad","1.3.0"\n', [("left-pad", ("1.3.0",))]),
        (b"\xef\xbb\xbfpackage;version\r\nleft-pad;1.3.0\r\n", [("left-pad", ("1.3.0",))]),
        (b"8d97a1d32b1a3c6b6a2a1c0f1b5d1f0c\n", [("hash", ())]),
        (b'[[package]]\nname = "serde"\nversion = "1.0.1"\n', [("serde", ("1.0.1",))]),
        (b"on:1.0.0\njobs:2.0.0\n", [("on", ("1.0.0",)), ("jobs", ("2.0.0",))]),
        (json.dumps(PACKAGE_LOCK, indent=2).encode(), [("left-pad", ("1.3.0",))]),
        (json.dumps(PACKAGE_LOCK).encode(), [("left-pad", ("1.3.0",))]),
        (
            json.dumps(PACKAGE_LOCK_1, indent=2).encode(),
            [("left-pad", ("1.3.0",)), ("@scope/real", ("2.0.0",)), ("unreadable", ()), ("b", ("1.0.1",))],
        ),
        (json.dumps(COMPOSER_LOCK, indent=4).encode(), [("acme/tool", ("1.0.0",))]),
        (b"example.org/net v0.1.0 h1:a=\nexample.org/net v0.1.0/go.mod h1:b=\n", [("example.org/net", ("v0.1.0",))]),
    ],
)  # fmt: skip
def test_lists_of_every_shape_are_read(data: bytes, expected: list[tuple[str, tuple[str, ...]]]):
    assert asked(data) == expected


@pytest.mark.parametrize(
    "data",
    [
        cyclonedx("pkg:npm/left-pad@1.3.0"),
        advisory("MAL-2026-1", name="left-pad"),
        b"SPDXVersion: SPDX-2.3\nPackageName: x\n",
        b"on: push\njobs:\n  build:\n    runs-on: ubuntu\n",
        b"apiVersion: v1\nkind: Pod\n",
    ],
)
def test_what_is_another_format_is_never_a_list(data: bytes):
    assert code_of(data) == "kind_mismatch"


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b'{"dependencies": {"left-pad": "1.3.0"}}', "unknown_format"),
        (b'{"bomFormat": "CycloneDX", "components": [{"name": "left-pad",', "bad_json"),
        (b'[{"name": "left-pad", "version": "1.3.0"}]', "wrong_shape"),
        (b"<html><body>left-pad@1.3.0</body></html>", "unknown_format"),
        (zipped({"a.json": {}}), "unsupported_format"),
        (b"??? !!!\n", "no_indicators"),
        (b"# nothing yet\n", "no_indicators"),
    ],
)
def test_what_could_be_half_of_something_else_is_refused(data: bytes, code: str):
    assert code_of(data) == code


def test_without_its_senders_word_a_list_is_an_unknown_format():
    assert code_of(b"left-pad@1.3.0\n", kind=None) == "unknown_format"


def test_one_line_too_many_is_refused_by_name():
    with pytest.raises(FormatError) as caught:
        read(b"a@1\nb@1\nc@1\n", components=2)

    assert caught.value.code == "too_many_indicators"


def test_every_line_is_used_ignored_or_told_with_its_number():
    record = read(b"# head\n\nleft-pad@1.3.0\nlodash\nnot a line\na@1, ???\n")

    counts = record.counts
    assert counts["lines"] == counts["lines_used"] + counts["lines_rejected"] + counts["lines_ignored"] == 6
    assert counts["indicators"] == sum(counts[f"indicators_{end}"] for end in ("stored", "repeated", "rejected"))
    assert {(warning.code, warning.pointer) for warning in record.warnings} >= {
        ("every_version", "line 4"),
        ("unreadable_line", "line 5"),
        ("unreadable_line", "line 6"),
    }


def test_more_unreadable_lines_than_a_receipt_can_hold_are_counted():
    record = read(b"left-pad@1.3.0\n" + b"not a line\n" * 200)

    assert record.counts["lines_rejected"] == 200
    assert record.warnings[-1].message == "105 more of these; 200 in all."


def test_an_entry_of_a_lock_file_is_told_by_its_line():
    [read_one] = read(json.dumps(PACKAGE_LOCK, indent=2).encode()).indicators

    assert (read_one.line, read_one.given, read_one.purl) == (9, "left-pad@1.3.0", "pkg:npm/left-pad")
