"""How many rows a document writes: a repeat only its own, a small change only what changed."""

from __future__ import annotations

import pytest
from django.db import connection

from inventory.models import EvidenceState, State
from tests.factories import apply_waiting, cyclonedx, digest, store

_COUNTERS = """
SELECT relname, n_tup_ins, n_tup_upd, n_tup_del FROM pg_stat_xact_user_tables WHERE relname LIKE 'inventory_%'
"""
_MARKS = {"inventory_estatechange"}
"""Tells the incident's caches that something changed: one row a document, whatever it holds."""

Touched = dict[str, tuple[int, int, int]]
OF_EVERY_DOCUMENT: Touched = {
    "evidencestate": (0, 2, 0),
    "track": (0, 1, 0),
    "snapshot": (1, 0, 0),
    "snapshotsubject": (1, 0, 0),
    "subjectblock": (0, 1, 0),
    "artifact": (1, 0, 0),
    "artifactname": (1, 0, 0),
}
"""(inserted, updated, deleted) by table, for a new digest on a known track: its claim and its end, its point."""

pytestmark = pytest.mark.django_db


def purls(count: int, *, version: int = 1, start: int = 0) -> list[str]:
    return [f"pkg:npm/p{place}@{version}" for place in range(start, count)]


def touched(*components: str, build: str) -> Touched:
    """Apply one SBOM, and return what it wrote."""
    evidence = store("a", cyclonedx(*components, subject=digest(build)))
    before = _counters()
    apply_waiting()
    after = _counters()
    assert EvidenceState.objects.get(pk=evidence.pk).state == State.APPLIED
    found: Touched = {}
    for name in after.keys() - _MARKS:
        then = before.get(name, (0, 0, 0))
        inserted, updated, deleted = (now - past for now, past in zip(after[name], then, strict=True))
        if inserted or updated or deleted:
            found[name.removeprefix("inventory_")] = (inserted, updated, deleted)
    return found


def _counters() -> Touched:
    with connection.cursor() as cursor:
        cursor.execute(_COUNTERS)
        return {name: (inserted, updated, deleted) for name, inserted, updated, deleted in cursor.fetchall()}


@pytest.mark.parametrize("components", [50, 5_000])
def test_a_repeat_of_a_known_set_writes_its_own_rows_alone(components: int) -> None:
    touched(*purls(components), build="first")

    assert touched(*purls(components), build="second") == OF_EVERY_DOCUMENT


@pytest.mark.parametrize("components", [500, 5_000])
def test_a_change_of_three_percent_writes_what_changed_and_no_more(components: int) -> None:
    changed = components * 3 // 100
    touched(*purls(components), build="first")

    found = touched(*purls(changed, version=2), *purls(components, start=changed), build="second")

    assert found == OF_EVERY_DOCUMENT | {"component": (changed, 0, 0), "presence": (changed, changed, 0)}


def test_a_package_that_is_new_on_its_track_is_counted_once_for_the_team_and_once_for_all() -> None:
    touched(*purls(100), build="first")

    found = touched(*purls(101), build="second")

    assert found == OF_EVERY_DOCUMENT | {
        "component": (1, 0, 0),
        "package": (1, 0, 0),
        "presence": (1, 0, 0),
        "packagereach": (2, 0, 0),
    }


def test_a_package_that_comes_back_to_its_track_is_not_counted_again() -> None:
    touched(*purls(100), build="first")
    touched(*purls(99), build="without")

    assert touched(*purls(100), build="again") == OF_EVERY_DOCUMENT | {"presence": (1, 0, 0)}
