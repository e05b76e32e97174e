"""Why a try failed is kept with its document, and told on the receipt."""

from datetime import UTC, datetime, timedelta

import pytest

from inventory.api.evidence import ReceiptSerializer
from inventory.ingest import process
from inventory.ingest.time_limit import OutOfTimeError
from inventory.models import Evidence, EvidenceState, State
from tests.factories import START, apply_waiting, cyclonedx, digest, store

GOOD = cyclonedx("pkg:npm/left@1", subject=digest("app"))


def fail_once(monkeypatch: pytest.MonkeyPatch, evidence: Evidence, error: type[Exception]) -> None:
    def fail(*_args: object, **_named: object) -> None:
        raise error

    with monkeypatch.context() as patched:
        patched.setattr(process, "read_source", fail)
        assert process.process_next()
    EvidenceState.objects.filter(pk=evidence.pk).update(queued_at=START)


def told(evidence: Evidence) -> list[dict[str, object]]:
    found = Evidence.objects.select_related("state").get(pk=evidence.pk)
    tries: list[dict[str, object]] = ReceiptSerializer().get_failed_tries(found)
    return tries


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("error", "code"),
    [(MemoryError, "resource_limit"), (OutOfTimeError, "time_limit"), (KeyError, "internal_error")],
)
def test_why_the_first_try_failed_is_still_told_when_the_second_succeeded(
    error: type[Exception], code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    evidence = store("a", GOOD)
    fail_once(monkeypatch, evidence, error)
    apply_waiting()

    [failed] = told(evidence)
    assert EvidenceState.objects.get(pk=evidence.pk).state == State.APPLIED
    assert (failed["attempt"], failed["code"], failed["error"]) == (1, code, error.__name__)
    assert "test_tries.py" in str(failed["place"]), "the innermost place of our own code"
    assert ":" in str(failed["worker"])
    assert failed["seconds"] is not None


@pytest.mark.django_db
def test_a_worker_that_died_is_told_of_though_it_left_no_word(monkeypatch: pytest.MonkeyPatch) -> None:
    evidence = store("a", GOOD)
    long_ago = datetime.now(UTC) - timedelta(seconds=11)
    EvidenceState.objects.update(state=State.PROCESSING, attempts=1, claimed_at=long_ago)
    assert told(evidence) == [], "it may be at work"
    fail_once(monkeypatch, evidence, ValueError)
    apply_waiting()

    assert [(one["attempt"], one["code"]) for one in told(evidence)] == [(1, "worker_died"), (2, "internal_error")]


@pytest.mark.django_db
def test_a_document_put_aside_tells_of_all_its_tries_until_somebody_tries_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    evidence = store("a", GOOD)
    for _ in range(3):
        fail_once(monkeypatch, evidence, KeyError)
    assert [one["attempt"] for one in told(evidence)] == [1, 2, 3]

    process.retry(evidence.pk, at=datetime.now(UTC))
    apply_waiting()

    assert told(evidence) == []


@pytest.mark.django_db
def test_a_document_that_is_refused_or_applied_at_once_tells_of_none() -> None:
    bad, good = store("a", b"{}"), store("a", GOOD)
    apply_waiting()

    assert (told(bad), told(good)) == ([], [])
