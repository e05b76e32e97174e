import uuid
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client

from supplychain.api.reference import build_reference
from supplychain.api.views import openapi_document

METHODS = {"get", "post", "put", "patch", "delete"}


def operations() -> list[tuple[str, str, dict[str, Any]]]:
    paths = openapi_document()["paths"].items()
    return [(path, method, operation) for path, methods in paths for method, operation in methods.items()]


def test_the_document_is_openapi_3_1_and_names_both_headers(client: Client):
    document = client.get("/api/v1/schema").json()

    assert document["openapi"] == "3.1.0"
    schemes = document["components"]["securitySchemes"].values()
    assert {(s["type"], s.get("scheme"), s.get("name")) for s in schemes} >= {
        ("http", "bearer", None),
        ("apiKey", None, "X-Api-Key"),
    }


def test_one_header_or_the_session_is_enough():
    [me] = [operation for path, _, operation in operations() if path == "/api/v1/me"]

    assert me["security"] == [{"bearerKey": []}, {"apiKey": []}, {"session": []}]


def test_the_document_is_made_without_a_warning(capsys: pytest.CaptureFixture[str]):
    call_command("spectacular", "--validate", "--fail-on-warn", "--file", "/dev/null")

    assert "Warning" not in capsys.readouterr().err


def test_every_operation_names_its_refusals_as_problems():
    for path, method, operation in operations():
        assert method in METHODS, path
        for status in ("400", "401", "403", "404"):
            content = operation["responses"][status]["content"]
            assert content["application/problem+json"]["schema"]["$ref"] == "#/components/schemas/Problem"


def test_operation_ids_are_unique():
    ids = [operation["operationId"] for _, _, operation in operations()]

    assert len(ids) == len(set(ids))


def test_every_reference_leads_to_a_schema():
    document = openapi_document()
    text = str(document)

    for name in document["components"]["schemas"]:
        text = text.replace(f"'#/components/schemas/{name}'", "")
    assert "#/components/schemas/" not in text


def test_a_list_is_described_as_a_page():
    page = openapi_document()["components"]["schemas"]["KeyPage"]

    assert set(page["properties"]) == {"results", "next"}


@pytest.mark.django_db
def test_the_page_shows_every_operation_and_loads_nothing_from_elsewhere(client: Client):
    answer = client.get("/api/v1/docs")

    page = answer.content.decode()
    reference = build_reference(openapi_document())
    assert answer.status_code == 200
    assert all(f'id="{operation.anchor}"' in page for operation in reference.operations)
    assert all(f'id="schema-{schema.name}"' in page for schema in reference.schemas)
    assert "http://" not in page
    assert "https://" not in page
    assert " style=" not in page


def test_reference_tells_types_in_words():
    reference = build_reference(openapi_document())

    [me] = [operation for operation in reference.operations if operation.anchor == "me"]
    [ok] = [answer for answer in me.answers if answer.status == "200"]
    assert ok.schema == "Me"
    [schema] = [schema for schema in reference.schemas if schema.name == "Me"]
    types = {field.name: field.type for field in schema.fields}
    assert types["sees_all_teams"] == "boolean"
    assert types["teams"] == "array of string"


def test_the_version_is_what_clients_of_other_products_can_parse(client: Client):
    answer = client.get("/api/version").json()

    assert answer["version"].startswith("4.")
    assert uuid.UUID(answer["uuid"]) != uuid.UUID(answer["systemUuid"])
    assert client.get("/api/version/").json() == answer
    assert client.post("/api/version").status_code == 405
