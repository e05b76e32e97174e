"""How the database finds the components of packages that are asked for: from indexes alone, the name first."""

from __future__ import annotations

import pytest
from django.db import connection

from incidents.impact.candidates import Candidates, by_package
from incidents.pasted import parse_text
from inventory.graph.one_state import Plans, Statement, one_state
from tests.effort import calls_of

pytestmark = pytest.mark.django_db(transaction=True)

FILL = """
INSERT INTO inventory_package (type, namespace_key, name_key, namespace, name)
SELECT 'npm', '', 'thing-' || n, '', 'thing-' || n FROM generate_series(1, 5000) n;
INSERT INTO inventory_component (package_id, source_package_id, version, identity, has_purl)
SELECT p.id, CASE WHEN substr(p.name, 7)::int %% 500 = 0 THEN p.id - 1 END, '1.0.' || v,
       'pkg:npm/' || p.name || '@1.0.' || v, true
FROM inventory_package p CROSS JOIN generate_series(1, 3) v
"""


@pytest.fixture
def packages() -> None:
    """Five thousand, one in five hundred of them built from another, vacuumed as autovacuum keeps them."""
    with connection.cursor() as cursor:
        for statement in FILL.split(";"):
            cursor.execute(statement, {})
        cursor.execute("VACUUM ANALYZE inventory_package, inventory_component")


def asked_for(count: int) -> Candidates:
    text = "\n".join(f"pkg:npm/thing-{number}@1.0.2" for number in range(1, count + 1))
    return Candidates(by_package(enumerate(parse_text(text))))


@pytest.mark.parametrize(("count", "plans"), [(1, "generic"), (2_000, "custom")])
def test_packages_and_their_components_come_from_indexes_alone(packages: None, count: int, plans: Plans):
    statement = asked_for(count).statement
    explained = Statement(str, f"EXPLAIN (COSTS OFF) {statement.sql}", statement.parameters)

    with one_state(using="default", plans=plans) as state:
        plan = "\n".join(state.fetch(explained))

    assert "Index Only Scan using package_by_name" in plan
    assert "Index Only Scan using component_by_kind" in plan
    assert "Index Only Scan using component_of_source" in plan
    assert "Seq Scan on inventory_package" not in plan
    assert "Seq Scan on inventory_component" not in plan


def test_a_listed_version_costs_less_calls_than_its_package_has_components(packages: None):
    asked = asked_for(2_000)
    with one_state(using="default") as state:
        asked.take(state.fetch(asked.statement))

    calls = calls_of(asked.judged)

    assert len(asked.ids) == (2_000 + 4) * 3  # those built from another that is asked for are found by both
    assert len(asked.judged()) == 2_000 + 4
    assert calls < 10 * 2_000
