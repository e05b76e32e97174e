"""What runs where, as one team and as a responder see it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from inventory.graph.runtime import (
    ClusterNotFoundError,
    WorkloadFilter,
    WorkloadKey,
    WorkloadRow,
    list_clusters,
    list_workloads,
    read_cluster,
)
from inventory.graph.services import count_unmapped, map_services
from inventory.models import Cluster, Environment, ServiceMapping, Workload
from supplychain.access.actors import Actor
from supplychain.access.models import Team
from tests.factories import SEES_ALL, START, deployment, digest, image_index, later, member_of, report, submit

pytestmark = pytest.mark.django_db

A, B, C = digest("a"), digest("b"), digest("c")
NOW = later(60)


def listed(actor: Actor = SEES_ALL, **wanted: Any) -> list[WorkloadRow]:
    return list(list_workloads(WorkloadFilter(**wanted), after=None, limit=500, now=NOW, actor=actor).rows)


def names(actor: Actor = SEES_ALL, **wanted: Any) -> list[str]:
    return [row.name for row in listed(actor, **wanted)]


def mapping(service: str, team: str = "shop", **columns: Any) -> ServiceMapping:
    given: dict[str, Any] = {"valid_from": START} | columns
    return ServiceMapping.objects.create(team=Team.objects.get(slug=team), service=service, **given)


def test_pods_of_one_container_and_digest_are_one_row():
    report(
        "shop",
        deployment(digest=A, pod="p1", image="r.io/api:1", environment="production", service="checkout"),
        deployment(digest=A, pod="p2", image="r.io/api:1", environment="production"),
        deployment(digest=B, pod="p3", image="r.io/api:2"),
    )

    first, second = listed()

    assert {(row.digest, row.instance_count) for row in (first, second)} == {(A, 2), (B, 1)}
    row = first if first.digest == A else second
    assert (row.environment, row.is_production, row.service, row.team) == ("production", True, "checkout", "shop")
    assert (row.running_since, row.last_seen_at, row.ended_at) == (START, START, None)


def test_without_a_time_what_runs_now_and_with_one_what_ran_then():
    report("shop", deployment(digest=A))
    report("shop", deployment(digest=B), at=later(10))
    report("shop", deployment(digest=B, status="ended"), at=later(20))

    assert listed() == []
    assert [(row.digest, row.ended_at) for row in listed(at=later(5))] == [(A, later(10))]
    assert [row.digest for row in listed(at=later(10))] == [B]
    assert listed(at=later(20)) == []


def test_the_mark_of_an_end_never_runs():
    report("shop", deployment(digest=A, status="ended"))

    assert listed(at=START) == []


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({"cluster": "prod-us"}, ["us"]),
        ({"namespace": "pay"}, ["eu"]),
        ({"service": "checkout"}, ["eu"]),
        ({"environment": "production"}, ["eu"]),
        ({"environment": "unknown"}, ["us"]),
        ({"digest": A}, ["eu"]),
        ({"digest": C}, []),
        ({"digest": "none"}, ["us"]),
    ],
)
def test_each_filter_keeps_what_it_names(wanted: dict[str, Any], found: list[str]):
    report(
        "shop",
        deployment(digest=A, workload="Deployment/eu", namespace="pay", service="checkout", environment="production"),
        deployment(image="r.io/app:1", workload="Deployment/us", cluster="prod-us"),
    )

    assert names(**wanted) == found


def test_the_environment_of_a_cluster_holds_for_what_was_reported_before_it_had_one():
    report("shop", deployment(digest=A))
    Cluster.objects.update(environment=Environment.objects.create(slug="production", is_production=True))

    assert [row.environment for row in listed()] == ["production"]


def test_a_team_sees_its_containers_and_a_responder_sees_all():
    report("shop", deployment(digest=A))
    report("other", deployment(digest=B, workload="Deployment/mine"), deployment(digest=B, cluster="their-own"))

    assert names(member_of("shop")) == ["api"]
    assert names(member_of("other")) == ["mine", "api"]
    assert len(names()) == 3
    assert names(member_of()) == []


def test_a_digest_is_found_under_the_index_and_the_config_that_nodes_report():
    submit("shop", image_index(A, B))
    index = submit("shop", image_index(A, B), cluster="x").blob_id
    report(
        "shop",
        deployment(digest=index, workload="Deployment/arm", node_arch="arm64"),
        deployment(digest=index, workload="Deployment/any"),
        deployment(digest=A, workload="Deployment/exact"),
    )

    assert names(digest=A) == ["any", "exact"]
    assert names(digest=B) == ["any", "arm"]
    assert names(digest=index) == ["any", "arm", "exact"]


def test_a_strangers_index_finds_nothing():
    index = submit("other", image_index(A, B)).blob_id
    report("shop", deployment(digest=index))

    assert names(member_of("shop"), digest=A) == []
    assert names(digest=A) == ["api"]


def test_pages_follow_each_other_without_gap():
    report("shop", *(deployment(digest=A, workload=f"Deployment/w{number}") for number in range(5)))
    seen: list[str] = []
    after: WorkloadKey | None = None
    while True:
        page = list_workloads(WorkloadFilter(), after=after, limit=2, now=NOW, actor=SEES_ALL)
        seen += [row.name for row in page.rows]
        after = page.next
        if after is None:
            break

    assert seen == ["w0", "w1", "w2", "w3", "w4"]


# --- Services ------------------------------------------------------------------------------------------------------


def service_at(at: datetime = NOW) -> str:
    return map_services([Workload.objects.get().pk], at=at, actor=SEES_ALL)[Workload.objects.get().pk]


def test_the_most_specific_mapping_wins():
    report("shop", deployment(digest=A, workload="Deployment/api-gateway"))
    mapping("everything")
    mapping("apis", workload="api-*")
    mapping("gateway", namespace="shop", workload="api-*")
    mapping("elsewhere", cluster="prod-us", namespace="shop", workload="api-gateway")

    assert service_at() == "gateway"
    assert [row.service for row in listed(service="gateway")] == ["gateway"]


def test_only_star_and_question_mark_are_special_in_a_mapping():
    report("shop", deployment(digest=A, workload="Deployment/api_1"))
    mapping("percent", workload="api%")
    mapping("underscore", workload="ap__1")
    assert service_at() == ""

    mapping("question", workload="api??")
    assert service_at() == "question"


def test_what_the_record_says_outranks_a_mapping():
    report("shop", deployment(digest=A, service="checkout"))
    mapping("mapped", workload="api", namespace="shop", cluster="prod-eu")

    assert service_at() == "checkout"


def test_a_mapping_holds_from_one_time_to_another():
    report("shop", deployment(digest=A))
    mapping("early", valid_from=START, valid_to=later(10))
    mapping("late", valid_from=later(10))

    assert [service_at(START), service_at(later(9)), service_at(later(10))] == ["early", "early", "late"]


def test_a_strangers_mapping_names_nobody_elses_workload():
    report("shop", deployment(digest=A))
    member_of("other")
    mapping("grabbed", team="other")

    assert service_at() == ""


def test_workloads_without_service_are_counted_once_and_only_while_they_run():
    report("shop", deployment(digest=A, pod="p1"), deployment(digest=A, pod="p2"), deployment(digest=A, namespace="b"))
    report("shop", deployment(digest=A, namespace="b", status="ended"), at=later(5))

    assert count_unmapped(at=START, actor=SEES_ALL) == 2
    assert count_unmapped(at=NOW, actor=SEES_ALL) == 1
    assert count_unmapped(at=NOW, actor=member_of("other")) == 0


# --- Clusters ------------------------------------------------------------------------------------------------------


def test_a_cluster_counts_what_runs_in_it_now():
    report(
        "shop",
        deployment(digest=A, pod="p1"),
        deployment(digest=A, pod="p2"),
        deployment(image="r.io/app:1", namespace="b"),
        deployment(digest=C, namespace="c"),
    )
    report("shop", deployment(digest=C, namespace="c", status="ended"), at=later(5))

    detail = read_cluster("prod-eu", actor=SEES_ALL)

    row = detail.cluster
    assert (row.team, row.environment, row.last_heard_at) == ("shop", "unknown", later(5))
    assert (row.namespace_count, row.workload_count, row.container_count) == (2, 2, 3)
    assert (row.artifact_count, row.without_digest_count) == (1, 1)
    assert [(n.namespace, n.workload_count, n.container_count) for n in detail.namespaces] == [
        ("b", 1, 1),
        ("shop", 1, 2),
    ]


def test_a_cluster_is_stale_after_three_silent_intervals():
    report("shop", deployment(digest=A))
    row = read_cluster("prod-eu", actor=SEES_ALL).cluster

    assert not row.is_stale(at=later(15))
    assert row.is_stale(at=later(16))


def test_a_stranger_sees_a_cluster_once_it_runs_something_there():
    report("shop", deployment(digest=A))
    stranger = member_of("other")
    with pytest.raises(ClusterNotFoundError):
        read_cluster("prod-eu", actor=stranger)

    report("other", deployment(digest=B))

    assert read_cluster("prod-eu", actor=stranger).cluster.container_count == 1
    assert [row.name for row in list_clusters(after="", limit=10, actor=stranger).rows] == ["prod-eu"]


def test_clusters_come_in_pages_by_name():
    for name in ("c", "a", "b"):
        report("shop", deployment(digest=A, cluster=name))

    page = list_clusters(after="", limit=2, actor=SEES_ALL)
    rest = list_clusters(after=page.next or "", limit=2, actor=SEES_ALL)

    assert [row.name for row in (*page.rows, *rest.rows)] == ["a", "b", "c"]
    assert rest.next is None


def test_lists_cost_one_statement_however_long(django_assert_num_queries):
    report("shop", *(deployment(digest=digest(str(n)), workload=f"Deployment/w{n}") for n in range(30)))

    with django_assert_num_queries(1):
        assert len(listed()) == 30
    with django_assert_num_queries(2):
        read_cluster("prod-eu", actor=SEES_ALL)
