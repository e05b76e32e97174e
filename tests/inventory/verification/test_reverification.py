"""Budget: 10,000 attestations are judged anew in the background within ten minutes on two cores.

`./run test tests/inventory/verification/test_reverification.py -m drill -s` prints the figures.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from time import perf_counter, process_time

import pytest

from inventory.models import AttestationVerdict, Verdict
from inventory.verification.batch import verify_batch
from inventory.verification.changes import note_change
from tests.factories import submit
from tests.trust_lab import Lab, statement
from tests.trusted import NOW, believe, trusting_lab

COUNT, A_DOCUMENT, DISTINCT = 10_000, 1_000, 100
BUDGET_SECONDS = 600

pytestmark = [pytest.mark.drill, pytest.mark.django_db]


def test_ten_thousand_attestations_are_judged_anew_within_ten_minutes() -> None:
    lab = trusting_lab()
    signed = [lab.dsse_bundle(statement()) for _ in range(DISTINCT)]
    for document in range(COUNT // A_DOCUMENT):
        lines = [{**signed[n % DISTINCT], "number": document * A_DOCUMENT + n} for n in range(A_DOCUMENT)]
        submit("shop", b"\n".join(json.dumps(line).encode() for line in lines))

    first = measured("first verification (one root)")
    believe(Lab(name="other").trusted_root(), name="other")
    root = measured("a root changed: all cryptography anew (two roots)")
    note_change("a signer", at=NOW)
    signer = measured("a signer changed: no byte read")

    assert AttestationVerdict.objects.filter(verdict=Verdict.VERIFIED_EXPECTED).count() == COUNT
    assert max(first, root, signer) < BUDGET_SECONDS


def measured(what: str) -> float:
    """Judge all that is due, in one process; say what it took, and return the processor's seconds."""
    count = read = 0
    began, worked = perf_counter(), process_time()
    while (done := verify_batch(datetime.now(UTC))).count:
        count, read = count + done.count, read + done.read_count
    wall, cpu = perf_counter() - began, process_time() - worked
    assert count == COUNT
    print(f"\n{what}: {count:,} in {wall:.1f} s, {cpu:.1f} s of one core, {read:,} read")  # noqa: T201  # its purpose
    return cpu
