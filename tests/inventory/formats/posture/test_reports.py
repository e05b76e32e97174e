"""Scorecards, SARIF logs, branch protection and rulesets: what is said, what is not said, what is refused."""

from datetime import UTC, datetime

import pytest

from inventory.formats.posture import workflow_records
from inventory.formats.posture.records import Level, RefKind
from inventory.formats.records import FormatError
from tests.inventory.formats.fixtures import raw
from tests.inventory.formats.posture.documents import COMMIT, codes, protection, read, result, ruleset, sarif, scorecard


def test_a_scorecard_says_which_checks_reached_what_of_which_repository() -> None:
    record = read(scorecard())

    assert (record.format, record.repository, record.commit) == ("scorecard", "github.com/acme/shop", COMMIT)
    assert (record.tool, record.tool_version, record.score) == ("scorecard", "v5.0.0", 7.5)
    assert record.observed_at == datetime(2026, 2, 3, 16, 30, 43, tzinfo=UTC)
    assert [(check.name, check.score, check.pointer) for check in record.checks] == [
        ("Branch-Protection", 8, "/checks/0"),
        ("Fuzzing", None, "/checks/1"),
    ]
    assert record.warnings == []


def test_a_day_without_time_is_its_beginning_and_a_short_name_is_of_github() -> None:
    record = read(scorecard(date="2021-08-25", repo={"name": "Org/Name", "commit": "A" * 40}))

    assert record.observed_at == datetime(2021, 8, 25, tzinfo=UTC)
    assert (record.repository, record.commit) == ("github.com/org/name", "a" * 40)


@pytest.mark.parametrize("score", [-1, None])
def test_an_inconclusive_score_is_unknown_and_not_a_bad_one(score) -> None:
    record = read(scorecard(score=score))

    assert record.score is None
    assert record.warnings == []


def test_scores_out_of_range_are_told_and_unknown() -> None:
    record = read(
        scorecard(score=11, checks=[{"name": "A", "score": 99}, {"name": "B", "score": "x"}, {"score": 3}, 7])
    )

    assert record.score is None
    assert [(check.name, check.score) for check in record.checks] == [("A", None), ("B", None)]
    assert record.rejected_count == 1
    assert sorted(codes(record)) == ["bad_score", "bad_score", "missing_field", "wrong_type", "wrong_type"]


def test_the_findings_of_probes_are_kept_with_their_places() -> None:
    finding = {"probe": "pinsDependencies", "message": "found", "outcome": "True"}
    place = {"path": "Dockerfile", "lineStart": 3}
    record = read({**scorecard(), "checks": None, "findings": [{**finding, "location": place}, {"outcome": "False"}]})

    [kept] = record.findings
    assert (kept.rule, kept.message, kept.path, kept.line) == ("pinsDependencies", "True: found", "Dockerfile", 3)
    assert record.rejected_count == 1


def test_sarif_takes_the_level_from_the_result_then_the_rule_then_a_warning() -> None:
    record = read(
        sarif(
            result(ruleId="unpinned-uses"),
            result(ruleId="unpinned-uses", level="note"),
            result(ruleIndex=1),
            result(rule={"id": "other"}, kind="pass"),
        )
    )

    assert [(finding.rule, finding.level) for finding in record.findings] == [
        ("unpinned-uses", Level.ERROR),
        ("unpinned-uses", Level.NOTE),
        ("artipacked", Level.WARNING),
        ("other", Level.NONE),
    ]
    first = record.findings[0]
    assert (first.path, first.line, first.message) == (".github/workflows/ci.yml", 7, "not pinned")
    assert (record.tool, record.tool_version, record.format_version) == ("zizmor", "1.32.0", "2.1.0")


@pytest.mark.parametrize(
    ("suppressions", "expected"),
    [([], False), ([{"kind": "inSource"}], True), ([{"status": "accepted"}], True), ([{"status": "rejected"}], False)],
)
def test_a_suppressed_result_is_marked_and_not_left_out(suppressions, expected) -> None:
    record = read(sarif(result(ruleId="a", suppressions=suppressions)))

    assert [finding.is_suppressed for finding in record.findings] == [expected]


