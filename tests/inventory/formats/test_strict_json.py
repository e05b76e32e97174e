"""The strict parse: what two parsers could read differently is refused."""

import pytest

from inventory.formats.limits import DEFAULT_LIMITS
from inventory.formats.records import FormatError
from inventory.formats.strict_json import bad_string, parse

LONG = DEFAULT_LIMITS.string_bytes + 1

REFUSED = [
    (b'{"a":1,"a":2}', "duplicate_key", "/a"),
    (b'{"x":[{},{"a":1,"b":2,"a":3}]}', "duplicate_key", "/x/1/a"),
    (b'{"a/b":{"~":1,"~":1}}', "duplicate_key", "/a~1b/~0"),
    (b'{"k":{"d":1,"d":2},"k":5}', "duplicate_key", "/k"),
    (b'{"a":NaN}', "not_finite", ""),
    (b'{"a":-Infinity}', "not_finite", ""),
    (b'{"a":1e400}', "number_out_of_range", ""),
    (b'{"a":' + b"1" * 5_000 + b"}", "number_out_of_range", ""),
    (b"[" * 65 + b"]" * 65, "too_deep", ""),
    (b"[" * 100_000, "too_deep", ""),
    (b"{} {}", "trailing_data", ""),
    (b"{'a':1}", "bad_json", ""),
    (b"", "empty_document", ""),
    (b'"\xff"', "not_utf8", ""),
]


@pytest.mark.parametrize(("data", "code", "pointer"), REFUSED)
def test_each_ambiguity_is_refused_with_its_place(data, code, pointer) -> None:
    with pytest.raises(FormatError) as caught:
        parse(data, limits=DEFAULT_LIMITS)

    assert (caught.value.code, caught.value.pointer) == (code, pointer)


@pytest.mark.parametrize(
    ("data", "value"),
    [
        (b'\xef\xbb\xbf{"a":[1,2.5,null,true,"\xc3\xa9"]}', {"a": [1, 2.5, None, True, "é"]}),
        (b"[" * 64 + b"]" * 64, None),
        (b'"\\ud83d\\ude00"', "😀"),
    ],
)
def test_what_is_plain_is_read(data, value) -> None:
    parsed = parse(data, limits=DEFAULT_LIMITS)

    assert value is None or parsed == value


@pytest.mark.parametrize(
    ("value", "code", "pointer"),
    [
        ({"a": ["ok", "x\0"]}, "nul_in_string", "/a/1"),
        ({"a\0": 1}, "nul_in_string", ""),
        (["\ud800"], "bad_string", "/0"),
        ({"a": "x" * LONG}, "string_too_long", "/a"),
    ],
)
def test_strings_that_cannot_be_stored_are_found(value, code, pointer) -> None:
    found = bad_string(value, limits=DEFAULT_LIMITS)

    assert found is not None
    assert (found.code, found.pointer) == (code, pointer)


def test_storable_strings_are_not_found() -> None:
    assert bad_string({"a": ["é", "😀", "x" * 1_000]}, limits=DEFAULT_LIMITS) is None
