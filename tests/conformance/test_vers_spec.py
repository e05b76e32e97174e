"""The vers specification's own cases and osv.dev's: comparison, containment, native ranges, canonical form."""

from typing import Any

import pytest

from inventory.identity.versions import (
    RangeError,
    UnevaluableVersion,
    compare,
    parse_canonical_vers,
    parse_range,
    sort_key,
)
from tests.conformance.corpus import cases, suite

CASES = list(cases(suite("vers/vers-spec/tests")))
COMPARED = [case for case in CASES if case["test_type"] in {"comparison", "equality"}]
SCHEMES = sorted({case["input"]["input_scheme"] for case in COMPARED})

EQUIVALENT_NATIVE = 12
"""npm cases whose expected text repeats bounds (`<=6.0.0|>=6.0.0`) or reads `>=2.2.x` as `2.2.x` alone."""
NGINX_NOTATION = 3
"""nginx's `1.5.0+`: a notation for one web page, which we do not read."""

MOVING_BRANCHES = {"dev-foo"}
"""Composer sorts a branch below every release; a branch moves, so a range cannot judge it."""
NOT_A_VERSION = {"1.2.3.#"}


@pytest.mark.parametrize("scheme", SCHEMES)
def test_every_comparison_of_the_vers_specification_holds(scheme: str) -> None:
    failed = [case for case in COMPARED if case["input"]["input_scheme"] == scheme and not _is_ordered(case)]

    assert failed == []


def test_every_containment_of_the_vers_specification_holds() -> None:
    asked = [case for case in CASES if case["test_type"] == "containment"]

    failed = [case for case in asked if _contains(case) != case["expected_output"]]

    assert failed == []


def test_canonical_vers_texts_are_told_from_others() -> None:
    asked = [case for case in CASES if case["test_type"] == "parse"]

    failed = [case for case in asked if _is_canonical(case["input"]) == bool(case.get("expected_failure"))]

    assert failed == []


def test_native_ranges_give_the_expected_vers_text() -> None:
    asked = [case for case in CASES if case["test_type"] == "from_native"]

    failed = [case["input"] for case in asked if _native(case) != case["expected_output"]]

    assert len([one for one in failed if one["scheme"] == "npm"]) <= EQUIVALENT_NATIVE
    assert len([one for one in failed if one["scheme"] == "nginx"]) <= NGINX_NOTATION
    assert {one["scheme"] for one in failed} <= {"npm", "nginx"}


def test_composer_order_agrees_with_osv() -> None:
    lines = suite("version-order").rglob("packagist_test_cases.txt").__next__().read_text(encoding="utf-8").splitlines()
    asked = [line.split() for line in lines if line.strip() and not line.startswith("//")]

    failed = [
        (left, sign, right)
        for left, sign, right in asked
        if not {left, right} & (MOVING_BRANCHES | NOT_A_VERSION)
        and compare("composer", left, right) != {"<": -1, "=": 0, ">": 1}[sign]
    ]

    assert failed == []


def _is_ordered(case: dict[str, Any]) -> bool:
    scheme, versions = case["input"]["input_scheme"], case["input"]["versions"]
    try:
        if case["test_type"] == "equality":
            return (compare(scheme, versions[0], versions[1]) == 0) is case["expected_output"]
        ordered = sorted(versions, key=lambda version: sort_key(scheme, version))
    except UnevaluableVersion:
        return False
    expected = [version.lower() for version in case["expected_output"]]
    same = all(compare(scheme, one, other) == 0 for one, other in zip(ordered, case["expected_output"], strict=True))
    return same or [version.lower() for version in ordered] == expected


def _contains(case: dict[str, Any]) -> bool:
    text = case["input"]["vers"]
    return parse_range(text.removeprefix("vers:").partition("/")[0], text).contains(case["input"]["version"])


def _is_canonical(text: str) -> bool:
    try:
        parse_canonical_vers(text)
    except RangeError:
        return False
    return True


def _native(case: dict[str, Any]) -> str:
    return parse_range(case["input"]["scheme"], case["input"]["native_range"]).canonical
