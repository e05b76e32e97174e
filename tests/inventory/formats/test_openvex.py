"""OpenVEX as records: both shapes of a product, what the specification demands, and what is told when it is missing."""

import json
from typing import Any

import pytest

from inventory.formats.limits import Limits
from inventory.formats.read import read_document
from inventory.formats.records import FormatError, VexRecord
from inventory.formats.vex_records import VexStatus
from tests.inventory.formats.fixtures import raw

DIGEST = "sha256:" + "ab" * 32


def read(data: bytes, **limits: int) -> VexRecord:
    record = read_document(data, limits=Limits(**limits), kind="vex")
    assert isinstance(record, VexRecord)
    return record


def openvex(*statements: Any, **members: Any) -> bytes:
    document: dict[str, Any] = {
        "@context": "https://openvex.dev/ns/v0.2.0",
        "author": "a",
        "timestamp": "2026-03-01T10:00:00Z",
    }
    return json.dumps({**document, "statements": list(statements), **members}).encode()


def statement(**members: Any) -> dict[str, Any]:
    plain = {"vulnerability": {"name": "CVE-2026-1"}, "products": [{"@id": "pkg:npm/x@1"}], "status": "fixed"}
    return {**plain, **members}


def codes(record: VexRecord) -> list[str]:
    return [warning.code for warning in record.warnings]


def test_a_statement_about_a_part_of_an_image_names_both():
    record = read(raw("vex/openvex-0.2.0.json"))

    first = record.statements[0]
    assert (first.vulnerability, first.aliases) == ("CVE-2021-44228", ("GHSA-jfh8-c2jp-5v3q",))
    assert (first.status, first.justification) == (VexStatus.NOT_AFFECTED, "vulnerable_code_not_present")
    [product] = first.products
    assert str(product.digest) == DIGEST
    assert [part.purl.text for part in product.subcomponents if part.purl] == [
        "pkg:maven/org.apache.logging.log4j/log4j-core@2.14.1"
    ]
    assert (record.issuer, record.document_id) == (
        "Shop Security <security@shop.example>",
        "https://vex.example/shop/2026-001",
    )
    assert (record.statement_count, record.rejected_count, record.warnings) == (3, 0, [])


def test_identifiers_beside_the_name_of_a_product_are_read():
    [product] = read(raw("vex/openvex-0.2.0.json")).statements[1].products

    assert product.given == "https://shop.example/products/cart"
    assert product.purl is not None
    assert product.purl.text == "pkg:npm/%40shop/cart@3.1.0"
    assert product.cpe.startswith("cpe:2.3:a:shop:cart")
    assert str(product.digest) == "sha256:" + "cd" * 32


def test_the_first_versions_texts_are_products_and_share_their_subcomponents():
    record = read(raw("vex/openvex-0.0.1.json"))

    [only] = record.statements
    assert only.vulnerability == "CVE-2023-12345"
    assert [len(product.subcomponents) for product in only.products] == [1, 1]
    assert record.created_at is not None
    assert record.created_at.isoformat() == "2023-01-09T00:02:03.647787+00:00"


def test_products_of_the_document_are_those_of_a_statement_without_any():
    bare = {"vulnerability": "CVE-2026-1", "status": "fixed"}

    record = read(openvex(bare, products=["pkg:npm/x@1"]))

    assert [product.given for product in record.statements[0].products] == ["pkg:npm/x@1"]


@pytest.mark.parametrize(
    ("members", "code"),
    [
        ({"status": "not_affected"}, "vex_without_justification"),
        ({"status": "affected"}, "vex_without_action"),
        ({"status": "not_affected", "justification": "trust_me"}, "vex_unknown_justification"),
        ({"products": []}, "vex_no_product"),
        ({"products": [{"@id": ""}]}, "vex_no_product"),
        ({"products": [{"@id": "pkg:npm/"}]}, "bad_purl"),
        ({"products": [{"@id": "x", "hashes": {"sha-256": "12"}}]}, "bad_hash"),
        ({"products": [7]}, "wrong_shape"),
        ({"timestamp": "yesterday"}, "bad_timestamp"),
    ],
)
def test_a_statement_with_a_defect_is_kept_and_the_defect_told(members: dict[str, Any], code: str):
    record = read(openvex(statement(**members)))

    assert len(record.statements) == 1
    assert code in codes(record)


@pytest.mark.parametrize(
    ("broken", "code"),
    [
        (statement(status="probably_fine"), "vex_unknown_status"),
        (statement(vulnerability={}), "vex_no_vulnerability"),
        ("CVE-2026-1", "wrong_shape"),
    ],
)
def test_a_statement_that_cannot_be_read_is_counted_and_the_others_stand(broken: Any, code: str):
    record = read(openvex(broken, statement()))

    assert (record.statement_count, len(record.statements), record.rejected_count) == (2, 1, 1)
    assert codes(record) == [code]


@pytest.mark.parametrize(
    ("data", "limits", "code"),
    [
        (b'{"@context": "https://openvex.dev/ns", "statements": {}}', {}, "wrong_shape"),
        (openvex(statement(), statement()), {"components": 1}, "too_many_statements"),
        (openvex(statement(products=["pkg:npm/a", "pkg:npm/b"])), {"edges": 1}, "too_many_products"),
        (openvex(statement()), {"whole_bytes": 20}, "document_too_large"),
        (openvex(statement(impact_statement="a\x00b")), {}, "nul_in_string"),
    ],
)
def test_a_document_that_cannot_be_read_is_refused_by_code(data: bytes, limits: dict[str, int], code: str):
    with pytest.raises(FormatError) as refused:
        read(data, **limits)

    assert refused.value.code == code
