"""The vers specification's own cases: comparison, containment, native ranges, canonical form."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

from inventory.identity.versions import (
    RangeError,
    UnevaluableVersion,
    compare,
    parse_canonical_vers,
    parse_range,
    sort_key,
)
from tests.conformance.corpus import cases
from tests.conformance.frame import Case, Suite

_FOLDER: Final = "vers/vers-spec/tests"
_NATIVE: Final = {
    "npm": "The text repeats bounds (`<=6.0.0|>=6.0.0`) or reads `>=2.2.x` as `2.2.x` alone; ours is equivalent.",
    "nginx": "nginx's `1.5.0+` is a notation of one web page, which we do not read.",
}


def _cases(corpus: Path) -> Iterator[Case]:
    for case in cases(corpus / _FOLDER):
        kind = case["test_type"]
        expected, got = _ASKED[kind](case)
        reason = _NATIVE.get(case["input"]["scheme"], "") if kind == "from_native" and expected != got else ""
        yield Case(f"{case['file']} {case['place']}", expected, got, reason)


def _equality(case: dict[str, Any]) -> tuple[str, str]:
    scheme, (left, right) = case["input"]["input_scheme"], case["input"]["versions"]
    try:
        return str(case["expected_output"]), str(compare(scheme, left, right) == 0)
    except UnevaluableVersion:
        return str(case["expected_output"]), "unevaluable"


def _comparison(case: dict[str, Any]) -> tuple[str, str]:
    """Versions that compare as equal may come in either order."""
    scheme, expected = case["input"]["input_scheme"], case["expected_output"]
    try:
        ordered = sorted(case["input"]["versions"], key=lambda version: sort_key(scheme, version))
        same = all(compare(scheme, one, other) == 0 for one, other in zip(ordered, expected, strict=True))
    except UnevaluableVersion:
        return str(expected), "unevaluable"
    lowered = [version.lower() for version in ordered]
    return str(expected), str(expected if same or lowered == [version.lower() for version in expected] else ordered)


def _containment(case: dict[str, Any]) -> tuple[str, str]:
    text = case["input"]["vers"]
    found = parse_range(text.removeprefix("vers:").partition("/")[0], text).contains(case["input"]["version"])
    return str(case["expected_output"]), str(found)


def _parse(case: dict[str, Any]) -> tuple[str, str]:
    expected = "refused" if case.get("expected_failure") else "canonical"
    try:
        parse_canonical_vers(case["input"])
    except RangeError:
        return expected, "refused"
    return expected, "canonical"


def _native(case: dict[str, Any]) -> tuple[str, str]:
    try:
        return case["expected_output"], parse_range(case["input"]["scheme"], case["input"]["native_range"]).canonical
    except RangeError:
        return case["expected_output"], "refused"


_ASKED: Final[dict[str, Callable[[dict[str, Any]], tuple[str, str]]]] = {
    "comparison": _comparison,
    "equality": _equality,
    "containment": _containment,
    "parse": _parse,
    "from_native": _native,
}

SUITE = Suite(
    "vers", "The vers specification's order, containment, native ranges and canonical form.", (_FOLDER,), _cases
)
