"""Read a question from a request: the JSON of POST /api/v1/impact, or the query of its short form (docs/api.md).

Everything is checked before anything is asked, and every fault is told at once, each with its JSON pointer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from incidents.impact.answer import Status
from incidents.impact.question import DEFAULT_LIMIT, DEFAULT_STATUSES, Question
from incidents.pasted import MAX_INDICATORS, read_text
from incidents.stated import read_indicator
from supplychain.api.parameters import BadParameterError, parse_time
from supplychain.errors import DomainError, ErrorDetail

if TYPE_CHECKING:
    from datetime import datetime

    from django.http import QueryDict

    from inventory.identity.indicators import Indicator

MAX_LIMIT = 500
_OF_INCIDENTS = ("text", "indicators", "at", "from", "to", "environments", "clusters", "teams")
_FIELDS = frozenset(
    {"text", "indicators", "at", "from", "to", "environments", "clusters", "teams", "statuses", "limit", "cursor"}
)
_LISTS = {"environment": "environments", "cluster": "clusters", "team": "teams", "status": "statuses"}


class QuestionError(DomainError):
    """The question cannot be asked as it stands."""

    def __init__(self, details: Sequence[ErrorDetail]) -> None:
        super().__init__(
            "bad_question", "The question cannot be asked: see `errors`.", status=400, details=tuple(details)
        )


@dataclass(slots=True)
class _Body:
    """A JSON object whose fields are taken one by one; faults are collected, not raised."""

    value: Mapping[str, object]
    faults: list[ErrorDetail] = field(default_factory=list)

    def fault(self, name: str, code: str, message: str) -> None:
        self.faults.append(ErrorDetail(f"/{name}", code, message))

    def text(self, name: str) -> str | None:
        value = self.value.get(name)
        if value is None or isinstance(value, str):
            return value
        self.fault(name, "wrong_type", "must be a string")
        return None

    def time(self, name: str) -> datetime | None:
        text = self.text(name)
        if text is None:
            return None
        try:
            return parse_time(text, name=name)
        except BadParameterError as error:
            self.fault(name, "bad_time", error.message)
            return None

    def texts(self, name: str) -> tuple[str, ...]:
        value = self.value.get(name) or []
        if isinstance(value, list) and all(isinstance(item, str) for item in value):
            return tuple(dict.fromkeys(value))
        self.fault(name, "wrong_type", "must be a list of strings")
        return ()

    def number(self, name: str, *, default: int, maximum: int) -> int:
        value = self.value.get(name, default)
        if isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= maximum:
            return value
        self.fault(name, "out_of_range", f"must be a whole number from 1 to {maximum}")
        return default


@dataclass(frozen=True, slots=True)
class Given:
    """A question, and the JSON it was read from: an incident asks it again by that."""

    question: Question
    given: Mapping[str, object]


def read_incident_question(value: Mapping[str, object]) -> Given:
    """Read the question of an incident, which is neither paged nor narrowed to some statuses. Raises QuestionError."""
    wrong = sorted(set(value) - set(_OF_INCIDENTS))
    if wrong:
        message = f"is no field of an incident's question; it has {', '.join(_OF_INCIDENTS)}"
        raise QuestionError([ErrorDetail(f"/{name}", "unknown_field", message) for name in wrong])
    given = {name: value[name] for name in _OF_INCIDENTS if value.get(name) not in (None, "", [])}
    return Given(read_body(value), given)


def read_body(value: object) -> Question:
    """Read the JSON of a question. Raises QuestionError."""
    if not isinstance(value, Mapping):
        raise QuestionError([ErrorDetail("", "wrong_shape", "The body must be a JSON object.")])
    body = _Body(value)
    for name in sorted(set(value) - _FIELDS):
        body.fault(name, "unknown_field", f"is no field of a question; it has {', '.join(sorted(_FIELDS))}")
    question = Question(
        indicators=_indicators(body),
        at=body.time("at"),
        window_from=body.time("from"),
        window_to=body.time("to"),
        environments=body.texts("environments"),
        clusters=body.texts("clusters"),
        teams=body.texts("teams"),
        statuses=_statuses(body),
        limit=body.number("limit", default=DEFAULT_LIMIT, maximum=MAX_LIMIT),
        cursor=body.text("cursor"),
    )
    _check_times(question, body=body)
    if body.faults:
        raise QuestionError(body.faults)
    return question


def read_query(query: QueryDict) -> Question:
    """Read the short form: `q`, `at` or `from` and `to`, repeated `environment`, `cluster`, `team`, `status`."""
    value: dict[str, object] = {}
    for name in query:
        given = query.getlist(name)
        if name in _LISTS:
            value[_LISTS[name]] = given
        elif len(given) > 1:
            raise BadParameterError(name, "is given more than once.", code="repeated_parameter")
        elif name == "q":
            value["text"] = given[0]
        elif name == "limit":
            value["limit"] = int(given[0]) if given[0].isascii() and given[0].isdigit() else given[0]
        elif name in ("at", "from", "to", "cursor"):
            value[name] = given[0]
        else:
            raise BadParameterError(name, "is not a parameter of this route.", code="unknown_parameter")
    return read_body(value)


def _indicators(body: _Body) -> tuple[Indicator, ...]:
    text = body.text("text")
    found = list(read_text(text).indicators) if text else []
    stated = body.value.get("indicators") or []
    if not isinstance(stated, list):
        body.fault("indicators", "wrong_type", "must be a list of objects")
        stated = []
    for place, item in enumerate(stated[:MAX_INDICATORS]):
        indicator = read_indicator(item, pointer=f"/indicators/{place}", faults=body.faults)
        if indicator is not None:
            found.append(indicator)
    if len(found) > MAX_INDICATORS or len(stated) > MAX_INDICATORS:
        body.fault("indicators", "question_too_large", f"at most {MAX_INDICATORS} indicators in one question")
    if not found and not body.faults:
        body.fault("text", "nothing_asked", "Say what is compromised in `text` or `indicators`.")
    return tuple(found)


def _statuses(body: _Body) -> tuple[Status, ...]:
    given = body.texts("statuses")
    unknown = [name for name in given if name not in set(Status)]
    if unknown:
        body.fault("statuses", "unknown_status", f"must be among {', '.join(Status)}")
        return DEFAULT_STATUSES
    return tuple(status for status in Status if status in given) or DEFAULT_STATUSES


def _check_times(question: Question, *, body: _Body) -> None:
    if question.at is not None and (question.window_from is not None or question.window_to is not None):
        body.fault("at", "at_or_window", "An instant and a window cannot be asked together.")
    if question.window_from and question.window_to and question.window_from >= question.window_to:
        body.fault("from", "empty_window", "`from` must be before `to`.")
