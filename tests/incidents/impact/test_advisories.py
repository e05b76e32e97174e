"""A question by an advisory's id: what it names is asked for, by every name it has, as far as the asker may see it."""

from typing import Any

import pytest

from incidents.impact.advisories import with_advisories
from incidents.impact.assess import assess
from incidents.impact.question import Question
from incidents.pasted import read_text
from inventory.graph.advisories import find_asked
from supplychain.access.actors import Actor
from tests.factories import SEES_ALL, START, advisory, cyclonedx, deployment, digest, member_of, report, submit
from tests.inventory.formats.fixtures import raw

pytestmark = pytest.mark.django_db(transaction=True)

APP, FIXED, OTHER = digest("app"), digest("fixed"), digest("other")


def ask(text: str, *, actor: Actor = SEES_ALL) -> Question:
    return with_advisories(Question(read_text(text).indicators), actor=actor)


def shown(question: Question) -> list[dict[str, Any]]:
    return [dict(asked) for asked in question.as_asked]


def run(purl: str, *, subject: str = APP) -> None:
    submit("shop", cyclonedx(purl, subject=subject))
    report("shop", deployment(digest=subject, container=subject[-8:]))


def statuses(text: str) -> dict[str | None, str]:
    question = Question(read_text(text).indicators, statuses=("affected", "possible", "cleared"))  # type: ignore[arg-type]
    return {row.artifact.digest: row.status.value for row in assess(question, actor=SEES_ALL, at=START).rows}


def test_the_entries_of_one_package_are_one_range_and_say_whose_word_it_is():
    submit("shop", raw("osv/log4shell.json"))

    [asked] = shown(ask("CVE-2021-44228"))

    assert asked["kind"] == "package"
    assert asked["given"] == "CVE-2021-44228"
    assert asked["purl"] == "pkg:maven/org.apache.logging.log4j/log4j-core"
    assert asked["range"] == "vers:maven/>=2.0-beta9|<2.3.1|>=2.4|<2.12.2|>=2.13.0|<2.15.0"
    assert asked["advisory"] == "GHSA-jfh8-c2jp-5v3q"


def test_what_runs_is_answered_by_the_id_as_by_the_package():
    submit("shop", raw("osv/log4shell.json"))
    run("pkg:maven/org.apache.logging.log4j/log4j-core@2.14.1")
    run("pkg:maven/org.apache.logging.log4j/log4j-core@2.15.0", subject=FIXED)
    run("pkg:maven/org.apache.logging.log4j/log4j-api@2.14.1", subject=OTHER)

    assert statuses("cve-2021-44228") == {APP: "affected", FIXED: "cleared"}


def test_each_release_has_its_own_fix_and_a_package_of_no_stated_release_is_possible():
    submit("shop", raw("osv/debian.json"))
    run("pkg:deb/debian/imaginary@1.2-3+deb11u1?distro=debian-11")
    run("pkg:deb/debian/imaginary@1.4-1?distro=debian-12.5", subject=FIXED)
    run("pkg:deb/debian/imaginary@1.0-1", subject=OTHER)

    assert statuses("DSA-9001-1") == {APP: "cleared", FIXED: "affected", OTHER: "possible"}


def test_an_entry_without_versions_makes_everything_possible_and_clears_nothing():
    submit("shop", advisory("MAL-2026-1", name="left-pad", versions=[]))
    run("pkg:npm/left-pad@1.3.0")

    assert statuses("MAL-2026-1") == {APP: "possible"}


def test_a_retracted_version_is_asked_for_no_longer():
    submit("shop", advisory("MAL-2026-1", name="left-pad", versions=["1.3.0", "1.3.1"]))
    run("pkg:npm/left-pad@1.3.0")
    assert statuses("MAL-2026-1") == {APP: "affected"}

    submit("shop", advisory("MAL-2026-1", name="left-pad", versions=["1.3.1"], modified="2026-04-01T00:00:00Z"))

    assert statuses("MAL-2026-1") == {APP: "cleared"}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("CVE-2000-0001", "no document that you may see has this advisory: nobody looked for it"),
        ("MAL-2026-9001", "it was withdrawn by its source: nothing was asked by it"),
        ("OSV-2026-1", "1 of its entries name no package that can be looked for: nobody looked for them"),
    ],
)
def test_what_cannot_be_asked_stays_an_advisory_with_a_problem(text: str, problem: str):
    submit("shop", raw("osv/malicious.json"))
    submit("shop", raw("osv/withdrawn.json"))
    submit("shop", advisory("OSV-2026-1", ecosystem="OSS-Fuzz", name="thing"))

    [asked] = shown(ask(text))

    assert (asked["kind"], asked["problem"]) == ("advisory", problem)


