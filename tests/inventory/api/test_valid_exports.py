"""Every file that an artifact's page offers is judged by its format's own schema or tool.

The artifact's evidence came every way: CycloneDX, SPDX, syft's JSON, an attestation with an SBOM inside, and VEX.
"""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from cyclonedx.model.bom import Bom
from django.test import Client
from spdx_tools.spdx.parser.jsonlikedict.json_like_dict_parser import JsonLikeDictParser
from spdx_tools.spdx.validation.document_validator import validate_full_spdx_document

from inventory.formats.detect import detect
from inventory.formats.schema import check
from inventory.graph.exports.cyclonedx import VERSIONS
from tests.attested import CYCLONEDX, dsse, encode, statement
from tests.factories import cyclonedx, digest, openvex, submit
from tests.supplychain.actors import client_of, new_key

pytestmark = pytest.mark.django_db

APP = digest("app")
EXPRESS, LODASH, DEBUG = "pkg:npm/express@4.0.0", "pkg:npm/lodash@4.17.20", "pkg:npm/debug@4.3.4"
ODD = {
    "type": "machine-learning-model", "group": "acme", "name": "model <&> \u0001", "version": "1",
    "cpe": "cpe:2.3:a:acme:model:1:*:*:*:*:*:*:*", "hashes": [{"alg": "SHA-256", "content": "a" * 64}],
}  # fmt: skip
DATA = Path(__file__).parents[2] / "data"


@pytest.fixture
def reader() -> Client:
    """Give one artifact evidence of every kind, and return who may read it."""
    edges = {"root": [EXPRESS], EXPRESS: [LODASH]}
    submit("team-a", cyclonedx(EXPRESS, LODASH, ODD, subject=APP, name="registry.example/shop:1", dependencies=edges))
    for path in ("spdx/syft-image.json", "syft/image.json"):
        submit("team-a", (DATA / path).read_bytes(), artifacts=[APP])
    inside = json.loads(cyclonedx(DEBUG, tool="trivy", dependencies={"root": [DEBUG]}))
    submit("team-a", encode(dsse(statement(APP, predicate_type=CYCLONEDX, predicate=inside))))
    product = f"pkg:oci/shop@{APP.replace(':', '%3A')}"
    for number, status in enumerate(("not_affected", "affected", "fixed", "under_investigation")):
        submit("team-a", openvex(product if number % 2 else LODASH, name=f"CVE-2026-000{number}", status=status))
    return client_of(new_key("inventory:read", team="team-a"))


def download(reader: Client, what: str) -> bytes:
    answer = reader.get(f"/api/v1/artifacts/{APP}/{what}")
    assert answer.status_code == 200
    assert answer.headers["Content-Disposition"].startswith("attachment")
    return answer.getvalue()


@pytest.mark.parametrize("form", ["json", "xml"])
@pytest.mark.parametrize("version", VERSIONS)
def test_cyclonedx_keeps_to_its_published_schema_and_has_the_edges_of_all(reader: Client, version: str, form: str):
    data = download(reader, f"sbom?format=cyclonedx-{form}&version={version}")

    verdict = check(data, detect(data))

    assert verdict is not None
    assert verdict.valid, verdict.errors
    bom: Any = Bom.from_json(json.loads(data)) if form == "json" else Bom.from_xml(StringIO(data.decode()))  # type: ignore[attr-defined]
    needs = {str(one.ref): {str(other.ref) for other in one.dependencies} for one in bom.dependencies}
    assert {EXPRESS, DEBUG} <= needs[APP]
    assert needs[EXPRESS] == {LODASH}


def test_spdx_passes_the_tool_of_its_specification(reader: Client):
    document = JsonLikeDictParser().parse(json.loads(download(reader, "sbom?format=spdx-json")))

    assert validate_full_spdx_document(document, "SPDX-2.3") == []
    assert {EXPRESS, LODASH, DEBUG} <= {
        ref.locator for package in document.packages for ref in package.external_references
    }


def test_openvex_keeps_to_its_published_schema(reader: Client):
    schema = json.loads((DATA / "vex" / "openvex.schema.json").read_text())
    document = json.loads(download(reader, "vex"))

    errors = [str(error) for error in jsonschema_rs.validator_for(schema).iter_errors(document)]

    assert errors == []
    assert {one["status"] for one in document["statements"]} == {
        "not_affected", "affected", "fixed", "under_investigation",
    }  # fmt: skip


def test_a_cpe_that_is_not_well_formed_is_written_beside_the_component(reader: Client):
    malformed = r"cpe:2.3:a:bsdutils:bsdutils:1:2.38.1-5\+deb12u3:*:*:*:*:*:*:*"
    json_ = json.loads(download(reader, "sbom?format=cyclonedx-json"))
    spdx = json.loads(download(reader, "sbom?format=spdx-json"))

    [component] = [one for one in json_["components"] if one["name"] == "bsdutils"]
    [package] = [one for one in spdx["packages"] if one["name"].endswith("bsdutils")]
    assert {"name": "supplychain:cpe", "value": malformed} in component["properties"]
    assert "cpe" not in component
    assert malformed in package["comment"]
