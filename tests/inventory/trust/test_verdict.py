"""The judgement over what the cryptography proved: what nobody trusts is not expected, each difference is told."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from inventory.formats.attestations.records import Predicate
from inventory.trust.compromise import CompromiseKind, CompromiseWindow
from inventory.trust.evaluation import Step
from inventory.trust.expectations import EXPECTATIONS, SignerRule, SignerState
from inventory.trust.facts import Proven, Stated
from inventory.trust.level import level_of
from inventory.trust.outcomes import Outcome, Verdict, best
from inventory.trust.verdict import Judgement, Trust, judge

AT = datetime(2026, 11, 1, 12, tzinfo=UTC)
ISSUER = "https://token.actions.githubusercontent.com"
IDENTITY = "https://github.com/acme/shop/.github/workflows/release.yml@refs/heads/main"
PROVEN = Proven(
    Outcome.VALID,
    signed_at=AT,
    issuer=ISSUER,
    identity=IDENTITY,
    repository="github.com/acme/shop",
    repository_id="4711",
    owner_id="12",
    commit="a" * 40,
    ref="refs/heads/main",
    workflow=".github/workflows/release.yml",
    builder_id=IDENTITY,
    runner="github-hosted",
    event="push",
    key_fingerprint="sha256:" + "1" * 64,
)
STATED = Stated(
    Predicate.PROVENANCE,
    builder_id=IDENTITY,
    build_type="https://actions.github.io/buildtypes/workflow/v1",
    repository="github.com/acme/shop",
    ref="refs/heads/main",
    has_parameters=True,
    parameters=frozenset({"workflow"}),
)
EXPECTED: dict[str, Any] = {
    "issuer": ISSUER,
    "identity": IDENTITY,
    "builder_id": IDENTITY,
    "repository": "github.com/acme/shop",
    "repository_id": "4711",
    "owner_id": "12",
    "ref_pattern": "refs/heads/main|refs/tags/v[0-9.]+",
    "workflow_path": ".github/workflows/release.yml",
    "build_type": STATED.build_type,
    "runner": "github-hosted",
    "events": frozenset({"push", "release"}),
    "parameters": frozenset({"workflow", "inputs"}),
}
RULE = SignerRule(7, SignerState.ACCEPTED, EXPECTED, maximum_level=3)
KEYED = Proven(Outcome.VALID, key_fingerprint="sha256:" + "2" * 64)
KEY_RULE = SignerRule(8, SignerState.ACCEPTED, {"key_fingerprint": KEYED.key_fingerprint}, maximum_level=2)


def judged(
    proven: Proven = PROVEN,
    stated: Stated = STATED,
    *rules: SignerRule,
    compromises: list[CompromiseWindow] | None = None,
    team_id: int = 1,
) -> Judgement:
    trust = Trust(rules or (RULE,), compromises or [])
    return judge(proven, stated, trust=trust, team_id=team_id, now=AT)


def codes(found: Judgement) -> list[str]:
    return [reason.code for reason in found.reasons]


def test_a_signature_that_meets_every_expectation_is_expected() -> None:
    found = judged()

    assert (found.verdict, found.signer_id, found.reasons) == (Verdict.VERIFIED_EXPECTED, 7, ())
    assert found.steps == (Step.PREDICATE, Step.IDENTITY, Step.EXPECTATIONS, Step.COMPROMISE)
    assert (found.level.level, found.level.reasons) == (3, ("trusted_builder",))


def test_nobody_trusted_is_nothing_expected() -> None:
    found = judge(PROVEN, STATED, trust=Trust((), ()), team_id=1, now=AT)

    assert (found.verdict, found.code, found.stopped_at) == (
        Verdict.VERIFIED_UNEXPECTED, "signer_unknown", Step.IDENTITY
    )  # fmt: skip
    assert found.level.level == 1


@pytest.mark.parametrize(
    ("outcome", "verdict"),
    [
        (Outcome.UNSIGNED, Verdict.UNSIGNED_CLAIM),
        (Outcome.FAILED, Verdict.FAILED),
        (Outcome.UNSUPPORTED, Verdict.UNSUPPORTED),
    ],
)
def test_what_was_not_proven_is_never_a_pass_whoever_is_trusted(outcome: Outcome, verdict: Verdict) -> None:
    found = judged(replace(PROVEN, outcome=outcome, code="x"))

    assert (found.verdict, found.code, found.steps) == (verdict, "x", ())
    assert found.level.level < 2


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"issuer": "https://accounts.example"}, "identity_mismatch"),
        ({"identity": IDENTITY + "x"}, "identity_mismatch"),
        ({"identity": "x" + IDENTITY}, "identity_mismatch"),
        ({"repository": "github.com/fork/shop", "repository_id": "1"}, "unexpected_repository"),
        ({"repository_id": "4712"}, "unexpected_repository_id"),
        ({"repository_id": ""}, "unexpected_repository_id"),
        ({"owner_id": "13"}, "unexpected_owner"),
        ({"ref": "refs/heads/feature"}, "unexpected_ref"),
        ({"ref": "refs/heads/main-but-not"}, "unexpected_ref"),
        ({"workflow": ".github/workflows/test.yml"}, "unexpected_workflow"),
        ({"runner": "self-hosted"}, "unexpected_runner"),
        ({"runner": "ssh-rerun:true"}, "unexpected_runner"),
        ({"event": "pull_request"}, "unexpected_event"),
    ],
)
def test_a_certificate_that_differs_in_one_fact_is_unexpected(changes: dict[str, Any], code: str) -> None:
    """Item 90: another repository, ref, workflow, a fork, a pull request, a self-hosted runner, a rerun by ssh."""
    found = judged(replace(PROVEN, **changes))

    assert found.verdict is Verdict.VERIFIED_UNEXPECTED
    assert code in codes(found)
    assert found.signer_id == 7


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"builder_id": "https://builder.example"}, "unexpected_builder"),
        ({"build_type": "https://other.example"}, "unexpected_build_type"),
        ({"build_type": ""}, "unexpected_build_type"),
        ({"parameters": frozenset({"workflow", "inputs", "debug"})}, "unexpected_parameter"),
        ({"parameters": None}, "unexpected_parameter"),
        ({"predicate": Predicate.SPDX}, "predicate_mismatch"),
    ],
)
def test_a_payload_that_differs_in_one_fact_is_unexpected(changes: dict[str, Any], code: str) -> None:
    """Item 92 among them: a parameter that nobody listed."""
    found = judged(PROVEN, replace(STATED, **changes))

    assert found.verdict is Verdict.VERIFIED_UNEXPECTED
    assert code in codes(found)


def test_a_certificate_outranks_the_payload() -> None:
    stated = replace(STATED, repository="github.com/acme/shop", ref="refs/heads/main")

    found = judged(replace(PROVEN, repository="github.com/fork/shop", repository_id="9", ref="refs/pull/1"), stated)

    assert {"unexpected_repository", "unexpected_ref"} <= set(codes(found))
    assert next(reason for reason in found.reasons if reason.code == "unexpected_ref").found == "refs/pull/1"


def test_what_no_certificate_says_is_taken_from_the_signed_payload() -> None:
    rule = replace(KEY_RULE, expected={**KEY_RULE.expected, "repository": "github.com/acme/shop"})

    assert judged(KEYED, STATED, rule).verdict is Verdict.VERIFIED_EXPECTED
    assert codes(judged(KEYED, replace(STATED, repository="github.com/fork/shop"), rule)) == ["unexpected_repository"]
    assert codes(judged(KEYED, replace(STATED, repository=""), rule)) == ["unexpected_repository"]


def test_a_repository_that_was_renamed_keeps_its_number() -> None:
    found = judged(replace(PROVEN, repository="github.com/acme/store"))

    assert "unexpected_repository" not in codes(found)


def test_cve_2025_29778_an_expectation_that_nobody_looks_at_is_not_met() -> None:
    """Also CVE-2022-36056: identity flags were ignored. What is configured must be consumed."""
    rule = replace(RULE, expected={**EXPECTED, "subject_pattern": ".*"})

    found = judged(PROVEN, STATED, rule)

    assert (found.verdict, codes(found)) == (Verdict.VERIFIED_UNEXPECTED, ["unknown_expectation"])


def test_every_expectation_of_the_registry_is_looked_at() -> None:
    assert set(EXPECTED) | {"identity_pattern", "key_fingerprint"} == EXPECTATIONS


def test_a_rule_without_identity_or_key_is_met_by_nobody() -> None:
    for expected in ({}, {"issuer": ISSUER}, {"repository": "github.com/acme/shop"}, {"identity": IDENTITY}):
        found = judged(PROVEN, STATED, SignerRule(1, SignerState.ACCEPTED, expected))
        assert found.verdict is Verdict.VERIFIED_UNEXPECTED


@pytest.mark.parametrize(
    ("pattern", "is_met"),
    [
        (r"https://github\.com/acme/[^/]+/\.github/workflows/release\.yml@refs/heads/main", True),
        (r"https://github\.com/acme/shop", False),
        (r".*main", True),
        (r"main", False),
        (r"(a+)+b", False),
        (r"(.+)+", False),
        (r"[", False),
        ("", False),
    ],
)
def test_a_pattern_is_all_of_the_identity_or_nothing(pattern: str, is_met: bool) -> None:
    rule = SignerRule(1, SignerState.ACCEPTED, {"issuer": ISSUER, "identity_pattern": pattern})

    assert (judged(PROVEN, STATED, rule).verdict is Verdict.VERIFIED_EXPECTED) is is_met


def test_a_key_signs_for_whom_it_is_registered_and_its_time_is_not_known() -> None:
    found = judged(KEYED, STATED, KEY_RULE)

    assert (found.verdict, found.code, found.level.level) == (Verdict.VERIFIED_EXPECTED, "time_unknown", 2)
    assert judged(replace(KEYED, key_fingerprint="sha256:" + "3" * 64), STATED, KEY_RULE).code == "signer_unknown"


def test_a_certificate_is_no_registered_key_even_with_its_key() -> None:
    found = judged(replace(PROVEN, key_fingerprint=KEYED.key_fingerprint), STATED, KEY_RULE)

    assert found.verdict is Verdict.VERIFIED_UNEXPECTED


@pytest.mark.parametrize("state", [SignerState.PROPOSED, SignerState.REJECTED, SignerState.REVOKED])
def test_a_signer_that_is_not_accepted_is_not_expected(state: SignerState) -> None:
    found = judged(PROVEN, STATED, replace(RULE, state=state))

    assert (found.verdict, codes(found)) == (Verdict.VERIFIED_UNEXPECTED, [f"signer_{state.value}"])
    assert found.level.level == 1


@pytest.mark.parametrize(
    ("valid_from", "valid_to", "is_met"),
    [
        (AT, None, True),
        (AT + timedelta(seconds=1), None, False),
        (None, AT, False),
        (None, AT + timedelta(seconds=1), True),
    ],
)
def test_a_signer_is_believed_in_its_time(valid_from: Any, valid_to: Any, is_met: bool) -> None:
    """sigstore-go CVE-2026-54787: a signature outside of the key's validity was accepted."""
    found = judged(PROVEN, STATED, replace(RULE, valid_from=valid_from, valid_to=valid_to))

    assert (found.verdict is Verdict.VERIFIED_EXPECTED) is is_met
    assert is_met or codes(found) == ["signer_not_in_force"]


