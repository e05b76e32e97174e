"""How often those who listen are told that documents became searchable."""

from __future__ import annotations

import pytest

from inventory.applied_rings import SECONDS_BETWEEN, Bell
from inventory.ingest import upsert
from inventory.ingest.process import work_for
from tests.factories import cyclonedx, digest, store


def test_a_hundred_documents_within_a_second_ring_once() -> None:
    bell = Bell()

    rung = [bell.may_ring(at=number * SECONDS_BETWEEN / 101) for number in range(100)]

    assert rung == [True] + [False] * 99


def test_a_document_that_comes_a_second_later_rings_at_once() -> None:
    bell = Bell()
    bell.may_ring(at=0.0)

    assert bell.may_ring(at=SECONDS_BETWEEN)


def test_documents_that_come_one_by_one_ring_once_a_second_however_long_that_goes_on() -> None:
    bell = Bell()

    rung = [bell.may_ring(at=tenth / 10) for tenth in range(100)]

    assert sum(rung) == 10


@pytest.mark.django_db(transaction=True, databases=["default", "interning"])
def test_a_turn_tells_of_each_document_that_became_searchable_and_of_no_other() -> None:
    upsert.forget_all()
    store("a", cyclonedx("pkg:npm/left@1", subject=digest("one")))
    store("a", b'{"bomFormat": "CycloneDX", "specVersion": "9.9"}')
    store("a", cyclonedx("pkg:npm/left@1", subject=digest("two")))
    told = list[None]()

    work_for(600.0, told=lambda: told.append(None))

    assert len(told) == 2
