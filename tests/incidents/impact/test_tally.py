"""What the tally makes of packed facts is what one statement over the tables finds, for any question."""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from django.db import connection

from incidents.impact import fact_reading, long_lists, matching, portions
from incidents.impact.answer import Counted, Impact, Status
from incidents.impact.assess import assess
from incidents.impact.fact_reading import parameters_of, parameters_of_matches
from incidents.impact.heads import CLASSES
from incidents.impact.matching import find_matches
from incidents.impact.question import Question
from incidents.pasted import parse_text
from inventory.graph.families import visible_teams
from inventory.graph.one_state import one_state
from inventory.models import Artifact
from supplychain.access.actors import Actor
from tests.factories import SEES_ALL, cyclonedx, deployment, digest, image_index, later, member_of, report, submit
from tests.incidents.impact import oracle_sql

pytestmark = pytest.mark.django_db(transaction=True)

NOW = later(600)
TEAMS = ("shop", "bank", "mail")
PACKAGES = [f"pkg:npm/p{name}@1.{version}.0" for name in range(5) for version in range(4)]
SUBJECTS = [digest(str(number)) for number in range(10)]
INDEX = image_index(SUBJECTS[0], SUBJECTS[1], architectures=("amd64", "arm64"))
SCOPES = ("required", "optional", "excluded")
QUESTIONS = 30


def build(pick: random.Random) -> None:
    """Make an estate in which little is alike: repeated SBOMs, indexes, ends, silence, several teams' facts."""
    submit("shop", INDEX)
    runnable = [*SUBJECTS, "sha256:" + hashlib.sha256(INDEX).hexdigest()]
    for minute in range(30):
        team = pick.choice(TEAMS)
        components: list[dict[str, Any]] = [
            {"name": purl, "purl": purl, "version": "1", "scope": pick.choice(SCOPES)}
            for purl in pick.sample(PACKAGES, pick.randint(1, 6))
        ]
        submit(team, cyclonedx(*components, subject=pick.choice(SUBJECTS), name=f"app-{pick.randint(0, 2)}"))
        records = [
            deployment(
                digest=pick.choice(runnable),
                cluster=f"{team}-{pick.randint(0, 1)}",
                namespace=pick.choice("ab"),
                workload=f"Deployment/w{pick.randint(0, 4)}",
                environment=pick.choice(["production", "staging", ""]),
                ended=pick.random() < 0.2,
                node_arch=pick.choice(["amd64", "arm64", ""]),
            )
            for _ in range(3)
        ]
        report(team, *{record["workload"]: record for record in records}.values(), at=later(minute * 10))


def questions(pick: random.Random) -> Iterator[Question]:
    for _ in range(QUESTIONS):
        lines = [pick.choice(PACKAGES).partition("@")[0] for _ in range(pick.randint(0, 2))]
        lines += [pick.choice(PACKAGES) for _ in range(pick.randint(0, 2))]
        lines += [pick.choice(SUBJECTS) for _ in range(pick.randint(0, 1))] or ["p1 >=1.1.0 <1.3.0"]
        start = pick.randint(0, 200)
        times = pick.choice(
            [{}, {}, {"at": later(start)}, {"window_from": later(start), "window_to": later(start + 50)}]
        )
        yield Question(
            parse_text("\n".join(lines)),
            statuses=tuple(Status) if pick.random() < 0.7 else (Status.AFFECTED,),
            clusters=("shop-0", "bank-1") if pick.random() < 0.2 else (),
            environments=("production",) if pick.random() < 0.2 else (),
            **times,  # type: ignore[arg-type]  # times of several kinds
        )


def pages(question: Question, *, actor: Actor) -> list[Impact]:
    found = [assess(replace(question, limit=3), actor=actor, at=NOW)]
    while found[-1].next is not None:
        found.append(assess(replace(question, limit=3, cursor=found[-1].next), actor=actor, at=NOW))
    return found


