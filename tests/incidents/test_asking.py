"""A question as JSON and as a query: all its faults at once, and one spelling of it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.http import QueryDict

from incidents.asking import QuestionError, read_body, read_query
from incidents.impact.answer import Status
from incidents.impact.question import DEFAULT_LIMIT, DEFAULT_STATUSES
from supplychain.api.parameters import BadParameterError

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def faults(body: object) -> list[tuple[str, str]]:
    with pytest.raises(QuestionError) as refused:
        read_body(body)
    return [(detail.pointer, detail.code) for detail in refused.value.details]


def test_text_and_indicators_are_asked_together():
    question = read_body(
        {"text": "# list\na@1.0\n@b/c:2.0", "indicators": [{"kind": "advisory", "id": "CVE-2021-44228"}]}
    )

    assert [(one.line, one.given) for one in question.indicators] == [
        (2, "a@1.0"), (3, "@b/c:2.0"), (None, "CVE-2021-44228")
    ]  # fmt: skip
    assert (question.is_now, question.is_scoped) == (True, False)
    assert (question.statuses, question.limit) == (DEFAULT_STATUSES, DEFAULT_LIMIT)


def test_times_scopes_and_statuses_are_read():
    question = read_body(
        {
            "text": "a",
            "from": "2026-03-01T12:00:00Z",
            "to": "2026-03-01T14:00:00+01:00",
            "environments": ["production", "production"],
            "clusters": ["prod-eu"],
            "teams": ["shop"],
            "statuses": ["unknown", "affected"],
            "limit": 500,
            "cursor": None,
        }
    )

    assert (question.window_from, question.window_to) == (NOON, datetime(2026, 3, 1, 13, tzinfo=UTC))
    assert (question.environments, question.clusters, question.teams) == (("production",), ("prod-eu",), ("shop",))
    assert question.statuses == (Status.AFFECTED, Status.UNKNOWN)
    assert question.limit == 500


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ([], [("", "wrong_shape")]),
        ("a@1", [("", "wrong_shape")]),
        ({}, [("/text", "nothing_asked")]),
        ({"text": "# only a comment"}, [("/text", "nothing_asked")]),
        ({"text": 1}, [("/text", "wrong_type")]),
        ({"text": "a", "query": "b"}, [("/query", "unknown_field")]),
        ({"indicators": {"kind": "package"}}, [("/indicators", "wrong_type")]),
        ({"text": "a", "at": "yesterday"}, [("/at", "bad_time")]),
        ({"text": "a", "at": "2026-03-01T12:00:00"}, [("/at", "bad_time")]),
        ({"text": "a", "at": "2026-03-01T12:00:00Z", "to": "2026-03-01T12:00:00Z"}, [("/at", "at_or_window")]),
        ({"text": "a", "from": "2026-03-01T12:00:00Z", "to": "2026-03-01T12:00:00Z"}, [("/from", "empty_window")]),
        ({"text": "a", "clusters": "prod"}, [("/clusters", "wrong_type")]),
        ({"text": "a", "statuses": ["fine"]}, [("/statuses", "unknown_status")]),
        ({"text": "a", "limit": 0}, [("/limit", "out_of_range")]),
        ({"text": "a", "limit": True}, [("/limit", "out_of_range")]),
        ({"text": "a", "limit": "10"}, [("/limit", "out_of_range")]),
        ({"indicators": [{"kind": "package", "purl": "pkg:npm/a"}, {"kind": "hash", "x": 1}], "limit": 501},
         [("/indicators/1/x", "unknown_field"), ("/indicators/1/algorithm", "required"),
          ("/indicators/1/value", "required"), ("/limit", "out_of_range")]),
    ],
)  # fmt: skip
def test_every_fault_is_told_at_once(body: object, expected: list[tuple[str, str]]):
    assert faults(body) == expected


def test_the_short_form_asks_the_same():
    query = QueryDict(
        "q=a@1.0&from=2026-03-01T12:00:00Z&environment=production&environment=test&cluster=x&team=shop"
        "&status=cleared&limit=7"
    )

    short = read_query(query)

    assert short == read_body(
        {
            "text": "a@1.0", "from": "2026-03-01T12:00:00Z", "environments": ["production", "test"],
            "clusters": ["x"], "teams": ["shop"], "statuses": ["cleared"], "limit": 7,
        }
    )  # fmt: skip


@pytest.mark.parametrize(
    ("query", "code"),
    [("text=a", "unknown_parameter"), ("q=a&x=1", "unknown_parameter"), ("q=a&q=b", "repeated_parameter")],
)
def test_the_short_form_refuses_what_it_does_not_know(query: str, code: str):
    with pytest.raises(BadParameterError) as refused:
        read_query(QueryDict(query))

    assert refused.value.code == code


@pytest.mark.parametrize("limit", ["0", "501", "-1", "ten", "\u0661", ""])
def test_the_short_form_refuses_a_limit_out_of_range(limit: str):
    query = QueryDict(mutable=True)
    query.update({"q": "a", "limit": limit})

    with pytest.raises(QuestionError):
        read_query(query)


def test_one_question_has_one_hash_however_it_is_paged():
    body: dict[str, Any] = {"text": "a@1.0", "clusters": ["y", "x"]}

    assert read_body(body).hash == read_body({**body, "limit": 5, "cursor": "c", "clusters": ["x", "y"]}).hash
    assert read_body(body).hash != read_body({**body, "statuses": ["cleared"]}).hash
    assert read_body(body).hash != read_body({**body, "text": "a@1.1"}).hash