def test_a_signer_of_another_team_is_nobodys_here() -> None:
    rule = replace(RULE, team_id=2)

    assert judged(PROVEN, STATED, rule, team_id=2).verdict is Verdict.VERIFIED_EXPECTED
    assert judged(PROVEN, STATED, rule, team_id=1).code == "signer_unknown"


def test_the_closest_signer_is_compared() -> None:
    far = replace(RULE, id=1, expected={**EXPECTED, "identity": "other", "events": frozenset({"release"})})
    near = replace(RULE, id=2, expected={**EXPECTED, "events": frozenset({"release"})})

    found = judged(PROVEN, STATED, far, near)

    assert (found.signer_id, codes(found)) == (2, ["unexpected_event"])


def test_one_accepted_signer_is_enough_beside_others_that_differ() -> None:
    other = replace(RULE, id=1, expected={**EXPECTED, "events": frozenset({"release"})})

    assert judged(PROVEN, STATED, other, RULE).verdict is Verdict.VERIFIED_EXPECTED


def window(kind: CompromiseKind, name: str, **changes: Any) -> CompromiseWindow:
    return replace(CompromiseWindow(1, kind, name, AT - timedelta(hours=1)), **changes)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (CompromiseKind.IDENTITY, IDENTITY),
        (CompromiseKind.IDENTITY, IDENTITY.rpartition("@")[0]),
        (CompromiseKind.KEY, PROVEN.key_fingerprint),
        (CompromiseKind.BUILDER, IDENTITY.upper()),
        (CompromiseKind.BUILDER, IDENTITY.rpartition("@")[0]),
        (CompromiseKind.REPOSITORY, "https://github.com/Acme/Shop.git"),
        (CompromiseKind.REPOSITORY, "github.com/acme/shop"),
        (CompromiseKind.WORKFLOW, "github.com/acme/shop/.github/workflows/release.yml"),
        (CompromiseKind.WORKFLOW, IDENTITY),
    ],
)
def test_whatever_was_compromised_then_is_a_failure(kind: CompromiseKind, value: str) -> None:
    found = judged(compromises=[window(kind, value)])

    assert (found.verdict, found.code, found.stopped_at) == (
        Verdict.FAILED, "identity_compromised", Step.COMPROMISE
    )  # fmt: skip
    assert found.level.level == 0


