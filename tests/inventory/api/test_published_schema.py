"""What the inventory's routes answer is what /api/v1/schema says they answer."""

from __future__ import annotations

from typing import Any

import jsonschema_rs
import pytest

from supplychain.api.views import openapi_document
from tests.factories import cyclonedx, deployment, digest, image_index, report, submit
from tests.supplychain.actors import client_of, new_key

pytestmark = pytest.mark.django_db

APP, OLD = digest("app"), digest("old")
LODASH = "pkg:npm/lodash@4.17.21"


def estate() -> None:
    """One row of everything, with values and without."""
    submit("a", cyclonedx(LODASH, {"name": "blob"}, subject=APP, dependencies={"root": [LODASH]}))
    submit("a", cyclonedx("pkg:npm/lodash@4.17.20", subject=OLD))
    submit("a", cyclonedx(LODASH, name="ledger"))
    submit("a", image_index(APP, digest("arm")))
    report(
        "a", deployment(digest=APP, image="registry.example/shop:1.0"), deployment(digest=digest("dark"), container="x")
    )


@pytest.mark.parametrize(
    ("route", "path"),
    [
        ("/api/v1/artifacts", "/api/v1/artifacts"),
        ("/api/v1/artifacts", "/api/v1/artifacts?limit=1"),
        ("/api/v1/artifacts/{digest}", f"/api/v1/artifacts/{APP}"),
        ("/api/v1/artifacts/{digest}", f"/api/v1/artifacts/{digest('dark')}"),
        ("/api/v1/artifacts/{digest}/components", f"/api/v1/artifacts/{APP}/components"),
        ("/api/v1/artifacts/{before}/diff/{after}", f"/api/v1/artifacts/{OLD}/diff/{APP}"),
        ("/api/v1/packages", "/api/v1/packages"),
        ("/api/v1/packages/{purl}", "/api/v1/packages/pkg:npm/lodash"),
        ("/api/v1/search", "/api/v1/search?q=lodash@4.17.21"),
        ("/api/v1/search", "/api/v1/search?q=shop"),
        ("/api/v1/evidence", "/api/v1/evidence"),
    ],
)
def test_an_answer_fits_its_published_schema(route, path):
    estate()
    answer = client_of(new_key("inventory:read", team="a")).get(path)

    assert answer.status_code == 200, answer.content
    errors = list(_validator(route).iter_errors(answer.json()))
    assert [(error.instance_path, error.message) for error in errors] == []


@pytest.mark.parametrize(
    ("route", "parameters"),
    [
        ("/api/v1/artifacts", {"q", "running", "limit", "cursor"}),
        ("/api/v1/artifacts/{digest}/components", {"q", "limit", "cursor"}),
        ("/api/v1/artifacts/{digest}/sbom", {"format", "version"}),
        ("/api/v1/artifacts/{before}/diff/{after}", {"limit", "cursor"}),
        ("/api/v1/packages", {"q", "limit", "cursor"}),
        ("/api/v1/search", {"q", "limit"}),
        ("/api/v1/evidence", {"state", "kind", "artifact", "since", "limit", "cursor"}),
    ],
)
def test_every_query_parameter_is_published_and_taken(route, parameters):
    published = {item["name"] for item in _operation(route)["parameters"] if item["in"] == "query"}

    assert published == parameters


def _operation(route: str) -> dict[str, Any]:
    operation: dict[str, Any] = openapi_document()["paths"][route]["get"]
    return operation


def _validator(route: str) -> jsonschema_rs.Validator:
    schema = _operation(route)["responses"]["200"]["content"]["application/json"]["schema"]
    return jsonschema_rs.validator_for(
        {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "components": openapi_document()["components"],
            **schema,
        }
    )