def test_another_teams_advisory_is_one_nobody_has_sent():
    submit("other", raw("osv/log4shell.json"))

    theirs, missing = (shown(ask(text, actor=member_of("shop"))) for text in ("CVE-2021-44228", "CVE-2021-44229"))

    assert [{**asked, "given": "", "id": ""} for asked in theirs] == [
        {**asked, "given": "", "id": ""} for asked in missing
    ]


def test_red_hats_packages_and_actions_are_asked_for_as_each_generator_lists_them():
    submit("shop", advisory("RHSA-2026:1", ecosystem="Red Hat:enterprise_linux:9::baseos", name="skopeo"))
    submit("shop", advisory("GHSA-2222-2222-2222", ecosystem="GitHub Actions", name="tj/changed"))

    purls = [asked["purl"] for asked in shown(ask("RHSA-2026:1\nGHSA-2222-2222-2222"))]

    assert purls[:2] == ["pkg:rpm/redhat/skopeo", "pkg:rpm/rhel/skopeo"]
    assert purls[-2:] == ["pkg:githubactions/tj/changed", "pkg:github/tj/changed"]


def test_a_cve_asks_by_the_distributions_records_made_from_it_and_not_the_other_way():
    submit("shop", advisory("CVE-2026-10001", name="xz", ecosystem="PyPI"))
    submit(
        "shop", advisory("DEBIAN-CVE-2026-10001", ecosystem="Debian:12", name="xz-utils", upstream=["CVE-2026-10001"])
    )
    submit(
        "shop",
        advisory("DSA-1-1", ecosystem="Debian:12", name="xz-utils", versions=["2"], upstream=["DEBIAN-CVE-2026-10001"]),
    )
    submit(
        "shop",
        advisory("USN-1-1", ecosystem="Ubuntu:24.04:LTS", name="xz", related=["CVE-2026-10001", "CVE-2026-10002"]),
    )
    submit("shop", advisory("GHSA-2222-2222-2222", name="other", related=["CVE-2026-10001"]))

    by_cve, by_dsa = ({asked["purl"] for asked in shown(ask(text))} for text in ("CVE-2026-10001", "DSA-1-1"))

    assert by_cve == {"pkg:pypi/xz", "pkg:deb/debian/xz-utils", "pkg:deb/ubuntu/xz"}
    assert by_dsa == {"pkg:deb/debian/xz-utils"}
    assert shown(ask("CVE-2026-10002"))[0]["purl"] == "pkg:deb/ubuntu/xz"


def test_what_one_team_sends_later_hides_nothing_that_another_team_has():
    submit("shop", advisory("MAL-2026-1", name="left-pad", versions=["1.3.0"]))
    submit("other", advisory("MAL-2026-1", name="harmless", modified="2026-05-01T00:00:00Z"))

    assert {asked["purl"] for asked in shown(ask("MAL-2026-1"))} == {"pkg:npm/left-pad", "pkg:npm/harmless"}


def test_the_feeds_of_a_team_that_keeps_them_for_everybody_are_everybodys(settings: Any):
    settings.FEED_TEAMS = ("security",)
    submit("security", advisory("MAL-2026-1", name="left-pad"))
    submit("other", advisory("MAL-2026-2", name="left-pad"))

    first, second = shown(ask("MAL-2026-1\nMAL-2026-2", actor=member_of("shop")))

    assert (first["purl"], first["problem"]) == ("pkg:npm/left-pad", None)
    assert second["problem"] == "no document that you may see has this advisory: nobody looked for it"
    [record] = find_asked(["MAL-2026-1"], actor=member_of("shop"))["MAL-2026-1"]
    assert record.evidence is None
