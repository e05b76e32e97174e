"""The queue as operations sees it: how many wait, for how long, and when that is too long."""

from datetime import timedelta

import pytest
from django.utils import timezone

from inventory.graph.backlog import EvidenceCollector, count_by_state, probe_backlog, read_backlog
from inventory.models import EvidenceState
from tests.factories import START, cyclonedx, digest, store

pytestmark = pytest.mark.django_db


def waiting_since(minutes):
    evidence = store("payments", cyclonedx("pkg:npm/a@1", subject=digest("a")))
    EvidenceState.objects.filter(evidence=evidence).update(queued_at=timezone.now() - timedelta(minutes=minutes))


def test_an_empty_queue_is_fine():
    assert read_backlog().age_seconds(START) == 0.0
    assert probe_backlog().ok


def test_a_document_that_waits_too_long_is_told(settings):
    settings.READY_MAX_BACKLOG_SECONDS = 60
    waiting_since(minutes=2)

    result = probe_backlog()

    assert (result.ok, result.vital) == (False, False)
    assert result.message.startswith("1 waiting, oldest 12")


def test_metrics_name_every_state():
    waiting_since(minutes=2)

    documents, age, waiting, failed, rate = EvidenceCollector().collect()

    assert {sample.labels["state"]: sample.value for sample in documents.samples} == count_by_state()
    assert count_by_state()["received"] == 1
    assert age.samples[0].value >= 120
    assert [(sample.labels, sample.value) for sample in waiting.samples] == [({"team": "payments"}, 1)]
    assert failed.samples == []
    assert {sample.labels["outcome"] for sample in rate.samples} == {"applied", "rejected", "quarantined"}
