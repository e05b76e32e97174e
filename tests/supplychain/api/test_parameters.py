from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from django.http import QueryDict
from django.test import RequestFactory
from hypothesis import given
from hypothesis import strategies as st

from supplychain.api.parameters import (
    BadParameterError,
    read_choice,
    read_digest,
    read_flag,
    read_number,
    read_text,
    read_texts,
    read_time,
    reject_unknown_parameters,
)


class Asked:
    def __init__(self, query: str) -> None:
        self.GET = QueryDict(query)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-01-31T12:00:00Z", datetime(2026, 1, 31, 12, tzinfo=UTC)),
        ("2026-01-31t12:00:00.25z", datetime(2026, 1, 31, 12, 0, 0, 250_000, tzinfo=UTC)),
        ("2026-01-31T12:00:00%2B02:00", datetime(2026, 1, 31, 10, tzinfo=UTC)),
        ("2026-01-31T12:00:00+02:00", datetime(2026, 1, 31, 10, tzinfo=UTC)),
        ("2026-01-31T12:00:00.123456789Z", datetime(2026, 1, 31, 12, 0, 0, 123_456, tzinfo=UTC)),
        ("", None),
    ],
)
def test_a_time_is_read_in_utc(text: str, expected: datetime | None):
    assert read_time(Asked(f"at={text}"), "at") == expected


@pytest.mark.parametrize(
    "text",
    ["yesterday", "2026-01-31", "2026-01-31T12:00:00", "2026-02-30T12:00:00Z", "2026-01-31T12:00:60Z",
     "0001-01-01T00:00:00%2B14:00", "9999-12-31T23:59:59-01:00", "infinity", "1769860800"],
)  # fmt: skip
def test_what_is_no_time_is_refused(text: str):
    with pytest.raises(BadParameterError) as refusal:
        read_time(Asked(f"at={text}"), "at")

    assert refusal.value.code == "bad_parameter"


@given(text=st.text(max_size=60))
def test_no_text_makes_reading_crash(text: str):
    query = QueryDict(mutable=True)
    query["x"] = text
    request = Asked(query.urlencode())

    for read in (read_text, read_time, read_digest):
        with suppress(BadParameterError):
            read(request, "x")


def test_a_flag_is_true_or_false():
    assert read_flag(Asked("a=TRUE"), "a", default=False)
    assert not read_flag(Asked("a=0"), "a", default=True)
    assert read_flag(Asked(""), "a", default=True)
    with pytest.raises(BadParameterError):
        read_flag(Asked("a=yes"), "a", default=False)


def test_a_digest_is_lowered_and_checked():
    assert read_digest(Asked("d=SHA256:" + "A" * 64), "d") == "sha256:" + "a" * 64
    assert read_digest(Asked(""), "d") is None
    for wrong in ("a" * 64, "sha256:" + "a" * 63, "md5:" + "a" * 32, "sha512:" + "a" * 64):
        with pytest.raises(BadParameterError):
            read_digest(Asked(f"d={wrong}"), "d")


def test_a_choice_and_a_number_are_checked():
    assert read_choice(Asked("k=sbom"), "k", allowed=("sbom",)) == "sbom"
    assert read_number(Asked("n=-3"), "n", default=1) == -3
    assert read_number(Asked(""), "n", default=1) == 1
    with pytest.raises(BadParameterError, match="sbom"):
        read_choice(Asked("k=x"), "k", allowed=("sbom",))
    with pytest.raises(BadParameterError):
        read_number(Asked("n=٣"), "n", default=1)


def test_repeated_values_are_kept_once_where_they_may_repeat():
    assert read_texts(Asked("a=1&a=2&a=1&a="), "a") == ("1", "2")
    with pytest.raises(BadParameterError) as refusal:
        read_text(Asked("a=1&a=2"), "a")
    assert refusal.value.code == "repeated_parameter"


@pytest.mark.parametrize("value", ["%00", "a" * 5000])
def test_what_no_column_can_hold_is_refused(value: str):
    with pytest.raises(BadParameterError):
        read_text(Asked(f"a={value}"), "a")


def test_an_unknown_parameter_is_named_with_those_there_are():
    request: Any = RequestFactory().get("/?limit=1&page_size=3")

    with pytest.raises(
        BadParameterError, match="`page_size` is not a parameter of this route; it has limit"
    ) as refusal:
        reject_unknown_parameters(request, {"limit"})

    assert (refusal.value.code, refusal.value.status) == ("unknown_parameter", 400)
