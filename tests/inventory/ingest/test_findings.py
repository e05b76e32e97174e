"""Findings follow the versions of a file: opened, regraded, closed and reopened by what each shows."""

from __future__ import annotations

from datetime import datetime

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from inventory.ingest.findings import FILE_LANE, follow
from inventory.models import Evidence, Finding, FindingEvent, FindingState, WorkflowJob, WorkflowVersion
from supplychain.ids import uuid7
from tests.factories import START, later, member_of, submit
from tests.inventory.detectors.files import PATH, script, workflow

pytestmark = pytest.mark.django_db

UPLOADER = script("bash <(curl -s https://codecov.io/bash)")
CHECKED = script(f"curl -so up https://codecov.io/bash && echo '{'c' * 64}  up' | sha256sum -c && bash up")
CLEAN = script("make")


def send(*steps: str, at: datetime = START, team: str = "shop", path: str = PATH) -> Evidence:
    return submit(team, workflow(*steps).encode(), at=at, repository="acme/shop", name=path, commit=str(at))


def told() -> list[tuple[str, datetime]]:
    return list(FindingEvent.objects.order_by("pk").values_list("kind", "at"))


def test_a_version_opens_what_it_shows() -> None:
    evidence = send(UPLOADER, "uses: acme/tool@v1")

    tool, action = Finding.objects.order_by("-detector")
    assert (tool.detector, tool.rule, tool.severity, tool.subject) == (
        "unpinned_tool", "run_as_it_arrives", "high", "codecov.io/bash",
    )  # fmt: skip
    assert (tool.repository, tool.path, tool.places) == ("github.com/acme/shop", PATH, [["test", 0, 6]])
    assert (tool.first_seen_at, tool.first_evidence, tool.state) == (START, evidence, FindingState.OPEN)
    assert (action.detector, action.given) == ("unpinned_action", "acme/tool@v1")
    assert told() == [("opened", START), ("opened", START)]


def test_the_same_seen_again_is_the_same_finding() -> None:
    first = send(UPLOADER)
    second = send(CLEAN, UPLOADER, at=later(5))

    found = Finding.objects.get()
    assert (found.first_evidence, found.last_evidence) == (first, second)
    assert (found.first_seen_at, found.last_seen_at, found.places[0][1]) == (START, later(5), 1)
    assert told() == [("opened", START)]


def test_a_version_without_it_closes_it_and_one_with_it_opens_it_again() -> None:
    first = send(UPLOADER)
    clean = send(CHECKED, at=later(5))
    closed = Finding.objects.get()
    again = send(UPLOADER, at=later(9))

    assert (closed.state, closed.closed_at, closed.closed_by) == (FindingState.CLOSED, later(5), clean)
    found = Finding.objects.get()
    assert (found.public_id, found.closed_at, found.closed_by) == (closed.public_id, None, None)
    assert (found.first_evidence, found.last_evidence) == (first, again)
    assert told() == [("opened", START), ("closed", later(5)), ("reopened", later(9))]


def test_another_way_of_fetching_it_regrades_it() -> None:
    send(UPLOADER)
    send(script("curl -o up https://codecov.io/bash; bash up"), at=later(5))

    found = Finding.objects.get()
    assert (found.rule, found.severity) == ("unchecked", "medium")
    assert list(FindingEvent.objects.order_by("pk").values_list("kind", "rule", "severity")) == [
        ("opened", "run_as_it_arrives", "high"),
        ("regraded", "unchecked", "medium"),
    ]


def test_another_file_or_team_closes_nothing() -> None:
    send(UPLOADER)
    send(CLEAN, at=later(5), path=".github/workflows/other.yml")
    send(CLEAN, at=later(5), team="other")

    assert Finding.objects.get().state is FindingState.OPEN


def test_an_older_version_that_is_applied_late_dates_back_and_closes_nothing() -> None:
    send(UPLOADER, at=later(5))
    send(CLEAN, at=later(1))
    older = send(UPLOADER, at=later(2))

    found = Finding.objects.get()
    assert (found.state, found.first_seen_at, found.first_evidence) == (FindingState.OPEN, later(2), older)
    assert (found.last_seen_at, told()) == (later(5), [("opened", later(5))])


