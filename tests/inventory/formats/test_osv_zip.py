"""A zip of advisories: entry by entry, one bad entry is a warning, bombs and nested archives are refused."""

import io
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inventory.formats.limits import Limits
from inventory.formats.read import read_document
from inventory.formats.records import FormatError
from tests.inventory.formats.advisory_files import codes_of, feed_of, osv, records_of, zipped

GOOD = {"MAL-1.json": osv("MAL-1"), "npm/MAL-2.json": osv("MAL-2")}


def refusal(data: bytes, **limits: int) -> str:
    with pytest.raises(FormatError) as refused:
        records_of(feed_of(data, **limits))
    return refused.value.code


def test_every_file_of_the_zip_is_a_record():
    feed = feed_of(zipped(GOOD))

    assert [record.identifier for record in records_of(feed)] == ["MAL-1", "MAL-2"]
    assert (feed.format, codes_of(feed)) == ("osv-zip", [])


def test_a_bad_entry_is_told_by_its_name_and_the_others_stand():
    feed = feed_of(zipped({**GOOD, "broken.json": b"{", "empty.json": b"", "README.md": b"read me"}))

    assert len(records_of(feed)) == 2
    told = {warning.pointer: warning.code for warning in feed.defects.warnings()}
    assert told == {"broken.json": "bad_advisory", "empty.json": "entry_not_read", "README.md": "entry_not_read"}


def test_an_entry_above_its_limit_is_left_out_and_a_zip_above_its_limit_refused():
    data = zipped({**GOOD, "big.json": b" " * 100_000})

    feed = feed_of(data, zip_entry_bytes=10_000)
    assert len(records_of(feed)) == 2
    assert codes_of(feed) == ["entry_too_large"]
    assert refusal(data, zip_inflated_bytes=50_000) == "inflated_too_large"


def test_nested_archives_are_refused_by_name_and_by_content():
    assert refusal(zipped({**GOOD, "more.zip": b"x"})) == "nested_archive"
    assert refusal(zipped({**GOOD, "MAL-3.json": zipped(GOOD)})) == "nested_archive"


def test_more_entries_than_the_limit_are_refused_before_the_directory_is_read():
    assert refusal(zipped(GOOD), zip_entries=1) == "too_many_entries"


def test_a_zip_without_a_record_is_no_export():
    assert refusal(zipped({"a.txt": b"x"})) == "no_records"


def test_an_encrypted_entry_is_told():
    data = bytearray(zipped(GOOD))
    at = data.rindex(b"PK\x01\x02")
    data[at + 8] |= 1

    feed = feed_of(bytes(data))
    assert len(records_of(feed)) == 1
    assert codes_of(feed) == ["entry_not_read"]


def test_a_zip_is_read_only_when_its_sender_says_that_it_holds_advisories():
    with pytest.raises(FormatError) as refused:
        read_document(zipped(GOOD))

    assert refused.value.code == "unsupported_format"


@given(cut=st.integers(4, 2000), flips=st.lists(st.tuples(st.integers(4, 2000), st.integers(0, 255)), max_size=8))
def test_a_mutated_zip_is_read_or_refused_and_never_anything_else(cut: int, flips: list[tuple[int, int]]):
    data = bytearray(zipped(GOOD)[:cut])
    for place, value in flips:
        if place < len(data):
            data[place] = value
    try:
        found = records_of(feed_of(bytes(data)))
    except FormatError:
        return

    assert len(found) <= 2


def test_a_zip64_directory_that_claims_more_entries_is_refused_by_the_claim():
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for number in range(70_000):
            archive.writestr(f"{number}.txt", b"")
    with pytest.raises(FormatError) as refused:
        read_document(buffer.getvalue(), limits=Limits(zip_entries=66_000), kind="advisory")

    assert refused.value.code == "too_many_entries"
