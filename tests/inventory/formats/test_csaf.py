"""CSAF as statements: products of the tree and its relationships, reasons, and what the standard's tests find."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from inventory.formats.limits import Limits
from inventory.formats.read import read_document
from inventory.formats.records import FormatError, VexRecord
from inventory.formats.vex_records import VexStatus
from tests.inventory.formats.fixtures import raw

Change = Callable[[dict[str, Any]], object]


def read(document: dict[str, Any] | None = None, **limits: int) -> VexRecord:
    data = raw("vex/csaf-2.0.json") if document is None else json.dumps(document).encode()
    record = read_document(data, limits=Limits(**limits), kind="vex")
    assert isinstance(record, VexRecord)
    return record


def changed(change: Change) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(raw("vex/csaf-2.0.json"))
    change(document)
    return document


def test_each_status_and_reason_is_a_statement_with_its_products():
    record = read()

    affected, plain, explained = record.statements
    assert {statement.vulnerability for statement in record.statements} == {"CVE-2026-3333"}
    assert affected.aliases == ("GHSA-3333-3333-3333",)
    assert (affected.status, affected.action) == (VexStatus.AFFECTED, "Update to 3.1.0.")
    assert (plain.status, plain.justification) == (VexStatus.NOT_AFFECTED, "vulnerable_code_not_present")
    assert (explained.justification, explained.impact) == ("vulnerable_code_not_present", "The parser is not built in.")
    assert (record.issuer, record.document_id, record.warnings) == ("https://psirt.shop.example", "SHOP-2026-001", [])


def test_a_range_of_versions_and_hashes_stay_with_their_product():
    affected, plain, _ = read().statements

    assert affected.products[0].version_range == "vers:npm/>=2.0.0|<3.0.0"
    assert str(plain.products[0].digest) == "sha256:" + "ef" * 32
    assert plain.products[0].purl is not None
    assert plain.products[0].purl.text == "pkg:npm/%40shop/cart@3.1.0"


def test_a_product_that_is_part_of_another_has_its_part_as_subcomponent():
    [product] = read().statements[2].products

    assert (product.given, product.cpe) == ("Cart of Shop OS 9", "cpe:/o:shop:os:9")
    assert [part.given for part in product.subcomponents] == ["Shop Cart 3.1.0"]


def test_several_purls_of_one_product_are_all_kept():
    def with_purls(document: dict[str, Any]) -> None:
        document["document"]["csaf_version"] = "2.1"
        helper = {"purls": ["pkg:npm/%40shop/cart@3.1.0", "pkg:github/shop/cart@3.1.0"]}
        document["product_tree"]["branches"][0]["branches"][0]["branches"][0]["product"][
            "product_identification_helper"
        ] = helper

    [product] = read(changed(with_purls)).statements[1].products

    assert [part.given for part in product.subcomponents] == ["pkg:github/shop/cart@3.1.0"]


def vulnerability(document: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = document["vulnerabilities"][0]
    return found


def tracking(document: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = document["document"]["tracking"]
    return found


@pytest.mark.parametrize(
    ("change", "code", "said"),
    [
        (lambda d: vulnerability(d)["product_status"].update(fixed=["NOWHERE"]), "csaf_undefined_product", "NOWHERE"),
        (lambda d: vulnerability(d)["flags"][0].update(group_ids=["H"]), "csaf_undefined_product", "H"),
        (lambda d: d["product_tree"]["full_product_names"].append({"product_id": "OS-9"}), "csaf_rule", "6.1.2:"),
        (lambda d: vulnerability(d)["product_status"].update(fixed=["CART-2"]), "csaf_rule", "6.1.6:"),
        (lambda d: tracking(d).update(version="3"), "csaf_rule", "6.1.16:"),
        (lambda d: tracking(d).update(version="0.1.0"), "csaf_rule", "6.1.17:"),
        (lambda d: tracking(d)["revision_history"][0].update(date="2026-03-01T10:00:00Z"), "csaf_rule", "6.1.14:"),
        (lambda d: tracking(d)["revision_history"].pop(0), "csaf_rule", "6.1.21:"),
        (lambda d: d["vulnerabilities"].append({"cve": "CVE-2026-3333"}), "csaf_rule", "6.1.23:"),
        (lambda d: d["document"].update(category="CSAF VEX"), "csaf_rule", "6.1.26:"),
        (lambda d: vulnerability(d).pop("flags"), "csaf_rule", "6.1.27.9:"),
        (lambda d: vulnerability(d).pop("remediations"), "csaf_rule", "6.1.27.10:"),
        (lambda d: d.pop("vulnerabilities"), "csaf_rule", "6.1.27.11:"),
        (lambda d: vulnerability(d)["flags"][0].pop("group_ids"), "csaf_rule", "6.1.32:"),
        (lambda d: d["document"].update(lang="en", source_lang="en"), "csaf_rule", "6.1.28:"),
        (lambda d: vulnerability(d)["product_status"].update(doomed=["CART-2"]), "vex_unknown_status", "doomed"),
    ],
)  # fmt: skip
def test_a_document_with_a_defect_is_read_and_the_defect_told(change: Change, code: str, said: str):
    record = read(changed(change))

    assert any(warning.code == code and said in warning.message for warning in record.warnings), record.warnings


def test_a_vulnerability_without_any_id_is_counted_as_rejected():
    def nameless(document: dict[str, Any]) -> None:
        for name in ("cve", "ids"):
            del vulnerability(document)[name]

    record = read(changed(nameless))

    assert (record.statement_count, record.rejected_count) == (1, 1)
    assert "vex_no_vulnerability" in [warning.code for warning in record.warnings]


@pytest.mark.parametrize(
    ("change", "limits", "code"),
    [
        (lambda d: d["document"].update(csaf_version="1.2"), {}, "unsupported_version"),
        (lambda d: d.update(vulnerabilities={}), {}, "wrong_shape"),
        (lambda _: None, {"edges": 1}, "too_many_products"),
        (lambda _: None, {"components": 3}, "too_many_products"),
    ],
)
def test_a_document_that_cannot_be_read_is_refused(change: Change, limits: dict[str, int], code: str):
    with pytest.raises(FormatError) as refused:
        read(changed(change), **limits)

    assert refused.value.code == code
