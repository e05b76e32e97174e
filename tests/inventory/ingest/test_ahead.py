"""The components of a large document are added while the rest of it is read, and nothing else is different."""

from __future__ import annotations

import threading

import pytest
from django.db import DataError
from django.test import override_settings

from inventory.formats.read import read_document
from inventory.formats.records import ComponentRecord, SbomRecord
from inventory.identity.purls import forget_all as forget_purls
from inventory.identity.purls import parse_purl
from inventory.ingest import process, upsert
from inventory.ingest.ahead import Ahead
from inventory.ingest.identifiers import Identifiers
from inventory.models import Component, EvidenceState, Package, Presence, State, Track
from supplychain.access.models import Team
from supplychain.exchange import Query, Statement
from tests.budgets.counting import counted_waits
from tests.factories import cyclonedx, digest, store

CPE = "cpe:2.3:a:left:left:1:*:*:*:*:*:*:*"
LONG = 9_000
"""More than the reader tells of in portions (cyclonedx_components.py)."""

pytestmark = [pytest.mark.django_db(transaction=True, databases=["default", "interning"])]


@pytest.fixture(autouse=True)
def _new_worker() -> None:
    upsert.forget_all()


def purls(count: int, *, version: int = 1) -> list[str]:
    return [f"pkg:deb/debian/p{place}@{version}?upstream=source{place // 2}" for place in range(count)]


def components(count: int) -> list[ComponentRecord]:
    document = read_document(cyclonedx(*purls(count), subject=digest("app")))
    assert isinstance(document, SbomRecord)
    return list(document.components)


def work_through(data: bytes) -> State:
    evidence = store("a", data)
    process.process_next()
    return State(EvidenceState.objects.get(pk=evidence.pk).state)


def test_a_long_document_gets_the_room_of_what_was_stated_and_a_short_one_does_not() -> None:
    stating = cyclonedx({"name": "left", "version": "1", "purl": "pkg:npm/left@1", "cpe": CPE}, subject=digest("app"))
    record = read_document(stating)
    assert isinstance(record, SbomRecord)
    work_through(stating)
    ids, team_id = upsert.intern_document(record.components).component_ids, Team.objects.get(slug="a").pk

    def count_unknown() -> int:
        return len(Identifiers.of(record.components, component_ids=ids, team_id=team_id).unknown)

    work_through(cyclonedx(*purls(10), subject=digest("short")))
    assert count_unknown() == 0

    work_through(cyclonedx(*purls(LONG), subject=digest("long")))
    assert count_unknown() == 1


@pytest.mark.parametrize(("count", "kept"), [(4_000, 4_000), (6_000, 0)])
def test_a_long_document_leaves_no_purl_behind_that_was_read_and_a_short_one_does(count: int, kept: int) -> None:
    forget_purls()
    data = cyclonedx(*purls(count), subject=digest("app"))

    assert work_through(data) == State.APPLIED

    assert parse_purl.cache_info().currsize == kept


@pytest.mark.parametrize(("count", "unknown"), [(4_000, 0), (6_000, 6_000)])
def test_what_a_long_document_states_its_track_tells_the_next_build_and_the_worker_keeps_none_of_it(
    count: int, unknown: int
) -> None:
    stating = [
        {"name": f"p{place}", "version": "1", "purl": f"pkg:npm/p{place}@1", "cpe": CPE} for place in range(count)
    ]
    work_through(cyclonedx(*stating, subject=digest("app"), name="app:1"))
    record = read_document(cyclonedx(*stating, subject=digest("app")))
    assert isinstance(record, SbomRecord)
    ids = upsert.intern_document(record.components).component_ids

    found = Identifiers.of(record.components, component_ids=ids, team_id=Team.objects.get(slug="a").pk)

    assert len(found.unknown) == unknown
    assert found.new([bytes(Track.objects.get().stated)]) == []


def test_what_was_heard_of_is_there_and_known_when_the_document_is_applied() -> None:
    heard = components(200)
    with Ahead() as ahead:
        ahead.hear(heard[:100])
        ahead.hear(heard[100:])

    with counted_waits() as waits:
        interned = upsert.intern_document(heard)

    assert waits.count == 0
    assert dict(Component.objects.values_list("identity", "id")) == {
        component.purl.text: id_ for component, id_ in zip(heard, interned.component_ids, strict=True) if component.purl
    }
    assert Component.objects.exclude(source_package=None).count() == 200


def test_what_is_there_already_is_not_sent_again() -> None:
    heard = components(200)
    upsert.intern_document(heard)
    upsert.forget_all()

    with counted_waits() as waits, Ahead() as ahead:
        ahead.hear(heard)

    assert waits.count == 1, "it was looked for"
    assert Component.objects.count() == 200


def test_a_long_document_is_told_of_in_portions_and_a_short_one_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[int] = []
    monkeypatch.setattr(Ahead, "hear", lambda _self, told: heard.append(len(told)))

    assert work_through(cyclonedx(*purls(8_000), subject=digest("short"))) == State.APPLIED
    assert heard == []

    assert work_through(cyclonedx(*purls(LONG), subject=digest("long"))) == State.APPLIED
    assert heard == [2_500, 2_500, 2_500]


def test_a_long_document_ends_as_it_would_in_one_piece() -> None:
    work_through(cyclonedx(*purls(3_000), subject=digest("before")))
    upsert.forget_all()

    assert work_through(cyclonedx(*purls(LONG), subject=digest("long"))) == State.APPLIED
    assert work_through(cyclonedx(*purls(LONG, version=2), subject=digest("next"))) == State.APPLIED

    assert Component.objects.count() == 2 * LONG
    assert Package.objects.count() == LONG + LONG // 2
    assert Component.objects.filter(source_package=None).count() == 0
    assert Presence.objects.filter(component__version="2").count() == LONG


def test_a_portion_that_fails_fails_the_document_and_its_next_try_succeeds(monkeypatch: pytest.MonkeyPatch) -> None:
    broken = upsert.Adding({}, (), [Query(Statement("SELECT 1 / 0"))])
    with monkeypatch.context() as patched:
        patched.setattr(upsert, "look_for", lambda _told: broken)
        with pytest.raises(DataError, match="division by zero"), Ahead() as ahead:
            ahead.hear(components(100))
        assert work_through(cyclonedx(*purls(LONG), subject=digest("long"))) == State.RECEIVED
    EvidenceState.objects.update(queued_at="2020-01-01T00:00Z")

    process.process_next()

    assert EvidenceState.objects.get().state == State.APPLIED
    assert Component.objects.count() == LONG


def test_a_document_that_cannot_be_read_to_its_end_leaves_the_connection_to_the_next() -> None:
    before, heard = threading.active_count(), components(5_000)

    def break_off() -> None:
        with Ahead() as ahead:
            ahead.hear(heard)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        break_off()

    assert threading.active_count() == before
    assert Component.objects.count() == 5_000
    assert work_through(cyclonedx(*purls(300), subject=digest("app"))) == State.APPLIED


@override_settings(REFUSE_SCHEMA_INVALID=True)
def test_a_long_document_that_is_refused_adds_nothing_to_any_team() -> None:
    data = cyclonedx(*purls(LONG), subject=digest("long")).replace(b'"specVersion"', b'"version": -1, "specVersion"', 1)

    assert work_through(data) == State.REJECTED

    assert not Presence.objects.exists()
