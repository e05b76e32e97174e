"""What SPDX 3.0's build and security profiles say: builds as claims of origin, assessments as statements (VEX)."""

from typing import Any

import pytest

from inventory.formats.claims import Claim
from inventory.formats.records import SbomRecord
from inventory.formats.vex_records import VexStatementRecord, VexStatus
from tests.inventory.formats.documents import encode
from tests.inventory.formats.fixtures import read_sbom
from tests.inventory.formats.test_spdx3 import BASE, graph, package, related

COMMIT = "8a5cb7e1" * 5
IMAGE = {"verifiedUsing": [{"type": "Hash", "algorithm": "sha256", "hashValue": "a" * 64}]}
CVE = {
    "type": "security_Vulnerability", "spdxId": BASE + "v", "creationInfo": "_:made",
    "externalIdentifier": [
        {"type": "ExternalIdentifier", "externalIdentifierType": "securityOther", "identifier": "GHSA-aaaa-bbbb-cccc"},
        {"type": "ExternalIdentifier", "externalIdentifierType": "cve", "identifier": "CVE-2026-1"},
    ],
}  # fmt: skip


def build(**members: Any) -> dict[str, Any]:
    return {
        "type": "build_Build", "spdxId": BASE + "build", "creationInfo": "_:made", "build_buildType": BASE + "type",
        "build_configSourceUri": ["git+https://github.com/acme/shop@refs/heads/main"],
        "build_configSourceDigest": [{"type": "Hash", "algorithm": "sha1", "hashValue": COMMIT}],
        "build_parameter": [{"type": "DictionaryEntry", "key": "target", "value": "release"}], **members,
    }  # fmt: skip


def assessed(kind: str, /, *targets: str, **members: Any) -> dict[str, Any]:
    made: dict[str, Any] = related("v", "doesNotAffect", *targets, **members)
    return made | {"type": f"security_{kind}VulnAssessmentRelationship", "spdxId": BASE + kind}


def read(*elements: dict[str, Any]) -> SbomRecord:
    return read_sbom(encode(graph(*elements)))


def statements(*elements: dict[str, Any]) -> list[VexStatementRecord]:
    record = read(package("app", software_packageUrl="pkg:npm/app@1"), CVE, *elements)
    assert record.vex is not None
    return record.vex.statements


def codes(record: SbomRecord) -> list[tuple[str, str]]:
    return [(warning.code, warning.pointer) for warning in record.warnings]


def test_what_came_out_of_a_build_is_claimed_to_be_of_its_source_and_commit() -> None:
    record = read(
        package("app", **IMAGE), package("lib"), build(), related("build", "hasOutput", "app"),
        related("build", "hasInput", "lib"),
    )  # fmt: skip

    claims = {(str(one.artifact), one.claim, one.value) for one in record.claims}
    digest = "sha256:" + "a" * 64
    assert claims == {(digest, Claim.SOURCE, "https://github.com/acme/shop"), (digest, Claim.REVISION, COMMIT)}
    assert record.passed_over_count == 0
    assert codes(record) == []


def test_a_build_whose_output_has_no_digest_claims_nothing() -> None:
    assert read(package("app"), build(), related("build", "hasOutput", "app")).claims == ()


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("VexAffected", VexStatus.AFFECTED), ("VexFixed", VexStatus.FIXED),
        ("VexNotAffected", VexStatus.NOT_AFFECTED), ("VexUnderInvestigation", VexStatus.UNDER_INVESTIGATION),
    ],
)  # fmt: skip
def test_each_assessment_is_a_statement_about_its_products(kind: str, status: VexStatus) -> None:
    [statement] = statements(assessed(kind, "app"))

    assert (statement.vulnerability, statement.aliases) == ("CVE-2026-1", ("GHSA-aaaa-bbbb-cccc",))
    assert statement.status is status
    assert [one.purl.text for one in statement.products if one.purl] == ["pkg:npm/app@1"]
    assert statement.pointer == "/@graph/6"


def test_what_a_statement_gives_as_reason_and_advice_is_kept() -> None:
    [statement] = statements(
        assessed(
            "VexNotAffected", "app", security_justificationType="vulnerableCodeNotInExecutePath",
            security_impactStatement="never called", security_assessedElement=BASE + "app",
            security_publishedTime="2026-01-02T03:04:05Z",
        )
    )  # fmt: skip

    assert statement.justification == "vulnerable_code_not_in_execute_path"
    assert (statement.impact, statement.stated_at is not None) == ("never called", True)
    assert [one.purl.text for one in statement.products[0].subcomponents if one.purl] == ["pkg:npm/app@1"]


def test_a_statement_about_what_is_not_there_is_kept_and_told() -> None:
    record = read(CVE, package("app"), assessed("VexAffected", "gone", security_justificationType="because"))

    assert codes(record) == [
        ("dangling_ref", "/@graph/6"),
        ("vex_unknown_justification", "/@graph/6/security_justificationType"),
    ]
    assert record.vex is not None
    assert len(record.vex.statements) == 1


def test_scores_are_no_statements_and_are_counted() -> None:
    record = read(CVE, package("app"), assessed("CvssV3", "app", security_score=9.8))

    assert record.vex is None
    assert record.passed_over_count == 1
