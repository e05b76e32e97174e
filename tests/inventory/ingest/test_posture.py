"""Posture reports and workflow files as rows of the team that sent them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from inventory.models import (
    ActionUse,
    Evidence,
    EvidenceState,
    PostureCheck,
    PostureFinding,
    PostureReport,
    SourceControlState,
    WorkflowJob,
    WorkflowVersion,
)
from supplychain.access.models import ApiKey
from tests.factories import START, apply_waiting, member_of, store, submit
from tests.inventory.formats.posture.documents import WORKFLOW, protection, result, sarif, scorecard
from tests.supplychain.actors import new_key

pytestmark = pytest.mark.django_db

PATH = ".github/workflows/release.yml"


def encode(document: Any) -> bytes:
    return json.dumps(document).encode()


def state_of(evidence: Evidence) -> EvidenceState:
    return EvidenceState.objects.get(pk=evidence.pk)


def refused(team: str, data: bytes, **parameters: Any) -> str:
    evidence = store(team, data, **parameters)
    apply_waiting()
    return str((state_of(evidence).error or {}).get("code"))


def test_a_scorecard_becomes_a_report_with_its_checks():
    evidence = submit("shop", encode(scorecard()))

    report = PostureReport.objects.get()
    assert (report.team.slug, report.repository, report.tool, report.score) == (
        "shop", "github.com/acme/shop", "scorecard", 7.5,
    )  # fmt: skip
    assert report.observed_at == datetime(2026, 2, 3, 16, 30, 43, tzinfo=UTC)
    assert list(PostureCheck.objects.order_by("name").values_list("name", "score")) == [
        ("Branch-Protection", 8),
        ("Fuzzing", None),
    ]
    state = state_of(evidence)
    assert (state.kind, state.format, state.counts["checks"]) == ("posture", "scorecard", 2)


def test_findings_and_rules_are_kept_under_the_repository_of_the_request():
    submit("shop", encode(sarif(result(ruleId="a"))), repository="git@github.com:Acme/Shop.git")
    submit("shop", encode(protection()))

    assert set(PostureReport.objects.values_list("repository", flat=True)) == {"github.com/acme/shop"}
    assert PostureFinding.objects.get().line == 7
    rule = SourceControlState.objects.get()
    assert (rule.reviews_required, rule.blocks_force_push, rule.requires_signatures) == (2, True, None)


def test_a_report_of_the_future_counts_from_its_receipt():
    evidence = submit("shop", encode(scorecard(date="2026-12-01T00:00:00Z")), at=START)

    assert PostureReport.objects.get().observed_at == START
    assert [warning["code"] for warning in state_of(evidence).warnings] == ["clock_skew"]


def test_a_document_that_names_no_repository_needs_the_parameter():
    assert refused("shop", encode(sarif())) == "repository_required"
    assert refused("shop", encode(sarif()), repository="not an address") == "bad_repository"
    assert not PostureReport.objects.exists()


def test_the_repository_of_the_document_counts_and_a_difference_is_told():
    evidence = submit("shop", encode(scorecard()), repository="acme/other")

    assert PostureReport.objects.get().repository == "github.com/acme/shop"
    assert "repository_mismatch" in [warning["code"] for warning in state_of(evidence).warnings]


def test_a_key_bound_to_a_repository_speaks_for_no_other():
    new_key("evidence:write", team="shop")
    key = ApiKey.objects.get()
    ApiKey.objects.update(repositories=["acme/payments"])

    assert refused("shop", encode(scorecard()), api_key=key, repository="acme/payments") == "outside_binding"
    ApiKey.objects.update(repositories=["https://github.com/acme/shop"])
    submit("shop", encode(scorecard()), api_key=key, name="again")


def test_a_workflow_becomes_jobs_and_uses():
    evidence = submit("shop", WORKFLOW.encode(), repository="acme/shop", name=PATH, commit="a" * 40)

    workflow = WorkflowVersion.objects.get()
    assert (workflow.repository, workflow.path, workflow.commit) == ("github.com/acme/shop", PATH, "a" * 40)
    assert WorkflowJob.objects.get(name="build").permissions == {"id-token": "write"}
    assert ActionUse.objects.filter(owner_repository="tj-actions/changed-files", ref="v45").count() == 1
    assert (state_of(evidence).kind, state_of(evidence).counts) == ("workflow", {"jobs": 2, "uses": 6, "downloads": 0})
    assert state_of(evidence).warning_count == 0


def test_a_workflow_without_its_path_is_kept_and_told():
    evidence = submit("shop", WORKFLOW.encode(), repository="acme/shop")

    assert [warning["code"] for warning in state_of(evidence).warnings] == ["path_missing"]


def test_another_team_sees_none_of_it():
    submit("shop", encode(scorecard()))
    submit("shop", WORKFLOW.encode(), repository="acme/shop", name=PATH)

    for rows in (PostureReport.objects, WorkflowVersion.objects):
        assert rows.visible_to(member_of("shop")).count() == 1
        assert not rows.visible_to(member_of("other")).exists()


def test_the_database_holds_scores_to_their_range():
    submit("shop", encode(scorecard()))

    with pytest.raises(IntegrityError), transaction.atomic():
        PostureCheck.objects.update(score=11)
    with pytest.raises(IntegrityError), transaction.atomic():
        PostureReport.objects.update(repository="")
