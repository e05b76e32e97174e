"""A verification summary of a source revision: judged on its own terms, and never the word of a build."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from inventory.formats.attestations.records import Predicate
from inventory.formats.attestations.summaries import is_reviewed, source_level, summary_of
from inventory.trust.expectations import SignerRule, SignerState
from inventory.trust.facts import Stated
from inventory.trust.outcomes import Outcome, Verdict
from tests.inventory.trust.test_verdict import KEYED, codes, judged

HOST = "https://source.example/v1"
SUMMARY = {
    "verifier": HOST,
    "result": "PASSED",
    "levels": "SLSA_SOURCE_LEVEL_3",
    "resource": "git+https://github.com/acme/shop",
    "commit": "c" * 40,
    "refs": "refs/heads/old refs/heads/main",
}
RULE = SignerRule(
    9,
    SignerState.ACCEPTED,
    {
        "key_fingerprint": KEYED.key_fingerprint,
        "builder_id": HOST,
        "repository": "github.com/acme/shop",
        "ref_pattern": "refs/heads/(main|release)",
    },
    maximum_level=3,
)


def revision(**changes: str) -> Stated:
    return Stated(Predicate.VERIFICATION_SUMMARY, summary={**SUMMARY, **changes})


def test_it_is_accepted_without_a_build_level_and_gives_none() -> None:
    found = judged(KEYED, revision(), RULE)

    assert (found.verdict, found.reasons) == (Verdict.VERIFIED_EXPECTED, ())
    assert (found.level.level, found.level.reasons) == (0, ("vsa_source",))


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"result": "FAILED"}, "vsa_not_passed"),
        ({"verifier": "https://other.example"}, "vsa_verifier"),
        ({"resource": "git+https://github.com/acme/other"}, "vsa_resource"),
        ({"resource": "git+https://github.com/acme/shop/below"}, "vsa_resource"),
        ({"resource": ""}, "vsa_resource"),
        ({"refs": "refs/heads/old"}, "vsa_refs"),
        ({"refs": "refs/heads/mainline"}, "vsa_refs"),
        ({"refs": ""}, "vsa_refs"),
        ({"commit": ""}, "vsa_levels"),
        ({"levels": "SLSA_SOURCE_LEVEL_2 SLSA_SOURCE_LEVEL_3"}, "vsa_levels"),
        ({"levels": "SLSA_SOURCE_LEVEL_0"}, "vsa_levels"),
        ({"levels": "SLSA_SOURCE_LEVEL_33"}, "vsa_levels"),
    ],
)
def test_what_does_not_fit_is_not_accepted(changes: dict[str, str], code: str) -> None:
    found = judged(KEYED, revision(**changes), RULE)

    assert (found.verdict, found.level.level) == (Verdict.VERIFIED_UNEXPECTED, 0)
    assert code in codes(found)


def test_a_signer_of_whom_no_branch_is_expected_vouches_for_none() -> None:
    expected = {name: value for name, value in RULE.expected.items() if name != "ref_pattern"}

    assert codes(judged(KEYED, revision(), replace(RULE, expected=expected))) == ["vsa_refs"]


def test_a_verifier_whom_nobody_trusts_is_not_expected() -> None:
    stranger = replace(KEYED, key_fingerprint="sha256:" + "3" * 64)

    assert judged(stranger, revision(), RULE).verdict is Verdict.VERIFIED_UNEXPECTED
    assert judged(replace(KEYED, outcome=Outcome.UNSIGNED), revision(), RULE).verdict is Verdict.UNSIGNED_CLAIM


@pytest.mark.parametrize(
    ("levels", "level", "reviewed"),
    [
        ("SLSA_SOURCE_LEVEL_4", 4, True),
        ("SLSA_SOURCE_LEVEL_3", 3, False),
        ("SLSA_SOURCE_LEVEL_2 SLSA_SOURCE_TWO_PARTY_REVIEWED", 2, True),
        ("SLSA_SOURCE_LEVEL_4 SLSA_BUILD_LEVEL_3", None, False),
        ("ORG_SOURCE_LEVEL_4", None, False),
    ],
)
def test_its_level_says_whether_two_people_agreed(levels: str, level: int | None, reviewed: bool) -> None:
    found = {**SUMMARY, "levels": levels}

    assert (source_level(found), is_reviewed(found)) == (level, reviewed)


def test_the_first_of_each_fact_counts_and_all_refs() -> None:
    facts: list[Any] = [["result", "FAILED"], ["result", "PASSED"], ["refs", "refs/heads/a"], ["refs", "refs/heads/b"]]

    assert summary_of(facts) == {"result": "FAILED", "refs": "refs/heads/a refs/heads/b"}
