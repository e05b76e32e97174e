"""How the database finds where components are: from the index alone, whatever else grows."""

from __future__ import annotations

import re

import pytest
from django.db import connection, transaction

from incidents.impact import long_lists, statements
from incidents.impact.what_ran import WHAT_RAN
from inventory.graph.one_state import array_of
from inventory.models import Component, Package
from supplychain.access.models import Team
from tests.factories import START

pytestmark = pytest.mark.django_db(transaction=True)

TRACKS, COMPONENTS = 200, 400
FILL = """
INSERT INTO inventory_track (team_id, name, producer, architecture, last_seq, set_hash, head, head_count, updated_at)
SELECT %(team)s, 'track-' || n, '', '', 1, '', '', 0, now() FROM generate_series(1, %(tracks)s) n;
INSERT INTO inventory_component (package_id, version, identity, has_purl)
SELECT %(package)s, n::text, 'pkg:npm/p@' || n, true FROM generate_series(1, %(components)s) n;
INSERT INTO inventory_presence (component_id, track_id, from_seq, to_seq, flags)
SELECT c.id, t.id, 1, 2147483647, 0 FROM inventory_component c CROSS JOIN inventory_track t
"""


@pytest.fixture
def presence() -> None:
    """Eighty thousand ranges, vacuumed as autovacuum keeps them."""
    team, package = Team.objects.create(slug="shop", name="Shop"), Package.objects.create(type="npm", name_key="p")
    with connection.cursor() as cursor:
        numbers = {"team": team.pk, "package": package.pk, "tracks": TRACKS, "components": COMPONENTS}
        for statement in FILL.split(";"):
            cursor.execute(statement, numbers)
        cursor.execute("VACUUM ANALYZE inventory_presence")
        cursor.execute("ANALYZE inventory_track, inventory_component")


@pytest.mark.parametrize("sql", [statements.HELD_BY_ANY, statements.HELD])
def test_ranges_come_from_the_primary_keys_index_alone(presence: None, sql: str):
    ids = list(Component.objects.order_by("pk").values_list("pk", flat=True)[:3])
    parameters = {"components": array_of(ids), "classes": array_of([0] * 3), "artifacts": "{}", "teams": None}

    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (COSTS OFF) {sql}", parameters)
        plan = "\n".join(row[0] for row in cursor.fetchall())

    assert "Index Only Scan using inventory_presence_pkey" in plan
    assert "Seq Scan on inventory_presence" not in plan


@pytest.mark.parametrize("tells_effects", [True, False])
@pytest.mark.parametrize("is_short", [True, False])
def test_what_a_long_list_clears_is_asked_of_indexes_alone(presence: None, is_short: bool, tells_effects: bool):
    ids = list(Component.objects.order_by("pk").values_list("pk", flat=True)[:3])
    marks = b"\1" * (max(ids) + 1)
    parameters: dict[str, str | bytes | None] = {
        "candidates": marks,
        "few_candidates": array_of(ids) if is_short else None,
        **dict.fromkeys(("teams", "clusters", "environments", "since")),
    }

    with connection.cursor() as cursor:
        sql = long_lists.cleared(is_now=True, tells_effects=tells_effects)
        cursor.execute(f"EXPLAIN (COSTS OFF) {sql}", parameters)
        plan = "\n".join(row[0] for row in cursor.fetchall())

    assert re.search(r"track_id = r(_\d)?\.track_id", plan)
    assert ("component_id = candidate.component_id" in plan) is is_short
    assert ("Index Only Scan using inventory_presence_pkey" in plan) is (is_short or tells_effects)
    assert "Index Scan using presence_in_track" not in plan
    assert "Index Scan using inventory_presence_pkey" not in plan
    assert "Seq Scan on inventory_presence" not in plan


def test_snapshots_of_what_ran_are_read_ahead():
    ahead = what_is_read_ahead("enable_seqscan")  # the tables are empty

    assert re.findall(r"Bitmap Heap Scan on (\w+)", ahead) == ["inventory_snapshotsubject", "inventory_snapshot"]


def test_no_index_gives_snapshots_of_what_ran_one_by_one():
    assert "Index Scan using" not in what_is_read_ahead("enable_seqscan", "enable_bitmapscan")


def what_is_read_ahead(*off: str) -> str:
    parameters = {"teams": None, "clusters": None, "environments": None, "since": START, "until": START, "at": START}
    with transaction.atomic(), connection.cursor() as cursor:
        for setting in off:
            cursor.execute(f"SET LOCAL {setting} = off")
        cursor.execute(f"EXPLAIN (COSTS OFF) {WHAT_RAN}", parameters)
        plan = "\n".join(row[0] for row in cursor.fetchall())
    return plan.partition("CTE ahead")[2].partition("CTE point")[0]
