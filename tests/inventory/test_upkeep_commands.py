"""The commands that describe places and map services: what they print, and what they refuse with a sentence."""

from __future__ import annotations

import io
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from inventory.management.commands.load_demo import ESTATE, HISTORY, NO_AGENT_INTERVAL_SECONDS, _date_clusters
from inventory.management.demo_estate import Estate
from inventory.models import Cluster, Environment, ServiceMapping
from supplychain.access.models import AuditEvent
from tests.factories import deployment, digest, member_of, report

pytestmark = pytest.mark.django_db

A = digest("a")


def run(*words: str) -> list[str]:
    output = io.StringIO()
    call_command(*words, stdout=output)
    return output.getvalue().splitlines()


def test_a_cluster_is_described_and_shown():
    report("shop", deployment(digest=A))

    assert run("describe_cluster", "prod-eu") == ["prod-eu: environment unknown, reports every 300 s"]
    said = run("describe_cluster", "prod-eu", "--environment", "production", "--report-interval-seconds", "86400")

    assert said == ["prod-eu: environment production (production), reports every 86400 s"]
    assert run("describe_cluster", "prod-eu") == said
    assert AuditEvent.objects.get(action="cluster.described").actor == "system:describe_cluster"


def test_a_cluster_nobody_reported_is_refused_with_a_sentence():
    with pytest.raises(CommandError, match="No cluster of this name"):
        run("describe_cluster", "prod-eu", "--environment", "production")


def test_environments_are_flagged_and_listed():
    assert run("describe_environment", "blue", "--production") == ["blue: production"]
    assert run("describe_environment", "live", "--no-production") == ["live: not production"]

    assert run("describe_environment") == ["blue: production", "live: not production"]


@pytest.mark.parametrize("words", [["blue"], ["--production"]])
def test_half_a_description_changes_nothing(words):
    with pytest.raises(CommandError, match="--production or --no-production"):
        run("describe_environment", *words)

    assert Environment.objects.count() == 0


def test_a_mapping_is_added_listed_ended_and_withdrawn():
    member_of("shop", "other")
    pattern = ["--team", "shop", "--namespace", "shop", "--workload", "api-*"]
    began = "shop: cluster *, namespace shop, workload api-* -> checkout, from ever"

    assert run("map_service", "add", "checkout", *pattern) == [began]
    assert run("map_service", "list") == run("map_service", "list", "--team", "shop") == [began]
    assert run("map_service", "list", "--team", "other") == []
    ended = run("map_service", "end", "checkout", *pattern, "--at", "2026-03-01T13:00:00+01:00")
    assert ended == [f"{began} to 2026-03-01T12:00:00+00:00"]
    run("map_service", "add", "checkout", *pattern, "--from", "2026-03-01T12:00:00Z")
    assert run("map_service", "withdraw", "checkout", *pattern) == ["withdrawn: checkout"]
    assert run("map_service", "list") == ended


def test_an_end_without_a_time_is_now():
    member_of("shop")
    run("map_service", "add", "checkout", "--team", "shop")

    run("map_service", "end", "checkout", "--team", "shop")

    ended_at = ServiceMapping.objects.get().valid_to
    assert ended_at is not None
    assert timezone.now() - ended_at < timedelta(minutes=1)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["add", "checkout", "--team", "nobody"], "no team 'nobody'"),
        (["add", "checkout", "--team", "shop", "--from", "yesterday"], "RFC 3339"),
        (["add", "checkout", "--team", "shop", "--cluster", "[ab]"], "alone are special"),
        (["end", "checkout", "--team", "shop"], "No such mapping"),
    ],
)
def test_what_cannot_be_mapped_is_refused_with_a_sentence(words, sentence):
    member_of("shop")

    with pytest.raises(CommandError, match=sentence):
        run("map_service", *words)


def test_the_demo_describes_its_clusters_as_an_operator_would():
    estate, at = Estate(ESTATE), timezone.now()
    for cluster in estate.clusters:
        report("platform", deployment(digest=A, cluster=cluster.name), at=at)

    _date_clusters(estate, at=at)

    assert AuditEvent.objects.filter(action="cluster.described").count() == len(estate.clusters)
    for cluster in estate.clusters:
        row = Cluster.objects.select_related("environment").get(name=cluster.name)
        assert row.environment is not None
        assert (row.environment.slug, row.first_heard_at) == (cluster.environment, at - HISTORY)
        assert row.last_heard_at == at - cluster.silent_for
        assert (row.report_interval_seconds == NO_AGENT_INTERVAL_SECONDS) is not bool(cluster.silent_for)
