"""Which repositories registries told of, and which tags were seen at an artifact: own evidence alone."""

from __future__ import annotations

import pytest

from inventory.graph.tags import RepositoryRow, list_repositories, tags_at
from tests.factories import SEES_ALL, digest, member_of, registry_event, submit

pytestmark = pytest.mark.django_db

APP, NEXT = digest("app"), digest("next")


def tell(
    target: str, *, hour: int, team: str = "a", tag: str = "1.0", repository: str = "shop/api", action: str = "push"
) -> None:
    at = f"2026-03-01T{hour:02}:00:00Z"
    submit(team, registry_event(target, tag=tag, repository=repository, action=action, told_at=at))


def repositories(text: str = "", *, actor=SEES_ALL) -> list[RepositoryRow]:
    return list(list_repositories(text, after=None, limit=50, actor=actor).rows)


def test_a_repository_has_its_tags_and_events_and_the_newest_of_them():
    tell(APP, hour=8)
    tell(NEXT, hour=9)
    tell(APP, hour=7, tag="2.0")

    [row] = repositories()

    assert (row.repository, row.tag_count, row.event_count) == ("registry.example/shop/api", 2, 3)
    assert (row.tag, row.digest, row.action, row.observed_at.hour) == ("1.0", NEXT, "push", 9)


def test_repositories_come_by_name_a_page_at_a_time():
    for number in range(5):
        tell(APP, hour=8, repository=f"shop/{number}")

    seen, after = [], None
    while True:
        page = list_repositories("", after=after, limit=2, actor=SEES_ALL)
        seen += [row.repository.rpartition("/")[2] for row in page.rows]
        if page.next is None:
            break
        after = page.next

    assert seen == ["0", "1", "2", "3", "4"]


@pytest.mark.parametrize(("text", "found"), [("API", 1), ("shop/", 2), ("%", 0), ("nothing", 0)])
def test_a_text_finds_those_that_contain_it(text: str, found: int):
    tell(APP, hour=8)
    tell(APP, hour=8, repository="shop/web")

    assert len(repositories(text)) == found


def test_another_teams_events_are_not_counted_and_not_listed():
    tell(APP, hour=8)
    tell(NEXT, hour=9, team="b", tag="theirs")
    tell(NEXT, hour=9, team="b", repository="secret/api")

    [row] = repositories(actor=member_of("a"))

    assert (row.tag_count, row.event_count, row.digest) == (1, 1, APP)
    assert repositories(actor=member_of("c")) == []


def test_a_tag_is_here_until_it_was_moved():
    tell(APP, hour=8)
    tell(APP, hour=9, action="pull")

    [row] = tags_at(APP, limit=10, actor=SEES_ALL)

    assert (row.repository, row.tag) == ("registry.example/shop/api", "1.0")
    assert (row.first_seen_at.hour, row.last_seen_at.hour, row.is_here) == (8, 9, True)


def test_a_tag_that_was_moved_or_deleted_says_so():
    tell(APP, hour=8)
    tell(APP, hour=8, tag="old")
    tell(NEXT, hour=9)
    tell(APP, hour=10, tag="old", action="delete")

    moved, deleted = sorted(tags_at(APP, limit=10, actor=SEES_ALL), key=lambda row: row.tag)

    assert (moved.is_here, moved.is_deleted, moved.last_digest) == (False, False, NEXT)
    assert (deleted.is_here, deleted.is_deleted) == (False, True)


def test_another_teams_move_does_not_show():
    tell(APP, hour=8)
    tell(NEXT, hour=9, team="b")

    [row] = tags_at(APP, limit=10, actor=member_of("a"))

    assert row.is_here
    assert tags_at(NEXT, limit=10, actor=member_of("a")) == ()


def test_each_list_is_one_statement(django_assert_num_queries):
    for number in range(4):
        tell(APP, hour=8, repository=f"shop/{number}")

    with django_assert_num_queries(1):
        assert len(repositories()) == 4
    with django_assert_num_queries(1):
        assert len(tags_at(APP, limit=10, actor=SEES_ALL)) == 4
