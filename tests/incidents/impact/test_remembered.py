"""What an answer stands on is remembered between questions, and never longer than it is true."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from incidents.impact.answer import Header
from incidents.impact.assess import assess
from incidents.impact.question import Question
from incidents.impact.remembered import MARKS, Marks, _Lasting
from incidents.pasted import parse_text
from inventory.graph.statements import fetch
from inventory.ingest.running import refresh_all
from inventory.ingest.upkeep import WorkloadPattern, map_service, set_cluster
from inventory.models import ChangeKind, Cluster, EstateChange, RunInterval, SnapshotSubject
from supplychain.access.actors import Actor
from tests.factories import (
    SEES_ALL,
    START,
    cyclonedx,
    deployment,
    digest,
    image_index,
    later,
    member_of,
    report,
    snapshot,
    store,
    submit,
)
from tests.remembered import forget_everything

pytestmark = pytest.mark.django_db(transaction=True)

A, B, INDEX = digest("a"), digest("b"), image_index(digest("a"), digest("b"))
NOW = later(60)
COMPONENT = "pkg:npm/lodash@4.17.20"
PAST: list[dict[str, Any]] = [{"at": later(5)}, {"at": later(28)}, {"window_from": START, "window_to": later(30)}]
TIMES: list[dict[str, Any]] = [{}] * 4 + PAST * 3
"""Each as often as it takes until all that runs is remembered."""

CHANGES: list[tuple[str, Callable[[], object]]] = [
    ("a container without digest", lambda: report("shop", deployment(image="registry.example/x:1"))),
    ("a digest runs", lambda: report("shop", deployment(digest=A, workload="Deployment/a"))),
    ("another team's runs", lambda: report("bank", deployment(digest=B, cluster="bank-eu"), at=later(1))),
    ("an SBOM of what runs", lambda: submit("shop", cyclonedx(COMPONENT, subject=A))),
    ("another team's SBOM of it", lambda: submit("bank", cyclonedx("pkg:npm/x@1", subject=A))),
    ("an SBOM of what does not run", lambda: submit("shop", cyclonedx(COMPONENT, subject=digest("c")))),
    ("an SBOM without digest", lambda: submit("shop", cyclonedx("pkg:npm/y@1", name="thing:1"))),
    ("an index joins digests", lambda: submit("shop", INDEX)),
    ("one ends", lambda: report("shop", deployment(digest=A, workload="Deployment/a", status="ended"), at=later(9))),
    ("an SBOM of what ran before", lambda: submit("bank", cyclonedx("pkg:npm/z@1", subject=digest("d")))),
    ("what it ran is told late", lambda: report("shop", deployment(digest=digest("d"), workload="Job/d"), at=later(2))),
    ("it ended", lambda: report("shop", deployment(digest=digest("d"), workload="Job/d", status="ended"), at=later(8))),
    ("an SBOM of it", lambda: submit("shop", cyclonedx(COMPONENT, subject=digest("d")))),
    ("a snapshot lists one", lambda: snapshot("shop", deployment(digest=A, workload="Job/e"), at=later(10))),
    ("the cluster is heard of", lambda: snapshot("shop", deployment(digest=B, workload="Job/f"), at=later(40))),
    ("it had been seen", lambda: report("shop", deployment(digest=A, workload="Job/e"), at=later(20))),
    ("a service is named", lambda: map_service("pay", team="shop", pattern=WorkloadPattern(), actor=SEES_ALL, at=NOW)),
    ("a cluster is described", lambda: set_cluster("prod-eu", environment="staging", actor=SEES_ALL, at=NOW)),
    ("the projection is repaired", refresh_all),
    ("an SBOM is removed", lambda: SnapshotSubject.objects.filter(artifact__digest=A).delete()),
]  # fmt: skip


def ask(actor: Actor = SEES_ALL, *, clock: datetime = NOW, **times: Any) -> Header:
    return assess(Question(parse_text(COMPONENT), **times), actor=actor, at=clock).header


def counted_anew() -> bool:
    """Ask, and tell whether the estate was counted for it."""
    with CaptureQueriesContext(connection) as sent:
        ask()
    return any("described AS MATERIALIZED" in query["sql"] for query in sent)


def marks(kind: ChangeKind) -> set[object]:
    return set(EstateChange.objects.filter(kind=kind).values_list("token", flat=True))


def test_what_is_remembered_is_what_a_recount_finds_whatever_happens():
    actors = [SEES_ALL, member_of("shop"), member_of("bank"), member_of("shop", "bank")]
    for name, change in CHANGES:
        change()
        remembered = [ask(actor, **times) for actor in actors for times in TIMES]
        forget_everything()
        recounted = [ask(actor, **times) for actor in actors for times in TIMES]
        assert remembered == recounted, name


def test_a_question_after_a_question_counts_nothing_anew():
    report("shop", deployment(digest=A))
    assert counted_anew()

    assert not counted_anew()


def reads_what_runs(**times: Any) -> bool:
    """Ask, and tell whether what runs was read for it."""
    with CaptureQueriesContext(connection) as sent:
        ask(**times)
    return any("AS owner" in query["sql"] or "image AS MATERIALIZED" in query["sql"] for query in sent)


def test_what_runs_is_read_whole_once_questions_have_read_as_much_of_it():
    forget_everything()
    submit("shop", cyclonedx(COMPONENT, subject=A))
    for number in range(3):
        report("shop", deployment(digest=A, workload=f"Deployment/{number}"))
        report("shop", deployment(digest=digest(f"other {number}"), workload=f"Deployment/other-{number}"))

    assert [reads_what_runs() for _ in range(4)] == [True, True, True, False]
    report("shop", deployment(digest=A, workload="Deployment/3"))
    assert reads_what_runs()


def test_what_ran_is_remembered_from_the_first_question_on_until_a_cluster_is_heard_of_again():
    forget_everything()
    snapshot("shop", deployment(digest=A))
    submit("shop", cyclonedx(COMPONENT, subject=A))
    past = {"at": later(28)}

    assert [reads_what_runs(**past) for _ in range(3)] == [True, False, False]
    snapshot("shop", deployment(digest=A), at=later(40))
    assert reads_what_runs(**past)
    assert not reads_what_runs(**past)


def test_what_is_rare_is_looked_up_each_time_and_the_rest_is_left_unread():
    forget_everything()
    for number in range(3):
        report("shop", deployment(digest=digest(f"other {number}"), workload=f"Deployment/other-{number}"))

    assert all(reads_what_runs() for _ in range(5))


def test_one_team_is_never_answered_with_what_was_counted_for_another():
    report("shop", deployment(digest=A))
    report("bank", deployment(digest=B, cluster="bank-eu"), deployment(digest=A, cluster="bank-eu", namespace="b"))

    counts = [ask(actor).coverage.running_artifact_count for actor in (SEES_ALL, member_of("shop"), member_of("bank"))]

    assert counts == [2, 1, 2]
    assert ask(member_of()).coverage.running_artifact_count == 0


def test_seeing_the_same_again_and_documents_of_what_never_ran_are_no_changes():
    snapshot("shop", deployment(digest=A))
    ask()
    before = {kind: marks(kind) for kind in (ChangeKind.PRESENT, ChangeKind.PAST)}

    snapshot("shop", deployment(digest=A), at=later(5))
    submit("shop", cyclonedx(COMPONENT, subject=B))

    assert {kind: marks(kind) for kind in before} == before
    assert not counted_anew()
    assert ask().coverage.clusters[0].last_heard_at == later(5)


def test_when_what_has_ended_was_seen_is_a_change_and_of_what_runs_it_is_none():
    report("shop", deployment(digest=A))
    report("shop", deployment(digest=B, workload="Job/b"))
    report("shop", deployment(digest=B, workload="Job/b", status="ended"), at=later(9))
    before = marks(ChangeKind.PRESENT)

    RunInterval.objects.filter(closed_at=None).update(last_seen_at=later(2))
    assert marks(ChangeKind.PRESENT) == before
    assert RunInterval.objects.exclude(closed_at=None).update(last_seen_at=later(2)) == 1
    assert marks(ChangeKind.PRESENT) != before


def test_silence_is_judged_by_the_clock_and_not_remembered():
    snapshot("shop", deployment(digest=A))
    assert not ask(clock=later(1)).coverage.clusters[0].stale

    assert ask(clock=later(16)).coverage.clusters[0].stale


def test_what_is_remembered_ends_when_a_mapping_begins():
    report("shop", deployment(digest=A))
    map_service("pay", team="shop", pattern=WorkloadPattern(), valid_from=later(90), actor=SEES_ALL, at=NOW)

    assert ask(clock=later(89)).coverage.unmapped_service_count == 1
    assert ask(clock=later(90)).coverage.unmapped_service_count == 0
    assert ask(clock=later(89)).coverage.unmapped_service_count == 1


def test_what_waits_is_never_remembered():
    report("shop", deployment(digest=A))
    assert ask().backlog.evidence_count == 0

    store("shop", b"{}")

    assert ask().backlog.evidence_count == 1


def test_a_change_that_is_undone_leaves_what_was_remembered():
    report("shop", deployment(digest=A))
    ask()
    before = marks(ChangeKind.PRESENT)

    with transaction.atomic():
        Cluster.objects.update(environment=None, name="renamed")
        assert marks(ChangeKind.PRESENT) != before
        transaction.set_rollback(True)

    assert marks(ChangeKind.PRESENT) == before


def test_writers_leave_few_marks_and_never_wait_for_each_other():
    report("shop", deployment(digest=A))
    other = connection.copy()
    try:
        with transaction.atomic():
            Cluster.objects.filter(name="prod-eu").update(name="prod-us")
            with other.cursor() as cursor:
                cursor.execute("SET lock_timeout = '1s'; UPDATE inventory_workload SET service = 'other'")
        assert len(marks(ChangeKind.PRESENT)) == 2
    finally:
        other.close()

    for number in range(5):
        report("shop", deployment(digest=B, workload=f"Deployment/{number}"))
    assert len(marks(ChangeKind.PRESENT)) == 1


def test_a_mark_that_a_restore_brought_is_nobodys_own():
    """The restored database counts its transactions anew: one of them may have the number of an old mark's writer."""
    report("shop", deployment(digest=A))
    for _ in range(20):
        with transaction.atomic():
            number = current_transaction()
            EstateChange.objects.filter(kind=ChangeKind.PRESENT).update(writer=number + 1)
        before = marks(ChangeKind.PRESENT)
        with transaction.atomic():
            Cluster.objects.update(name=f"prod-{number}")
            if current_transaction() == number + 1:  # else the server took the number for a deed of its own
                break
    else:
        pytest.fail("no transaction had the number of the mark's writer")

    assert marks(ChangeKind.PRESENT).isdisjoint(before)


def current_transaction() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_current_xact_id()::text::bigint")
        return int(cursor.fetchone()[0])


def test_what_is_remembered_by_id_is_forgotten_with_the_tables_it_was_read_from():
    """A restored or emptied table gives the same ids to other rows."""
    lasting = _Lasting()
    forgotten: list[str] = []
    lasting.add(lambda: forgotten.append("texts"))

    for generation in ("7", "7", "8"):
        lasting.follow(generation)

    assert forgotten == ["texts", "texts"]


def test_an_emptied_table_is_another_generation():
    def generation() -> str:
        return fetch(Marks, MARKS, {})[0].generation

    before = generation()
    call_command("flush", interactive=False, verbosity=0)

    assert generation() != before
