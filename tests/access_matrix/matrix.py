"""One cell of the matrix: a request, and what its answer tells; all that is random or a clock is taken out."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from functools import cache
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import quote, urlencode

from django.db import connection, reset_queries, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import URLPattern, URLResolver, get_resolver
from rest_framework.views import APIView

from tests.access_matrix.rows import PUBLIC, SIGNED_IN, Row
from tests.access_matrix.world import Asker, Names, Whose, World
from tests.remembered import forget_everything

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
EVERY: tuple[Whose, ...] = ("own", "foreign", "missing")

_PARAMETER = re.compile(r"<(?:\w+:)?(\w+)>")
_RANDOM = (
    (re.compile(r"\b[A-Za-z0-9]{64}\b(?<![0-9a-f]{64})"), "csrf-token"),
    (re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b"), "an-id"),
    (re.compile(r"\bsc_[a-z0-9]{8}_\w+"), "a-key"),
    (re.compile(r'"lookup": ?"\w{8}"'), "a-lookup"),
    (re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?[\d.]*(Z|\+00:00)?"), "a-time"),
    (re.compile(r'"audit_sequence": ?\d+'), "a-number"),
    (re.compile(r"(?<=sha256:)(?:[0-9a-f]{64}|[0-9a-f]{12}…)"), "a-hash"),
)
_UNEVEN_HEADERS = frozenset({"x-request-id", "content-length", "expires"})
"""An id and a clock are new for each answer, and a length counts what is random; the bodies themselves are compared."""


@dataclass(frozen=True, slots=True)
class Told:
    """An answer, as far as it may depend on what is asked for."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: str
    statement_count: int

    def unlike(self, other: Told | None) -> str:
        """Say where two answers differ; empty where nobody can tell them apart."""
        if other is None:
            return ""
        for name in ("status", "headers", "statement_count"):
            one, two = getattr(self, name), getattr(other, name)
            if one != two:
                return f"{name}: {one} and {two}"
        if self.body == other.body:
            return ""
        pairs = enumerate(zip(self.body, other.body, strict=False))
        start = max(0, next((place for place, (one, two) in pairs if one != two), 0) - 60)
        return f"body: {self.body[start : start + 200]!r} and {other.body[start : start + 200]!r}"


def ask(world: World, asker: Asker, row: Row, whose: Whose, *, headers: Mapping[str, str] | None = None) -> Told:
    """Send one request and undo what it did."""
    named, own = world.objects_of(asker, whose), world.objects_of(asker, "own")
    arguments = _arguments(row, named=named, own=own) | {"headers": dict(headers or {})}
    cookies_before = SimpleCookie(asker.client.cookies.output(header="", sep=";"))
    reset_queries()  # what is kept of them is limited
    forget_everything()  # the first of two questions would ask more than the second
    with _undone() if row.changes_something else nullcontext(), CaptureQueriesContext(connection) as statements:
        answer = asker.client.generic(row.method, address_of(row, named=named, own=own), **arguments)
        content = answer.getvalue()
    asker.client.cookies = cookies_before
    plain = _plainer(
        named,
        own={
            kind.removeprefix("own:"): own[kind.removeprefix("own:")]
            for kind in row.path.values()
            if kind.startswith("own:")
        }
        | {"user": own["user"]},  # who is signed in stands on every page, also on that of a refusal
    )
    told = [(name, _cookie_or(name, plain(value))) for name, value in answer.items()]
    kept = tuple(sorted(pair for pair in told if pair[0].lower() not in _UNEVEN_HEADERS))
    cookies = tuple(("Set-Cookie", name) for name in sorted(answer.cookies))
    return Told(answer.status_code, kept + cookies, plain(content.decode(errors="replace")), len(statements))


def expected_status(row: Row, asker: Asker, whose: Whose) -> int:
    """Return the status that the row promises this asker for this object."""
    if row.scopes == PUBLIC:
        is_known = asker.kind == "session" and row.when_signed_in is not None
        return row.when_signed_in if is_known and row.when_signed_in is not None else row.ok
    if asker.kind == "anonymous" or (asker.kind == "key" and not is_api(row.route)):
        return 401 if is_api(row.route) else 302
    if row.scopes != SIGNED_IN and not row.scopes & asker.scopes:
        return 403
    if asker.name in row.refused:
        return row.refused[asker.name]
    return row.ok if _is_visible(row, asker, whose) else row.missing


def _is_visible(row: Row, asker: Asker, whose: Whose) -> bool:
    if not row.names_an_object:
        return True
    if row.personal:
        return whose == "own" and asker.is_person_of_team
    return whose == "own" or (whose == "foreign" and asker.sees_all)


def address_of(row: Row, *, named: Names, own: Names) -> str:
    """Fill the path and the query of a row with the names of objects."""

    def part(match: re.Match[str]) -> str:
        kind = row.path[match[1]]
        if kind.startswith("="):
            return kind[1:]
        name = own[kind.removeprefix("own:")] if kind.startswith("own:") else named[kind]
        return quote(name, safe="")

    path = "/" + _PARAMETER.sub(part, row.route)
    query = {name: _filled(text, named) for name, text in row.query.items()}
    return f"{path}?{urlencode(query)}" if query else path


@cache
def routes() -> Mapping[str, Callable[..., Any]]:
    """Return every route of the site with its view."""
    found: dict[str, Callable[..., Any]] = {}

    def walk(resolver: URLResolver, prefix: str) -> None:
        for entry in resolver.url_patterns:
            route = prefix + str(entry.pattern)
            if isinstance(entry, URLPattern):
                found[route] = entry.callback
            else:
                walk(entry, route)

    walk(get_resolver(), "")
    return found


def is_api(route: str) -> bool:
    """Tell whether a route speaks the API's way: 401 and problems, not pages to sign in."""
    view = getattr(routes()[route], "cls", None)
    return isinstance(view, type) and issubclass(view, APIView)


@contextmanager
def _undone() -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def _arguments(row: Row, *, named: Names, own: Names) -> dict[str, Any]:
    if row.form is not None:
        body = urlencode({name: _filled(text, named) for name, text in row.form.items()})
        return {"data": body, "content_type": "application/x-www-form-urlencoded"}
    if row.body is None:
        return {}
    text = row.body.decode() if isinstance(row.body, bytes) else json.dumps(row.body)
    return {"data": _filled(text, named) if isinstance(row.body, dict) else text, "content_type": "application/json"}


def _filled(text: str, names: Names) -> str:
    for kind, name in names.items():
        text = text.replace(f"{{{kind}}}", name)
    return text


@cache
def _spellings(name: str) -> tuple[str, ...]:
    encoded = quote(name, safe="")
    return name, quote(name), encoded, quote(encoded, safe=""), name.removeprefix("pkg:npm/"), html.escape(name)


def _plainer(names: Names, *, own: Names) -> Callable[[str], str]:
    """Return what takes the asked-for names and everything random out of a text."""
    spelled = {
        spelling: kind
        for kind, name in [*names.items(), *((f"own-{kind}", own[kind]) for kind in own)]
        for spelling in _spellings(name)
    }
    spellings = sorted(spelled.items(), key=lambda pair: len(pair[0]), reverse=True)

    def plain(text: str) -> str:
        for spelling, kind in spellings:
            text = text.replace(spelling, kind)
        for pattern, word in _RANDOM:
            text = pattern.sub(word, text)
        return text

    return plain


def _cookie_or(name: str, value: str) -> str:
    return "a cookie" if name.lower() == "set-cookie" else value