def test_what_only_an_older_version_shows_was_there_and_ended_with_the_next() -> None:
    newer = send(CLEAN, at=later(5))
    older = send(UPLOADER, at=START)

    found = Finding.objects.get()
    assert (found.first_evidence, found.closed_by, found.closed_at) == (older, newer, later(5))
    assert told() == [("opened", START), ("closed", later(5))]


def test_what_was_closed_and_is_seen_in_a_later_version_that_comes_late_ended_later() -> None:
    send(UPLOADER)
    send(CLEAN, at=later(2))
    newest = send(CLEAN, at=later(4))
    between = send(UPLOADER, at=later(3))
    before = send(UPLOADER, at=later(1))

    found = Finding.objects.get()
    assert (found.last_evidence, found.last_seen_at) == (between, later(3))
    assert before != found.first_evidence
    assert (found.closed_by, found.closed_at) == (newest, later(4))
    assert told()[2:] == [("reopened", later(3)), ("closed", later(4))]


def test_a_file_without_path_is_not_looked_through() -> None:
    submit("shop", workflow(UPLOADER).encode(), repository="acme/shop")

    assert not Finding.objects.exists()


def test_looking_again_changes_nothing() -> None:
    send(UPLOADER, "uses: acme/tool@v1")
    send(UPLOADER, at=later(5))
    before = list(Finding.objects.order_by("pk").values()), told()

    call_command("detect")

    assert (list(Finding.objects.order_by("pk").values()), told()) == before


def test_versions_of_before_are_looked_through_by_the_command() -> None:
    send("uses: acme/gone@v1", UPLOADER)
    send(UPLOADER, at=later(5))
    send(UPLOADER, at=later(9))
    before = summary()
    FindingEvent.objects.all().delete()
    Finding.objects.all().delete()

    call_command("detect")

    assert summary() == before
    assert set(FindingEvent.objects.values_list("finding__subject", "kind")) == {
        ("acme/gone", "opened"), ("acme/gone", "closed"), ("codecov.io/bash", "opened"),
    }  # fmt: skip


def summary() -> set[tuple[object, ...]]:
    fields = ("subject", "first_seen_at", "closed_at", "first_evidence", "last_evidence", "closed_by")
    return set(Finding.objects.values_list(*fields))


def test_a_version_of_which_no_downloads_were_kept_closes_nothing() -> None:
    send(UPLOADER)
    send(CLEAN, at=later(5))
    FindingEvent.objects.all().delete()
    Finding.objects.all().delete()
    WorkflowJob.objects.filter(workflow__observed_at=later(5)).update(env=None)

    call_command("detect")

    assert summary() == {("codecov.io/bash", START, None, *([Evidence.objects.earliest("pk").pk] * 2), None)}


def test_a_stranger_sees_none() -> None:
    send(UPLOADER)

    assert Finding.objects.visible_to(member_of("shop")).count() == 1
    assert not Finding.objects.visible_to(member_of("other")).exists()


@pytest.mark.parametrize(
    "wrong",
    [
        {"closed_at": START},
        {"fingerprint": "x"},
        {"last_seen_at": datetime.min.replace(tzinfo=START.tzinfo, year=2000)},
    ],
)
def test_the_database_refuses_what_cannot_be(wrong: dict[str, object]) -> None:
    send(UPLOADER)

    with pytest.raises(IntegrityError), transaction.atomic():
        Finding.objects.update(**wrong)


def test_the_database_refuses_a_second_of_the_same() -> None:
    send(UPLOADER)
    found = Finding.objects.get()
    found.pk, found.public_id = None, uuid7()

    with pytest.raises(IntegrityError), transaction.atomic():
        found.save(force_insert=True)


LANES_HERE = """
SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND classid = %s
   AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""
"""Other tests of this server have databases of their own, and lanes of the same number."""


@pytest.mark.django_db(transaction=True, databases=["default", "interning"])
def test_one_worker_at_a_time_looks_at_a_file() -> None:
    send(UPLOADER)

    with transaction.atomic():
        follow(WorkflowVersion.objects.get(), at=timezone.now())
        with connection.cursor() as cursor:
            cursor.execute(LANES_HERE, [FILE_LANE])
            assert cursor.fetchone() == (1,)
