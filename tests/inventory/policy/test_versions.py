"""What is remembered of versions that a block does not mean spares work, and never lets anything through."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from inventory.models import Component, Package
from inventory.policy import versions
from inventory.policy.asked import Asked
from inventory.policy.blocks import add_block
from inventory.policy.facts import facts_query, read_facts
from inventory.policy.hits import Place, find_hits, hits_query
from inventory.policy.hits_sql import WRITERS
from inventory.policy.models import Block, BlockKind, Gate
from inventory.policy.versions import SETTLE_SECONDS, JudgedVersions, why_meant
from supplychain.access.actors import Actor
from supplychain.exchange import Query, Statement, TypedRow, exchange_typed
from tests.factories import cyclonedx, digest, submit

Ask = Callable[[Sequence[Query]], list[list[TypedRow]]]


class Clock:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def judged(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> JudgedVersions:
    remembered = JudgedVersions(clock=clock)
    monkeypatch.setattr("inventory.policy.hits.judged", remembered)
    return remembered


def block(rita: Actor, purl: str, **selector: str) -> Block:
    given = {"purl": purl, **selector}
    return add_block(BlockKind.PACKAGE, given, reason="INC-1", incident=None, actor=rita, at=timezone.now())


def follow(judged: JudgedVersions, *, losses: int = 0, ask: Ask = exchange_typed) -> None:
    """Do what a decision of a web process does."""
    at = timezone.now()
    asked = Asked(gate=Gate.PIPELINE, subjects=(), place=Place())
    query = facts_query([asked], teams=None, at=at)
    [facts] = read_facts(exchange_typed([query])[0], asked=[asked])
    judged.follow(facts.packages, at=at, ask=ask, losses=losses)


def settle(judged: JudgedVersions, clock: Clock) -> None:
    """Let all there is be judged: ids are settled when they have lain for a while."""
    follow(judged)
    clock.now += SETTLE_SECONDS
    follow(judged)


def is_hit(name: str) -> bool:
    return bool(find_hits([digest(name)], at=timezone.now())[digest(name)])


def count(judged: JudgedVersions) -> int:
    return judged.known(losses=0).count


def asked_for(name: str) -> list[tuple[str, str]]:
    """Return the versions that the database looked for in what is asked about: what is not looked for is no row."""
    [rows] = exchange_typed([hits_query([digest(name)], at=timezone.now())])
    return [(row[1], row[6]) for row in rows]


def test_a_version_outside_the_range_is_not_looked_for_again_and_one_inside_is_hit(
    rita: Actor, judged: JudgedVersions, clock: Clock
) -> None:
    submit("team-a", cyclonedx("pkg:npm/lodash@4.17.20", subject=digest("old")))
    submit("team-a", cyclonedx("pkg:npm/lodash@4.17.21", subject=digest("new")))
    block(rita, "pkg:npm/lodash", range="vers:npm/<4.17.21")
    assert asked_for("new") == [("package", "4.17.21")]

    settle(judged, clock)

    assert count(judged) == 1
    assert asked_for("old") == [("package", "4.17.20")]
    assert not asked_for("new")
    assert is_hit("old")


def test_nothing_is_taken_for_settled_until_it_has_lain_for_a_while(
    rita: Actor, judged: JudgedVersions, clock: Clock
) -> None:
    submit("team-a", cyclonedx("pkg:npm/lodash@4.17.21", subject=digest("new")))
    block(rita, "pkg:npm/lodash", range="vers:npm/<4.17.21")
    follow(judged)
    clock.now += SETTLE_SECONDS - 0.1
    block(rita, "pkg:npm/minimist", range="vers:npm/<1")

    follow(judged)

    assert count(judged) == 0
    assert asked_for("new")


def test_nothing_is_settled_while_somebody_writes_who_wrote_before(
    rita: Actor, judged: JudgedVersions, clock: Clock
) -> None:
    submit("team-a", cyclonedx("pkg:npm/lodash@4.17.21", subject=digest("new")))
    block(rita, "pkg:npm/lodash", range="vers:npm/<4.17.21")

    def written_by(*writers: str) -> Ask:
        def ask(queries: Sequence[Query]) -> list[list[TypedRow]]:
            newest, _, rows = exchange_typed(queries)
            return [newest, [(writer,) for writer in writers], rows]

        return ask

    follow(judged, ask=written_by("3/17"))
    clock.now += SETTLE_SECONDS
    follow(judged, ask=written_by("3/17", "4/2"))
    assert count(judged) == 0

    clock.now += SETTLE_SECONDS
    follow(judged, ask=written_by("4/2"))
    assert count(judged) == 1


@pytest.mark.django_db(transaction=True)
def test_who_holds_a_table_to_write_is_seen_and_who_only_reads_is_not() -> None:
    writer = connections["default"].copy()
    try:
        writer.set_autocommit(False)
        with writer.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM inventory_component")
            assert exchange_typed([Query(Statement(WRITERS))])[0] == []

            cursor.execute(
                "INSERT INTO inventory_package (type, namespace_key, name_key, namespace, name)"
                " VALUES ('npm', '', 'late', '', 'late')"
            )

            assert len(exchange_typed([Query(Statement(WRITERS))])[0]) == 1
        writer.rollback()
    finally:
        writer.close()

    assert exchange_typed([Query(Statement(WRITERS))])[0] == []


def test_a_version_that_comes_later_is_hit(rita: Actor, judged: JudgedVersions, clock: Clock) -> None:
    submit("team-a", cyclonedx("pkg:npm/lodash@4.17.21", subject=digest("new")))
    block(rita, "pkg:npm/lodash", range="vers:npm/<4.17.21")
    settle(judged, clock)
    assert count(judged) == 1

    submit("team-a", cyclonedx("pkg:npm/lodash@4.17.20", subject=digest("old")))

    assert is_hit("old")


def test_the_first_version_of_a_package_that_nobody_knew_is_hit(
    rita: Actor, judged: JudgedVersions, clock: Clock
) -> None:
    submit("team-a", cyclonedx("pkg:npm/other@1.0.0", subject=digest("other")))
    block(rita, "pkg:npm/lodash", range="vers:npm/<4.17.21")
    settle(judged, clock)
    assert count(judged) == 1

    submit("team-a", cyclonedx("pkg:npm/lodash@4.17.20", subject=digest("old")))

    assert is_hit("old")


def test_the_first_version_of_a_package_without_versions_is_hit(
    rita: Actor, judged: JudgedVersions, clock: Clock
) -> None:
    Package.objects.create(type="npm", namespace_key="", name_key="lodash", namespace="", name="lodash")
    submit("team-a", cyclonedx("pkg:npm/other@1.0.0", subject=digest("other")))
    block(rita, "pkg:npm/lodash", range="vers:npm/<4.17.21")
    settle(judged, clock)
    assert count(judged) == 1

    submit("team-a", cyclonedx("pkg:npm/lodash@4.17.20", subject=digest("old")))

    assert is_hit("old")


def test_a_block_that_comes_later_hits_what_another_one_cleared(
    rita: Actor, judged: JudgedVersions, clock: Clock
) -> None:
    submit("team-a", cyclonedx("pkg:npm/lodash@4.17.21", subject=digest("new")))
    block(rita, "pkg:npm/lodash", range="vers:npm/<4.17.21")
    settle(judged, clock)
    assert not is_hit("new")

    block(rita, "pkg:npm/lodash", range="vers:npm/>=4.17.21")

    assert is_hit("new")
    follow(judged)
    assert count(judged) == 2
    assert is_hit("new")


def test_a_source_that_is_told_later_is_hit_though_the_package_itself_was_cleared(
    rita: Actor, judged: JudgedVersions, clock: Clock
) -> None:
    submit("team-a", cyclonedx("pkg:deb/debian/libssl3@3.0.1", subject=digest("base")))
    submit("team-a", cyclonedx("pkg:deb/debian/openssl@3.0.9", subject=digest("other")))
    block(rita, "pkg:deb/debian/libssl3", range="vers:deb/>=9")
    block(rita, "pkg:deb/debian/openssl", range="vers:deb/<3.0.5")
    settle(judged, clock)
    assert count(judged) == 2
    assert not is_hit("base")

    openssl = Component.objects.get(package__name="openssl").package
    Component.objects.filter(package__name="libssl3").update(source_package=openssl)

    assert is_hit("base")
    clock.now += versions.AGAIN_SECONDS
    follow(judged)
    assert is_hit("base")


def test_versions_of_a_source_are_judged_like_others(rita: Actor, judged: JudgedVersions, clock: Clock) -> None:
    submit("team-a", cyclonedx("pkg:deb/debian/libssl3@3.0.1?upstream=openssl", subject=digest("old")))
    submit("team-a", cyclonedx("pkg:deb/debian/libssl3@3.0.9?upstream=openssl", subject=digest("new")))
    block(rita, "pkg:deb/debian/openssl", range="vers:deb/<3.0.5")

    settle(judged, clock)

    assert asked_for("old") == [("package", "3.0.1")]
    assert not asked_for("new")
    assert is_hit("old")


@pytest.mark.parametrize("name", ["MOST", "MOST_MEANT"])
def test_a_block_of_more_versions_than_are_judged_ahead_is_looked_for_each_time(
    rita: Actor, judged: JudgedVersions, clock: Clock, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    submit("team-a", cyclonedx("pkg:npm/lodash@4.17.19", subject=digest("older")))
    submit("team-a", cyclonedx("pkg:npm/lodash@4.17.20", subject=digest("old")))
    block(rita, "pkg:npm/lodash", range="vers:npm/<4.17.21")
    monkeypatch.setattr(versions, name, 1)

    settle(judged, clock)

    assert count(judged) == 0
    assert is_hit("older")
    assert is_hit("old")


def test_what_was_judged_of_another_file_of_the_table_holds_no_more(
    rita: Actor, judged: JudgedVersions, clock: Clock
) -> None:
    submit("team-a", cyclonedx("pkg:npm/lodash@4.17.21", subject=digest("new")))
    block(rita, "pkg:npm/lodash", range="vers:npm/<4.17.21")
    settle(judged, clock)
    assert not asked_for("new")

    values = judged.known(losses=0).values
    judged._known = replace(
        judged.known(losses=0), values={**values, "judged_file": int(str(values["judged_file"])) + 1}
    )

    assert asked_for("new")


def test_what_was_judged_before_a_connection_broke_holds_no_more(
    rita: Actor, judged: JudgedVersions, clock: Clock
) -> None:
    submit("team-a", cyclonedx("pkg:npm/lodash@4.17.21", subject=digest("new")))
    block(rita, "pkg:npm/lodash", range="vers:npm/<4.17.21")
    settle(judged, clock)

    assert judged.known(losses=1).count == 0
    follow(judged, losses=1)
    assert judged.known(losses=1).count == 0  # nor is what was settled there settled here
    clock.now += SETTLE_SECONDS
    follow(judged, losses=1)
    assert judged.known(losses=1).count == 1


def test_nothing_is_asked_again_until_a_block_comes(rita: Actor, judged: JudgedVersions, clock: Clock) -> None:
    submit("team-a", cyclonedx("pkg:npm/lodash@4.17.21", subject=digest("new")))
    block(rita, "pkg:npm/lodash", range="vers:npm/<4.17.21")
    settle(judged, clock)

    with CaptureQueriesContext(connection) as asked:
        follow(judged)
    assert len(asked) == 1  # for the facts

    block(rita, "pkg:npm/event-stream", range="vers:npm/<1")
    follow(judged)
    assert count(judged) == 2


def test_what_comes_is_judged_soon_and_where_nothing_comes_seldom(
    rita: Actor, judged: JudgedVersions, clock: Clock
) -> None:
    submit("team-a", cyclonedx("pkg:npm/lodash@4.17.21", subject=digest("new")))
    block(rita, "pkg:npm/lodash", range="vers:npm/<4.17.21")
    settle(judged, clock)
    submit("team-a", cyclonedx("pkg:npm/lodash@4.17.22", subject=digest("newer")))
    assert asked_for("newer")

    clock.now += versions.AGAIN_SECONDS
    settle(judged, clock)

    assert not asked_for("newer")


def test_what_cannot_be_compared_is_meant() -> None:
    assert why_meant("vers:npm/<2", "not-a-version", type_="npm", by_source=False)
    assert why_meant(None, "", type_="npm", by_source=False) == "every version is blocked"
    assert why_meant("vers:deb/1.0-1", "1.0-1+b2", type_="deb", by_source=False)
    assert not why_meant("vers:npm/<2", "3.0.0", type_="npm", by_source=False)