@pytest.mark.parametrize(
    ("changes", "is_hit"),
    [
        ({"since": AT}, True),
        ({"since": AT + timedelta(seconds=1)}, False),
        ({"until": AT + timedelta(seconds=1)}, True),
        ({"until": AT}, False),
        ({"issuer": ISSUER}, True),
        ({"issuer": "https://accounts.example"}, False),
        ({"value": IDENTITY.replace("shop", "other")}, False),
        ({"value": IDENTITY.replace("main", "other")}, False),
    ],
)
def test_a_compromise_has_its_time_and_its_name(changes: dict[str, Any], is_hit: bool) -> None:
    found = judged(compromises=[window(CompromiseKind.IDENTITY, IDENTITY, **changes)])

    assert (found.verdict is Verdict.FAILED) is is_hit
    assert is_hit or found.verdict is Verdict.VERIFIED_EXPECTED


def test_a_compromised_key_is_believed_at_no_time_that_nobody_proved() -> None:
    later = window(CompromiseKind.KEY, KEYED.key_fingerprint, since=AT + timedelta(days=1))

    assert judged(KEYED, STATED, KEY_RULE, compromises=[later]).verdict is Verdict.FAILED


def summary(**changes: str) -> Stated:
    found = {
        "verifier": "https://verifier.example/v1",
        "result": "PASSED",
        "levels": "SLSA_BUILD_LEVEL_3",
        "resource": "git+https://github.com/acme/shop",
    }
    return Stated(Predicate.VERIFICATION_SUMMARY, summary={**found, **changes})


