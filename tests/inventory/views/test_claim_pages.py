"""Pages of documents that claim something: attestations, statements about vulnerabilities, advisories."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from tests.factories import cyclonedx, digest, submit

pytestmark = pytest.mark.django_db

APP = digest("app")
STATEMENT = {
    "_type": "https://in-toto.io/Statement/v1",
    "subject": [{"name": "app", "digest": {"sha256": APP.removeprefix("sha256:")}}],
    "predicateType": "https://slsa.dev/provenance/v1",
    "predicate": {
        "buildDefinition": {"buildType": "https://example.com/build/v1", "externalParameters": {}},
        "runDetails": {"builder": {"id": "https://builder.example/one"}},
    },
}
VEX_STATEMENT = {
    "vulnerability": {"name": "CVE-2026-0001"}, "products": [{"@id": "pkg:npm/lodash@4.17.20"}],
    "status": "not_affected", "justification": "vulnerable_code_not_present",
}  # fmt: skip
VEX = {
    "@context": "https://openvex.dev/ns/v0.2.0", "@id": "https://example.com/vex/1", "author": "Acme Security",
    "timestamp": "2026-02-01T00:00:00Z", "version": 1, "statements": [VEX_STATEMENT],
}  # fmt: skip
OSV = {
    "schema_version": "1.6.0", "id": "GHSA-aaaa-bbbb-cccc", "modified": "2026-02-01T00:00:00Z",
    "summary": "Prototype pollution", "aliases": ["CVE-2026-0001"],
    "affected": [{"package": {"ecosystem": "npm", "name": "lodash"},
                  "ranges": [{"type": "SEMVER", "events": [{"introduced": "0"}, {"fixed": "4.17.21"}]}]}],
}  # fmt: skip


def enveloped(statement: object) -> bytes:
    payload = base64.b64encode(json.dumps(statement).encode()).decode()
    signature = {"keyid": "k", "sig": base64.b64encode(b"signature").decode()}
    envelope = {"payloadType": "application/vnd.in-toto+json", "payload": payload, "signatures": [signature]}
    return json.dumps(envelope).encode()


def page(browser: Any, document: object) -> str:
    data = document if isinstance(document, bytes) else json.dumps(document).encode()
    evidence = submit("team-a", data)
    answer = browser.get(f"/evidence/{evidence.public_id}")
    assert answer.status_code == 200
    return str(answer.content.decode())


def test_an_attestation_says_what_it_claims_of_which_digest_and_that_nothing_is_verified(member):
    html = page(member, enveloped(STATEMENT))

    assert "https://builder.example/one" in html
    assert APP in html
    assert "no signature was verified" in html


def test_an_sbom_inside_an_attestation_has_its_tree(member):
    predicate = json.loads(cyclonedx("pkg:npm/lodash@4.17.20", subject=APP))
    evidence = submit(
        "team-a", enveloped({**STATEMENT, "predicateType": "https://cyclonedx.org/bom", "predicate": predicate})
    )

    html = member.get(f"/evidence/{evidence.public_id}").content.decode()

    assert f"/evidence/{evidence.public_id}/tree" in html
    assert b"lodash" in member.get(f"/evidence/{evidence.public_id}/tree").content


def test_statements_show_their_status_products_and_issuer(member):
    html = page(member, VEX)

    for shown in ("CVE-2026-0001", "Not affected", "pkg:npm/lodash@4.17.20", "Acme Security", "/statements/0"):
        assert shown in html


def test_statements_inside_an_sbom_stand_beside_its_tree(member):
    document = json.loads(cyclonedx("pkg:npm/lodash@4.17.20", subject=APP))
    document["vulnerabilities"] = [
        {"id": "CVE-2026-0002", "analysis": {"state": "not_affected"}, "affects": [{"ref": "pkg:npm/lodash@4.17.20"}]}
    ]

    html = page(member, document)

    assert "CVE-2026-0002" in html
    assert 'class="tree"' in html


def test_an_advisory_shows_its_names_and_packages(member):
    html = page(member, OSV)

    for shown in ("GHSA-aaaa-bbbb-cccc", "CVE-2026-0001", "Prototype pollution", "npm lodash"):
        assert shown in html


@pytest.mark.parametrize("document", [enveloped(STATEMENT), VEX, OSV], ids=["attestation", "vex", "advisory"])
def test_a_page_costs_few_statements_and_a_stranger_sees_none(
    member, stranger, document, django_assert_max_num_queries
):
    data = document if isinstance(document, bytes) else json.dumps(document).encode()
    evidence = submit("team-a", data)

    with django_assert_max_num_queries(8):
        assert member.get(f"/evidence/{evidence.public_id}").status_code == 200
    assert stranger.get(f"/evidence/{evidence.public_id}").status_code == 404
