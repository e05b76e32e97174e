"""Readiness: 503 exactly when a vital probe fails, whatever way it fails."""

import pytest
from django.core.management import call_command
from django.db import connection

from supplychain.ops import health
from supplychain.ops.health import ProbeResult


def passes():
    return ProbeResult("passes", ok=True)


def fails_but_is_not_vital():
    return ProbeResult("broker", ok=False, vital=False)


def raises():
    raise RuntimeError("probe is broken")


@pytest.mark.parametrize(
    ("probes", "status"), [(["passes"], 200), (["passes", "fails_but_is_not_vital"], 200), (["passes", "raises"], 503)]
)
def test_only_a_vital_failure_makes_it_unready(client, settings, probes, status):
    settings.READINESS_PROBES = [f"{__name__}.{name}" for name in probes]

    answer = client.get("/readyz")

    assert answer.status_code == status
    assert [probe["ok"] for probe in answer.json()["probes"]].count(False) == len(probes) - 1


def test_a_broker_that_does_not_answer_is_a_finding(settings):
    settings.CELERY_BROKER_URL = "redis://127.0.0.1:1/0"

    assert not health.probe_broker().ok
    assert not health.probe_broker().vital


@pytest.mark.django_db
def test_it_is_unready_until_every_migration_is_applied():
    health._require_migrated.cache_clear()
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'incidents'")
    unready = health.probe_migrations()
    call_command("migrate", "incidents", fake=True, verbosity=0)

    assert (unready.ok, unready.vital) == (False, True)
    assert "prepare_database" in unready.message
    assert health.probe_migrations().ok


@pytest.mark.django_db
def test_the_database_probe_asks_the_database():
    assert health.probe_database().ok
