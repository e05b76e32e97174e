"""What a certificate binds, a payload must not contradict."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from cryptography import x509

from inventory.formats.attestations.provenance import read_provenance
from inventory.formats.attestations.records import ProvenanceRecord
from inventory.formats.defects import Defects
from inventory.trust.claims import CertificateClaims, read_claims
from inventory.trust.comparisons import Binding, compare, require_unforged
from inventory.trust.evaluation import Step, VerificationError
from tests.trust_lab import CLAIMS, COMMIT, ISSUER, REPOSITORY, WORKFLOW, Lab, new_key, statement


def claims_of(**changed: str) -> CertificateClaims:
    lab = Lab()
    return read_claims(x509.load_der_x509_certificate(lab.certificate(new_key(), claims={**CLAIMS, **changed})))


def stated() -> ProvenanceRecord:
    return read_provenance(json.loads(statement())["predicate"], pointer="", defects=Defects())


def test_claims_are_read_from_the_certificates_extensions() -> None:
    claims = claims_of()

    assert (claims.identity, claims.issuer, claims.source_digest) == (WORKFLOW, ISSUER, COMMIT)
    assert (claims.runner_environment, claims.build_trigger) == ("github-hosted", "push")


def test_old_extensions_count_where_the_new_ones_are_missing() -> None:
    lab = Lab()
    issued = lab.certificate(new_key(), claims={"8": ISSUER})
    assert read_claims(x509.load_der_x509_certificate(issued)).source_repository == ""

    old = {"1": ISSUER, "2": "push", "3": COMMIT, "5": "acme/shop", "6": "refs/heads/main"}
    claims = read_claims(x509.load_der_x509_certificate(lab.certificate(new_key(), old_claims=old, claims={})))

    assert (claims.issuer, claims.source_repository, claims.source_ref) == (ISSUER, REPOSITORY, "refs/heads/main")
    assert (claims.source_digest, claims.build_trigger) == (COMMIT, "push")


def test_a_payload_that_agrees_is_bound_field_by_field() -> None:
    rows = require_unforged(stated(), claims_of())

    assert {row.field: row.binding for row in rows} == dict.fromkeys(
        ("builder", "repository", "commit", "ref", "workflow", "run", "event", "runner"), Binding.BOUND
    )


@pytest.mark.parametrize(
    ("number", "value", "code"),
    [
        ("9", WORKFLOW.replace("acme", "mallory"), "builder_mismatch"),
        ("12", "https://github.com/mallory/shop", "source_mismatch"),
        ("13", "b" * 40, "source_mismatch"),
        ("14", "refs/heads/other", "ref_mismatch"),
        ("18", WORKFLOW.replace("release", "nightly"), "workflow_mismatch"),
        ("21", f"{REPOSITORY}/actions/runs/98/attempts/1", "run_mismatch"),
        ("21", f"{REPOSITORY}/actions/runs/99/attempts/2", "run_mismatch"),
        ("20", "pull_request", "event_mismatch"),
        ("11", "self-hosted", "runner_mismatch"),
    ],
)
def test_a_payload_that_says_something_else_is_a_failure(number: str, value: str, code: str) -> None:
    with pytest.raises(VerificationError) as caught:
        require_unforged(stated(), claims_of(**{number: value}))

    assert (caught.value.step, caught.value.code) == (Step.CLAIMS, code)


def test_what_the_certificate_does_not_say_is_stated_and_not_bound() -> None:
    rows = require_unforged(stated(), replace(claims_of(), source_ref="", run_invocation=""))

    assert {row.field for row in rows if row.binding is Binding.STATED} == {"ref", "run"}


@pytest.mark.parametrize(
    ("builder", "binding"),
    [
        ("https://github.com/actions/runner/github-hosted", Binding.BOUND),
        ("https://github.com/actions/runner/self-hosted", Binding.CONTRADICTED),
        ("https://github.com/actions/runner", Binding.STATED),
        ("https://builder.example", Binding.STATED),
    ],
)
def test_a_runner_as_builder_is_held_to_the_runs_environment(builder: str, binding: Binding) -> None:
    rows = compare(replace(stated(), builder_id=builder), claims_of())

    assert [row.binding for row in rows if row.field == "builder"] == [binding]


def test_a_run_without_its_attempt_is_the_same_run() -> None:
    rows = compare(replace(stated(), invocation_id=f"{REPOSITORY}/actions/runs/99"), claims_of())

    assert [row.binding for row in rows if row.field == "run"] == [Binding.BOUND]


@pytest.mark.parametrize("identities", [[], ["https://a.test", "https://b.test"]])
def test_a_certificate_with_no_or_several_identities_has_no_claims(identities: list[str]) -> None:
    lab = Lab()
    names: Any = [x509.UniformResourceIdentifier(name) for name in identities]

    issued = lab.certificate(new_key(), names=names or [x509.DNSName("host.test")])

    with pytest.raises(ValueError, match="identities"):
        read_claims(x509.load_der_x509_certificate(issued))
