"""What verified bytes mean: read from the same bytes, held to the certificate; what cannot be read is a failure."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from inventory.formats.attestations.dsse import PAYLOAD_TYPE
from inventory.formats.read import read_document
from inventory.identity.digests import Digest
from inventory.trust.bundles import Verifier, verify_bundle
from inventory.trust.evaluation import Evaluation, Step
from inventory.trust.meaning import Meaning, understand
from inventory.trust.outcomes import Outcome
from inventory.trust.roots import load_root
from tests.trust_lab import CLAIMS, Lab, statement


@pytest.fixture(scope="module")
def lab() -> Lab:
    return Lab()


def read(lab: Lab, bundle: dict[str, Any]) -> tuple[Evaluation, Meaning | None]:
    verifier = Verifier(load_root(lab.trusted_root()), {}, datetime.now(UTC))
    evaluation = verify_bundle(json.dumps(bundle).encode(), verifier=verifier)
    assert evaluation.outcome is Outcome.VALID
    return evaluation, understand(evaluation, read_document=read_document)


def test_a_statement_means_its_subjects_and_its_provenance(lab: Lab) -> None:
    evaluation, meaning = read(lab, lab.dsse_bundle(statement()))

    assert meaning is not None
    assert [digest.algorithm for digest in meaning.digests] == ["sha256"]
    assert len(meaning.comparisons) == 8
    assert evaluation.steps[-3:] == [Step.PAYLOAD, Step.SUBJECT, Step.CLAIMS]


def test_a_signed_artifact_means_its_digest(lab: Lab) -> None:
    evaluation, meaning = read(lab, lab.message_bundle(b"x"))

    assert meaning is not None
    assert (len(meaning.digests), meaning.statement) == (1, None)
    assert evaluation.steps[-1] is Step.SUBJECT


@pytest.mark.parametrize(
    ("payload", "step", "code"),
    [
        (b"", Step.PAYLOAD, "payload_unparseable"),
        (b"{}", Step.PAYLOAD, "payload_unparseable"),
        (b'{"a": 1, "a": 2}', Step.PAYLOAD, "payload_unparseable"),
        (b"\xff", Step.PAYLOAD, "payload_unparseable"),
        (statement(subject=[]), Step.SUBJECT, "bad_subject"),
        (statement(subject=[None]), Step.SUBJECT, "bad_subject"),
        (statement(subject=None), Step.SUBJECT, "bad_subject"),
        (statement(subject=[{"name": "shop"}]), Step.SUBJECT, "bad_subject"),
        (statement(subject=[{"name": "shop", "digest": {"md5": "0" * 32}}]), Step.SUBJECT, "bad_subject"),
    ],
)
def test_a_payload_that_cannot_be_read_is_a_failure_whatever_its_signature(
    lab: Lab, payload: bytes, step: Step, code: str
) -> None:
    evaluation, meaning = read(lab, lab.dsse_bundle(payload))

    assert meaning is None
    assert (evaluation.outcome, evaluation.stopped_at, evaluation.code) == (Outcome.FAILED, step, code)
    assert evaluation.payload == b""


def test_a_payload_of_another_type_is_no_statement(lab: Lab) -> None:
    evaluation, meaning = read(lab, lab.dsse_bundle(statement(), payload_type="text/plain"))

    assert (meaning, evaluation.code) == (None, "payload_type")


def test_a_payload_that_the_certificate_contradicts_is_a_failure(lab: Lab) -> None:
    evaluation, meaning = read(lab, lab.dsse_bundle(statement(), claims={**CLAIMS, "13": "b" * 40}))

    assert (meaning, evaluation.code) == (None, "source_mismatch")


def test_what_was_not_verified_means_nothing(lab: Lab) -> None:
    signed = Evaluation(code="tlog_mismatch", outcome=Outcome.FAILED, digests=(Digest("sha256", "0" * 64),))
    stated = Evaluation(code="tlog_mismatch", outcome=Outcome.FAILED, payload=statement(), payload_type=PAYLOAD_TYPE)

    assert understand(signed, read_document=read_document) is None
    assert understand(stated, read_document=read_document) is None