VERIFIER = SignerRule(
    9,
    SignerState.ACCEPTED,
    {
        "key_fingerprint": KEYED.key_fingerprint,
        "builder_id": "https://verifier.example/v1",
        "repository": "git+https://github.com/acme/shop",
    },
    maximum_level=3,
)


def test_a_verification_summary_of_a_trusted_verifier_gives_its_level() -> None:
    found = judged(KEYED, summary(), VERIFIER)

    assert (found.verdict, found.level.level, found.level.reasons) == (Verdict.VERIFIED_EXPECTED, 3, ("vsa",))


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"result": "FAILED"}, "vsa_not_passed"),
        ({"result": ""}, "vsa_not_passed"),
        ({"verifier": "https://other.example"}, "vsa_verifier"),
        ({"resource": "git+https://github.com/acme/shop2"}, "vsa_resource"),
        ({"resource": "git+https://github.com/other/shop"}, "vsa_resource"),
        ({"resource": ""}, "vsa_resource"),
        ({"levels": "SLSA_BUILD_LEVEL_2 SLSA_BUILD_LEVEL_3"}, "vsa_levels"),
        ({"levels": ""}, "vsa_levels"),
        ({"levels": "FAILED"}, "vsa_levels"),
    ],
)
def test_a_verification_summary_that_does_not_fit_is_not_accepted(changes: dict[str, str], code: str) -> None:
    """Item 93."""
    found = judged(KEYED, summary(**changes), VERIFIER)

    assert (found.verdict, found.level.level) == (Verdict.VERIFIED_UNEXPECTED, 0)
    assert code in codes(found)


