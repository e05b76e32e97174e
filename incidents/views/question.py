"""The question as the form holds it: read from an address or a form, written back into either."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from incidents.asking import read_body
from incidents.impact.question import DEFAULT_STATUSES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.http import QueryDict

    from incidents.impact.question import Question

# Our server and common proxies take request lines of 8 kB; what is longer is sent as a form and has no permalink.
MAX_ADDRESS_LENGTH = 6000
_MIN_ROWS, _MAX_ROWS = 3, 12
# What a browser's date and time field sends: no offset, and the page says that times are UTC.
_LOCAL_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(?P<seconds>:\d\d(\.\d{1,6})?)?")


@dataclass(frozen=True, slots=True)
class Field:
    """One hidden field of the form that asks the same again."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Typed:
    """What a person typed, before it is understood."""

    text: str = ""
    at: str = ""
    window_from: str = ""
    window_to: str = ""
    environments: tuple[str, ...] = ()
    clusters: tuple[str, ...] = ()
    statuses: tuple[str, ...] = tuple(status.value for status in DEFAULT_STATUSES)
    cursor: str = ""

    @property
    def fields(self) -> tuple[Field, ...]:
        """Everything but the text and the cursor, in one order, empty ones left out."""
        single = (
            ("at", _as_utc(self.at)),
            ("from", _as_utc(self.window_from)),
            ("to", _as_utc(self.window_to)),
        )
        repeated = (("environment", self.environments), ("cluster", self.clusters), ("status", self.statuses))
        fields = [Field(name, value) for name, value in single if value]
        fields += [Field(name, value) for name, values in repeated for value in values]
        return tuple(fields)

    @property
    def row_count(self) -> int:
        """Return how many lines the box is high."""
        return min(max(_MIN_ROWS, self.text.count("\n") + 1), _MAX_ROWS)

    @property
    def is_narrowed(self) -> bool:
        return bool(self.at or self.window_from or self.window_to or self.environments or self.clusters)

    @property
    def scope_words(self) -> str:
        """Say when and where is asked, for those who leave the fields closed."""
        if self.at:
            when = f"at {self.at.replace('T', ' ')} UTC"
        elif self.window_from or self.window_to:
            when = "in a window"
        else:
            when = "now"
        places = [*self.environments, *self.clusters]
        return f"{when}, {', '.join(places) if places else 'everywhere'}"

    @property
    def address(self) -> str:
        """Return where the same question is asked by its address."""
        pairs = [("q", self.text), *((field.name, field.value) for field in self._fields_that_differ())]
        return f"/impact?{urlencode(pairs)}"

    @property
    def fits_in_address(self) -> bool:
        return len(self.address) <= MAX_ADDRESS_LENGTH

    def _fields_that_differ(self) -> Sequence[Field]:
        is_default = self.statuses == tuple(status.value for status in DEFAULT_STATUSES)
        return [field for field in self.fields if field.name != "status" or not is_default]


def read_typed(query: QueryDict) -> Typed:
    """Take a question out of an address or a form; nothing is refused yet."""
    statuses = tuple(dict.fromkeys(query.getlist("status")))
    return Typed(
        text=query.get("q", "").strip(),
        at=_as_local(query.get("at", "")),
        window_from=_as_local(query.get("from", "")),
        window_to=_as_local(query.get("to", "")),
        environments=_filled(query.getlist("environment")),
        clusters=_filled(query.getlist("cluster")),
        statuses=statuses or Typed().statuses,
        cursor=query.get("cursor", ""),
    )


def as_given(typed: Typed) -> dict[str, object]:
    """Return the question of an incident as the API takes it: neither paged nor narrowed to some statuses."""
    return {
        "text": typed.text,
        "at": _as_utc(typed.at),
        "from": _as_utc(typed.window_from),
        "to": _as_utc(typed.window_to),
        "environments": list(typed.environments),
        "clusters": list(typed.clusters),
    }


def understand(typed: Typed) -> Question:
    """Return the question that was typed. Raises QuestionError with every fault at once."""
    return read_body({**as_given(typed), "statuses": list(typed.statuses), "cursor": typed.cursor or None})


def _as_local(text: str) -> str:
    """Leave the Z away: a browser's field shows a time only without an offset, and it means UTC here."""
    local = text.strip().removesuffix("Z")
    return local if _LOCAL_TIME.fullmatch(local) else text.strip()


def _as_utc(text: str) -> str | None:
    """Write what the field sent as a time with its offset; anything else is left for the reader to refuse."""
    match = _LOCAL_TIME.fullmatch(text)
    if match is None:
        return text or None
    return f"{text}Z" if match["seconds"] else f"{text}:00Z"


def _filled(values: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(value for value in values if value))