def test_sarif_names_its_repository_where_a_run_says_it() -> None:
    origin = {"repositoryUri": "https://github.com/Acme/Shop.git", "revisionId": COMMIT.upper()}
    record = read(sarif(versionControlProvenance=[origin], invocations=[{"endTimeUtc": "2026-02-03T04:05:06Z"}]))

    assert (record.repository, record.commit) == ("github.com/acme/shop", COMMIT)
    assert record.observed_at == datetime(2026, 2, 3, 4, 5, 6, tzinfo=UTC)


def test_results_without_a_rule_and_runs_of_another_tool_are_told() -> None:
    document = sarif(result())
    document["runs"].append({"tool": {"driver": {"name": "other"}}, "results": [result(ruleId="b")]})

    record = read(document)

    assert [finding.rule for finding in record.findings] == ["b"]
    assert record.rejected_count == 1
    assert sorted(codes(record)) == ["missing_field", "several_tools"]


def test_a_scanners_own_log_agrees_with_the_file_it_looked_at() -> None:
    log, workflow = read(raw("posture/zizmor.sarif.json")), read(raw("posture/release.yml"))

    assert (log.tool, log.tool_version, log.rejected_count, log.warnings) == ("zizmor", "1.32.0", 0, [])
    pinned_by_name = {use.line for use in workflow.uses if use.ref_kind is workflow_records.RefKind.SYMBOLIC}
    assert {finding.line for finding in log.findings if finding.rule == "zizmor/unpinned-uses"} == pinned_by_name
    assert {finding.path for finding in log.findings} == {"release.yml"}


def test_branch_protection_names_repository_and_branch_by_its_address() -> None:
    record = read(protection())

    [rule] = record.rules
    assert record.repository == "github.com/acme/shop"
    assert (rule.kind, rule.patterns, rule.is_enforced) == (RefKind.BRANCH, ("refs/heads/release/1",), True)
    assert (rule.reviews_required, rule.code_owner_review, rule.dismisses_stale_reviews) == (2, True, False)
    assert (rule.blocks_force_push, rule.blocks_deletion, rule.binds_admins) == (True, False, True)
    assert rule.status_check_count == 2
    assert rule.requires_signatures is None


def test_reviews_that_are_switched_off_are_left_out_by_the_service() -> None:
    [rule] = read(protection(required_pull_request_reviews=None, required_status_checks=None)).rules

    assert (rule.reviews_required, rule.status_check_count) == (0, 0)


def test_a_switch_of_the_wrong_type_is_unknown_and_told() -> None:
    record = read(protection(allow_force_pushes={"enabled": "no"}))

    assert record.rules[0].blocks_force_push is None
    assert codes(record) == ["wrong_type"]


def test_a_branch_protection_of_nowhere_is_refused() -> None:
    with pytest.raises(FormatError) as caught:
        read(protection(url="https://example.test/protection"))

    assert (caught.value.code, caught.value.pointer) == ("missing_field", "/url")


def test_a_ruleset_says_what_its_rules_hold_and_who_may_go_round() -> None:
    record = read(ruleset())

    [rule] = record.rules
    assert record.repository == "github.com/acme/shop"
    assert (rule.patterns, rule.excluded) == (("~DEFAULT_BRANCH",), ("refs/heads/dev*",))
    assert (rule.reviews_required, rule.code_owner_review, rule.status_check_count) == (1, None, 1)
    assert (rule.blocks_force_push, rule.blocks_deletion, rule.requires_signatures) == (True, False, False)
    assert rule.binds_admins is True


def test_a_list_of_rulesets_has_no_rules_and_so_says_nothing_of_them() -> None:
    short = {name: value for name, value in ruleset(target="tag").items() if name not in {"rules", "bypass_actors"}}
    record = read([short, ruleset(enforcement="evaluate", bypass_actors=[{"actor_id": 1}])])

    first, second = record.rules
    assert first.kind is RefKind.TAG
    assert (first.reviews_required, first.blocks_force_push, first.code_owner_review, first.binds_admins) == (None,) * 4
    assert (second.is_enforced, second.binds_admins) == (False, False)


def test_rulesets_of_another_repository_or_of_pushes_are_not_mixed_in() -> None:
    record = read([ruleset(), ruleset(source="acme/other"), ruleset(target="push"), 4])

    assert len(record.rules) == 1
    assert record.rejected_count == 3
    assert codes(record) == ["several_repositories", "unknown_target", "wrong_type"]
