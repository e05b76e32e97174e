"""The order of digests is the database's, whether they are remembered, read, or too alike to tell."""

from __future__ import annotations

import numpy as np
import pytest

from incidents.impact.columns import Ints
from incidents.impact.digests import DIGESTS
from incidents.impact.order import Rows
from inventory.graph.one_state import one_state
from inventory.models import Artifact
from tests.remembered import forget_everything
from tests.round_trips import round_trips

pytestmark = pytest.mark.django_db(transaction=True)

ALIKE = "0123456789abcde"
TEXTS = [
    f"sha512:{'0' * 128}", f"sha256:{'f' * 64}", f"sha256:{'0' * 64}", f"sha384:{'0' * 96}", f"sha256:{ALIKE}{'1' * 49}"
]  # fmt: skip


@pytest.fixture
def ids() -> list[int]:
    """Artifacts whose digests are in no order, and one without."""
    forget_everything()
    made = [Artifact.objects.create(digest=text).pk for text in TEXTS]
    return [Artifact.objects.create(label_name="thing").pk, *made]


def tied(ids: list[int]) -> Ints:
    return np.array(ids, dtype=np.int32)


def first(ids: list[int], *, limit: int) -> list[int] | None:
    with one_state(using="default") as state:
        return DIGESTS.first([tied(ids)], limit=limit, state=state)


def idle(ids: list[int], *, size: int) -> Rows:
    """Rows that are affected and run nowhere, of so many artifacts."""
    statuses = np.zeros(size, np.uint8)
    statuses[ids] = 1
    return Rows(statuses, (np.zeros(0, np.int32), np.zeros(0, np.int64)))


def by_database() -> list[int]:
    return list(Artifact.objects.order_by("digest").values_list("pk", flat=True))  # PostgreSQL has NULLs last


@pytest.mark.parametrize("limit", [1, 3, 6, 100])
def test_what_is_remembered_has_the_order_of_the_database(ids: list[int], limit: int):
    assert first(ids, limit=limit) == by_database()[:limit]
    assert first(ids, limit=limit) == by_database()[:limit]


def test_a_digest_is_read_once(ids: list[int]):
    assert first(ids[:2], limit=1)
    with round_trips() as counted:
        assert first(ids[:2], limit=1)
    assert counted.count == 0

    with round_trips() as counted:
        assert first(ids, limit=1)
    assert counted.count == 2  # with the state's end


def test_digests_that_begin_alike_are_put_in_order_by_the_database(ids: list[int]):
    ids.append(Artifact.objects.create(digest=f"sha256:{ALIKE}{'0' * 49}").pk)

    assert first(ids, limit=1) == by_database()[:1]  # what is alike stands further behind
    assert first(ids, limit=2) is None
    with one_state(using="default") as state:
        rows = idle(ids, size=max(ids) + 1).first(100, state=state)
    assert [row.artifact_id for row in rows] == by_database()


def test_one_tie_comes_before_the_next_whatever_its_digests(ids: list[int]):
    with one_state(using="default") as state:
        found = DIGESTS.first([tied(ids[1:2]), tied(ids[2:])], limit=100, state=state)

    assert found is not None
    assert found[0] == ids[1]
    assert found[1:] == [pk for pk in by_database() if pk in ids[2:]]


@pytest.mark.parametrize("every", [1, 2, 7, 400])
def test_idle_rows_are_found_however_far_apart_they_stand(ids: list[int], every: int):
    with one_state(using="default") as state:
        rows = idle(ids, size=(max(ids) + 1) * (every + 1)).first(100, state=state)
    assert [row.artifact_id for row in rows] == by_database()
