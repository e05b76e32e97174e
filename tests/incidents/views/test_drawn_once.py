"""What tells a large answer and nothing else is drawn once a process, and shown to nobody who sees a part."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from django.template.loader import render_to_string
from django.test import Client

from incidents.response import slim
from incidents.views.panels import page
from tests.factories import cyclonedx, deployment, digest, report, submit
from tests.incidents.opened import BAD, PAY, SHOP, make_estate, opened
from tests.supplychain.actors import make_user, signed_in

# An answer is read from one snapshot of the database, which a test's own transaction would forbid.
pytestmark = pytest.mark.django_db(transaction=True)

PARTS = ("part-radius", "part-asked", "part-rows")


@pytest.fixture(autouse=True)
def large(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(slim, "LARGE", 1)
    slim.forget_all()
    yield
    slim.forget_all()


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The templates that were drawn to be kept, one by one."""
    names: list[str] = []

    def note(template: str, context: dict[str, object]) -> str:
        names.append(template)
        return render_to_string(template, context)

    monkeypatch.setattr(page, "render_to_string", note)
    return names


@pytest.fixture
def rita() -> Client:
    make_estate()
    return signed_in(make_user("rita", organisation="responder"))


def shown(client: Client, path: str) -> dict[str, str]:
    """Return the parts that tell the answer, without what is of one person's visit."""
    text = client.get(f"/incidents{path}").content.decode()
    text = re.sub(r'name="csrfmiddlewaretoken" value="[^"]*"', "", text)
    parts = re.split(r'<div class="part" id="', text)
    return {part.partition('"')[0]: part for part in parts if part.startswith(PARTS)}


def test_it_is_drawn_once_and_everybody_who_sees_the_whole_answer_is_shown_the_same(rita: Client, drawn: list[str]):
    incident = opened(rita)
    first = shown(rita, incident)
    count = len(drawn)

    again = shown(signed_in(make_user("ben", organisation="responder")), incident)

    assert count == len(PARTS) == len(drawn)
    assert again == first
    assert all(one in first["part-rows"] and one in first["part-radius"] for one in (SHOP, PAY))


def test_who_sees_a_part_is_shown_that_part_whoever_looked_before(rita: Client, drawn: list[str]):
    incident = opened(rita)
    shown(rita, incident)
    count = len(drawn)

    part = shown(signed_in(make_user("tomas", team="shop", role="member")), incident)

    assert len(drawn) == count
    assert PAY not in "".join(part.values())
    assert SHOP in part["part-rows"]
    assert SHOP in part["part-radius"]


def test_what_is_drawn_of_one_answer_is_not_shown_with_another(rita: Client):
    incident = opened(rita)
    shown(rita, incident)
    submit("shop", cyclonedx(BAD, subject=digest("new"), name="registry.example/new:1"))
    report("shop", deployment(digest=digest("new"), service="new"))

    assert rita.post(f"/incidents{incident}/ask").status_code == 303

    newest, before = shown(rita, incident), shown(rita, f"{incident}/queries/1")
    assert digest("new") in newest["part-rows"]
    assert digest("new") in newest["part-radius"]
    assert digest("new") not in "".join(before.values())
    assert f"/incidents{incident}/queries/1" in before["part-rows"]


def test_rows_that_somebody_asked_for_are_drawn_for_them_alone(rita: Client, drawn: list[str]):
    incident = opened(rita)
    everything = shown(rita, incident)
    count = len(drawn)

    narrowed = shown(rita, f"{incident}?team=payments")

    assert len(drawn) == count
    assert SHOP not in narrowed["part-rows"]
    assert 'value="payments" selected' in narrowed["part-rows"]
    assert shown(rita, incident) == everything


def test_what_was_drawn_weighs_in_what_a_process_keeps(rita: Client, monkeypatch: pytest.MonkeyPatch):
    first, second = opened(rita), opened(rita)
    shown(rita, first)
    monkeypatch.setattr(slim, "MOST_KEPT", 20)  # fewer than the characters of a page, more than the matches of both

    shown(rita, second)
    slim.forget_all()

    for incident in (first, second):
        shown(rita, incident)
    (kept,) = slim._kept._answers.values()  # what it holds shows in memory alone
    assert kept.weight > 20
