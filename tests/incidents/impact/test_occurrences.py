"""Where components stand is read out of an outline once, and told alike for ever."""

from __future__ import annotations

import pytest

from incidents.impact import occurrences
from incidents.impact.assess import assess
from incidents.impact.occurrences import OCCURRENCES, Shown
from incidents.impact.question import Question
from incidents.impact.remembered import follow_generation
from incidents.pasted import parse_text
from inventory.formats.records import ROOT, ComponentRecord
from inventory.graph import outline as outlines
from inventory.graph.outline import Occurrence, pack, unpack
from inventory.graph.packed import column
from tests.factories import SEES_ALL, cyclonedx, digest, later, submit

BAD, WORSE = "pkg:npm/bad@1", "pkg:npm/worse@1"


@pytest.fixture(autouse=True)
def _nothing_remembered() -> None:
    OCCURRENCES.forget()


def outline(*component_ids: int) -> bytes:
    components = [
        ComponentRecord(f"c{place}", "1", "", "library", None, None, f"/components/{place}", None)
        for place in range(len(component_ids))
    ]
    return pack(components, component_ids=component_ids, came_by=[ROOT] * len(component_ids), has_edges=True)


def show(snapshot: int, data: bytes | None, *component_ids: int) -> tuple[Occurrence, ...]:
    """Find components for a question of its own, which remembers them."""
    shown = Shown(component_ids)
    found = shown.find(snapshot, data, component_ids)
    shown.remember()
    return found


def told(*component_ids: int) -> list[tuple[int, int]]:
    """Return the pairs of snapshot and component that a question says it knows."""
    parameters = Shown(component_ids).parameters
    snapshots, components = (
        column(parameters[name])[5:][1::2]  # type: ignore[arg-type]
        for name in ("shown_snapshots", "shown_components")
    )
    return sorted(zip(snapshots, components, strict=True))


def test_what_is_remembered_is_what_the_outline_tells_also_of_components_asked_for_later():
    data = outline(5, 7, 9)

    assert show(1, data, 7) == tuple(unpack(data).find([7]))
    assert show(1, None, 7) == tuple(unpack(data).find([7]))
    assert show(1, data, 5, 7, 9) == tuple(unpack(data).find([5, 7, 9]))
    assert show(1, None, 5, 9) == tuple(unpack(data).find([5, 9]))


def test_another_document_is_another_place():
    show(1, outline(5, 7), 7)

    (found,) = show(2, outline(7, 5), 7)

    assert found.pointer == "/components/0"


def test_a_question_tells_what_was_shown_of_its_own_components_alone():
    show(1, outline(5, 7), 5, 7)
    show(2, outline(5, 9), 5, 9)

    assert told(5) == [(1, 5), (2, 5)]
    assert told(7, 9) == [(1, 7), (2, 9)]
    assert told(8) == []


def test_a_component_that_the_outline_does_not_have_is_never_said_to_be_known():
    show(1, outline(5), 5, 7)

    assert told(5, 7) == [(1, 5)]


def test_of_very_many_places_those_shown_last_are_told(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(occurrences, "_MOST_TOLD", 2)
    for snapshot in (1, 2, 3):
        show(snapshot, outline(5), 5)
    show(2, outline(5), 5)

    assert told(5) == [(2, 5), (3, 5)]


def test_a_process_remembers_so_much_and_no_more(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(occurrences, "_KEPT", 2)
    for snapshot in (1, 2, 1, 3):
        show(snapshot, outline(5), 5)

    assert told(5) == [(3, 5)]


def test_a_question_finds_what_it_said_it_knows_though_the_process_forgets_it_meanwhile():
    data = outline(5)
    show(1, data, 5)
    shown = Shown([5])
    OCCURRENCES.forget()

    assert shown.find(1, None, [5]) == tuple(unpack(data).find([5]))


def test_nothing_is_remembered_of_tables_that_were_emptied():
    follow_generation("1")
    show(1, outline(5), 5)

    follow_generation("2")

    assert told(5) == []


@pytest.mark.django_db(transaction=True)
def test_outlines_are_unpacked_for_what_was_never_shown_alone(monkeypatch: pytest.MonkeyPatch):
    unpacked: list[bytes] = []

    def spied(data: bytes) -> outlines.Outline:
        unpacked.append(data)
        return unpack(data)

    monkeypatch.setattr(occurrences, "unpack", spied)
    for number in range(3):
        submit("shop", cyclonedx(f"pkg:npm/p{number}@1", BAD, WORSE, subject=digest(str(number))))

    def ask(text: str, *, unpacks: int) -> list[list[str | None]]:
        unpacked.clear()
        impact = assess(Question(parse_text(text)), actor=SEES_ALL, at=later(60))
        assert len(unpacked) == unpacks
        return [[match.pointer for match in row.matches] for row in impact.rows]

    first = ask(BAD, unpacks=3)
    assert first == [["/components/1"]] * 3
    assert ask(BAD, unpacks=0) == first
    assert ask(f"{BAD}\n{WORSE}", unpacks=3) == [["/components/1", "/components/2"]] * 3
    assert ask(WORSE, unpacks=0) == [["/components/2"]] * 3
    submit("shop", cyclonedx(WORSE, BAD, subject=digest("new")))
    assert sorted(ask(BAD, unpacks=1)) == [["/components/1"]] * 4
