"""Requests that come at the same time are answered together, each as if it had come alone."""

from __future__ import annotations

from dataclasses import replace

import pytest
from django.utils import timezone

from inventory.policy import warming
from inventory.policy.asked import Asked, Subject
from inventory.policy.blocks import add_block
from inventory.policy.deciding import judge
from inventory.policy.hits import Place
from inventory.policy.learning import Question, _learn
from inventory.policy.models import BlockKind, Decision, Gate
from inventory.policy.storing import Kept, _keep
from supplychain.access.actors import Actor
from supplychain.access.models import Team
from tests.factories import SEES_ALL, cyclonedx, deployment, digest, report, submit
from tests.supplychain.actors import AT

pytestmark = pytest.mark.django_db

SHOP, OTHER, BAD, NEW = digest("shop"), digest("other"), digest("bad"), digest("new")


def asked(*digests: str, namespace: str = "shop", cluster: str = "prod-eu") -> Asked:
    subjects = tuple(Subject(digest=one, image=f"registry.example/app@{one}") for one in digests)
    return Asked(
        gate=Gate.KUBERNETES, subjects=subjects, place=Place(cluster=cluster, namespace=namespace), workload="Pod/api"
    )


@pytest.fixture
def questions(rita: Actor) -> list[Question]:
    """What two teams and one who sees all ask while something is blocked and a namespace frozen."""
    submit("payments", cyclonedx("pkg:npm/lodash@4.17.20", subject=SHOP))
    submit("other", cyclonedx("pkg:npm/left-pad@1.0.0", subject=OTHER))
    report("payments", deployment(digest=SHOP))
    given: list[tuple[BlockKind, dict[str, str]]] = [
        (BlockKind.ARTIFACT, {"digest": BAD}),
        (BlockKind.PACKAGE, {"purl": "pkg:npm/left-pad", "range": "vers:npm/<2"}),
        (BlockKind.CLUSTER, {"cluster": "prod-eu", "namespace": "shop"}),
    ]
    for kind, selector in given:
        add_block(kind, selector, reason="INC-1", incident=None, actor=rita, at=timezone.now())
    teams = {team.slug: team.pk for team in Team.objects.all()}
    payments, other = (
        Actor(team_ids=frozenset({teams[slug]}), team_id=teams[slug], label=f"key:{slug}", kind="key")
        for slug in ("payments", "other")
    )
    at = timezone.now()
    return [
        Question(asked(SHOP), payments, at),
        Question(asked(OTHER, SHOP, namespace="else"), other, at),
        Question(asked(BAD, NEW), SEES_ALL, at),
        Question(asked(SHOP, cluster="nowhere"), payments, at),
        Question(asked(NEW, OTHER), payments, at),
    ]


def test_each_learns_together_what_it_would_learn_alone(questions):
    together = _learn(questions)

    assert together == [_learn([question])[0] for question in questions]
    assert [len(known.facts.subjects) for known in together] == [1, 2, 2, 1, 2]


def test_the_answers_differ_by_place_and_by_who_asks(questions):
    told = [
        [verdict.allowed for verdict in judge(question.asked, actor=question.actor, at=question.at)]
        for question in questions
    ]
    first, second, third, fourth, fifth = _learn(questions)

    assert told == [[True], [False, True], [False, False], [True], [False, False]]
    assert first.facts.subjects[0].is_listed
    assert not second.facts.subjects[1].is_known
    assert not fourth.hits[SHOP]
    assert {hit.kind for hit in fifth.hits[OTHER]} == {BlockKind.PACKAGE, BlockKind.CLUSTER}
    assert {hit.kind for hit in third.hits[BAD]} == {BlockKind.ARTIFACT, BlockKind.CLUSTER}


def test_all_of_them_cost_two_statements_for_each_view_and_one_for_the_blocks(questions, django_assert_num_queries):
    with django_assert_num_queries(7):
        _learn(questions)


def test_what_few_verdicts_hang_on_is_asked_for_those_alone(questions, django_assert_num_queries):
    plain = replace(questions[0], asked=asked(SHOP, namespace="else"))
    stranger = replace(questions[0], asked=asked(NEW, namespace="else"))

    for question, statements in ((plain, 2), (stranger, 3), (questions[0], 3)):  # the last comes to a frozen place
        with django_assert_num_queries(statements):
            _learn([question])


def test_a_tag_is_looked_up_for_whoever_asks_for_it(questions):
    tag = Subject(name="registry.example/app", tag="latest", image="registry.example/app:latest")
    several = [questions[0], replace(questions[1], asked=replace(questions[1].asked, subjects=(tag,)))]

    found = _learn(several)

    assert found == [_learn([question])[0] for question in several]
    assert set(found[1].hits) == {""}


def test_decisions_that_are_kept_together_are_each_whole(questions):
    kept = [
        Kept(one.asked, judge(one.asked, actor=one.actor, at=one.at), one.actor, one.at)
        for one in (questions[0], questions[1], questions[2])
    ]
    _keep(kept)
    _keep(kept[:1])  # sent again, where nobody knew whether it was committed

    rows = {row.public_id: row for row in Decision.objects.all()}
    assert len(rows) == 5
    for one in kept:
        for verdict in one.verdicts:
            row = rows[verdict.public_id]
            assert (row.team_id, row.asked_by, row.namespace) == (
                one.actor.team_id, one.actor.label, one.asked.place.namespace
            )  # fmt: skip
            assert (row.digest, row.allowed, row.outcome) == (
                verdict.subject.digest, verdict.allowed, verdict.outcome.value
            )  # fmt: skip
            assert [hit["block"] for hit in row.hits] == [str(hit.block) for hit in verdict.hits]
            assert [rule["result"] for rule in row.rules] == [rule.result.value for rule in verdict.rules]


def test_a_new_process_lets_the_server_plan_what_gates_ask_and_keeps_nothing(django_assert_num_queries):
    warming.warm(at=AT)

    assert not Decision.objects.exists()
