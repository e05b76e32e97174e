"""What is remembered of versions that a block does not mean spares work, and never lets anything through."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from types import SimpleNamespace

import pytest
from django.db import connection
from django.utils import timezone

from inventory.models import Component
from inventory.policy import versions
from inventory.policy.asked import Asked
from inventory.policy.blocks import add_block
from inventory.policy.facts import facts_query, read_facts
from inventory.policy.hits import Place, find_hits
from inventory.policy.models import Block, BlockKind, Gate
from inventory.policy.versions import ClearedVersions, why_meant
from supplychain.access.actors import Actor
from supplychain.database.urgent import DatabaseAwayError
from supplychain.exchange import Query, TypedRow, exchange_typed
from tests.factories import cyclonedx, digest, submit

Ask = Callable[[Sequence[Query]], list[list[TypedRow]]]


@pytest.fixture
def cleared(monkeypatch: pytest.MonkeyPatch) -> ClearedVersions:
    remembered = ClearedVersions()
    monkeypatch.setattr("inventory.policy.hits.cleared", remembered)
    return remembered


def block(rita: Actor, purl: str, **selector: str) -> Block:
    given = {"purl": purl, **selector}
    return add_block(BlockKind.PACKAGE, given, reason="INC-1", incident=None, actor=rita, at=timezone.now())


def follow(cleared: ClearedVersions, *, ask: Ask = exchange_typed) -> None:
    """Do what a decision of a web process does."""
    at = timezone.now()
    asked = Asked(gate=Gate.PIPELINE, subjects=(), place=Place())
    query = facts_query([asked], teams=None, at=at)
    [facts] = read_facts(exchange_typed([query])[0], asked=[asked])
    cleared.follow(facts.packages, at=at, ask=ask)


def is_hit(name: str) -> bool:
    return bool(find_hits([digest(name)], at=timezone.now())[digest(name)])


def numbers(cleared: ClearedVersions) -> int:
    return len([one for one in cleared.known.numbers.strip("{}").split(",") if one])


def test_versions_outside_the_range_are_remembered_and_those_inside_are_hit(
    rita: Actor, cleared: ClearedVersions
) -> None:
    submit("team-a", cyclonedx("pkg:npm/lodash@4.17.20", subject=digest("old")))
    submit("team-a", cyclonedx("pkg:npm/lodash@4.17.21", subject=digest("new")))
    block(rita, "pkg:npm/lodash", range="vers:npm/<4.17.21")

    follow(cleared)

    assert numbers(cleared) == 1
    assert is_hit("old")
    assert not is_hit("new")


def test_a_version_that_comes_later_is_hit(rita: Actor, cleared: ClearedVersions) -> None:
    submit("team-a", cyclonedx("pkg:npm/lodash@4.17.21", subject=digest("new")))
    block(rita, "pkg:npm/lodash", range="vers:npm/<4.17.21")
    follow(cleared)

    submit("team-a", cyclonedx("pkg:npm/lodash@4.17.20", subject=digest("old")))

    assert is_hit("old")


def test_a_block_that_comes_later_hits_what_another_one_cleared(rita: Actor, cleared: ClearedVersions) -> None:
    submit("team-a", cyclonedx("pkg:npm/lodash@4.17.21", subject=digest("new")))
    block(rita, "pkg:npm/lodash", range="vers:npm/<4.17.21")
    follow(cleared)
    assert not is_hit("new")

    block(rita, "pkg:npm/lodash", range="vers:npm/>=4.17.21")

    assert is_hit("new")
    follow(cleared)
    assert is_hit("new")


def test_a_source_that_is_told_later_is_hit_though_the_package_itself_was_cleared(
    rita: Actor, cleared: ClearedVersions
) -> None:
    submit("team-a", cyclonedx("pkg:deb/debian/libssl3@3.0.1", subject=digest("base")))
    submit("team-a", cyclonedx("pkg:deb/debian/openssl@3.0.9", subject=digest("other")))
    block(rita, "pkg:deb/debian/libssl3", range="vers:deb/>=9")
    block(rita, "pkg:deb/debian/openssl", range="vers:deb/<3.0.5")
    follow(cleared)
    assert not is_hit("base")

    openssl = Component.objects.get(package__name="openssl").package
    Component.objects.filter(package__name="libssl3").update(source_package=openssl)

    assert is_hit("base")


def test_numbers_of_another_file_of_the_table_clear_nothing(rita: Actor, cleared: ClearedVersions) -> None:
    submit("team-a", cyclonedx("pkg:npm/lodash@4.17.20", subject=digest("old")))
    blocked = block(rita, "pkg:npm/lodash", range="vers:npm/<4.17.21")
    component = Component.objects.get(version="4.17.20")
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_relation_filenode('inventory_component')")
        file = cursor.fetchone()[0]
    wrong = f"{{{(blocked.pk << 33) + (component.pk << 1)}}}"

    cleared.known = versions.Cleared(wrong, file)
    assert not is_hit("old")  # so the number is the right one
    cleared.known = versions.Cleared(wrong, file + 1)
    assert is_hit("old")


def test_nothing_is_asked_again_until_a_block_comes(rita: Actor, cleared: ClearedVersions) -> None:
    block(rita, "pkg:npm/lodash", range="vers:npm/<4.17.21")
    follow(cleared)
    submit("team-a", cyclonedx("pkg:npm/lodash@4.17.21", subject=digest("new")))

    follow(cleared)
    assert numbers(cleared) == 0

    block(rita, "pkg:npm/event-stream", range="vers:npm/<1")
    follow(cleared)
    assert numbers(cleared) == 1


def test_a_database_that_does_not_answer_in_time_fails_no_decision_and_is_asked_again_soon(
    rita: Actor, cleared: ClearedVersions, monkeypatch: pytest.MonkeyPatch
) -> None:
    submit("team-a", cyclonedx("pkg:npm/lodash@4.17.21", subject=digest("new")))
    block(rita, "pkg:npm/lodash", range="vers:npm/<4.17.21")
    follow(cleared)
    block(rita, "pkg:npm/other", range="vers:npm/<1.0.0")
    asked: list[int] = []

    def silent(queries: Sequence[Query]) -> list[list[TypedRow]]:
        asked.append(len(queries))
        raise DatabaseAwayError

    follow(cleared, ask=silent)
    follow(cleared, ask=silent)

    assert (asked, numbers(cleared)) == ([1], 1)
    monkeypatch.setattr(versions, "time", SimpleNamespace(monotonic=lambda: time.monotonic() + versions.SOON_SECONDS))
    follow(cleared)
    assert numbers(cleared) == 1
    follow(cleared, ask=silent)
    assert len(asked) == 1


def test_what_cannot_be_compared_is_meant() -> None:
    assert why_meant("vers:npm/<2", "not-a-version", type_="npm", by_source=False)
    assert why_meant(None, "", type_="npm", by_source=False) == "every version is blocked"
    assert why_meant("vers:deb/1.0-1", "1.0-1+b2", type_="deb", by_source=False)
    assert not why_meant("vers:npm/<2", "3.0.0", type_="npm", by_source=False)
