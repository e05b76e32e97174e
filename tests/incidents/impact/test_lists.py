"""A question by a list's name: each of its lines is asked for, and what the list has taken back is counted."""

from typing import Any

import pytest

from incidents.impact.advisories import with_advisories
from incidents.impact.answer import Feed
from incidents.impact.assess import assess
from incidents.impact.question import Question
from incidents.pasted import read_text
from supplychain.access.actors import Actor
from tests.factories import (
    SEES_ALL,
    START,
    advisory,
    cyclonedx,
    deployment,
    digest,
    later,
    member_of,
    report,
    submit,
)

pytestmark = pytest.mark.django_db(transaction=True)

APP, FIXED = digest("app"), digest("fixed")
WIZ = "Package,Version\n@ctrl/tinycolor,= 4.1.0 || = 4.1.1\nngx-color,= 10.0.1\n"


def send(text: str, *, team: str = "shop", name: str = "wiz", version: str = "", minutes: int = 0) -> None:
    submit(team, text.encode(), declared_kind="list", name=name, version=version, at=later(minutes))


def ask(text: str = "list:wiz", *, actor: Actor = SEES_ALL) -> Question:
    return with_advisories(Question(read_text(text).indicators), actor=actor)


def shown(question: Question) -> list[dict[str, Any]]:
    return [dict(asked) for asked in question.as_asked]


def run(*purls: str, subject: str = APP) -> None:
    submit("shop", cyclonedx(*purls, subject=subject))
    report("shop", deployment(digest=subject, container=subject[-8:]))


def statuses(text: str) -> dict[str | None, str]:
    question = Question(read_text(text).indicators, statuses=("affected", "possible", "cleared"))  # type: ignore[arg-type]
    return {row.artifact.digest: row.status.value for row in assess(question, actor=SEES_ALL, at=START).rows}


def test_each_line_of_the_list_is_an_indicator_with_the_lists_name_and_its_line():
    send(WIZ, version="5")

    question = ask("# what Wiz found\nlist:WIZ")

    first, second = shown(question)
    assert (first["line"], first["given"]) == (2, "@ctrl/tinycolor,= 4.1.0 || = 4.1.1")
    assert (first["purl"], first["package_versions"]) == ("pkg:npm/%40ctrl/tinycolor", ["4.1.0", "4.1.1"])
    assert (first["advisory"], first["advisory_line"]) == ("list:wiz", "2")
    assert (second["purl"], second["name"], second["package_versions"]) == (None, "ngx-color", ["10.0.1"])
    assert question.feeds == (Feed("list:wiz", "5", 0),)


def test_what_runs_is_answered_by_the_list_as_by_its_lines_pasted():
    send(WIZ)
    run("pkg:npm/%40ctrl/tinycolor@4.1.1")
    run("pkg:npm/%40ctrl/tinycolor@4.2.0", subject=FIXED)

    assert statuses("list:wiz") == statuses(WIZ) == {APP: "affected", FIXED: "cleared"}


def test_what_a_newer_version_leaves_out_is_retracted_and_asked_for_no_longer():
    send(WIZ, version="5")
    run("pkg:npm/%40ctrl/tinycolor@4.1.0")
    assert statuses("list:wiz") == {APP: "affected"}

    send(WIZ.replace("4.1.0 || = ", ""), version="6", minutes=5)

    assert statuses("list:wiz") == {APP: "cleared"}
    assert ask().feeds == (Feed("list:wiz", "6", 1),)


def test_a_line_that_is_written_another_way_is_not_retracted():
    send(WIZ, version="5")
    send("@ctrl/tinycolor@4.1.0\n@ctrl/tinycolor@4.1.1\nngx-color *\n", version="6", minutes=5)

    assert ask().feeds == (Feed("list:wiz", "6", 0),)


def test_hashes_images_and_advisories_of_a_list_are_asked_for_too():
    submit("shop", advisory("MAL-2026-1", name="left-pad", versions=["1.3.0"]))
    send(f"sha1:{'a' * 40}\n{APP}\nregistry.example/shop/api:1.0\nMAL-2026-1\nMAL-2026-2\n")

    kinds = [(asked["kind"], bool(asked["problem"])) for asked in shown(ask())]

    assert kinds == [
        ("hash", False), ("artifact", False), ("image", False), ("package", False), ("advisory", True),
    ]  # fmt: skip


def test_lines_nobody_could_read_are_shown_with_the_answer():
    send("left-pad@1.3.0\n???\n")

    [read, unread] = shown(ask())

    assert read["problem"] is None
    assert (unread["kind"], unread["given"], unread["advisory_line"]) == ("unreadable", "???", "2")
    assert unread["problem"]


def test_ranges_of_packages_and_of_bare_names_are_kept_as_they_were_read():
    text = "pkg:npm/vm2 vers:npm/<3.9.18\nvm2 <3.9.18\npkg:deb/debian/xz-utils@5.6.1-1?distro=debian-13\n"
    send(text)

    pasted, listed = (shown(ask(one)) for one in (text, "list:wiz"))

    for asked in listed:
        del asked["advisory"], asked["advisory_line"]
    assert [{**asked, "line": 1} for asked in pasted] == listed


def test_a_list_of_another_team_is_one_nobody_has_sent():
    send(WIZ, team="other")

    theirs, missing = (shown(ask(text, actor=member_of("shop"))) for text in ("list:wiz", "list:wix"))

    assert [{**asked, "given": "", "id": ""} for asked in theirs] == [
        {**asked, "given": "", "id": ""} for asked in missing
    ]
    assert ask(actor=member_of("shop")).feeds == ()


def test_a_withdrawn_advisory_has_retracted_all_it_named():
    since = "2026-04-01T00:00:00Z"
    submit("shop", advisory("MAL-2026-1", name="left-pad", versions=["1.3.0", "1.3.1"]))
    submit("shop", advisory("MAL-2026-1", name="left-pad", versions=["1.3.0"], withdrawn=since, modified=since))

    assert ask("MAL-2026-1").feeds == (Feed("MAL-2026-1", "2026-04-01T00:00:00Z", 2),)
