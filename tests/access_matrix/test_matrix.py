"""D15: whoever asks, for whatever route and method, cannot tell another team's object from one that is not there.

The world is committed, since an incident question begins a transaction of its own; so each test is one walk over rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

import pytest

from supplychain.access.models import AuditEvent
from tests.access_matrix.conftest import SIZE
from tests.access_matrix.every_row import ROWS
from tests.access_matrix.matrix import EVERY, METHODS, Told, address_of, ask, expected_status, is_api, routes
from tests.access_matrix.rows import ANY, Row
from tests.access_matrix.unchanged import EXPORT, UNCHANGED, content_of
from tests.access_matrix.world import KNOWN_TO_ALL, Asker, Whose, World, make_world

pytestmark = pytest.mark.django_db(transaction=True)

UNREFUSED = {200, 302, 404}
PART_OF_A_PAGE = {"HX-Request": "true"}


@pytest.fixture
def world() -> World:
    return make_world()


def test_every_route_and_every_method_has_a_row(world: World):
    """A method counts as answered when neither a stranger nor someone who may everything is told 405."""
    asking = [asker for asker in world.askers if asker.name in {"anonymous", "admin"}]
    samples = {row.route: row for row in ROWS}

    without_row = sorted(set(routes()) - set(samples))
    answered = {
        (route, method)
        for route in set(routes()) & set(samples)
        for method in METHODS
        if all(ask(world, asker, _bare(samples[route], method), "missing").status != 405 for asker in asking)
    }

    assert without_row == [], "add a row in tests/access_matrix/rows.py"
    assert answered ^ {(row.route, row.method) for row in ROWS if row.route in routes()} == set()


def test_no_row_is_left_over():
    assert {row.route for row in ROWS} - set(routes()) == set()


def test_names_of_strangers_and_of_nobody_are_as_long_as_each_other(world: World):
    lengths = [{kind: len(name) for kind, name in names.items()} for names in world.names.values()]

    assert lengths[0] == lengths[1] == lengths[2]


def test_foreign_is_missing_no_right_depends_on_the_object_and_no_get_changes_anything(world: World):
    before = [content_of(table) for table in UNCHANGED]
    done = set(AuditEvent.objects.values_list("action", flat=True))

    assert _wrong(world, (row for row in ROWS if _asks(row))) == []

    assert [content_of(table) for table in UNCHANGED] == before
    assert set(AuditEvent.objects.values_list("action", flat=True)) <= done | {"impact.asked", "summary.signed"}
    assert SIZE["cells"] > 1500


def test_foreign_is_missing_and_no_right_depends_on_the_object_where_something_is_changed(world: World):
    assert _wrong(world, (row for row in ROWS if not _asks(row))) == []


def test_a_part_of_a_page_tells_as_little_as_the_page(world: World):
    askers = [asker for asker in world.askers if asker.kind == "session" and not asker.sees_all]

    assert _told_apart(world, askers, (row for row in ROWS if not is_api(row.route)), headers=PART_OF_A_PAGE) == []


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS"])
def test_head_and_options_tell_as_little(world: World, method: str):
    strangers = [asker for asker in world.askers if asker.name.startswith("stranger's")]
    rows = [replace(row, method=method) for row in ROWS if row.path and row.method == "GET"]

    assert _told_apart(world, strangers, rows) == []


def test_no_list_shows_a_name_of_another_team(world: World):
    shown = []
    for row in ROWS:
        for asker in world.askers:
            if row.names_an_object or row.method != "GET" or asker.sees_all or not asker.scopes:
                continue
            body = asker.client.get(address_of(row, named={}, own={})).getvalue().decode()
            names = world.objects_of(asker, "foreign")
            secret = {kind: name for kind, name in names.items() if kind not in KNOWN_TO_ALL}
            shown += [f"{row}, {asker.name}: {kind}" for kind, name in secret.items() if name in body]

    assert shown == []


def _wrong(world: World, rows: Iterable[Row]) -> list[str]:
    """Ask rows for all objects by all askers, and return what is not as promised."""
    SIZE["routes"], SIZE["rows"] = len(routes()), len(ROWS)
    return [
        f"{row}, {asker.name}: {fault}"
        for row in rows
        for asker in world.askers
        for fault in _faults(row, asker, _told(world, asker, row, EVERY if row.names_an_object else EVERY[:1]))
    ]


def _asks(row: Row) -> bool:
    return row.method == "GET" and row.route != EXPORT


def _told(world: World, asker: Asker, row: Row, objects: Iterable[Whose], **headers: str) -> dict[Whose, Told]:
    told = {whose: ask(world, asker, row, whose, headers=headers) for whose in objects}
    SIZE["cells"] += len(told)
    return told


def _told_apart(
    world: World, askers: Iterable[Asker], rows: Iterable[Row], *, headers: Mapping[str, str] | None = None
) -> list[str]:
    found = []
    for row in rows:
        for asker in askers if row.names_an_object and not row.no_secret else ():
            told = _told(world, asker, row, EVERY[1:], **(headers or {}))
            if fault := told["foreign"].unlike(told["missing"]):
                found.append(f"{row}, {asker.name}: {fault}")
    return found


def _faults(row: Row, asker: Asker, told: Mapping[Whose, Told]) -> Iterator[str]:
    if not row.no_secret:
        for whose, answer in told.items():
            wanted = expected_status(row, asker, whose)
            if answer.status != wanted and not (wanted == ANY and answer.status in UNREFUSED):
                yield f"{whose} answers {answer.status}, not {wanted}: {answer.body[:300]}"
    if not row.names_an_object:
        return
    is_blind = row.personal or not asker.sees_all
    if not row.no_secret and is_blind and (fault := told["foreign"].unlike(told["missing"])):
        yield f"foreign and missing differ in {fault}"
    if not _may(row, asker) and (fault := told["own"].unlike(told["missing"])):
        yield f"this asker may not, and still own and missing differ in {fault}"


def _may(row: Row, asker: Asker) -> bool:
    return bool(row.no_secret and row.scopes & asker.scopes) or expected_status(row, asker, "own") not in {401, 403}


def _bare(row: Row, method: str) -> Row:
    return Row(route=row.route, method=method, scopes=row.scopes, path=row.path)
