"""What ran at a time is read by its time, and whoever remembers it learns of evidence that comes late."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.db import connection

from incidents.impact import what_ran
from incidents.impact.assess import assess
from incidents.impact.question import Question
from incidents.impact.statements import INTERVALS, RAN, THEN
from incidents.pasted import parse_text
from inventory.models import RunInterval
from tests.factories import SEES_ALL, cyclonedx, deployment, digest, digest_of, image_index, later, report, submit

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from incidents.impact.answer import Impact

pytestmark = pytest.mark.django_db(transaction=True)

A, B, COMPONENT = digest("a"), digest("b"), "pkg:npm/lodash@4.17.20"
NOW = later(600)
LIVES = [(0, 10), (10, 20), (10, 10), (20, None), (5, 15), (15, 16), (-5, 40)]
"""When each container was opened and closed, in minutes."""
TIMES = [later(minute) for minute in (-10, -5, 0, 5, 9, 10, 15, 16, 20, 40, 50)]
FILL = """
INSERT INTO inventory_runinterval (team_id, reporter_id, workload_id, container, container_class, pod, artifact_id,
    digest_kind, image_name, image_tag, node_architecture, environment_id, opened_at, last_seen_at, seen_count,
    closed_at, close_reason, end_names_image, opened_by_id)
SELECT team_id, reporter_id, workload_id, container, container_class, 'pod-' || n, artifact_id, digest_kind, image_name,
    image_tag, node_architecture, environment_id, opened_at - n * interval '1 hour', opened_at - n * interval '1 hour',
    1, opened_at - n * interval '1 hour' + interval '1 hour', 'ended', false, opened_by_id
FROM inventory_runinterval CROSS JOIN generate_series(1, 5000) n
"""


def ask(**when: Any) -> Impact:
    return assess(Question(parse_text(COMPONENT), **when), actor=SEES_ALL, at=NOW)


def ran(when: str, *, since: datetime, until: datetime) -> set[int]:
    scope = {"teams": None, "clusters": None, "environments": None, "since": since, "until": until}
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT id FROM ({INTERVALS.format(when=when)}) shown", scope)
        return {row[0] for row in cursor.fetchall()}


def test_the_index_of_times_finds_what_ran_as_the_conditions_do():
    report("shop", *(deployment(digest=A, workload=f"Deployment/{number}") for number in range(len(LIVES))))
    for interval, (opened, closed) in zip(RunInterval.objects.order_by("pk"), LIVES, strict=True):
        interval.opened_at, interval.last_seen_at = later(opened), later(opened)
        interval.closed_at = None if closed is None else later(closed)
        interval.close_reason = "" if closed is None else "ended"
        interval.save()

    windows = [
        (since, until) for since in TIMES for until in (*TIMES, since + timedelta(microseconds=1)) if since < until
    ]
    found = {window: ran(RAN, since=window[0], until=window[1]) for window in windows}

    assert found == {window: ran(THEN, since=window[0], until=window[1]) for window in windows}
    assert {len(ids) for ids in found.values()} == set(range(len(LIVES)))
    assert ran(RAN, since=later(20), until=later(10)) == set()


def test_what_ran_is_found_by_its_time_among_all_that_ever_ran():
    report("shop", deployment(digest=A))
    with connection.cursor() as cursor:
        cursor.execute(FILL)
        cursor.execute("ANALYZE inventory_runinterval")
        scope = {"teams": None, "clusters": None, "environments": None, "since": later(-90), "until": later(-89)}
        cursor.execute(f"EXPLAIN (COSTS OFF) {INTERVALS.format(when=RAN)}", scope)
        plan = "\n".join(row[0] for row in cursor.fetchall())

    assert "run_interval_time" in plan
    assert "Seq Scan on inventory_runinterval" not in plan


MANY = """
INSERT INTO inventory_artifact (digest, label_name, label_version)
SELECT 'sha256:' || lpad(to_hex(n), 64, '0'), '', '' FROM generate_series(1, 1000) n;
INSERT INTO inventory_snapshotsubject (snapshot_id, artifact_id, track_id, seq, kind, source, confidence)
SELECT s.snapshot_id, a.id, s.track_id, s.seq, s.kind, s.source, s.confidence
FROM inventory_snapshotsubject s CROSS JOIN inventory_artifact a WHERE a.digest LIKE 'sha256:0000%%';
INSERT INTO inventory_runinterval (team_id, reporter_id, workload_id, container, container_class, pod, artifact_id,
    digest_kind, image_name, image_tag, node_architecture, environment_id, opened_at, last_seen_at, seen_count,
    close_reason, end_names_image, opened_by_id)
