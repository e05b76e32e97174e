"""The gate of a pipeline, asked over HTTP."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from inventory.models import Cluster, Environment
from inventory.policy.blocks import add_block
from inventory.policy.models import BlockKind, Decision
from tests.factories import cyclonedx, deployment, digest, report, submit
from tests.supplychain.actors import AT, client_of, make_user, new_key, signed_in

pytestmark = pytest.mark.django_db

SHOP, BAD = digest("shop"), digest("bad")


@pytest.fixture
def pipeline():
    submit("payments", cyclonedx("pkg:npm/lodash@4.17.20", subject=SHOP))
    return client_of(new_key("policy:read"))


def blocked(actor, kind, **selector):
    return add_block(kind, selector, reason="INC-1", incident=None, actor=actor, at=AT)


def gate(client, name=SHOP, **place):
    answer = client.get(f"/api/v1/artifacts/{name}/decision", place)
    assert answer.status_code == 200, answer.content
    return answer.json()


def results(answer):
    return {rule["rule"]: (rule["result"], [reason["code"] for reason in rule["reasons"]]) for rule in answer["rules"]}


def test_what_is_known_and_not_blocked_passes_and_the_decision_is_kept(pipeline):
    answer = gate(pipeline, environment="production", cluster="eu", namespace="shop", service="api")

    assert (answer["allowed"], answer["result"], answer["mode"]) == (True, "pass", "observe")
    assert results(answer) == {"incident.not_blocked": ("pass", []), "incident.not_frozen": ("pass", [])}
    assert (answer["waivers"], answer["blocks"], answer["policy"], answer["warnings"]) == ([], [], None, [])
    decision = Decision.objects.get()
    assert (str(decision.public_id), decision.digest, decision.outcome) == (answer["decision"], SHOP, "pass")
    assert (decision.team and decision.team.slug, decision.gate, decision.namespace) == ("payments", "pipeline", "shop")
    shown = pipeline.get(f"/api/v1/decisions/{answer['decision']}").json()
    assert {name: shown[name] for name in answer if name != "warnings"} == {
        name: value for name, value in answer.items() if name != "warnings"
    }


def test_a_block_is_obeyed_by_the_next_request(pipeline, rita):
    assert gate(pipeline)["allowed"]

    add_block(
        BlockKind.PACKAGE,
        {"purl": "pkg:npm/lodash", "range": "<4.17.21"},
        reason="INC-1",
        incident=None,
        actor=rita,
        at=AT,
    )

    answer = gate(pipeline)
    assert (answer["allowed"], answer["result"]) == (False, "fail")
    assert results(answer)["incident.not_blocked"] == ("fail", ["blocked"])
    assert [(one["kind"], one["reason"]) for one in answer["blocks"]] == [("package", "INC-1")]
    assert all(len(line) <= 120 for line in answer["warnings"])


def test_an_unknown_digest_is_unknown_and_the_mode_says_what_comes_of_it(pipeline, settings):
    answer = gate(pipeline, BAD)

    assert (answer["allowed"], answer["result"]) == (True, "unknown")
    assert results(answer)["incident.not_blocked"] == ("unknown", ["unknown_artifact"])
    assert answer["warnings"]
    settings.GATE_MODE = "enforce"
    refused = gate(pipeline, BAD)
    assert (refused["allowed"], refused["result"], refused["mode"]) == (False, "unknown", "enforce")


def test_what_another_team_alone_knows_is_unknown_like_what_nobody_knows(pipeline):
    submit("stranger", cyclonedx("pkg:npm/x@1", subject=BAD))

    foreign, missing = gate(pipeline, BAD), gate(pipeline, digest("nobody"))

    for answer in (foreign, missing):
        for name in ("decision", "digest", "at", "warnings"):
            del answer[name]
    assert foreign == missing


def test_a_block_needs_the_evidence_it_judges_by(rita):
    report("payments", deployment(digest=SHOP))
    client = client_of(new_key("policy:read"))
    assert gate(client)["result"] == "pass"

    for kind, selector in (
        (BlockKind.PACKAGE, {"purl": "pkg:npm/lodash"}),
        (BlockKind.BUILDER, {"id": "https://b"}),
        (BlockKind.SIGNER, {"identity": "x"}),
    ):
        add_block(kind, selector, reason="INC-1", incident=None, actor=rita, at=AT)

    answer = gate(client)
    assert answer["result"] == "unknown"
    assert results(answer)["incident.not_blocked"][1] == ["no_provenance", "no_sbom", "no_signature"]


def test_a_freeze_refuses_what_is_new_and_lets_run_what_ran_when_it_began(pipeline, rita):
    report("payments", deployment(digest=SHOP, cluster="eu", namespace="shop"), at=AT)
    blocked(rita, BlockKind.CLUSTER, cluster="eu", namespace="shop")
    submit("payments", cyclonedx("pkg:npm/lodash@4.17.21", subject=BAD))
    place = {"cluster": "eu", "namespace": "shop"}

    assert gate(pipeline, SHOP, **place)["allowed"]
    refused = gate(pipeline, BAD, **place)
    assert results(refused)["incident.not_frozen"] == ("fail", ["frozen"])
    assert gate(pipeline, BAD, cluster="eu", namespace="pay")["result"] == "pass"
    assert results(gate(pipeline, BAD))["incident.not_frozen"] == ("unknown", ["place_not_told"])


def test_a_report_that_comes_after_a_freeze_lets_nothing_in(pipeline, rita):
    blocked(rita, BlockKind.CLUSTER, cluster="eu")
    report(
        "payments",
        deployment(digest=SHOP, cluster="eu", observed_at="2026-01-01T00:00:00Z"),
        at=AT + timedelta(minutes=1),
    )

    assert not gate(pipeline, SHOP, cluster="eu", namespace="shop")["allowed"]


def test_the_cluster_tells_the_environment_that_is_frozen(pipeline, rita):
    report("payments", deployment(digest=SHOP, cluster="eu"))
    Cluster.objects.update(environment=Environment.objects.create(slug="production"))
    blocked(rita, BlockKind.ENVIRONMENT, environment="production")

    answer = gate(pipeline, SHOP, cluster="eu", namespace="new")

    assert (answer["environment"], answer["allowed"]) == ("production", False)


def test_a_team_is_told_that_it_is_blocked_and_nothing_of_what_others_know(pipeline, rita):
    submit("stranger", cyclonedx("pkg:npm/hidden@1.0.0", subject=SHOP, tool="trivy"))
    blocked(rita, BlockKind.PACKAGE, purl="pkg:npm/hidden")

    mine = gate(pipeline)
    responder = gate(signed_in(make_user("rob", organisation="responder")))

    assert set(mine["blocks"][0]) == {"block", "kind", "reason"}
    assert "hidden" not in str(mine)
    assert "pkg:npm/hidden@1.0.0" in responder["blocks"][0]["detail"]


def test_a_decision_is_a_strangers_secret(pipeline):
    mine = gate(pipeline)["decision"]
    stranger = client_of(new_key("policy:read", team="stranger"))

    foreign = stranger.get(f"/api/v1/decisions/{mine}")
    missing = stranger.get("/api/v1/decisions/00000000-0000-7000-8000-000000000000")

    assert (foreign.status_code, foreign.content) == (missing.status_code, missing.content)
    assert stranger.get("/api/v1/decisions").json()["results"] == []


def test_decisions_are_listed_newest_first_and_filtered(pipeline):
    first, second = gate(pipeline)["decision"], gate(pipeline, BAD, cluster="eu")["decision"]

    def listed(query=""):
        return [one["decision"] for one in pipeline.get(f"/api/v1/decisions{query}").json()["results"]]

    assert listed() == [second, first]
    assert listed(f"?digest={SHOP}") == [first]
    assert listed("?cluster=eu") == [second]
    assert listed("?result=unknown") == [second]
    assert listed("?allowed=false") == []


def test_a_bound_key_asks_for_its_own_clusters_alone(pipeline):
    bound = client_of(new_key("policy:read", clusters=("eu",)))

    assert gate(bound)["cluster"] == "eu"
    refused = bound.get(f"/api/v1/artifacts/{SHOP}/decision?cluster=us")
    assert (refused.status_code, refused.json()["code"]) == (403, "outside_binding")


def test_hostile_questions_are_refused_with_a_code(pipeline):
    for query, code in (("?cluster=" + "x" * 300, "bad_parameter"), ("?x=1", "unknown_parameter")):
        answer = pipeline.get(f"/api/v1/artifacts/{SHOP}/decision{query}")
        assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert pipeline.get("/api/v1/artifacts/latest/decision").json()["code"] == "bad_digest"
    assert not Decision.objects.exists()


def test_a_decision_costs_three_statements_beside_the_key(pipeline, rita, django_assert_num_queries):
    blocked(rita, BlockKind.PACKAGE, purl="pkg:npm/lodash", range=">5")
    gate(pipeline)  # the key's use is noted once a minute

    with django_assert_num_queries(4):
        gate(pipeline)


def test_the_database_refuses_a_decision_that_allows_what_failed(pipeline):
    gate(pipeline)

    with pytest.raises(IntegrityError), transaction.atomic():
        Decision.objects.update(outcome="fail")
