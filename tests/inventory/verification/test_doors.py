"""The doors of verification: what rings it, who shares the work, and who never loads the cryptography."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime
from threading import Thread
from typing import Any

import pytest
from django.db import connections, transaction

from inventory import tasks
from inventory.models import VerificationResult
from inventory.verification import batch
from inventory.verification.batch import verify_batch
from inventory.verification.changes import note_change
from inventory.verification.progress import count_due
from tests.trust_lab import Lab, statement
from tests.trusted import NOW, send, verify


@pytest.fixture
def rung(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the tasks that were rung for; the broker is the far side."""
    found: list[str] = []
    for task in (tasks.verify_attestations, tasks.process_evidence):
        monkeypatch.setattr(task, "delay", lambda name=task.name: found.append(name.rpartition(".")[2]))
    return found


@pytest.mark.django_db
def test_an_applied_attestation_rings_for_its_verification(rung: list[str]) -> None:
    send(statement())

    tasks.process_evidence()

    assert rung == ["verify_attestations"]
    tasks.verify_attestations()
    assert (count_due(), VerificationResult.objects.count()) == (0, 1)
    rung.clear()
    tasks.process_evidence()
    assert rung == []


@pytest.mark.django_db
def test_the_sweep_finds_what_a_lost_ring_and_a_change_of_trust_left_behind(rung: list[str]) -> None:
    send(statement())
    tasks.sweep_verification()
    assert rung == ["verify_attestations"]
    verify()

    rung.clear()
    tasks.sweep_verification()
    assert rung == []
    note_change("a signer", at=NOW)
    tasks.sweep_verification()
    assert rung == ["verify_attestations"]


@pytest.mark.django_db
def test_a_turn_that_ends_before_the_work_rings_again(rung: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    send(b"\n".join(json.dumps({**json.loads(statement()), "n": number}).encode() for number in range(3)))
    monkeypatch.setattr(tasks, "VERIFYING_SECONDS", 0.0)

    tasks.verify_attestations()

    assert rung == ["verify_attestations"]


@pytest.mark.django_db(transaction=True, databases=["default", "interning"])
def test_two_workers_share_what_is_due_and_do_nothing_twice(settings: Any) -> None:
    settings.VERIFIERS_AT_ONCE = 2
    lab = Lab()
    send(b"\n".join(json.dumps(lab.dsse_bundle(statement())).encode() for _ in range(30)))
    counts: list[int] = []

    def work() -> None:
        try:
            while done := verify_batch(datetime.now(UTC), limit=5).count:
                counts.append(done)
        finally:
            connections.close_all()

    workers = [Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    assert sum(counts) == VerificationResult.objects.count() == 30
    assert count_due() == 0


@pytest.mark.django_db(transaction=True, databases=["default", "interning"])
def test_no_more_verify_at_once_than_may(settings: Any) -> None:
    settings.VERIFIERS_AT_ONCE = 1
    send(statement())
    found: list[int] = []

    def work() -> None:
        try:
            found.append(verify_batch(datetime.now(UTC)).count)
        finally:
            connections.close_all()

    with transaction.atomic():
        verified = batch._verify(datetime.now(UTC), limit=1)
        worker = Thread(target=work)
        worker.start()
        worker.join()

    assert (verified.count, found) == (1, [0])


@pytest.mark.parametrize("module", ["inventory.tasks", "inventory.urls", "inventory.verification.batch"])
def test_only_work_that_is_due_loads_the_cryptography(module: str) -> None:
    """Item 97: without it the web server stands, and nothing is shown as verified."""
    code = f"import django, sys; django.setup(); import {module}; print('sigstore' in sys.modules)"

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "False"
