"""What workloads declare opens nothing, ends nothing, and is never a snapshot of what runs."""

from __future__ import annotations

import json
from typing import Any

import pytest

from inventory.models import Artifact, Evidence, EvidenceState, RunInterval, State
from tests.factories import apply_waiting, deployment, digest, later, snapshot, store, submit

pytestmark = pytest.mark.django_db

A, PINNED = digest("a"), digest("declared")
DEPLOYMENT = {
    "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "api", "namespace": "shop"},
    "spec": {"template": {"spec": {"containers": [{"name": "app", "image": f"registry.example/api@{PINNED}"}]}}},
}  # fmt: skip


def state(evidence: Evidence) -> EvidenceState:
    return EvidenceState.objects.get(pk=evidence.pk)


def send_snapshot(body: Any, **parameters: Any) -> Evidence:
    data = json.dumps(body).encode()
    evidence = store(
        "team-a", data, at=later(5), is_observation=True, declared_kind="snapshot", cluster="prod-eu",
        namespaces=["*"], **parameters,
    )  # fmt: skip
    apply_waiting()
    return evidence


def test_a_declared_image_is_kept_and_told_and_runs_nowhere():
    evidence = submit("team-a", json.dumps(DEPLOYMENT).encode(), cluster="prod-eu")

    found = state(evidence)

    assert (found.state, found.kind) == (State.APPLIED_WITH_WARNINGS, "deployment")
    assert [warning["code"] for warning in found.warnings] == ["declared_only"]
    assert (found.counts["declared"], found.counts["records"]) == (1, 0)
    assert not RunInterval.objects.exists()
    assert not Artifact.objects.filter(digest=PINNED).exists()


@pytest.mark.parametrize("confirm_empty", [False, True])
@pytest.mark.parametrize("body", [DEPLOYMENT, {"apiVersion": "v1", "kind": "List", "items": [DEPLOYMENT]}])
def test_a_snapshot_of_what_is_declared_is_refused_and_ends_nothing(body: Any, confirm_empty: bool):
    snapshot("team-a", deployment(digest=A))

    refused = state(send_snapshot(body, confirm_empty=confirm_empty))

    assert (refused.state, (refused.error or {}).get("code")) == (State.REJECTED, "no_pods")
    assert RunInterval.objects.get().closed_at is None


def test_pods_among_workloads_are_a_snapshot_as_before():
    snapshot("team-a", deployment(digest=A))
    pod = {
        "kind": "Pod", "metadata": {"name": "p", "namespace": "shop"},
        "spec": {"containers": [{"name": "x", "image": "y"}]},
        "status": {"containerStatuses": [{"name": "x", "imageID": f"y@{digest('y')}", "state": {"running": {}}}]},
    }  # fmt: skip

    sent = state(send_snapshot({"apiVersion": "v1", "kind": "List", "items": [pod, DEPLOYMENT]}))

    assert (sent.counts["records"], sent.counts["declared"]) == (1, 1)
    ended = RunInterval.objects.get(artifact__digest=A)
    assert ended.closed_at is not None
