"""What gh, cosign and policy-controller say that they verified is kept as their word, apart from what we verified."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from inventory.models import AttestationVerdict, EvidenceState, ReportedVerification
from tests import cosign_lab as cosign
from tests.factories import apply_waiting, digest, store, submit
from tests.trust_lab import ISSUER, WORKFLOW, Lab, statement
from tests.trusted import verify

pytestmark = pytest.mark.django_db
IMAGE = digest("image")


def gh(lab: Lab, **changes: Any) -> dict[str, Any]:
    """Return an item of `gh attestation verify --format json`."""
    certificate = {
        "certificateIssuer": "CN=sigstore-intermediate,O=sigstore.dev",
        "subjectAlternativeName": WORKFLOW,
        "issuer": ISSUER,
        "buildSignerURI": WORKFLOW,
        "sourceRepositoryURI": "https://github.com/Acme/Shop",
    }
    return {
        "attestation": {"bundle": lab.dsse_bundle(statement())},
        "verificationResult": {
            "mediaType": "application/vnd.dev.sigstore.verificationresult+json;version=0.1",
            "statement": json.loads(statement()),
            "signature": {"certificate": certificate},
            "verifiedTimestamps": [],
            **changes,
        },
    }


def test_what_gh_verified_is_reported_and_its_bundle_is_judged_by_us() -> None:
    lab = Lab()
    submit("shop", json.dumps([gh(lab), gh(lab)]).encode())
    verify()

    first, _ = ReportedVerification.objects.select_related("artifact").order_by("position")
    own = json.loads(statement())["subject"][0]["digest"]["sha256"]
    assert (first.tool, first.passed, first.artifact.digest) == ("gh", True, f"sha256:{own}")
    assert (first.issuer, first.identity, first.builder_id) == (ISSUER, WORKFLOW, WORKFLOW)
    assert (first.repository.lower(), first.level) == ("github.com/acme/shop", 2)
    assert first.pointer == "/0/verificationResult"
    assert {row.verdict for row in AttestationVerdict.objects.all()} == {"unsupported"}


def test_what_cosign_verify_prints_is_reported_and_a_bare_payload_is_not() -> None:
    said = json.loads(cosign.payload(IMAGE)) | {"optional": {"Issuer": ISSUER, "Subject": WORKFLOW}}
    submit("shop", json.dumps([said]).encode())
    submit("shop", cosign.payload(digest("other")))

    found = ReportedVerification.objects.select_related("artifact").get()
    assert (found.tool, found.artifact.digest, found.identity) == ("cosign", IMAGE, WORKFLOW)
    assert found.level is None


POLICY = {
    "result": {
        "authorityMatches": {
            "keyless": {
                "signatures": [
                    {"id": "a", "subject": WORKFLOW, "issuer": ISSUER, "githubWorkflowRepository": "Acme/shop"}
                ],
                "attestations": {"provenance": [{"subject": WORKFLOW, "issuer": ISSUER, "predicateType": "x"}]},
            }
        }
    }
}


def test_a_result_of_policy_controller_is_about_the_artifact_of_the_request() -> None:
    submit("shop", json.dumps(POLICY).encode(), artifacts=[IMAGE])

    signature, attestation = ReportedVerification.objects.select_related("artifact").order_by("position")
    assert (signature.tool, signature.artifact.digest, signature.passed) == ("policy-controller", IMAGE, True)
    assert (signature.repository, signature.identity) == ("github.com/acme/shop", WORKFLOW)
    assert (attestation.predicate_type, attestation.pointer) == (
        "x", "/result/authorityMatches/keyless/attestations/provenance/0"
    )  # fmt: skip


def test_a_result_with_errors_did_not_pass() -> None:
    submit("shop", json.dumps({**POLICY, "errors": ["no match"]}).encode(), artifacts=[IMAGE])

    assert set(ReportedVerification.objects.values_list("passed", flat=True)) == {False}


def test_a_result_about_nothing_is_told_and_kept_as_bytes_alone() -> None:
    evidence = submit("shop", json.dumps(POLICY).encode())

    assert not ReportedVerification.objects.exists()
    warnings = EvidenceState.objects.get(pk=evidence.pk).warnings
    assert {warning["code"] for warning in warnings} == {"report_of_nothing"}


@pytest.mark.parametrize(
    "body", [{"authorityMatches": {}}, {"authorityMatches": {"a": 1}}, {"result": {"authorityMatches": {}}}]
)
def test_a_result_that_tells_nothing_is_rejected(body: Any) -> None:
    evidence = store("shop", json.dumps(body).encode())
    apply_waiting()

    state = EvidenceState.objects.get(pk=evidence.pk)
    assert state.error is not None
    assert (state.state, state.error["code"]) == ("rejected", "wrong_shape")


def test_the_same_document_again_adds_nothing() -> None:
    data = json.dumps(POLICY).encode()
    submit("shop", data, artifacts=[IMAGE])
    before = ReportedVerification.objects.count()

    submit("shop", data, artifacts=[IMAGE])

    assert ReportedVerification.objects.count() == 2 * before, "another evidence says it again"
    assert ReportedVerification.objects.values("evidence", "position").distinct().count() == 2 * before


def test_a_report_of_another_shape_is_passed_over() -> None:
    lab = Lab()
    changed: tuple[dict[str, Any], ...] = (
        {"statement": {}},
        {"statement": {"subject": [{"digest": {"md5": "0" * 32}}]}},
        {"signature": None},
    )
    for changes in changed:
        submit("shop", json.dumps([gh(lab, **changes)]).encode())

    assert not ReportedVerification.objects.exists()


DATA = Path(__file__).parents[2] / "data" / "reported"
A = f"sha256:{'a' * 64}"
RELEASE = "https://github.com/acme/shop/.github/workflows/release.yml@refs/tags/v1.0"


def test_what_gh_prints_is_read_with_every_field_it_has() -> None:
    submit("shop", (DATA / "gh-attestation-verify.json").read_bytes())

    found = ReportedVerification.objects.select_related("artifact").get()
    assert (found.tool, found.artifact.digest, found.level) == ("gh", A, 2)
    assert (found.identity, found.builder_id, found.repository) == (RELEASE, RELEASE, "github.com/acme/shop")


def test_what_policy_controller_hands_to_policies_is_read_with_every_field_it_has() -> None:
    """It calls the repository `githubWorkflowRepo`, unlike cosign."""
    submit("shop", (DATA / "policy-result.json").read_bytes(), artifacts=[A])

    signature, attestation = ReportedVerification.objects.order_by("position")
    assert (signature.passed, signature.identity, signature.repository) == (True, RELEASE, "github.com/acme/shop")
    assert (attestation.predicate_type, attestation.repository) == (
        "https://slsa.dev/provenance/v1", "github.com/acme/shop"
    )  # fmt: skip
