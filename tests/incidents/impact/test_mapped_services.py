"""A service that only a mapping names stands in the incident answer like one that a report names."""

from __future__ import annotations

from datetime import datetime

import pytest

from incidents.impact.answer import Impact
from incidents.impact.assess import assess
from incidents.impact.question import Question
from incidents.pasted import parse_text
from inventory.ingest.upkeep import WorkloadPattern, map_service
from tests.factories import SEES_ALL, START, cyclonedx, deployment, digest, later, report, submit

# An answer is read from one snapshot of the database, which a test's own transaction would forbid.
pytestmark = pytest.mark.django_db(transaction=True)

A, NOW = digest("a"), later(60)
LOG4J = "pkg:maven/org.apache.logging.log4j/log4j-core@2.14.1"


def ask(at: datetime | None = None) -> Impact:
    return assess(Question(parse_text(LOG4J), at=at), actor=SEES_ALL, at=NOW)


def found(impact: Impact) -> tuple[list[str | None], int]:
    (row,) = impact.rows
    return [workload.service for workload in row.workloads], impact.header.coverage.unmapped_service_count


def test_a_mapped_service_stands_in_the_rows_and_is_no_longer_missing():
    submit("shop", cyclonedx(LOG4J, subject=A))
    report("shop", deployment(digest=A), deployment(digest=A, namespace="z", workload="Deployment/worker"))
    assert found(ask()) == ([None, None], 2)

    map_service("checkout", team="shop", pattern=WorkloadPattern(namespace="shop"), actor=SEES_ALL, at=NOW)

    assert found(ask()) == (["checkout", None], 1)
    assert found(ask(START)) == (["checkout", None], 1)


def test_a_mapping_that_begins_later_says_nothing_of_the_past():
    submit("shop", cyclonedx(LOG4J, subject=A))
    report("shop", deployment(digest=A))

    map_service("checkout", team="shop", pattern=WorkloadPattern(), valid_from=later(30), actor=SEES_ALL, at=NOW)

    assert found(ask(later(29))) == ([None], 1)
    assert found(ask(later(30))) == (["checkout"], 0)
