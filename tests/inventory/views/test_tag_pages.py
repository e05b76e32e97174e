"""The pages of tags: which repositories, what was told of one, and the tags on an artifact's page."""

from __future__ import annotations

import pytest

from tests.factories import digest, registry_event, submit

pytestmark = pytest.mark.django_db

APP, NEXT = digest("app"), digest("next")
REPOSITORY = "registry.example/shop/api"


@pytest.fixture
def history() -> None:
    submit("team-a", registry_event(APP, told_at="2026-03-01T08:00:00Z"))
    submit("team-a", registry_event(NEXT, told_at="2026-03-01T09:00:00Z"))


def test_the_list_leads_to_the_history_of_a_repository(member, history):
    html = member.get("/tags").content.decode()

    assert "/tags?repository=registry.example%2Fshop%2Fapi" in html
    assert NEXT in html


def test_the_history_shows_where_a_tag_was_moved_from(member, history):
    html = member.get("/tags", {"repository": REPOSITORY, "tag": "1.0"}).content.decode()

    assert html.index(NEXT) < html.index("08:00:00")
    assert html.count("Moved") == 1
    assert APP in html


def test_an_artifact_shows_its_tags_and_where_they_point_now(member, history):
    moved = member.get(f"/artifacts/{APP}").content.decode()
    here = member.get(f"/artifacts/{NEXT}").content.decode()

    assert f"/artifacts/{NEXT}" in moved
    assert "Moved" in moved
    assert f"{REPOSITORY}:1.0" in here
    assert "Moved" not in here


def test_the_pages_of_a_long_history_join(member):
    for hour in range(60):
        at = f"2026-03-{1 + hour // 24:02}T{hour % 24:02}:00:00Z"
        submit("team-a", registry_event(APP, tag=f"t{hour:02}", told_at=at))

    first = member.get("/tags", {"repository": REPOSITORY}).context["list"]
    second = member.get(first.next).context["list"]

    assert [row.tag for row in (*first.rows, *second.rows)] == [f"t{hour:02}" for hour in reversed(range(60))]
    assert second.first == f"/tags?repository={REPOSITORY.replace('/', '%2F')}"


@pytest.mark.parametrize("query", ["cursor=x", "repository=a&cursor=x"])
def test_a_cursor_of_another_list_is_refused(member, query: str):
    assert member.get(f"/tags?{query}").status_code == 400


def test_a_part_comes_alone(member, history):
    answer = member.get("/tags", headers={"HX-Request": "true"})

    assert b"<html" not in answer.content
    assert b"registry.example/shop/api" in answer.content


def test_what_no_registry_told_of_says_what_to_do(member):
    assert b"notifications:" in member.get("/tags").content
    assert b"No registry told of this repository" in member.get("/tags?repository=nothing").content
    assert b"No registry told of a repository like" in member.get("/tags?q=nothing").content


def test_a_stranger_sees_what_is_shown_of_a_missing_one(stranger, history):
    assert b"No registry has told of a tag yet" in stranger.get("/tags").content
    foreign = stranger.get("/tags", {"repository": REPOSITORY}).content
    assert b"No registry told of this repository" in foreign


@pytest.mark.parametrize("query", ["", "?repository=registry.example/shop/api"])
def test_a_page_costs_few_statements(member, query: str, django_assert_max_num_queries):
    for number in range(12):
        submit("team-a", registry_event(APP, tag=f"t{number}"))

    with django_assert_max_num_queries(8):
        assert member.get(f"/tags{query}").status_code == 200
