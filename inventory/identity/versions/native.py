"""Ranges in the syntax of each ecosystem's own tools, and of advisories, as sets of versions.

One grammar for all: alternatives (`||`), each a list of comparators that must all hold; brackets for Maven and NuGet.
What differs between ecosystems is what a bare version, `^`, `~`, `~>` and `x` mean: `dialects.py`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from inventory.identity.versions.dialects import Dialect, dialect_of
from inventory.identity.versions.errors import RangeError, UnevaluableVersion, shown
from inventory.identity.versions.intervals import (
    EVERYTHING,
    Intervals,
    after,
    before,
    intersection,
    interval,
    single,
    union,
    without,
)
from inventory.identity.versions.ranges import VersionRange, made
from inventory.identity.versions.schemes import scheme_of

MAX_TERMS = 20_000
MAX_BOUNDS = 1000
"""Bounds that must all hold; lists of versions may be MAX_TERMS long."""

_ALTERNATIVE = re.compile(r"\|\|?")
_TERM = re.compile(
    r"\s*(?P<operator>===|~=|==|!=|<>|>=|=>|<=|=<|>>|<<|~>|>|<|=|\^|~)?\s*"
    r"(?P<version>[^\s,|<>=!~^\[\](){};\"'][^\s,|<>=\[\]();\"']*)\s*(?:,\s*)?"
)
_HYPHEN = re.compile(r"\s*(?P<low>[^\s,|<>=~^]+)\s+-\s+(?P<high>[^\s,|<>=~^]+)\s*")
_SET = re.compile(r"\s*(?P<open>[\[(])(?P<body>[^\[\]()]*)(?P<close>[\])])\s*(?:,\s*)?")
_SYNONYMS = {"==": "=", "===": "=", "<>": "!=", ">>": ">", "<<": "<", "=>": ">=", "=<": "<="}
_ANY = frozenset({"*", "any", "x", "X"})


@dataclass(frozen=True, slots=True)
class _Term:
    operator: str
    version: str


@dataclass(frozen=True, slots=True)
class _Part:
    """What one alternative means: a set of versions, or versions that only their text can match."""

    intervals: Intervals
    exact: frozenset[str] = frozenset()


def read_native(purl_type: str, text: str) -> VersionRange:
    """Read a range in native or advisory syntax; raises RangeError naming the part that cannot be read."""
    scheme = scheme_of(purl_type)
    dialect = dialect_of(scheme)
    stripped = dialect.prepare(text.strip())
    if not stripped:
        raise RangeError("The range is empty; write * for all versions.")
    parts = [_alternative(dialect, piece) for piece in _ALTERNATIVE.split(stripped) if piece.strip()]
    if not parts:
        raise RangeError(f"'{shown(text)}' names no version.")
    exact = frozenset(version for part in parts for version in part.exact)
    return made(scheme, union(part.intervals for part in parts), exact)


def _alternative(dialect: Dialect, text: str) -> _Part:
    if text.strip() in _ANY:
        return _Part(EVERYTHING)
    if text.lstrip()[0] in "[(":
        return _Part(_bracketed(dialect, text))
    hyphen = _HYPHEN.fullmatch(text)
    if hyphen:
        low = _bounds(dialect, _Term(">=", hyphen["low"]))
        return _Part(intersection(low, _bounds(dialect, _Term("<=", hyphen["high"]))))
    terms = _terms(text)
    if all(term.operator in ("", "=") for term in terms) and len(terms) > 1:
        # `1.0.1, 1.0.2` is a list, though a tool's grammar would read "and": no version is two versions.
        return _listed(dialect, terms)
    if len(terms) == 1 and terms[0].operator in ("", "="):
        return _listed(dialect, terms)
    if len(terms) > MAX_BOUNDS:
        raise RangeError(f"An alternative has {len(terms)} bounds; more than {MAX_BOUNDS} are not accepted.")
    result = EVERYTHING
    for term in terms:
        result = intersection(result, _bounds(dialect, term))
    return _Part(result)


def _terms(text: str) -> list[_Term]:
    terms: list[_Term] = []
    position = 0
    while position < len(text):
        match = _TERM.match(text, position)
        if match is None:
            raise RangeError(
                f"'{shown(text.strip())}' is not a version range: it cannot be read from '{shown(text[position:])}'."
            )
        operator = match["operator"] or ""
        terms.append(_Term(_SYNONYMS.get(operator, operator), match["version"]))
        position = match.end()
        if len(terms) > MAX_TERMS:
            raise RangeError(f"The range has more than {MAX_TERMS} terms.")
    return terms


def _listed(dialect: Dialect, terms: list[_Term]) -> _Part:
    sets: list[Intervals] = []
    exact: set[str] = set()
    for term in terms:
        try:
            sets.append(_meaning(dialect, term))
        except UnevaluableVersion:
            exact.add(term.version)
    return _Part(union(sets), frozenset(exact))


def _bounds(dialect: Dialect, term: _Term) -> Intervals:
    try:
        return _meaning(dialect, term)
    except UnevaluableVersion as error:
        raise RangeError(f"'{shown(term.version)}' cannot bound a range: {error.message}") from error


def _meaning(dialect: Dialect, term: _Term) -> Intervals:
    if term.version in _ANY:
        return EVERYTHING
    operator = dialect.operator_of_bare if not term.operator else term.operator
    span = dialect.wildcard(term.version)
    if span is not None and operator in ("=", "^", "~", "~>", "~="):
        return span if operator == "=" else dialect.widened(operator, term.version, span)
    if span is not None:
        return _against_span(operator, span)
    if operator in ("^", "~", "~>", "~="):
        return dialect.compatible(operator, term.version)
    version = dialect.written(term.version)
    return _compared(dialect.scheme, operator, version)


def _compared(scheme: str, operator: str, version: str) -> Intervals:
    if operator == "=":
        return single(scheme, version)
    if operator == "!=":
        return without(EVERYTHING, single(scheme, version))
    if operator == ">=":
        return interval(before(scheme, version), None)
    if operator == ">":
        return interval(after(scheme, version), None)
    if operator == "<":
        return interval(None, before(scheme, version))
    return interval(None, after(scheme, version))


def _against_span(operator: str, span: Intervals) -> Intervals:
    """Compare with a span such as `1.2.x`: `>` is after all of it, `<=` up to its end."""
    low, high = span[0].low, span[0].high
    if operator == "!=":
        return without(EVERYTHING, span)
    if operator == ">=":
        return interval(low, None)
    if operator == "<":
        return interval(None, low) if low is not None else EVERYTHING
    if operator == ">":
        return interval(high, None) if high is not None else EVERYTHING
    return interval(None, high)


def _bracketed(dialect: Dialect, text: str) -> Intervals:
    sets: list[Intervals] = []
    position = 0
    while position < len(text):
        match = _SET.match(text, position)
        if match is None:
            raise RangeError(
                f"'{shown(text.strip())}' is not a version range: it cannot be read from '{shown(text[position:])}'."
            )
        sets.append(_one_set(dialect, match))
        position = match.end()
    return union(sets)


def _one_set(dialect: Dialect, match: re.Match[str]) -> Intervals:
    low_text, comma, high_text = (piece.strip() for piece in match["body"].partition(","))
    is_closed = match["open"] == "[" and match["close"] == "]"
    if not comma:
        if not is_closed or not low_text:
            raise RangeError(
                f"'{shown(match[0].strip())}' is not a version range: a single version stands in square brackets."
            )
        return _bounds(dialect, _Term("=", low_text))
    low = _bounds(dialect, _Term(">=" if match["open"] == "[" else ">", low_text)) if low_text else EVERYTHING
    high = _bounds(dialect, _Term("<=" if match["close"] == "]" else "<", high_text)) if high_text else EVERYTHING
    return intersection(low, high)
