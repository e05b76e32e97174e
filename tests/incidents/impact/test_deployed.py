"""A stolen credential of a cluster or namespace: what began to run there in its window, and where that comes from."""

from __future__ import annotations

from typing import Any

import pytest

from incidents.asking import read_body
from incidents.impact.answer import Impact
from incidents.impact.assess import assess
from inventory.models import Attestation
from inventory.models.verification import Verdict
from supplychain.access.actors import Actor
from tests.attested import encode, statement
from tests.factories import SEES_ALL, deployment, digest, later, member_of, report, submit
from tests.judgements import judge

pytestmark = pytest.mark.django_db(transaction=True)

OLD, GOOD, BAD, LATE, AFTER = (digest(name) for name in ("old", "good", "bad", "late", "after"))
WINDOW: dict[str, Any] = {"from": later(0).isoformat(), "to": later(60).isoformat()}


def ask(*, actor: Actor = SEES_ALL, **members: Any) -> Impact:
    asked = {"kind": "cluster", "cluster": "prod-eu", **members}
    statuses = ["affected", "possible", "unknown", "cleared"]
    question = read_body({"indicators": [asked], "statuses": statuses})
    return assess(question, actor=actor, at=later(300))


def told(impact: Impact) -> dict[str, tuple[str, str]]:
    return {row.artifact.digest or "": (row.status.value, row.matches[0].reason) for row in impact.rows}


def deploy(image: str, *, minute: int, received: int | None = None, team: str = "shop", **place: Any) -> None:
    record = deployment(
        digest=image, workload=f"Deployment/{image[7:15]}", observed_at=later(minute).isoformat(), **place
    )
    report(team, record, at=later(minute if received is None else received))


def test_everything_that_began_in_the_window_is_affected_and_what_nobody_built_is_marked():
    deploy(GOOD, minute=0)
    deploy(BAD, minute=59)
    submit("shop", encode(statement(GOOD)))
    judge(Attestation.objects.get(), Verdict.VERIFIED_EXPECTED)
    impact = ask(**WINDOW)
    coverage = impact.header.coverage.provenance

    assert told(impact) == {
        GOOD: ("affected", "began to run in prod-eu; from the expected pipeline"),
        BAD: ("affected", "began to run in prod-eu; outside the expected pipeline: nothing tells where it comes from"),
    }
    assert {row.confidence for row in impact.rows} == {"high"}
    assert coverage is not None
    assert (coverage.verified_count, coverage.without_count) == (1, 1)


def test_the_edges_of_the_window_and_what_only_a_late_report_says():
    deploy(OLD, minute=-1)
    deploy(LATE, minute=60)
    deploy(AFTER, minute=75)
    deploy(BAD, minute=-30, received=30)

    assert {image: status for image, (status, _) in told(ask(**WINDOW)).items()} == {
        OLD: "cleared",
        LATE: "possible",
        AFTER: "cleared",
        BAD: "possible",
    }
    assert {status for status, _ in told(ask()).values()} == {"affected"}


def test_a_namespace_narrows_and_another_cluster_is_another():
    deploy(GOOD, minute=0)
    deploy(BAD, minute=0, namespace="bank")
    deploy(OLD, minute=0, cluster="prod-us")

    assert set(told(ask(**WINDOW))) == {GOOD, BAD}
    assert set(told(ask(namespace="bank", **WINDOW))) == {BAD}
    assert told(ask(namespace="bank", **WINDOW))[BAD][1].startswith("began to run in prod-eu/bank")


def test_a_stranger_sees_only_what_their_team_runs_there_and_a_cluster_nobody_knows_is_a_problem():
    deploy(GOOD, minute=0)
    mine, unheard = ask(actor=member_of("other"), **WINDOW), ask(cluster="prod-ue", **WINDOW)

    assert told(mine) == {}
    for answer in (mine, unheard):
        assert "no report of a cluster of this name" in str(answer.header.asked.indicators[0].asked["problem"])
    assert ask(**WINDOW).header.asked.indicators[0].asked["problem"] is None
