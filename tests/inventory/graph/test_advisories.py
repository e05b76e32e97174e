"""Advisories by any name of the same thing, by package, and only as far as a team's own documents say."""

import json
from typing import Any

import pytest

from inventory.graph.advisories import (
    AdvisoryNotFoundError,
    find_records,
    list_advisories,
    names_of,
    read_advisory,
)
from inventory.identity.purls import parse_purl
from supplychain.access.actors import Actor
from tests.factories import SEES_ALL, advisory, later, member_of, submit
from tests.inventory.formats.fixtures import raw

pytestmark = pytest.mark.django_db


def send(identifier: str, *aliases: str, team: str = "shop", **more: Any) -> None:
    submit(team, advisory(identifier, name=identifier.lower(), aliases=list(aliases), **more))


def listed(text: str = "", *, package: str = "", actor: Actor = SEES_ALL, limit: int = 50) -> list[str]:
    key = parse_purl(package).key if package else None
    found, after = [], None
    while True:
        page = list_advisories(text, package=key, after=after, limit=limit, actor=actor)
        found += [row.identifier for row in page.rows]
        if page.next is None:
            return found
        after = page.next


def test_other_names_lead_both_ways_and_onwards_and_upstream_does_not():
    send("GHSA-1", "CVE-1")
    send("MAL-1", "GHSA-1")
    send("DSA-1", upstream=["CVE-1"])

    everything = ("CVE-1", "GHSA-1", "MAL-1")
    assert names_of(["CVE-1"], actor=SEES_ALL) == names_of(["mal-1"], actor=SEES_ALL) == everything
    assert [record.identifier for record in read_advisory("cve-1", actor=SEES_ALL).records] == ["GHSA-1", "MAL-1"]


def test_circles_of_names_come_to_an_end():
    send("A-1", "B-1")
    send("B-1", "C-1")
    send("C-1", "A-1")

    assert names_of(["B-1"], actor=SEES_ALL) == ("A-1", "B-1", "C-1")


def test_the_newest_version_counts_and_names_it_gives_up_lead_nowhere():
    send("GHSA-1", "CVE-1", "CVE-2")
    send("GHSA-1", "CVE-1", modified="2026-04-01T00:00:00Z", summary="newer")
    send("GHSA-1", "CVE-1", "CVE-9", modified="2026-02-01T00:00:00Z", summary="older, and later sent")

    [record] = read_advisory("CVE-1", actor=SEES_ALL).records
    assert record.summary == "newer"
    for gone in ("CVE-2", "CVE-9"):
        with pytest.raises(AdvisoryNotFoundError):
            read_advisory(gone, actor=SEES_ALL)


def test_a_withdrawn_record_is_shown_as_that():
    submit("shop", raw("osv/malicious.json"))
    submit("shop", raw("osv/withdrawn.json"))

    [record] = read_advisory("MAL-2026-9001", actor=SEES_ALL).records
    assert record.withdrawn_at is not None


def test_what_a_record_names_can_be_judged():
    submit("shop", raw("osv/log4shell.json"))

    [record] = find_records(["GHSA-JFH8-C2JP-5V3Q"], actor=SEES_ALL)
    assert [entry.versions().judge("2.14.1") for entry in record.affected] == ["affected", "unaffected", "unaffected"]


def test_a_stranger_finds_nothing_and_no_name_of_another_teams_record():
    send("GHSA-1", "CVE-1")
    send("GHSA-1", "CVE-2", team="other")
    stranger = member_of("third")

    assert names_of(["GHSA-1"], actor=member_of("other")) == ("CVE-2", "GHSA-1")
    assert names_of(["GHSA-1"], actor=stranger) == ("GHSA-1",)
    assert listed(actor=stranger) == []
    with pytest.raises(AdvisoryNotFoundError):
        read_advisory("GHSA-1", actor=stranger)


def test_the_list_is_in_the_order_of_ids_page_by_page_and_narrowed_by_text_and_package():
    for identifier in ("MAL-3", "MAL-1", "GHSA-2"):
        send(identifier, f"CVE-{identifier[-1]}")

    assert listed(limit=1) == listed() == ["GHSA-2", "MAL-1", "MAL-3"]
    assert listed("mal") == ["MAL-1", "MAL-3"]
    assert listed("cve-2") == ["GHSA-2"]
    assert listed(package="pkg:npm/mal-3") == ["MAL-3"]
    assert listed("ghsa", package="pkg:npm/mal-3") == []


def test_a_package_that_the_newest_version_names_no_longer_is_retracted():
    submit("shop", advisory("MAL-1", name="wrong"))
    submit("shop", advisory("MAL-1", name="right", modified="2026-04-01T00:00:00Z"))

    assert listed(package="pkg:npm/wrong") == []
    assert listed(package="pkg:npm/right") == ["MAL-1"]


def test_red_hats_packages_are_found_by_each_spelling_of_its_namespace():
    submit("shop", advisory("RHSA-1", ecosystem="Red Hat:enterprise_linux:9::appstream", name="skopeo"))

    assert listed(package="pkg:rpm/rhel/skopeo") == listed(package="pkg:rpm/redhat/skopeo") == ["RHSA-1"]


def test_the_latest_statement_of_an_issuer_about_a_product_is_shown():
    def vex(status: str, day: int) -> bytes:
        statement = {"vulnerability": {"name": "CVE-1"}, "products": [{"@id": "pkg:npm/x@1"}], "status": status}
        document = {"@context": "https://openvex.dev/ns/v0.2.0", "author": "a", "statements": [statement]}
        return json.dumps({**document, "timestamp": f"2026-03-{day:02}T00:00:00Z"}).encode()

    submit("shop", vex("fixed", 9), at=later(1))
    submit("shop", vex("under_investigation", 3), at=later(2))

    notes = read_advisory("cve-1", actor=SEES_ALL).statements
    assert [(note.product, note.status) for note in notes] == [("pkg:npm/x@1", "fixed")]


def test_a_statement_is_found_by_other_names_with_its_parts():
    submit("shop", raw("vex/openvex-0.2.0.json"))

    [note] = read_advisory("GHSA-jfh8-c2jp-5v3q", actor=SEES_ALL).statements
    assert note.subcomponents == ["pkg:maven/org.apache.logging.log4j/log4j-core@2.14.1"]
