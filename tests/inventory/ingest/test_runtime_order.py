"""Reports that arrive late, twice or reversed, and what the database itself refuses."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.db.models import F

from inventory.ingest.intervals import Reason
from inventory.models import CloseReason, RunInterval, Running, Workload
from tests.factories import cyclonedx, deployment, digest, later, report, snapshot, submit

pytestmark = pytest.mark.django_db

OLD, NEW = digest("old"), digest("new")

# domain.md D8, as a cluster's agent tells it: (minutes after START, pod, digest, status)
D8 = [
    (2, "pod-1", OLD, "running"),
    (30, "pod-1", OLD, "running"),
    (60, "pod-2", NEW, "running"),
    (65, "pod-1", OLD, "ended"),
]


def told(minutes: int, pod: str, artifact: str, status: str) -> dict[str, Any]:
    return deployment(digest=artifact, pod=pod, status=status, observed_at=later(minutes).isoformat())


def rows() -> list[dict[str, Any]]:
    columns = ("pod", "artifact__digest", "opened_at", "last_seen_at", "seen_count", "closed_at", "close_reason")
    return list(RunInterval.objects.order_by("opened_at", "pod").values(*columns))


def test_d8_a_rollout_a_silent_agent_and_a_snapshot_without_the_pod():
    for event in D8:
        report("shop", told(*event), at=later(event[0]))
    report("shop", told(90, "pod-2", NEW, "running"), at=later(90))

    snapshot("shop", deployment(digest=OLD, workload="Deployment/other", pod="x"), at=later(240))

    old, new = RunInterval.objects.filter(workload__name="api").order_by("opened_at")
    assert (old.opened_at, old.closed_at, old.close_reason) == (later(2), later(65), "ended")
    assert (new.opened_at, new.closed_at, new.close_reason) == (later(60), later(240), "snapshot_absent")
    assert new.last_seen_at == later(90), "since then nobody knows"


@pytest.mark.parametrize("order", list(permutations(range(len(D8))))[::5])
def test_d8_any_order_and_repeats_give_the_same_rows(order: tuple[int, ...]):
    for place in (*order, *order):
        report("shop", told(*D8[place]), at=later(300))

    assert [(row["pod"], row["opened_at"], row["closed_at"], row["close_reason"]) for row in rows()] == [
        ("pod-1", later(2), later(65), "ended"),
        ("pod-2", later(60), None, ""),
    ]
    assert [row["seen_count"] for row in rows()] == [2, 1]


def test_one_report_of_everything_gives_the_same_rows_as_many():
    for event in D8:
        report("shop", told(*event), at=later(300))
    one_by_one = rows()
    RunInterval.objects.all().delete()

    report("shop", *(told(*event) for event in reversed(D8)), at=later(300))

    assert rows() == one_by_one


def test_a_rollback_is_an_interval_of_its_own_and_a_cron_job_one_workload_with_many():
    for minutes, artifact in ((0, OLD), (10, NEW), (20, OLD)):
        report("shop", deployment(digest=artifact), at=later(minutes))
    for minutes in (0, 60):
        job = {"workload": "CronJob/nightly", "pod": f"nightly-{minutes}", "digest": NEW}
        report("shop", deployment(**job), at=later(minutes))
        report("shop", deployment(status="ended", **job), at=later(minutes + 5))

    assert RunInterval.objects.filter(workload__name="api").count() == 3
    assert RunInterval.objects.filter(workload__name="nightly").count() == 2
    assert Workload.objects.filter(name="nightly").count() == 1


def test_a_late_report_that_cuts_an_open_interval_keeps_the_projection_true():
    submit("shop", cyclonedx("pkg:npm/left-pad@1.3.0", subject=NEW))
    for minutes, artifact in ((0, NEW), (20, NEW), (10, OLD)):
        report("shop", told(minutes, "", artifact, "running"), at=later(30))

    assert [(row["artifact__digest"], row["closed_at"]) for row in rows()] == [
        (NEW, later(10)),
        (OLD, later(20)),
        (NEW, None),
    ]
    assert list(Running.objects.values_list("interval__opened_at", flat=True)) == [later(20)]


# --- What the database refuses -------------------------------------------------------------------------------------


def change(**columns: Any) -> None:
    with transaction.atomic():
        RunInterval.objects.update(**columns)


@pytest.mark.parametrize(
    "columns",
    [
        {"closed_at": later(-1), "close_reason": "ended"},
        {"closed_at": later(5)},
        {"close_reason": "ended"},
        {"last_seen_at": later(-1)},
    ],
    ids=["ends before it began", "ends without reason", "reason without end", "seen before it began"],
)
def test_an_interval_that_contradicts_itself(columns: dict[str, Any]):
    report("shop", deployment(digest=OLD))

    with pytest.raises(IntegrityError):
        change(**columns)


def test_two_open_intervals_of_one_container_and_reporter():
    report("shop", deployment(digest=OLD))
    report("shop", deployment(digest=NEW), at=later(5))

    with pytest.raises(IntegrityError):
        change(closed_at=None, close_reason="", last_seen_at=F("opened_at"))


def test_the_reasons_of_the_algebra_are_those_of_the_rows():
    assert [reason.value for reason in Reason] == CloseReason.values
