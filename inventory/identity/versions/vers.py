"""The `vers:` notation, read loosely from people or strictly. Source: package-url/vers-spec."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cmp_to_key
from urllib.parse import unquote_to_bytes

from inventory.identity.versions.errors import RangeError, UnevaluableVersion, shown
from inventory.identity.versions.intervals import (
    EVERYTHING,
    Cut,
    Interval,
    Intervals,
    after,
    before,
    interval,
    single,
    union,
    without,
)
from inventory.identity.versions.ranges import VersionRange, made
from inventory.identity.versions.schemes import compare, scheme_of

MAX_CONSTRAINTS = 20_000

_SCHEME = re.compile(r"[a-z][a-z0-9.-]*")
_CONSTRAINT = re.compile(r"(?P<comparator>>=|<=|!=|>|<|=)?(?P<version>.+)", re.DOTALL)
_BAD_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
_ORDER_AT_ONE_VERSION = {"<": 0, "<=": 1, "=": 2, "!=": 2, ">=": 3, ">": 4}


@dataclass(frozen=True, slots=True)
class Constraint:
    """One comparator and its version, decoded."""

    comparator: str
    version: str


def read_vers(text: str) -> VersionRange:
    """Read a `vers:` text as people write it: blanks, stray pipes, any order, repeated bounds. Raises RangeError."""
    scheme, constraints = _split(re.sub(r"\s+", "", text))
    if [one.version for one in constraints] == ["*"]:
        return VersionRange(scheme, EVERYTHING)
    if any(one.version == "*" for one in constraints):
        raise RangeError("'*' stands for all versions and must stand alone.")
    return _range(scheme, constraints)


def parse_canonical_vers(text: str) -> VersionRange:
    """Parse a `vers:` text that must be canonical, as the specification demands; else RangeError (bad_vers)."""
    parsed = read_vers(text)
    if parsed.type == "datetime" and parsed.exact:
        raise RangeError(f"'{shown(text)}' holds a time that is not RFC 3339 with capital T and Z.", code="bad_vers")
    if parsed.canonical != text:
        raise RangeError(f"'{shown(text)}' is not canonical; write {parsed.canonical}", code="bad_vers")
    return parsed


def _split(text: str) -> tuple[str, list[Constraint]]:
    head, slash, rest = text.partition("/")
    prefix, colon, scheme = head.partition(":")
    if not slash or not colon or prefix.lower() != "vers" or not _SCHEME.fullmatch(scheme.lower()):
        raise RangeError(
            f"'{shown(text)}' is not a vers range: write vers:<type>/<constraints>, as in vers:npm/>=1.0.0|<2.0.0"
        )
    pieces = [piece for piece in rest.split("|") if piece]
    if not pieces:
        raise RangeError(f"'{shown(text)}' names no version.")
    if len(pieces) > MAX_CONSTRAINTS:
        raise RangeError(f"The range has {len(pieces)} constraints; more than {MAX_CONSTRAINTS} are not accepted.")
    return scheme_of(scheme), [_constraint(piece) for piece in pieces]


def _constraint(piece: str) -> Constraint:
    match = _CONSTRAINT.fullmatch(piece)
    if match is None or _BAD_PERCENT.search(piece):
        raise RangeError(f"'{shown(piece)}' is not a constraint: a comparator and a version are expected.")
    try:
        version = unquote_to_bytes(match["version"]).decode()
    except UnicodeDecodeError as error:
        raise RangeError(f"'{shown(piece)}' does not decode to UTF-8 text.") from error
    return Constraint(match["comparator"] or "=", version)


def _range(scheme: str, constraints: list[Constraint]) -> VersionRange:
    placed: list[Constraint] = []
    exact: set[str] = set()
    for one in dict.fromkeys(constraints):
        try:
            before(scheme, one.version)
        except UnevaluableVersion as error:
            if one.comparator != "=":
                raise RangeError(f"'{shown(one.version)}' cannot bound a range: {error.message}") from error
            exact.add(one.version)
        else:
            placed.append(one)
    placed.sort(key=cmp_to_key(lambda one, other: _order(scheme, one, other)))
    excluded = [single(scheme, one.version) for one in placed if one.comparator == "!="]
    rest = [one for one in placed if one.comparator != "!="]
    intervals = _sweep(scheme, rest) if rest or exact or not excluded else EVERYTHING
    return made(scheme, without(intervals, union(excluded)), frozenset(exact))


def _order(scheme: str, one: Constraint, other: Constraint) -> int:
    ranks = _ORDER_AT_ONE_VERSION
    return compare(scheme, one.version, other.version) or ranks[one.comparator] - ranks[other.comparator]


def _sweep(scheme: str, constraints: list[Constraint]) -> Intervals:
    """Walk the sorted constraints once: a lower bound opens, the last of a row of upper bounds closes."""
    found: list[Intervals] = []
    low: Cut | None = None
    is_open = False
    for position, one in enumerate(constraints):
        if one.comparator == "=":
            found.append(single(scheme, one.version))
        elif one.comparator in (">", ">="):
            if not is_open:
                low = after(scheme, one.version) if one.comparator == ">" else before(scheme, one.version)
            is_open = True
        else:
            high = after(scheme, one.version) if one.comparator == "<=" else before(scheme, one.version)
            if not is_open:
                _refuse_mirrored(scheme, one, constraints[position + 1 : position + 4])
            found.append(interval(low, high))
            is_open = False
    if is_open:
        found.append((Interval(low, None),))
    return union(found)


def _refuse_mirrored(scheme: str, upper: Constraint, following: list[Constraint]) -> None:
    """Refuse `>=1|<=1`: by the sweep it would be everything, while its author meant version 1."""
    for other in following:
        if other.comparator in (">", ">=") and compare(scheme, upper.version, other.version) == 0:
            raise RangeError(
                f"'{shown(upper.version)}' is both a lower and an upper bound; write it alone, or write *."
            )