def expected(question: Question, *, actor: Actor) -> dict[str, Any]:
    """Ask the oracle's statements."""
    with one_state(using="default") as state:
        matches = find_matches(question.indicators, actor=actor, state=state, tells_cleared=True)
    components = [*matches.components, *matches.candidates.cleared(matches.candidates.ids)]
    teams = visible_teams(actor)
    asked = parameters_of(question, candidates=matches.candidates, teams=teams, now=NOW)
    parameters: dict[str, Any] = (
        asked
        | parameters_of_matches(matches)
        | {
            "components": [match.component_id for match in components],
            "indicators": [match.indicator for match in components],
            "classes": [int(match.match_class) for match in components],
            "artifacts": [match.artifact_id for match in matches.artifacts],
            "artifact_indicators": [match.indicator for match in matches.artifacts],
            "artifact_classes": [int(match.match_class) for match in matches.artifacts],
            "is_scoped": question.is_scoped,
            "listed_classes": [row_class for status in question.statuses for row_class in CLASSES[status]],
        }
    )
    kind = {"is_now": question.is_now, "has_artifacts": bool(matches.artifacts)}
    with connection.cursor() as cursor:
        cursor.execute(oracle_sql.answer(**kind), parameters)
        by_class, by_group, places, ids, classes, _ = cursor.fetchone()
        cursor.execute(oracle_sql.per_indicator(**kind), parameters)
        lines = {row[0]: tuple(row[1:]) for row in cursor.fetchall()}
    ids = bytes(ids or b"")
    order = [int.from_bytes(ids[place : place + 4]) for place in range(0, len(ids), 4)]
    digests = dict(Artifact.objects.values_list("pk", "digest"))
    return {
        "by_class": {int(number): tuple(counts) for number, counts in json.loads(by_class or "{}").items()},
        "by_group": {group: tuple(counts) for group, *counts in json.loads(by_group or "[]")},
        "places": [tuple(place) for place in json.loads(places or "[]")],
        "rows": [
            (digests[number], row_class // 2) for number, row_class in zip(order, bytes(classes or b""), strict=True)
        ],
        "lines": [lines.get(place, (0, 0, 0)) for place in range(len(question.indicators))],
    }


def counted(classes: tuple[int, ...], group: int, answer: dict[str, Any]) -> Counted:
    found = [answer["by_class"].get(row_class, (0, 0)) for row_class in classes]
    return Counted(
        sum(artifacts for artifacts, _ in found),
        sum(running for _, running in found),
        *answer["by_group"].get(group, (0, 0, 0)),
    )


@pytest.mark.parametrize(
    ("seed", "long_from", "looked_up", "read"),
    [
        (1, matching.MANY_CANDIDATES, 0, 500),
        (2, -1, 0, 0),
        (2, -1, long_lists.MOST_LOOKED_UP, 0),
        (2, -1, 0, 500),
        (2, -1, 0, 2),
    ],
    ids=[
        "short",
        "long, what runs is read",
        "long, candidates are looked up",
        "long, what runs is known",
        "long, what runs becomes known",
    ],
)
def test_the_tally_is_what_the_statement_finds(
    seed: int, long_from: int, looked_up: int, read: int, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(fact_reading, "MOST_READ", read)
    monkeypatch.setattr(matching, "MANY_CANDIDATES", long_from)
    monkeypatch.setattr(long_lists, "MOST_LOOKED_UP", looked_up)
    monkeypatch.setattr(portions, "MANY_NAMES", portions.MANY_NAMES if long_from > 0 else 0)
    pick = random.Random(seed)
    build(pick)
    status_number = {Status.AFFECTED: 0, Status.POSSIBLE: 1, Status.CLEARED: 2, Status.UNKNOWN: 4}
    actors = [SEES_ALL, member_of("shop"), member_of("bank", "mail"), member_of("mail")]
    seen: set[str] = set()
    for question in questions(pick):
        for actor in actors:
            answer, found = expected(question, actor=actor), pages(question, actor=actor)
            header = found[0].header
            context = (question, actor.label)
            assert header.summary.affected == counted((0, 1), 0, answer), context
            assert header.summary.possible == counted((2, 3), 1, answer), context
            assert header.summary.unknown == counted((8,), 2, answer), context
            assert header.summary.cleared == counted((4, 5), 3, answer), context
            assert header.summary.build_exposure == counted((1, 3), 4, answer), context
            places = [
                (c.cluster, c.environment, n.namespace, n.workload_count) for c in header.clusters for n in c.namespaces
            ]
            assert places == answer["places"], context
            lines = [(i.artifact_count, i.running_artifact_count, i.workload_count) for i in header.asked.indicators]
            assert lines == answer["lines"], context
            rows = [(row.artifact.digest, status_number[row.status]) for page in found for row in page.rows]
            assert rows == answer["rows"], context
            assert len({page.hash for page in found}) == 1
            seen.update(row.status.value for page in found for row in page.rows)
    assert seen == {status.value for status in Status}
