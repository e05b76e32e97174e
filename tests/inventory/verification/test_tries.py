"""A worker that dies of an attestation is followed by others, until it is set aside; none of the rest waits for it."""

from __future__ import annotations

import hashlib
import json
import os
import signal
from collections.abc import Sequence
from typing import Any

import pytest
from django.db import connections

from inventory.models import AttestationVerdict, Verdict
from inventory.models.verification import VerificationTry
from inventory.trust.envelopes import Signed
from inventory.verification.batch import MAX_TRIES, verify_batch
from inventory.verification.changes import note_change
from inventory.verification.proofs import Proof
from inventory.verification.prover import Prover
from tests.trust_lab import statement
from tests.trusted import NOW, result, send, trusting_lab, verify

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "interning"])


@pytest.fixture
def deadly(monkeypatch: pytest.MonkeyPatch) -> set[bytes]:
    """Digests of envelopes at which the verifier kills its process, as a fault in a library would."""
    found: set[bytes] = set()
    prove = Prover.prove

    def kill_or_prove(self: Prover, signed: Sequence[Signed], *, team_id: int) -> list[Proof]:
        if hashlib.sha256(signed[0].raw).digest() in found:
            os.kill(os.getpid(), signal.SIGKILL)
        return prove(self, signed, team_id=team_id)

    monkeypatch.setattr(Prover, "prove", kill_or_prove)
    return found


def worker_dies() -> bool:
    """Verify a batch in a process of its own; tell whether that was killed."""
    child = os.fork()
    if not child:
        _leave_connections()
        verify_batch(NOW)
        os._exit(0)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


_kept: list[Any] = []


def _leave_connections() -> None:
    """Let the parent keep its connections: closing them here would end them there."""
    for one in connections.all():
        _kept.append(one.connection)
        one.connection = None


def test_what_kills_workers_is_set_aside_and_the_others_are_verified(deadly: set[bytes]) -> None:
    lab = trusting_lab()
    bad = json.dumps(lab.dsse_bundle(statement())).encode()
    [killer] = send(bad)
    good = send(lab.dsse_bundle(statement()))[-1]
    deadly.add(hashlib.sha256(bad).digest())

    deaths = 0
    while worker_dies():
        deaths += 1
        assert deaths <= MAX_TRIES
    verify()

    assert deaths == MAX_TRIES
    assert (result(killer).verdict, result(killer).code) == (Verdict.UNSUPPORTED, "verifier_error")
    assert result(good).verdict == Verdict.VERIFIED_EXPECTED
    assert not VerificationTry.objects.exists()


def test_after_a_change_of_trust_it_is_tried_again(deadly: set[bytes]) -> None:
    lab = trusting_lab()
    bad = json.dumps(lab.dsse_bundle(statement())).encode()
    send(bad)
    deadly.add(hashlib.sha256(bad).digest())
    while worker_dies():
        pass
    deadly.clear()
    assert AttestationVerdict.objects.get().verdict == Verdict.UNSUPPORTED

    note_change("anything", at=NOW)
    verify()

    assert result().verdict == Verdict.VERIFIED_EXPECTED


def test_what_is_verified_leaves_no_try_behind() -> None:
    send(trusting_lab().dsse_bundle(statement()))

    verify()

    assert not VerificationTry.objects.exists()
