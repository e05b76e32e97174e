"""What was built on what is read from indexes, however much builds put in that is no image."""

from __future__ import annotations

import pytest
from django.db import connection

from incidents.impact.base_edges import EDGES
from tests.factories import cyclonedx, digest, submit
from tests.incidents.impact.test_origin_plans import BIG, FILL, MANY, plan

pytestmark = pytest.mark.django_db(transaction=True)

INPUTS = """
UPDATE inventory_provenancedependency
SET uri = 'git+https://github.com/o/r', digest = 'sha256:' || encode(sha256(id::text::bytea), 'hex')
"""


@pytest.fixture
def built() -> None:
    """Many builds, each with an input that has a digest and is no image."""
    team = submit("shop", cyclonedx("pkg:npm/left-pad@1.3.0", subject=digest("any"))).team
    with connection.cursor() as cursor:
        for statement in (*FILL.split(";"), INPUTS):
            cursor.execute(statement, {"many": MANY, "team": team.pk})
        cursor.execute(f"ANALYZE {', '.join(f'inventory_{name}' for name in BIG)}")


def test_inputs_that_are_no_images_are_not_read(built: None):
    found = plan(EDGES, {"teams": None})

    assert "provenance_dependency_image" in found
    assert "Seq Scan on inventory_provenancedependency" not in found
