"""What people say of places: who may, what is refused, what is audited, and what answers it changes."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from inventory.graph.runtime import WorkloadFilter, list_workloads, read_cluster
from inventory.graph.services import count_unmapped
from inventory.ingest.upkeep import (
    MAX_INTERVAL_SECONDS,
    MIN_INTERVAL_SECONDS,
    WorkloadPattern,
    end_mapping,
    map_service,
    set_cluster,
    set_environment,
    settings_version,
    withdraw_mapping,
)
from inventory.models import Cluster, Environment, ServiceMapping
from supplychain.access.actors import Actor
from supplychain.access.models import AuditEvent, Team
from supplychain.errors import DomainError
from tests.factories import SEES_ALL, START, deployment, digest, later, member_of, report

pytestmark = pytest.mark.django_db

A, B = digest("a"), digest("b")
NOW = later(60)
API = WorkloadPattern(namespace="shop", workload="api*")


def describe(actor: Actor = SEES_ALL, name: str = "prod-eu", **settings: Any) -> Cluster:
    return set_cluster(name, actor=actor, at=NOW, **settings)


def flag(slug: str, *, is_production: bool, actor: Actor = SEES_ALL) -> Environment:
    return set_environment(slug, is_production=is_production, actor=actor, at=NOW)


def add(
    service: str = "checkout", *, pattern: WorkloadPattern = API, actor: Actor = SEES_ALL, **given: Any
) -> ServiceMapping:
    return map_service(service, pattern=pattern, actor=actor, at=NOW, **({"team": "shop"} | given))


def end(at: datetime, service: str = "checkout", *, actor: Actor = SEES_ALL) -> ServiceMapping:
    return end_mapping(service, team="shop", pattern=API, ended_at=at, actor=actor, at=NOW)


def withdraw(service: str = "checkout", *, actor: Actor = SEES_ALL) -> None:
    withdraw_mapping(service, team="shop", pattern=API, actor=actor, at=NOW)


def services(at: datetime | None = None) -> list[str]:
    wanted = WorkloadFilter(at=at)
    return [row.service for row in list_workloads(wanted, after=None, limit=50, now=NOW, actor=SEES_ALL).rows]


def environments() -> list[tuple[str, bool]]:
    rows = list_workloads(WorkloadFilter(), after=None, limit=50, now=NOW, actor=SEES_ALL).rows
    return [(row.environment, row.is_production) for row in rows]


def audited() -> list[tuple[str, str]]:
    words = ("cluster.", "environment.", "service_mapping.")
    lines = AuditEvent.objects.order_by("sequence").values_list("action", "subject")
    return [line for line in lines if line[0].startswith(words)]


def code_of(raised: pytest.ExceptionInfo[DomainError]) -> str:
    return raised.value.code


# --- Clusters ------------------------------------------------------------------------------------------------------


def test_a_clusters_environment_is_that_of_containers_whose_records_name_none():
    report("shop", deployment(digest=A), deployment(digest=B, container="b", environment="test"))

    describe(environment="production")

    assert environments() == [("production", True), ("test", False)]
    assert read_cluster("prod-eu", actor=SEES_ALL).cluster.environment == "production"


def test_unknown_takes_the_default_environment_away():
    report("shop", deployment(digest=A))
    describe(environment="production")

    describe(environment="unknown")

    assert environments() == [("unknown", False)]
    assert not Environment.objects.filter(slug="unknown").exists()


def test_a_cluster_that_reports_daily_is_not_stale_for_three_days():
    report("shop", deployment(digest=A))

    describe(report_interval_seconds=24 * 3600)

    row = read_cluster("prod-eu", actor=SEES_ALL).cluster
    assert not row.is_stale(at=START + timedelta(days=3))
    assert row.is_stale(at=START + timedelta(days=3, seconds=1))


def test_a_setting_that_is_not_given_stays():
    report("shop", deployment(digest=A))
    describe(environment="staging", report_interval_seconds=60)

    describe(report_interval_seconds=90)
    cluster = describe(environment="Production ")

    assert cluster.environment is not None
    assert (cluster.environment.slug, cluster.report_interval_seconds) == ("production", 90)
    assert Cluster.objects.get().environment == cluster.environment


def test_a_cluster_that_never_reported_cannot_be_described():
    with pytest.raises(DomainError) as raised:
        describe(environment="production")

    assert (code_of(raised), raised.value.status) == ("not_found", 404)
    assert Environment.objects.count() == 0


def test_another_teams_cluster_is_one_that_does_not_exist():
    report("shop", deployment(digest=A))

    with pytest.raises(DomainError) as raised:
        describe(member_of("other"), environment="production")

    assert code_of(raised) == "not_found"
    assert describe(member_of("shop"), environment="production").environment is not None


@pytest.mark.parametrize("seconds", [0, -1, MIN_INTERVAL_SECONDS - 1, MAX_INTERVAL_SECONDS + 1, 2**31])
def test_a_report_interval_that_no_agent_keeps_is_refused(seconds):
    report("shop", deployment(digest=A))

    with pytest.raises(DomainError) as raised:
        describe(report_interval_seconds=seconds)

    assert code_of(raised) == "bad_report_interval"


@pytest.mark.parametrize("slug", ["", "  ", "a\nb", "a\x00", "x" * 256, "\ud800"])
def test_a_name_that_no_environment_can_have_is_refused(slug):
    report("shop", deployment(digest=A))

    with pytest.raises(DomainError) as of_cluster:
        describe(environment=slug)
    with pytest.raises(DomainError) as of_environment:
        flag(slug, is_production=True)

    assert code_of(of_cluster) == code_of(of_environment) == "bad_environment"


def test_a_description_is_audited_once_for_the_clusters_team():
    report("shop", deployment(digest=A))

    describe(environment="production", report_interval_seconds=60)
    describe(environment="production", report_interval_seconds=60)
    describe()

    assert audited() == [("cluster.described", "cluster:prod-eu")]
    line = AuditEvent.objects.get(action="cluster.described")
    assert line.team_id == Team.objects.get(slug="shop").pk
    assert '"after":{"environment":"production","report_interval_seconds":60}' in line.body
    assert '"before":{"environment":null,"report_interval_seconds":300}' in line.body


def test_a_description_on_top_of_settings_nobody_saw_is_refused():
    report("shop", deployment(digest=A))
    seen = settings_version(Cluster.objects.get())
    changed = describe(environment="production", if_version=[seen])

    with pytest.raises(DomainError) as raised:
        describe(environment="staging", if_version=[seen])

    assert (code_of(raised), raised.value.status) == ("precondition_failed", 412)
    assert settings_version(changed) == settings_version(read_cluster("prod-eu", actor=SEES_ALL).cluster)
    assert settings_version(changed) not in {seen, settings_version(describe(report_interval_seconds=60))}


# --- Environments --------------------------------------------------------------------------------------------------


def test_the_flag_and_not_the_name_makes_production():
    report("shop", deployment(digest=A, environment="live-test"))
    assert environments() == [("live-test", True)]

    flag("live-test", is_production=False)
    report("shop", deployment(digest=A, environment="live-test"), at=later(5))

    assert environments() == [("live-test", False)]


def test_an_environment_can_be_described_before_its_first_report():
    flag("Blue", is_production=True)

    report("shop", deployment(digest=A, environment="blue"))

    assert environments() == [("blue", True)]


def test_a_repeated_flag_is_audited_once():
    flag("blue", is_production=True)
    flag("blue", is_production=True)
    flag("blue", is_production=False)

    assert audited() == [("environment.described", "environment:blue")] * 2


def test_one_team_cannot_describe_what_all_teams_share():
    with pytest.raises(DomainError) as raised:
        flag("production", is_production=False, actor=member_of("shop"))

    assert (code_of(raised), raised.value.status) == ("organisation_only", 403)
    assert Environment.objects.count() == 0


def test_unknown_is_no_environment():
    with pytest.raises(DomainError) as raised:
        flag("unknown", is_production=True)

    assert code_of(raised) == "bad_environment"


def test_a_bound_key_describes_no_place():
    report("shop", deployment(digest=A))
    bound = replace(SEES_ALL, cluster_bindings=frozenset({"prod-eu"}))

    for attempt in (
        lambda: describe(bound, environment="production"),
        lambda: flag("blue", is_production=True, actor=bound),
        lambda: add(actor=bound),
        lambda: withdraw(actor=bound),
    ):
        with pytest.raises(DomainError) as raised:
            attempt()
        assert (code_of(raised), raised.value.status) == ("outside_binding", 403)
    assert audited() == []


# --- Mappings ------------------------------------------------------------------------------------------------------


def test_a_mapping_names_the_service_now_and_for_the_past():
    report("shop", deployment(digest=A), deployment(digest=B, workload="Deployment/web"))
    assert (services(), count_unmapped(at=NOW, actor=SEES_ALL)) == (["", ""], 2)

    add()

    assert (services(), services(START)) == (["checkout", ""], ["checkout", ""])
    assert count_unmapped(at=NOW, actor=SEES_ALL) == 1


def test_a_mapping_that_ended_keeps_its_past():
    report("shop", deployment(digest=A))
    add()

    end(later(10))

    assert [services(later(9)), services(later(10))] == [["checkout"], [""]]
    assert count_unmapped(at=later(9), actor=SEES_ALL) == 0


def test_a_service_takes_over_where_another_ended():
    report("shop", deployment(digest=A))
    add("early", valid_to=later(10))

    add("late", valid_from=later(10))

    assert [services(later(9)), services(later(10))] == [["early"], ["late"]]


def test_a_mapping_that_was_a_mistake_never_held():
    report("shop", deployment(digest=A))
    add()

    withdraw()

    assert [services(START), services()] == [[""], [""]]
    assert ServiceMapping.objects.count() == 0
    assert [action for action, _ in audited()] == ["service_mapping.added", "service_mapping.withdrawn"]


def test_the_same_mapping_again_is_the_one_there_is():
    member_of("shop")

    assert add() == add()
    assert audited() == [("service_mapping.added", "service:checkout")]


@pytest.mark.parametrize(
    "other",
    [
        {"service": "billing"},
        {"valid_from": later(5)},
        {"service": "billing", "valid_to": later(5)},
        {"service": "billing", "valid_from": later(5), "valid_to": later(6)},
    ],
)
def test_one_pattern_maps_to_one_service_at_a_time(other):
    member_of("shop")
    add()

    with pytest.raises(DomainError) as raised:
        add(**other)

    assert (code_of(raised), raised.value.status) == ("mapping_overlap", 409)
    assert "checkout" in raised.value.message


def test_another_team_maps_the_same_pattern():
    member_of("shop", "other")
    add()

    assert add("theirs", team="other").service == "theirs"


@pytest.mark.parametrize("part", ["cluster", "namespace", "workload"])
@pytest.mark.parametrize("glob", ["", " ", " api", "a[bc]", "{a,b}", "a\\*", "a\x00", "a\nb", "x" * 256])
def test_a_pattern_that_means_nothing_or_something_else_is_refused(part, glob):
    member_of("shop")

    with pytest.raises(DomainError) as raised:
        add(pattern=WorkloadPattern(**{part: glob}))

    assert code_of(raised) == "bad_mapping"
    assert part in raised.value.message


def test_a_workload_is_named_without_its_kind():
    member_of("shop")

    with pytest.raises(DomainError, match="without its kind"):
        add(pattern=WorkloadPattern(workload="Deployment/api"))
    add(pattern=WorkloadPattern(cluster="arn:aws:eks:eu-west-1:1:cluster/prod"))


@pytest.mark.parametrize("service", ["", " checkout", "x" * 256, "a\x00b"])
def test_a_service_that_no_column_holds_is_refused(service):
    member_of("shop")

    with pytest.raises(DomainError) as raised:
        add(service)

    assert code_of(raised) == "bad_mapping"


def test_a_mapping_must_hold_for_some_time():
    member_of("shop")

    with pytest.raises(DomainError) as raised:
        add(valid_from=later(5), valid_to=later(5))

    assert code_of(raised) == "bad_mapping"
    with pytest.raises(IntegrityError, match="service_mapping_range"), transaction.atomic():
        ServiceMapping.objects.create(
            team=Team.objects.get(slug="shop"), service="x", valid_from=later(5), valid_to=later(5)
        )


def test_a_team_that_is_not_there_or_not_ones_own_maps_nothing():
    member_of("shop")

    with pytest.raises(DomainError) as absent:
        add(team="nobody")
    with pytest.raises(DomainError) as strange:
        add(actor=member_of("other"))

    assert code_of(absent) == code_of(strange) == "unknown_team"


def test_only_a_mapping_that_holds_is_ended_and_only_by_its_team():
    member_of("shop")
    add(valid_from=START, valid_to=later(10))

    for at in (START - timedelta(minutes=1), START, later(10)):
        with pytest.raises(DomainError) as raised:
            end(at)
        assert code_of(raised) == "mapping_not_found"
    with pytest.raises(DomainError) as strange:
        end(later(5), actor=member_of("other"))
    with pytest.raises(DomainError) as ended:
        withdraw()

    assert (code_of(strange), code_of(ended)) == ("unknown_team", "mapping_not_found")
    assert end(later(5)).valid_to == later(5)
