"""What a page shows is the same by whatever way it is found, and whatever the process has shown before."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import Error, connection

from incidents.impact import statements
from incidents.impact.answer import Row
from incidents.impact.assess import assess
from incidents.impact.question import Question
from incidents.pasted import parse_text
from inventory.graph.families import visible_teams
from inventory.graph.one_state import Statement, as_read, one_state
from inventory.models import Artifact
from supplychain.access.actors import Actor
from tests.factories import (
    SEES_ALL,
    cyclonedx,
    deployment,
    digest,
    digest_of,
    image_index,
    image_manifest,
    later,
    member_of,
    report,
    submit,
)
from tests.incidents.impact import oracle_sql
from tests.incidents.impact.test_tally import NOW, TEAMS, build, questions
from tests.remembered import forget_everything

pytestmark = pytest.mark.django_db(transaction=True)

A, BAD = digest("a"), "pkg:npm/bad@1"
CONFIGS = [digest(f"config {number}") for number in range(4)]
MANIFESTS = [image_manifest(config) for config in CONFIGS]
MEMBERS = [digest_of(manifest) for manifest in MANIFESTS]


def actors() -> list[Actor]:
    return [SEES_ALL, member_of("shop"), member_of("bank", "mail")]


def build_families(pick: random.Random) -> None:
    """Run images by all of their digests, joined by facts of several teams: two architectures, one twice, configs."""
    indexes = [image_index(*MEMBERS[:2]), image_index(*MEMBERS, architectures=("amd64", "amd64", "arm64", "arm64"))]
    for document in (*MANIFESTS, *indexes, *indexes):
        submit(pick.choice(TEAMS), document)
    runnable = [*CONFIGS, *MEMBERS, *map(digest_of, indexes), digest("in no family")]
    for minute in range(12):
        team = pick.choice(TEAMS)
        submit(team, cyclonedx(BAD, subject=pick.choice(runnable), name=f"app-{minute}"))
        records = {
            (place, pod): deployment(
                digest=pick.choice(runnable),
                cluster=f"{team}-{pick.randint(0, 1)}",
                workload=f"Deployment/{place}",
                container=pick.choice(["app", "side"]),
                pod=pod,
                environment=pick.choice(["production", "staging", ""]),
                ended=pick.random() < 0.2,
                node_arch=pick.choice(["amd64", "arm64", ""]),
            )
            for place in "abc"
            for pod in ("1", "2")
        }
        report(team, *records.values(), at=later(minute * 10))


def page_runs(parameters: dict[str, Any], *, is_now: bool) -> list[tuple[Any, ...]]:
    with one_state(using="default") as state:
        _, found = state.fetch_together(
            Statement(as_read, statements.PAGE_FAMILY, parameters),
            Statement(as_read, statements.page_runs(is_now=is_now), parameters),
            last=True,
        )
    return found


def looked_for_among_all(parameters: dict[str, Any], *, is_now: bool) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(oracle_sql.page_runs(is_now=is_now), parameters)
        return [row[:-1] for row in cursor.fetchall()]


@pytest.mark.parametrize("seed", range(3))
def test_what_runs_of_a_page_is_what_is_found_among_all_that_runs(seed: int):
    pick = random.Random(seed)
    build(pick)
    build_families(pick)
    everything = list(Artifact.objects.values_list("pk", flat=True))
    certainties: set[tuple[int, bool]] = set()
    for _ in range(40):
        since = pick.choice([None, later(pick.randint(0, 130))])
        parameters = {
            "ids": pick.sample(everything, pick.randint(1, len(everything))),
            "teams": visible_teams(pick.choice(actors())),
            "clusters": pick.choice([None, None, ["shop-0", "bank-1"]]),
            "environments": pick.choice([None, None, ["production", "unknown"]]),
            "since": since,
            "until": since and since + timedelta(minutes=pick.choice([0.001, 40])),
            "at": since or NOW,
        }
        found = page_runs(parameters, is_now=since is None)
        assert found == looked_for_among_all(parameters, is_now=since is None)
        certainties.update((row[3], row[0] == row[2]) for row in found)
    assert certainties == {(0, True), (0, False), (1, True)}


def test_a_pages_statement_fails_where_nobody_has_said_what_its_families_are():
    with pytest.raises(Error), one_state(using="default") as state:
        state.fetch(Statement(as_read, statements.PAGE_ARTIFACTS, {"teams": None}))


def ask(text: str = BAD, *, actor: Actor = SEES_ALL, **more: Any) -> tuple[Row, ...]:
    return assess(Question(parse_text(text), **more), actor=actor, at=NOW).rows


def test_pods_that_tell_the_same_are_shown_once_and_those_that_do_not_each():
    submit("shop", cyclonedx(BAD, subject=A))
    for pod, minute in (("1", 0), ("2", 0), ("3", 5)):
        report("shop", deployment(digest=A, pod=pod), at=later(minute))

    (row,) = ask()

    assert [workload.running_since for workload in row.workloads] == [later(0), later(5)]


def test_a_workload_whose_containers_report_two_digests_of_an_image_is_shown_for_each():
    index = image_index(*MEMBERS[:2])
    submit("shop", index)
    submit("shop", cyclonedx(BAD, subject=MEMBERS[0]))
    report("shop", deployment(digest=MEMBERS[0], pod="1", node_arch="amd64"))
    report("shop", deployment(digest=digest_of(index), pod="2", node_arch="amd64"))

    (row,) = ask()

    assert [(workload.name, workload.container) for workload in row.workloads] == [("api", "app")] * 2
    assert [(via.kind, via.digest) for via in row.via] == [("index", digest_of(index))]


def _look_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(statements, "_SPANS_AS_A_LOOK_UP", -1)


def _read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(statements, "_SPANS_AS_A_LOOK_UP", 1_000_000)


@pytest.mark.parametrize("way", [_look_up, _read])
def test_rows_are_the_same_however_components_are_found_and_whatever_was_shown_before(
    way: Callable[[pytest.MonkeyPatch], None], monkeypatch: pytest.MonkeyPatch
):
    pick = random.Random(5)
    build(pick)
    build_families(pick)
    asked = [(question, actor) for question in [*questions(pick), Question(parse_text(BAD))] for actor in actors()]

    def answers() -> list[tuple[Row, ...]]:
        return [assess(question, actor=actor, at=NOW).rows for question, actor in asked]

    monkeypatch.setattr(statements, "_MANY_COMPONENTS", 0)
    forget_everything()
    expected = answers()
    monkeypatch.undo()
    way(monkeypatch)
    forget_everything()

    assert answers() == expected
    assert answers() == expected
