"""The purl specification's own cases, against the spec-faithful reader and builder (identity has its own tests)."""

from typing import Any

import pytest

from inventory.identity import purl_spec
from inventory.identity.purl_spec import PurlError, PurlParts
from inventory.identity.purls import parse_purl
from tests.conformance.corpus import cases, suite

CASES = list(cases(suite("purl/purl-spec/tests"), "*-test.json"))
STRICT_TYPES = {"pypi", "npm", "maven", "deb", "golang", "oci"}
FLOOR = 503 / 586


def test_enough_cases_of_the_purl_specification_pass() -> None:
    verdicts = [_passes(case) for case in CASES]

    assert sum(verdicts) / len(verdicts) >= FLOOR
    assert (
        verdicts.count(False) <= 3
    )  # two upper-case qualifier keys that we accept; one case rule only GitHub's hosts have


@pytest.mark.parametrize("purl_type", sorted(STRICT_TYPES))
def test_every_required_case_of_the_common_types_passes(purl_type: str) -> None:
    required = [case for case in CASES if case["file"] == f"{purl_type}-test" and case["test_group"] == "required"]

    failed = [case for case in required if not _passes(case)]

    assert failed == []


def test_every_purl_the_specification_accepts_is_an_identity() -> None:
    accepted = [case["input"] for case in CASES if case["test_type"] == "parse" and not case["expected_failure"]]

    unsettled = [text for text in accepted if parse_purl(parse_purl(text).text).text != parse_purl(text).text]

    assert accepted
    assert unsettled == []


def _passes(case: dict[str, Any]) -> bool:
    try:
        outcome = _outcome(case)
    except PurlError:
        outcome = None
    return outcome == _expected(case)


def _outcome(case: dict[str, Any]) -> PurlParts | str:
    if case["test_type"] == "build":
        parts = purl_spec.canonical(_parts(case["input"]))
    else:
        parts = purl_spec.parse(case["input"])
    purl_spec.check(parts)
    return parts if case["test_type"] == "parse" else purl_spec.build(parts)


def _expected(case: dict[str, Any]) -> PurlParts | str | None:
    if case["expected_failure"]:
        return None
    expected = case["expected_output"]
    return _parts(expected) if case["test_type"] == "parse" else expected


def _parts(fields: dict[str, Any]) -> PurlParts:
    return PurlParts(
        type=fields["type"],
        namespace=fields["namespace"] or "",
        name=fields["name"] or "",
        version=fields["version"] or "",
        qualifiers=tuple(sorted((fields["qualifiers"] or {}).items())),
        subpath=fields["subpath"] or "",
    )