def test_a_verification_summary_of_nobody_trusted_gives_no_level() -> None:
    found = judged(KEYED, summary(), RULE)

    assert (found.verdict, found.level.level) == (Verdict.VERIFIED_UNEXPECTED, 0)


@pytest.mark.parametrize(("outcome", "is_compromised"), [(Outcome.FAILED, False), (Outcome.VALID, True)])
def test_a_verification_summary_that_is_not_believed_gives_no_level(outcome: Outcome, is_compromised: bool) -> None:
    found = level_of(replace(KEYED, outcome=outcome), summary(), rule=VERIFIER, is_compromised=is_compromised)

    assert (found.level, found.reasons[0]) == (0, "vsa_not_verified")


def test_a_verification_summary_gives_no_more_than_its_verifier_may() -> None:
    assert judged(KEYED, summary(), replace(VERIFIER, maximum_level=2)).level.level == 2


@pytest.mark.parametrize(
    ("proven", "stated", "level", "reason"),
    [
        (PROVEN, replace(STATED, predicate=Predicate.SPDX), 0, "needs_provenance"),
        (replace(PROVEN, outcome=Outcome.UNSIGNED), STATED, 1, "needs_signature"),
        (replace(PROVEN, outcome=Outcome.UNSUPPORTED), STATED, 1, "needs_verifiable_signature"),
        (replace(PROVEN, outcome=Outcome.FAILED), STATED, 0, "needs_valid_signature"),
        (replace(PROVEN, identity="other"), STATED, 1, "needs_trusted_signer"),
        (PROVEN, replace(STATED, builder_id="https://builder.example"), 1, "needs_trusted_signer"),
        (PROVEN, replace(STATED, build_type=""), 0, "needs_build_type"),
        (PROVEN, replace(STATED, has_parameters=False), 0, "needs_parameters"),
        (PROVEN, replace(STATED, builder_id=""), 0, "needs_builder_id"),
        (replace(PROVEN, event="pull_request"), STATED, 3, "trusted_builder"),
    ],
)
def test_the_level_says_what_the_next_one_needs(proven: Proven, stated: Stated, level: int, reason: str) -> None:
    """Item 88: unsigned provenance that names a trusted builder is level 1 at most."""
    found = judged(proven, stated)

    assert (found.level.level, reason in found.level.reasons) == (level, True)


@pytest.mark.parametrize(
    ("outcome", "level"), [(Outcome.UNSIGNED, 1), (Outcome.UNSUPPORTED, 1), (Outcome.FAILED, 0), (Outcome.VALID, 3)]
)
def test_a_trusted_signer_gives_no_level_to_what_is_not_valid(outcome: Outcome, level: int) -> None:
    found = level_of(replace(PROVEN, outcome=outcome), STATED, rule=RULE, is_compromised=False)

    assert found.level == level


def test_a_builder_of_level_two_needs_a_stronger_one_for_three() -> None:
    found = judged(PROVEN, STATED, replace(RULE, maximum_level=2))

    assert (found.level.level, found.level.reasons) == (2, ("trusted_builder", "needs_stronger_builder"))


def test_the_best_of_several_counts_and_nothing_is_none() -> None:
    """cosign CVE-2022-35929: nothing to look at was taken for success."""
    assert best([]) is Verdict.NONE
    assert best([Verdict.FAILED, Verdict.VERIFIED_EXPECTED]) is Verdict.VERIFIED_EXPECTED
    assert best([Verdict.UNSIGNED_CLAIM, Verdict.UNSUPPORTED, Verdict.REPORTED]) is Verdict.UNSUPPORTED
