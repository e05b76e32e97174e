"""The incident answer is what /api/v1/schema says it is, and the question that it describes is the one taken."""

from __future__ import annotations

from typing import Any

import jsonschema_rs
import pytest
from django.test import Client

from incidents.stated import STATED_KINDS, members_of
from inventory.identity.indicators import IndicatorKind
from supplychain.api.views import openapi_document
from tests.factories import cyclonedx, deployment, digest, image_index, report, submit
from tests.supplychain.actors import client_of, new_key

pytestmark = pytest.mark.django_db(transaction=True)

BAD = "pkg:npm/lodash@4.17.20"
ALL = ["affected", "possible", "unknown", "cleared"]
SHOP, MEMBER = digest("shop"), digest("member")
QUESTIONS: tuple[dict[str, Any], ...] = (
    {"text": BAD, "statuses": ALL},
    {"text": f"{BAD}\nregistry.example/shop:1.0\n{SHOP}\nnot an indicator\nCVE-2021-44228", "statuses": ALL},
    {"indicators": [{"kind": "package", "purl": "pkg:npm/lodash", "range": "vers:npm/<4.17.21"}], "limit": 1},
    {"text": "pkg:npm/nothing-of-this@1", "at": "2026-03-02T00:00:00Z"},
    {"indicators": [{"kind": "action", "uses": "some/action", "refs": ["v1"]}], "from": "2026-01-01T00:00:00Z"},
)


@pytest.fixture
def asker() -> Client:
    tree = {"root": ["pkg:npm/express@4.0.0"], "pkg:npm/express@4.0.0": [BAD]}
    submit("shop", cyclonedx("pkg:npm/express@4.0.0", BAD, subject=SHOP, dependencies=tree))
    submit("shop", cyclonedx(BAD, subject=MEMBER))
    submit("shop", image_index(MEMBER, digest("arm")))
    submit("shop", cyclonedx(BAD, name="ledger"))
    report(
        "shop",
        deployment(digest=SHOP, image="registry.example/shop:1.0", environment="production", service="checkout"),
        deployment(digest=MEMBER, workload="Deployment/member"),
        deployment(digest=digest("mystery"), workload="Deployment/mystery"),
        deployment(image="registry.example/tag-only:1", workload="Deployment/tag-only"),
    )
    return client_of(new_key("incidents:read", team="shop"))


@pytest.mark.parametrize("question", QUESTIONS, ids=str)
def test_question_and_answer_fit_the_published_schema(asker: Client, question: dict[str, Any]):
    answer = asker.post("/api/v1/impact", question, content_type="application/json")

    assert answer.status_code == 200, answer.content
    assert faults("ImpactQuestion", question) == []
    assert faults("ImpactAnswer", answer.json()) == []


def test_an_answer_without_a_part_does_not_fit(asker: Client):
    answer = asker.post("/api/v1/impact", QUESTIONS[0], content_type="application/json").json()
    assert answer["rows"]

    for part in answer:
        assert faults("ImpactAnswer", {name: value for name, value in answer.items() if name != part}), part
    del answer["rows"][0]["matches"]
    assert faults("ImpactAnswer", answer)


@pytest.mark.parametrize("kind", STATED_KINDS)
def test_what_the_schema_requires_of_an_indicator_the_api_requires_too(asker: Client, kind: IndicatorKind):
    bare = {"kind": kind}
    answer = asker.post("/api/v1/impact", {"indicators": [bare]}, content_type="application/json")

    assert faults("ImpactQuestion", {"indicators": [bare]})
    missing = {f"/indicators/0/{name}" for name in members_of(kind).required}
    assert {error["pointer"] for error in answer.json()["errors"] if error["code"] == "required"} == missing


def test_which_action_a_credential_was_found_after_is_described_wherever_it_is_answered():
    schemas = openapi_document()["components"]["schemas"]

    assert schemas["Credential"]["properties"]["after_action"]["type"] == ["integer", "null"]
    assert "after_action" in schemas["ActionTarget"]["properties"]
    for name in ("Action", "Proposal", "NewAction"):
        assert "ActionTarget" in str(schemas[name]["properties"]["target"]), name


def faults(name: str, value: Any) -> list[str]:
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", "$ref": f"#/components/schemas/{name}"}
    validator = jsonschema_rs.validator_for(schema | {"components": openapi_document()["components"]})
    return [f"{error.instance_path}: {error.message}" for error in validator.iter_errors(value)]
