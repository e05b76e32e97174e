"""Pages of documents that claim something: attestations, statements about vulnerabilities, advisories."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from tests.factories import cyclonedx, digest, referring_manifest, registry_event, submit

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


def test_an_attestation_says_what_it_claims_of_which_digest_and_where_its_signatures_are_judged(member):
    html = page(member, enveloped(STATEMENT))

    assert "https://builder.example/one" in html
    assert APP in html
    assert "nobody has looked at that yet" in html


def test_an_attestation_shows_every_fact_of_its_predicate(member):
    predicate = {
        "result": "FAILED",
        "url": "https://ci.example/1",
        "passedTests": ["a"],
        "warnedTests": [],
        "failedTests": ["b", "c"],
    }
    html = page(
        member,
        enveloped(
            {**STATEMENT, "predicateType": "https://in-toto.io/attestation/test-result/v0.1", "predicate": predicate}
        ),
    )

    assert "result: FAILED" in html
    assert "failed_count: 2" in html


def test_an_sbom_inside_an_attestation_has_its_tree(member):
    predicate = json.loads(cyclonedx("pkg:npm/lodash@4.17.20", subject=APP))
    evidence = submit(
        "team-a", enveloped({**STATEMENT, "predicateType": "https://cyclonedx.org/bom", "predicate": predicate})
    )

    html = member.get(f"/evidence/{evidence.public_id}").content.decode()

    assert f"/evidence/{evidence.public_id}/tree" in html
    assert b"lodash" in member.get(f"/evidence/{evidence.public_id}/tree").content


def test_a_document_of_several_sboms_shows_the_tree_of_each(member):
    lines = [
        enveloped({**STATEMENT, "predicateType": "https://cyclonedx.org/bom", "predicate": json.loads(cyclonedx(purl))})
        for purl in ("pkg:npm/alphabet@1", "pkg:npm/omelette@1")
    ]
    evidence = submit("team-a", b"\n".join(lines))
    tree = f"/evidence/{evidence.public_id}/tree"

    html = member.get(f"/evidence/{evidence.public_id}").content.decode()

    assert "1 of 2" in html
    for number, shown, other in ((0, b"alphabet", b"omelette"), (1, b"omelette", b"alphabet")):
        address = f"{tree}?sbom={number}&amp;"
        assert address in html
        level = member.get(f"{tree}?sbom={number}").content
        assert shown in level
        assert other not in level
        detail = member.get(f"{tree}?sbom={number}&node=0").content
        assert shown in detail
        assert b"As it is written" in detail
    assert b"omelette" in member.get(f"{tree}?at=/1/payload/predicate/components/0").content
    assert member.get(f"{tree}?sbom=2").status_code == 404


def test_a_place_of_a_document_without_sbom_shows_what_is_written_there(member, stranger):
    evidence = submit("team-a", json.dumps(VEX).encode())
    address = f"/evidence/{evidence.public_id}/tree?at=/statements/0/justification"

    assert b"vulnerable_code_not_present" in member.get(address).content
    assert b"cannot be shown" in member.get(f"/evidence/{evidence.public_id}/tree?at=/nothing").content
    assert stranger.get(address).status_code == 404
    assert member.get(f"/evidence/{evidence.public_id}/tree").status_code == 404


def test_a_registrys_event_shows_where_the_tag_pointed(member):
    html = page(member, registry_event(APP, repository="shop/api", tag="1.0"))

    for shown in ("registry.example/shop/api", "1.0", "Push", f"/artifacts/{APP}", "ci"):
        assert shown in html


def test_an_image_shows_what_it_claims_and_refers_to(member):
    manifest = json.loads(referring_manifest(APP))
    manifest["annotations"] = {"org.opencontainers.image.source": "https://github.com/acme/shop"}

    html = page(member, manifest)

    assert "Refers to" in html
    assert f"/artifacts/{APP}" in html
    assert "https://github.com/acme/shop" in html


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


def test_a_list_shows_each_line_as_it_was_understood_and_leads_to_the_question(member):
    evidence = submit("team-a", b"left-pad,= 1.3.0\n???\n", declared_kind="list", name="wiz", version="6")

    html = member.get(f"/evidence/{evidence.public_id}").content.decode()

    assert "/impact?q=list:wiz" in html
    assert "left-pad,= 1.3.0" in html
    assert "in every ecosystem" in html
    assert "this is no package, digest, image or identifier that we know" in html
