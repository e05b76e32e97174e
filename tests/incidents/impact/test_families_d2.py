"""The truth table of digest joins (domain.md, D2), as the incident answer tells it: now, and of an instant of the past.

Image app: index I = {amd64 M1 (config K1), arm64 M2 (config K2)}.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable

import pytest

from incidents.impact.answer import Impact, Row, Status
from incidents.impact.assess import assess
from incidents.impact.question import Question
from incidents.pasted import parse_text
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

# An answer is read from one snapshot of the database, which a test's own transaction would forbid.
pytestmark = pytest.mark.django_db(transaction=True)

K1, K2 = digest("config amd64"), digest("config arm64")
MANIFEST_1, MANIFEST_2 = image_manifest(K1), image_manifest(K2)
M1, M2 = digest_of(MANIFEST_1), digest_of(MANIFEST_2)
INDEX = image_index(M1, M2)
I = digest_of(INDEX)  # noqa: E741 - the table's own name
BAD = "pkg:npm/lodash@4.17.20"

Step = Callable[[], object]
moment = pytest.mark.parametrize("then", [False, True], ids=["now", "then"])


def ask(text: str = BAD, *, then: bool = False, actor: Actor = SEES_ALL) -> Impact:
    question = Question(parse_text(text), at=later(5) if then else None, statuses=tuple(Status))
    return assess(question, actor=actor, at=later(60))


def shown(impact: Impact) -> list[tuple[str, str | None, bool, str]]:
    """Return status, digest, whether it runs, and confidence of each row."""
    return [(row.status.value, row.artifact.digest, row.running, row.confidence) for row in impact.rows]


def run(subject: str, *, arch: str = "", team: str = "shop") -> None:
    report(team, deployment(digest=subject, **({"node_arch": arch} if arch else {})))


def describe(subject: str, *, team: str = "shop") -> None:
    submit(team, cyclonedx(BAD, subject=subject))


@moment
def test_sbom_of_the_member_the_pod_reports_the_index_and_the_node_tells_the_architecture(then: bool):
    submit("shop", INDEX)
    describe(M1)
    run(I, arch="amd64")

    impact = ask(then=then)

    assert shown(impact) == [("affected", M1, True, "high")]
    assert impact.rows[0].workloads[0].name == "api"
    assert [(via.kind, via.digest) for via in impact.rows[0].via] == [("index", I)]
    assert impact.header.coverage.index_unresolved_count == 0


@moment
def test_sbom_of_one_member_says_nothing_of_the_other(then: bool):
    submit("shop", INDEX)
    describe(M1)
    run(I, arch="arm64")

    rows = {row.artifact.digest: row for row in ask(then=then).rows}

    assert (rows[M1].status, rows[M1].running) == (Status.AFFECTED, False)
    assert {row.status for subject, row in rows.items() if subject != M1} <= {Status.UNKNOWN, Status.POSSIBLE}
    assert all(not row.workloads for subject, row in rows.items() if subject == M1)


@moment
def test_on_a_node_of_unknown_architecture_the_index_is_possibly_affected(then: bool):
    submit("shop", INDEX)
    describe(M1)
    run(I)

    impact = ask(then=then)

    assert [(row.status, row.artifact.digest, row.running) for row in impact.rows if row.running] == [
        (Status.POSSIBLE, I, True)
    ]
    assert impact.header.coverage.index_unresolved_count == 1
    assert impact.header.summary.affected.running_artifact_count == 0


@moment
def test_sbom_and_pod_name_the_same_manifest(then: bool):
    submit("shop", INDEX)
    describe(M1)
    run(M1)

    assert shown(ask(then=then)) == [("affected", M1, True, "high")]


@moment
def test_a_config_digest_joins_where_the_manifest_is_known(then: bool):
    submit("shop", MANIFEST_1)
    describe(M1)
    run(K1)

    assert shown(ask(then=then)) == [("affected", M1, True, "high")]


@moment
def test_a_config_digest_of_an_unknown_manifest_is_unknown(then: bool):
    describe(M1)
    run(K1)

    assert [(row.status.value, row.artifact.digest, row.running) for row in ask(then=then).rows] == [
        ("affected", M1, False), ("unknown", K1, True)
    ]  # fmt: skip


@moment
def test_sbom_of_the_whole_index_is_only_possible_for_a_member(then: bool):
    submit("shop", INDEX)
    describe(I)
    run(M2, arch="arm64")

    running = [row for row in ask(then=then).rows if row.running]

    assert [(row.status, row.artifact.digest) for row in running] == [(Status.POSSIBLE, M2)]


@moment
def test_a_container_known_by_its_tag_alone_is_counted_and_no_row(then: bool):
    describe(M1)
    report("shop", deployment(image="r.example/app:1"))

    impact = ask(then=then)

    assert shown(impact) == [("affected", M1, False, impact.rows[0].confidence)]
    assert impact.header.coverage.containers_without_digest_count == 1


def test_an_image_rebuilt_of_the_same_layers_is_another_image():
    rebuilt = digest_of(image_manifest(digest("config rebuilt")))
    submit("shop", image_manifest(digest("config rebuilt")))
    describe(rebuilt)
    run(M1)

    assert {(row.status, row.artifact.digest) for row in ask().rows} == {
        (Status.AFFECTED, rebuilt), (Status.UNKNOWN, M1)
    }  # fmt: skip


@moment
def test_asking_for_the_index_finds_what_runs_its_members(then: bool):
    submit("shop", INDEX)
    run(M1, arch="amd64")

    impact = ask(I, then=then)

    running = [row for row in impact.rows if row.running]
    assert [(row.artifact.digest, row.status) for row in running] == [(M1, Status.AFFECTED)]
    assert running[0].matches[0].reason == "it is in the index asked for"
    assert {row.artifact.digest for row in impact.rows} == {I, M1, M2}


@moment
def test_asking_for_a_member_finds_the_container_that_reports_the_index(then: bool):
    submit("shop", INDEX)
    run(I, arch="amd64")

    rows = {row.artifact.digest: row for row in ask(M1, then=then).rows}

    assert (rows[M1].status, rows[M1].running) == (Status.AFFECTED, True)


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_the_order_of_arrival_changes_nothing(order: tuple[int, ...]):
    steps: list[Step] = [lambda: submit("shop", INDEX), lambda: describe(M1), lambda: run(I, arch="amd64")]

    for step in order:
        steps[step]()

    assert shown(ask()) == shown(ask(then=True)) == [("affected", M1, True, "high")]


def test_a_join_that_rests_on_another_teams_statement_is_not_told():
    submit("other", INDEX)
    describe(M1)
    run(I, arch="amd64")

    mine: list[Row] = list(ask(actor=member_of("shop")).rows)

    assert {(row.artifact.digest, row.status, row.running) for row in mine} == {
        (M1, Status.AFFECTED, False), (I, Status.UNKNOWN, True)
    }  # fmt: skip
    assert shown(ask())[0] == ("affected", M1, True, "high")
