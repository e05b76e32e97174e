"""What runs outside the expected pipeline: every running digest is in one class, and the classes add up."""

from __future__ import annotations

import pytest

from inventory.graph.pipeline import Pipeline, PipelineClass, PipelineFilter, read_pipeline
from supplychain.access.actors import Actor
from tests.attested import bundle, encode, statement
from tests.factories import SEES_ALL, deployment, digest, digest_of, image_index, member_of, report, submit

pytestmark = pytest.mark.django_db

CLAIMED, SIGNED, BARE, ARM64 = (digest(name) for name in ("claimed", "signed", "bare", "arm64"))


def pipeline(*, actor: Actor = SEES_ALL, limit: int | None = None, **wanted: object) -> Pipeline:
    return read_pipeline(PipelineFilter(**wanted), after=None, limit=limit, actor=actor)  # type: ignore[arg-type]


def classes(found: Pipeline) -> dict[str, str]:
    return {row.digest: row.kind.value for row in found.page.rows}


@pytest.fixture
def estate() -> None:
    submit("shop", encode(statement(CLAIMED)))
    submit("shop", encode(bundle(statement(SIGNED))))
    report(
        "shop",
        deployment(digest=CLAIMED, image="registry.example/claimed:1", environment="production"),
        deployment(digest=CLAIMED, workload="Deployment/second", environment="production"),
        deployment(digest=SIGNED, workload="Deployment/signed", environment="staging"),
        deployment(digest=BARE, workload="Deployment/bare", environment="staging"),
        deployment(image="registry.example/tag:1", workload="Deployment/tag"),
    )


def test_every_running_digest_has_one_class_and_containers_without_digest_are_apart(estate):
    found = pipeline()

    assert classes(found) == {BARE: "none", CLAIMED: "unverifiable", SIGNED: "unverifiable"}
    assert found.summary.running_artifact_count == len(found.page.rows) == 3
    assert found.summary.containers_without_digest_count == 1
    assert found.summary.classes[PipelineClass.UNVERIFIABLE].container_count == 3
    assert found.summary.classes[PipelineClass.EXPECTED].artifact_count == 0


def test_a_filter_narrows_counts_and_rows_alike_and_a_class_narrows_rows_alone(estate):
    staging = pipeline(environment="staging")

    assert classes(staging) == {BARE: "none", SIGNED: "unverifiable"}
    assert staging.summary.running_artifact_count == 2
    assert staging.summary.containers_without_digest_count == 0

    bare = pipeline(environment="staging", kind=PipelineClass.NONE)

    assert (classes(bare), bare.summary) == ({BARE: "none"}, staging.summary)
    assert classes(pipeline(cluster="nowhere")) == {}
    assert classes(pipeline(team="shop")) == classes(pipeline())


def test_a_row_says_where_it_runs_and_what_is_claimed(estate):
    row = next(row for row in pipeline().page.rows if row.digest == CLAIMED)

    assert (row.container_count, row.workload_count, row.name) == (2, 2, "registry.example/claimed:1")
    assert (row.environments, row.teams, row.clusters) == (["production"], ["shop"], ["prod-eu"])
    assert (row.origin.repository, row.judged_digest) == ("github.com/shop/api", CLAIMED)


def test_a_node_that_leaves_one_member_of_an_index_runs_what_is_attested_of_the_member():
    index = image_index(CLAIMED, ARM64)
    of_index = digest_of(index)
    submit("shop", index)
    submit("shop", encode(statement(CLAIMED)))
    report("shop", deployment(digest=of_index, node_arch="amd64"))

    (row,) = pipeline().page.rows

    assert (row.kind, row.judged_digest) == (PipelineClass.UNVERIFIABLE, CLAIMED)

    report("shop", deployment(digest=of_index, node_arch="arm64", workload="Deployment/second"))

    assert classes(pipeline()) == {of_index: "none"}


def test_a_node_of_unknown_architecture_leaves_the_index_as_it_is():
    index = image_index(CLAIMED, ARM64)
    submit("shop", index)
    submit("shop", encode(statement(CLAIMED)))
    report("shop", deployment(digest=digest_of(index)))

    assert classes(pipeline()) == {digest_of(index): "none"}


def test_pages_follow_one_another_and_lose_nothing(estate):
    first = pipeline(limit=2)
    second = read_pipeline(PipelineFilter(), after=first.page.next, limit=2, actor=SEES_ALL)

    assert [*classes(first), *classes(second)] == list(classes(pipeline()))
    assert second.page.next is None


def test_a_stranger_sees_nothing_of_it(estate):
    found = pipeline(actor=member_of("other"))

    assert (found.page.rows, found.summary.running_artifact_count) == ((), 0)
    assert found.summary.containers_without_digest_count == 0


def test_the_number_of_statements_does_not_grow_with_what_runs(estate, django_assert_num_queries):
    with django_assert_num_queries(4):
        pipeline()

    report("shop", *(deployment(digest=digest(f"{n}"), workload=f"Deployment/{n}") for n in range(30)))

    with django_assert_num_queries(4):
        pipeline()