SELECT i.team_id, i.reporter_id, i.workload_id, i.container, i.container_class, a.digest, a.id, i.digest_kind,
    i.image_name, i.image_tag, i.node_architecture, i.environment_id, i.opened_at, i.last_seen_at, 1, '', false,
    i.opened_by_id
FROM inventory_runinterval i CROSS JOIN inventory_artifact a WHERE a.digest LIKE 'sha256:0000%%'
"""


def test_what_ran_is_never_compared_each_with_each():
    """The planner takes what a part of the statement found for a few rows, and would join them one by one."""
    submit("shop", cyclonedx(COMPONENT, subject=A))
    report("shop", deployment(digest=A))
    scope = {
        "teams": None,
        "clusters": None,
        "environments": None,
        "since": later(5),
        "until": later(6),
        "at": later(5),
    }
    with connection.cursor() as cursor:
        cursor.execute(MANY)
        cursor.execute("SET plan_cache_mode = force_generic_plan")
        cursor.execute(f"EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF) {what_ran.WHAT_RAN}", scope)
        plan = "\n".join(row[0] for row in cursor.fetchall())
        cursor.execute("RESET plan_cache_mode")

    compared = [int(number) for number in re.findall(r"Removed by Join Filter: (\d+)", plan)]
    assert max(compared, default=0) <= 2 * 1001
    assert ask(at=later(5)).header.summary.affected.artifact_count == 1001


def test_a_window_that_begins_in_the_future_is_what_runs_then_as_far_as_is_known():
    submit("shop", cyclonedx(COMPONENT, subject=A))
    report("shop", deployment(digest=A))

    assert ask(window_from=NOW + timedelta(days=1)).header.summary.possible.workload_count == 1  # unseen by then


def test_before_anything_ran_there_is_nothing():
    submit("shop", cyclonedx(COMPONENT, subject=A))
    report("shop", deployment(digest=A))

    answer = ask(at=later(-1)).header

    assert answer.summary.affected.workload_count == 0
    assert answer.summary.affected.artifact_count == 1
    assert answer.coverage.running_artifact_count == 0


def test_two_nodes_of_one_place_run_the_members_of_an_index_that_are_theirs():
    index = image_index(A, B)
    submit("shop", index)
    submit("shop", cyclonedx(COMPONENT, subject=A))
    submit("shop", cyclonedx("pkg:npm/other@1", subject=B))
    for node in ("amd64", "arm64"):
        report("shop", deployment(digest=digest_of(index), workload=f"Deployment/{node}", node_arch=node))

    summary = ask(at=later(10)).header.summary

    assert (summary.affected.workload_count, summary.possible.workload_count) == (1, 0)


ANOTHER = """
import sys
import django
django.setup()
from django.conf import settings
settings.DATABASES["default"]["NAME"] = sys.argv[1]
from tests.factories import later
from tests.incidents.impact.test_what_ran import ask
for line in sys.stdin:
    found = ask(at=later(int(line))).header.summary
    print(found.affected.workload_count, found.unknown.workload_count, flush=True)
"""


@pytest.fixture
def another_process() -> Iterator[subprocess.Popen[str]]:
    """A process that asks about each minute it is told, and says how many workloads are affected and unknown."""
    command = [sys.executable, "-c", ANOTHER, str(connection.settings_dict["NAME"])]
    environment = os.environ | {"LOG_LEVEL": "ERROR"}
    with subprocess.Popen(
        command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield process
        process.terminate()


def asked_there(process: subprocess.Popen[str], minute: int) -> tuple[int, ...]:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(f"{minute}\n")
    process.stdin.flush()
    return tuple(map(int, process.stdout.readline().split()))


def test_evidence_that_comes_late_changes_the_past_in_every_process_that_remembers_it(another_process: Any):
    def both() -> list[tuple[int, ...]]:
        here = ask(at=later(5)).header.summary
        return [(here.affected.workload_count, here.unknown.workload_count), asked_there(another_process, 5)]

    report("shop", deployment(digest=A), at=later(1))
    report("shop", deployment(digest=B), at=later(60))
    assert both() == both() == [(0, 1)] * 2

    submit("shop", cyclonedx(COMPONENT, subject=A), at=later(90))
    assert both() == both() == [(1, 0)] * 2

    report("shop", deployment(digest=A, workload="Job/told-late"), at=later(2))
    assert both() == both() == [(2, 0)] * 2
