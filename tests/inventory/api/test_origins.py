"""Traces, evaluations and the pipeline's report over HTTP."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from django.test import Client

from inventory.models import Attestation
from inventory.models.verification import Verdict
from tests.attested import bundle, encode, statement
from tests.factories import deployment, digest, later, report, submit
from tests.judgements import IDENTITY, change_trust, judge
from tests.supplychain.actors import client_of, new_key

pytestmark = pytest.mark.django_db

IMAGE, STRANGE = digest("image"), digest("strange")
DIFFERS = [["unexpected_repository", "github.com/shop/api", "github.com/evil/api"]]


def client(team: str = "shop") -> Client:
    return client_of(new_key("inventory:read", team=team))


def get(path: str, *, team: str = "shop") -> Any:
    answer = client(team).get(f"/api/v1{path}")
    assert answer.status_code == 200, answer.content
    return answer.json()


@pytest.fixture
def attestation() -> Attestation:
    submit("shop", encode(bundle(statement(IMAGE))))
    return Attestation.objects.get()


def test_a_trace_is_told_link_by_link_with_evidence_and_control(attestation):
    judge(attestation, Verdict.VERIFIED_EXPECTED, level=2, level_reasons=["needs_isolated_builder"])
    trace = get(f"/artifacts/{IMAGE}/trace")

    assert list(trace) == ["digest", "verdict", "slsa_build_level", "next_level", "replaceable_at", "links"]
    assert (trace["verdict"], trace["replaceable_at"]) == ("verified_expected", "review")
    assert trace["next_level"] == {"slsa_build_level": 3, "missing": ["needs_isolated_builder"]}
    assert [link["kind"] for link in trace["links"]] == [
        "source", "review", "commit", "workflow", "builder", "digest", "signature", "tags", "admission", "workloads"
    ]  # fmt: skip
    commit = trace["links"][2]
    evidence = attestation.sources.get().evidence.public_id
    assert commit["state"] == "verified"
    assert commit["evidence"] == [{"id": str(evidence), "pointer": "", "url": f"/api/v1/evidence/{evidence}"}]
    assert commit["control"] == {
        "boundary": "source_to_ci",
        "name": "The exact commit is known",
        "satisfied": True,
    }


def test_every_evaluation_is_kept_and_told_newest_first(attestation):
    judge(attestation, Verdict.VERIFIED_EXPECTED)
    change_trust("the signer was revoked")
    judge(attestation, Verdict.VERIFIED_UNEXPECTED, evaluated_at=later(5), reasons=DIFFERS, steps=[1, 2, 3])
    newest, oldest = get(f"/artifacts/{IMAGE}/verifications")["results"]

    assert (newest["verdict"], newest["in_force"]) == ("verified_unexpected", True)
    assert (oldest["verdict"], oldest["in_force"]) == ("verified_expected", False)
    assert newest["differences"] == [
        {"code": "unexpected_repository", "expected": DIFFERS[0][1], "found": DIFFERS[0][2]}
    ]
    assert newest["steps"] == [1, 2, 3]
    assert oldest["signer"]["name"] == "release workflow"
    assert oldest["certificate"]["identity"] == IDENTITY
    assert newest["trust_version"] == oldest["trust_version"] + 1

    first = get(f"/artifacts/{IMAGE}/verifications?limit=1")
    second = client().get(first["next"]).json()

    assert [*first["results"], *second["results"]] == [newest, oldest]


def test_an_attestation_says_the_verdict_in_force(attestation):
    judge(attestation, Verdict.FAILED, code="signature_invalid")
    (row,) = get(f"/artifacts/{IMAGE}/attestations")["results"]

    assert (row["verdict"], row["reasons"]) == ("failed", ["signature_invalid"])


@pytest.mark.parametrize("part", ["trace", "verifications"])
def test_a_strangers_artifact_answers_like_a_missing_one(attestation, part):
    judge(attestation, Verdict.VERIFIED_EXPECTED)
    theirs = client("other").get(f"/api/v1/artifacts/{IMAGE}/{part}")
    missing = client("other").get(f"/api/v1/artifacts/{digest('nothing')}/{part}")

    assert (theirs.status_code, theirs.content) == (404, missing.content)


def test_the_pipeline_counts_every_running_digest_and_says_what_differs(attestation):
    judge(attestation, Verdict.VERIFIED_EXPECTED)
    submit("shop", encode(bundle(statement(STRANGE))))
    judge(Attestation.objects.latest("pk"), Verdict.VERIFIED_UNEXPECTED, reasons=DIFFERS)
    report(
        "shop",
        deployment(digest=IMAGE),
        deployment(digest=STRANGE, workload="Deployment/b", image="registry.example/=cmd:1"),
        deployment(image="registry.example/tag:1", workload="Deployment/c"),
    )
    told = get("/pipeline")

    assert told["summary"] == {
        "running_artifact_count": 2,
        "container_count": 2,
        "containers_without_digest_count": 1,
        "classes": {
            "unexpected": {"artifact_count": 1, "container_count": 1},
            "none": {"artifact_count": 0, "container_count": 0},
            "unverifiable": {"artifact_count": 0, "container_count": 0},
            "expected": {"artifact_count": 1, "container_count": 1},
        },
    }
    assert [row["classified_as"] for row in told["results"]] == ["unexpected", "expected"]
    assert told["results"][0]["provenance"]["differences"][0]["found"] == "github.com/evil/api"
    assert [row["artifact"]["digest"] for row in get("/pipeline?class=expected")["results"]] == [IMAGE]
    assert get("/pipeline", team="other")["summary"]["running_artifact_count"] == 0


def test_the_pipeline_as_a_table_has_a_line_a_digest(attestation):
    judge(attestation, Verdict.VERIFIED_EXPECTED)
    report("shop", deployment(digest=IMAGE), deployment(digest=STRANGE, workload="Deployment/b"))
    answer = client().get("/api/v1/pipeline?format=csv&limit=1")
    lines = list(csv.DictReader(io.StringIO(answer.getvalue().decode())))

    assert answer["Content-Type"].startswith("text/csv")
    assert [(line["class"], line["digest"]) for line in lines] == [("none", STRANGE), ("expected", IMAGE)]


@pytest.mark.parametrize("query", ["class=good", "unknown=1", "format=xml"])
def test_a_question_that_cannot_be_read_is_refused(query):
    assert client().get(f"/api/v1/pipeline?{query}").status_code == 400
