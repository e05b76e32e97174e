"""Hashes and CPEs are written once, whichever worker comes next: the track remembers what was stated."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from inventory.ingest import identifiers
from inventory.models import ComponentHash, Track
from tests.factories import cyclonedx, digest, submit

LEFT = "pkg:npm/left@1"


def stating(*hashes: str, cpe: str = "cpe:2.3:a:x:left:1:*:*:*:*:*:*:*", number: int = 0) -> bytes:
    stated = [{"alg": "SHA-1", "content": value} for value in hashes]
    known = {"name": "left", "version": "1", "purl": LEFT, "cpe": cpe, "hashes": stated}
    return cyclonedx(known, "pkg:npm/plain@1", subject=digest(f"build {number}"), name="app")


def adding(stated: Callable[[], object]) -> list[str]:
    """Return which statements add identifiers while something is done by a worker that has just begun."""
    identifiers.forget_all()
    with CaptureQueriesContext(connection) as sent:
        stated()
    return [table for table in ("hash", "cpe") for one in sent if f"INTO inventory_component{table}" in one["sql"]]


@pytest.mark.django_db
def test_a_worker_that_has_just_begun_learns_from_the_track_what_was_stated() -> None:
    assert adding(lambda: submit("a", stating("a" * 40))) == ["hash", "cpe"]

    assert adding(lambda: submit("a", stating("a" * 40, number=1))) == []
    assert adding(lambda: submit("b", stating("a" * 40, number=1))) == ["hash", "cpe"]


@pytest.mark.django_db
def test_what_a_later_document_states_otherwise_of_the_same_component_is_added() -> None:
    submit("a", stating("a" * 40))

    assert adding(lambda: submit("a", stating("b" * 40, number=1))) == ["hash", "cpe"]
    assert adding(lambda: submit("a", stating("b" * 40, number=2))) == []

    assert sorted(bytes(value).hex()[0] for value in ComponentHash.objects.values_list("value", flat=True)) == [
        "a",
        "b",
    ]
    assert Track.objects.get().last_seq == 3


@pytest.mark.django_db
def test_a_track_that_remembers_nothing_yet_costs_its_statements_again_and_then_remembers() -> None:
    submit("a", stating("a" * 40))
    Track.objects.update(stated=b"")  # as an older version left it

    assert adding(lambda: submit("a", stating("a" * 40, number=1))) == ["hash", "cpe"]
    assert adding(lambda: submit("a", stating("a" * 40, number=2))) == []
    assert ComponentHash.objects.count() == 1
