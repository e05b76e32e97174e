"""Statements about vulnerabilities inside CycloneDX documents."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from inventory.formats.detect import Kind, detect
from inventory.formats.limits import DEFAULT_LIMITS
from inventory.formats.read import read_document
from inventory.formats.records import FormatError, SbomRecord, VexRecord
from inventory.formats.vex_records import VexStatementRecord, VexStatus
from tests.inventory.formats.documents import component, cyclonedx, encode
from tests.inventory.formats.fixtures import read_sbom
from tests.inventory.formats.xml_writer import cyclonedx_xml

DIGEST = "sha256:" + "a" * 64
PURL = "pkg:npm/a@1.0.0"


def vulnerability(state: str = "exploitable", /, **members: Any) -> dict[str, Any]:
    analysis = {"state": state, **members.pop("analysis", {})}
    return {"id": "CVE-2026-1", "analysis": analysis, "affects": [{"ref": "a"}], **members}


def sbom(*vulnerabilities: Any, **members: Any) -> SbomRecord:
    document = cyclonedx(component("a", purl=PURL), vulnerabilities=list(vulnerabilities), **members)
    return read_sbom(encode(document))


def only(record: SbomRecord) -> VexStatementRecord:
    assert record.vex is not None
    assert len(record.vex.statements) == 1
    return record.vex.statements[0]


def told(record: SbomRecord | VexRecord) -> list[tuple[str, str]]:
    return [(warning.code, warning.pointer) for warning in record.warnings]


@pytest.mark.parametrize(
    ("state", "status"),
    [
        ("exploitable", VexStatus.AFFECTED),
        ("resolved", VexStatus.FIXED),
        ("resolved_with_pedigree", VexStatus.FIXED),
        ("in_triage", VexStatus.UNDER_INVESTIGATION),
        ("false_positive", VexStatus.NOT_AFFECTED),
        ("not_affected", VexStatus.NOT_AFFECTED),
    ],
)
def test_each_state_is_one_of_four_and_kept_as_given(state: str, status: VexStatus) -> None:
    statement = only(sbom(vulnerability(state)))

    assert (statement.status, statement.status_given) == (status, state)


@pytest.mark.parametrize(
    ("given", "label"),
    [
        ("code_not_reachable", "vulnerable_code_not_in_execute_path"),
        ("protected_by_compiler", "inline_mitigations_already_exist"),
        ("protected_at_perimeter", "inline_mitigations_already_exist"),
        ("code_not_present", ""),
        ("requires_configuration", ""),
    ],
)
def test_a_justification_is_mapped_where_it_means_the_same(given: str, label: str) -> None:
    record = sbom(vulnerability("not_affected", analysis={"justification": given}))

    assert (only(record).justification, only(record).justification_given) == (label, given)
    assert told(record) == []


def test_a_statement_has_all_that_the_document_says_of_it() -> None:
    record = sbom(
        vulnerability(
            references=[{"id": "GHSA-1"}, {"id": "GHSA-1"}, {"x": 1}],
            recommendation="Update.",
            analysis={"detail": "Called.", "response": ["update", "rollback"], "lastUpdated": "2026-01-02T03:04:05Z"},
        ),
        serialNumber="urn:uuid:3e671687-395b-41f5-a30f-a58921a69b79",
        metadata={"timestamp": "2026-02-02T00:00:00Z", "authors": [{"name": "Ann"}], "supplier": {"name": "Shop"}},
    )

    statement = only(record)
    assert (statement.vulnerability, statement.aliases) == ("CVE-2026-1", ("GHSA-1",))
    assert (statement.impact, statement.action) == ("Called.", "Update.; update, rollback")
    assert statement.stated_at == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert record.vex is not None
    assert (record.vex.issuer, record.vex.document_version) == ("Shop", "1")
    assert record.vex.document_id == "urn:uuid:3e671687-395b-41f5-a30f-a58921a69b79"


def test_products_are_components_the_subject_and_links_to_other_documents() -> None:
    root = component("root", type="container", version=DIGEST, purl=f"pkg:oci/shop@{DIGEST}")
    targets = [
        {"ref": "a"},
        {"ref": "root"},
        {"ref": "urn:cdx:3e671687-395b-41f5-a30f-a58921a69b79/1#pkg%3Anpm%2Fb%402"},
        {"ref": "urn:cdx:3e671687-395b-41f5-a30f-a58921a69b79/1#other"},
        {"ref": "nowhere"},
        {},
    ]

    record = sbom(vulnerability(affects=targets), metadata={"component": root})

    products = only(record).products
    assert [product.purl and product.purl.name for product in products] == ["a", "shop", "b", None, None]
    assert str(products[1].digest) == DIGEST
    assert told(record) == [
        ("dangling_ref", "/vulnerabilities/0/affects/4/ref"),
        ("vex_no_product", "/vulnerabilities/0/affects/5/ref"),
    ]


def test_without_affects_it_is_about_the_subject() -> None:
    spoken = vulnerability()
    del spoken["affects"]

    record = sbom(spoken, metadata={"component": component("root", purl="pkg:npm/root@2")})

    assert [product.purl and product.purl.text for product in only(record).products] == ["pkg:npm/root@2"]


def test_a_product_stands_once_for_each_version_that_is_not_unaffected() -> None:
    versions = [
        {"version": "1.0.0"},
        {"range": "vers:npm/<2", "status": "unknown"},
        {"version": "3", "status": "unaffected"},
    ]

    statement = only(sbom(vulnerability(affects=[{"ref": "a", "versions": versions}])))

    assert [product.version_range for product in statement.products] == ["1.0.0", "vers:npm/<2"]


def test_what_a_scanner_found_is_no_statement() -> None:
    record = sbom({"id": "CVE-2026-1", "affects": [{"ref": "a"}]})

    assert record.vex is None
    assert told(record) == []


def test_a_statement_that_cannot_be_read_is_counted_and_told() -> None:
    record = sbom(vulnerability("strange"), vulnerability(id=""), vulnerability(id="a\0"), vulnerability(), 7)

    assert record.vex is not None
    assert (record.vex.statement_count, record.vex.rejected_count, len(record.vex.statements)) == (4, 3, 1)
    assert sorted(told(record)) == [
        ("nul_in_string", "/vulnerabilities/2/id"),
        ("vex_no_vulnerability", "/vulnerabilities/1/id"),
        ("vex_unknown_status", "/vulnerabilities/0/analysis/state"),
        ("wrong_shape", "/vulnerabilities/4"),
    ]


def test_an_unknown_justification_and_a_bad_time_cost_their_field_alone() -> None:
    record = sbom(vulnerability(analysis={"justification": "because", "firstIssued": "yesterday"}))

    assert only(record).stated_at is None
    assert sorted(told(record)) == [
        ("bad_timestamp", "/vulnerabilities/0/analysis/firstIssued"),
        ("vex_unknown_justification", "/vulnerabilities/0/analysis/justification"),
    ]


@pytest.mark.parametrize("write", [encode, cyclonedx_xml])
def test_a_document_of_statements_alone_is_a_vex_document(write: Any) -> None:
    document = cyclonedx(vulnerabilities=[vulnerability(affects=[{"ref": "urn:cdx:x/1#a"}])])

    record = read_document(write(document))

    assert isinstance(record, VexRecord)
    assert (record.format, record.statement_count) == ("cyclonedx", 1)
    assert told(record) == []


def test_a_vex_document_may_be_sent_as_one() -> None:
    data = encode(cyclonedx(vulnerabilities=[vulnerability()]))

    assert detect(data).kind is Kind.VEX
    assert isinstance(read_document(data, kind="vex"), VexRecord)


def test_statements_and_products_have_limits() -> None:
    many = encode(cyclonedx(vulnerabilities=[vulnerability()] * 3))
    wide = encode(cyclonedx(vulnerabilities=[vulnerability(affects=[{"ref": "urn:cdx:a"}] * 3)]))

    for data, limits, code in (
        (many, replace(DEFAULT_LIMITS, components=2), "too_many_statements"),
        (wide, replace(DEFAULT_LIMITS, edges=2), "too_many_products"),
    ):
        with pytest.raises(FormatError) as caught:
            read_document(data, limits=limits)
        assert caught.value.code == code
