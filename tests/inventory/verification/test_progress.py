"""How far verification is: for a team its own, for the operations all."""

from __future__ import annotations

import json

import pytest

from inventory.models import AttestationVerdict, VerificationResult
from inventory.verification.changes import note_change
from inventory.verification.progress import VerificationCollector, of_verification, read_progress
from tests.factories import SEES_ALL, member_of
from tests.trust_lab import Lab, statement
from tests.trusted import NOW, believe, send, trusting_lab, verify

pytestmark = pytest.mark.django_db


def test_progress_is_of_what_one_sees() -> None:
    lab = trusting_lab()
    send(lab.dsse_bundle(statement()), team="shop")
    send(statement(), team="shop")
    send(statement(), team="other")
    assert read_progress(actor=member_of("shop")).due_count == 2

    verify()

    mine = read_progress(actor=member_of("shop"))
    assert (mine.attestation_count, mine.due_count) == (2, 0)
    assert {name: count for name, count in mine.verdicts.items() if count} == {
        "verified_expected": 1, "unsigned_claim": 1
    }  # fmt: skip
    assert read_progress(actor=member_of("stranger")).attestation_count == 0
    assert read_progress(actor=SEES_ALL).attestation_count == 3
    note_change("anything", at=NOW)
    assert read_progress(actor=SEES_ALL).due_count == 3


def test_the_operations_see_what_waits_and_what_the_verifier_failed_at() -> None:
    lab = trusting_lab()
    send(json.dumps(lab.dsse_bundle(statement())).encode())
    [waiting] = of_verification(NOW)
    assert (waiting.level, waiting.text) == ("good", "1 attestations wait for it")
    due, _ = VerificationCollector().collect()
    assert due.samples[0].value == 1

    verify()
    assert [finding.text for finding in of_verification(NOW)] == ["everything is verified"]
    _, verdicts = VerificationCollector().collect()
    assert {sample.labels["verdict"]: sample.value for sample in verdicts.samples}["verified_expected"] == 1

    broken = VerificationResult.objects.get()
    broken.pk, broken.code, broken.verdict, broken.outcome, broken.level = (
        None,
        "verifier_error",
        "unsupported",
        "unsupported",
        0,
    )
    broken.save()
    AttestationVerdict.objects.update(result=broken, verdict="unsupported")
    [found] = of_verification(NOW)
    assert found.level == "danger"


def test_a_root_that_no_reader_reads_is_red_until_it_is_retired() -> None:
    lab = Lab(name="broken")
    broken = believe(lab.trusted_root(mediaType="application/vnd.dev.sigstore.trustedroot+json;version=0.9"))
    send(lab.dsse_bundle(statement()))
    assert not any("root_unreadable" in finding.text for finding in of_verification(NOW))

    verify()

    found = [finding for finding in of_verification(NOW) if "root_unreadable" in finding.text]
    assert [(one.level, "lab/1" in one.text) for one in found] == [("danger", True)]
    broken.retired_at = NOW
    broken.save()
    assert not any("root_unreadable" in finding.text for finding in of_verification(NOW))
