"""The alert rules of deploy/alerts.yml ask for metrics that /metrics has, by labels that it knows."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from django.test import Client
from prometheus_client.metrics_core import Metric
from prometheus_client.parser import text_string_to_metric_families

from supplychain.ops.models import Measure
from tests.factories import START

pytestmark = pytest.mark.django_db

CHECKOUT = Path(__file__).resolve().parents[2]
SELECTOR = re.compile(r"(supplychain_\w+)(?:\{([^}]*)\})?")
# Where the database's folder is on another machine, nobody can tell.
MAY_BE_ABSENT = {"supplychain_disk_free_bytes"}


@pytest.fixture
def metrics() -> dict[str, Metric]:
    Measure.objects.create(name="database.bytes", minute=START, worst=1.0)
    answer = Client().get("/metrics", REMOTE_ADDR="127.0.0.1")
    assert answer.status_code == 200
    return {family.name: family for family in text_string_to_metric_families(answer.content.decode())}


def expressions() -> list[str]:
    groups = yaml.safe_load((CHECKOUT / "deploy" / "alerts.yml").read_text(encoding="utf-8"))["groups"]
    return [rule["expr"] for group in groups for rule in group["rules"]]


def test_every_metric_of_an_alert_is_there_with_its_labels(metrics: dict[str, Metric]) -> None:
    asked = [selector for expression in expressions() for selector in SELECTOR.findall(expression)]

    assert len(asked) >= 10
    for name, condition in asked:
        if name in MAY_BE_ABSENT and name not in metrics:
            continue
        wanted = dict(re.findall(r'(\w+)="([^"]*)"', condition))
        assert any(wanted.items() <= sample.labels.items() for sample in metrics[name].samples), (name, wanted)


def test_every_metric_has_help_and_stands_in_the_operations_page(metrics: dict[str, Metric]) -> None:
    documented = set(re.findall(r"`(supplychain_\w+)`", (CHECKOUT / "docs" / "operations.md").read_text("utf-8")))

    assert {name for name, family in metrics.items() if not family.documentation} == set()
    assert set(metrics) - documented == set()
    assert documented - set(metrics) - MAY_BE_ABSENT == set()
