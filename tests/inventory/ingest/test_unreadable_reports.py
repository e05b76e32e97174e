"""A runtime report of which nothing can be read says so by its state: it is rejected, and ends nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest

from inventory.models import Cluster, Evidence, EvidenceState, RunInterval, State
from tests.factories import apply_waiting, deployment, digest, snapshot, store

pytestmark = pytest.mark.django_db

A = digest("a")
INSPECTED = {"Id": "f", "Image": "nginx", "State": {"Status": "running"}}
"""As `docker inspect` prints it, sent without being converted."""


def send(*records: dict[str, Any], **parameters: Any) -> EvidenceState:
    kind = parameters.pop("declared_kind", "deployment")
    evidence: Evidence = store(
        "shop", json.dumps(list(records)).encode(), declared_kind=kind, is_observation=True, **parameters
    )
    apply_waiting()
    return EvidenceState.objects.get(pk=evidence.pk)


def test_a_report_of_which_no_record_can_be_read_is_rejected_by_the_first_defect() -> None:
    state = send(INSPECTED, {"workload": 7})

    assert (state.state, (state.error or {})["code"]) == (State.REJECTED, "missing_field")
    assert (state.error or {})["pointer"] == "/0/workload"
    assert not Cluster.objects.exists()


def test_a_snapshot_of_which_no_record_can_be_read_is_rejected_and_ends_nothing() -> None:
    snapshot("shop", deployment(digest=A))

    state = send(INSPECTED, declared_kind="snapshot", cluster="prod-eu", namespaces=["*"])

    assert (state.state, (state.error or {})["code"]) == (State.REJECTED, "missing_field")
    assert RunInterval.objects.get().closed_at is None


def test_one_record_that_counts_carries_the_report() -> None:
    state = send(INSPECTED, deployment(digest=A))

    assert (state.state, state.counts["records_rejected"]) == (State.APPLIED_WITH_WARNINGS, 1)
    assert RunInterval.objects.count() == 1
