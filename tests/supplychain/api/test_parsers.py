import io
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supplychain.api.parsers import BadJsonError, StrictJsonParser, parse_json


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "Expecting value"),
        (b'{"a": 1,}', "line 1, column"),
        (b'{"a": 1} x', "Extra data"),
        (b'{"a": 1, "a": 2}', "'a' twice"),
        (b'{"a": {"b": 1, "b": 1}}', "'b' twice"),
        (b"[NaN]", "NaN"),
        (b"[-Infinity]", "Infinity"),
        (b"[" * 100_000, "nested"),
        (b"[" + b"9" * 5000 + b"]", "out of range"),
        ("{}".encode("utf-16"), "UTF-8"),
        (b'"\xff"', "byte 1"),
    ],
)
def test_what_is_not_strict_json_is_refused_with_the_place(body: bytes, words: str):
    with pytest.raises(BadJsonError, match=words) as refusal:
        parse_json(body)

    assert (refusal.value.code, refusal.value.status) == ("bad_json", 400)


def test_good_json_is_read():
    assert parse_json('{"a": [1, "é", null, true, 1.5]}'.encode()) == {"a": [1, "é", None, True, 1.5]}


@given(body=st.binary(max_size=300))
def test_no_bytes_make_the_parser_crash(body: bytes):
    with suppress(BadJsonError):
        parse_json(body)


def test_a_body_over_the_limit_is_413_and_not_read_to_its_end():
    class View:
        max_body_bytes = 10

    stream = io.BytesIO(b'"' + b"x" * 1000 + b'"')

    with pytest.raises(BadJsonError) as refusal:
        StrictJsonParser().parse(stream, parser_context={"view": View()})

    assert (refusal.value.code, refusal.value.status) == ("too_large", 413)
    assert stream.tell() == 11


def test_a_body_of_just_the_limit_is_read():
    class View:
        max_body_bytes = 4

    assert StrictJsonParser().parse(io.BytesIO(b'"ab"'), parser_context={"view": View()}) == "ab"
