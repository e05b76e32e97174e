"""A question by the id of a CSAF document, or by a CVE that it speaks of: what it names is looked for."""

import pytest

from incidents.impact.advisories import with_advisories
from incidents.impact.assess import assess
from incidents.impact.question import Question
from incidents.pasted import read_text
from inventory.models import Advisory
from supplychain.access.actors import Actor
from tests.factories import SEES_ALL, START, advisory, cyclonedx, deployment, digest, member_of, report, submit
from tests.inventory.formats.csaf_files import EL9, csaf, part_of, product

pytestmark = pytest.mark.django_db(transaction=True)

OLD, FIXED, OTHER, BARE = digest("old"), digest("fixed"), digest("other"), digest("bare")
STATUSES = ("affected", "possible", "cleared")


def run(purl: str, *, subject: str) -> None:
    submit("shop", cyclonedx(purl, subject=subject))
    report("shop", deployment(digest=subject, container=subject[-8:]))


def statuses(text: str, *, actor: Actor = SEES_ALL) -> dict[str | None, str]:
    question = Question(read_text(text).indicators, statuses=STATUSES)  # type: ignore[arg-type]
    return {row.artifact.digest: row.status.value for row in assess(question, actor=actor, at=START).rows}


def problems(text: str, *, actor: Actor = SEES_ALL) -> list[str]:
    question = with_advisories(Question(read_text(text).indicators), actor=actor)
    return [indicator.problem for indicator in question.indicators if indicator.problem]


def openssl() -> bytes:
    part = product("openssl", purl="pkg:rpm/redhat/openssl@3.0.7-18.el9_2?arch=x86_64&epoch=1")
    return csaf(part, product("el9", cpe=EL9), relationships=(part_of("openssl", "el9"),), fixed=["el9:openssl"])


@pytest.mark.parametrize("asked", ["RHSA-2026:1001", "CVE-2026-4001", "advisory:rhsa-2026:1001"])
def test_what_is_below_the_fix_of_its_release_is_affected(asked: str):
    submit("shop", openssl())
    run("pkg:rpm/redhat/openssl@1:3.0.7-16.el9_2?distro=rhel-9.2", subject=OLD)
    run("pkg:rpm/rhel/openssl@3.0.7-18.el9_2?epoch=1&distro=rhel-9.2", subject=FIXED)
    run("pkg:rpm/redhat/openssl@1:1.1.1k-1.el8?distro=rhel-8.9", subject=OTHER)
    run("pkg:rpm/redhat/openssl@1:3.0.1-1", subject=BARE)

    assert statuses(asked) == {OLD: "affected", FIXED: "cleared", OTHER: "cleared", BARE: "possible"}


def test_the_same_cve_of_two_issuers_is_asked_by_both():
    submit(
        "shop", csaf(product("cart", purl="pkg:npm/cart@1.0.0"), identifier="CVE-2026-4001", known_affected=["cart"])
    )
    submit("shop", advisory("CVE-2026-4001", name="basket", versions=["2.0.0"]))
    run("pkg:npm/cart@1.0.0", subject=OLD)
    run("pkg:npm/basket@2.0.0", subject=OTHER)

    assert statuses("CVE-2026-4001") == {OLD: "affected", OTHER: "affected"}
    assert Advisory.objects.count() == 2


def test_an_image_is_found_by_its_digest():
    submit("shop", csaf(product("image", purl=f"pkg:oci/shop@{OLD}"), known_affected=["image"]))
    run("pkg:npm/cart@1.0.0", subject=OLD)

    assert statuses("RHSA-2026:1001") == {OLD: "affected"}


def test_a_name_of_a_cpe_is_possible_at_most_and_no_match_by_it_is_no_all_clear():
    submit("shop", csaf(product("p", cpe="cpe:/a:openssl:openssl:3.0.1"), known_affected=["p"]))
    run("pkg:deb/debian/openssl@3.0.1", subject=OLD)
    run("pkg:deb/debian/openssl@3.0.2", subject=OTHER)

    assert statuses("RHSA-2026:1001") == {OLD: "possible", OTHER: "cleared"}
    [problem] = problems("RHSA-2026:1001")
    assert "1 of its products were looked for by CPE or name alone" in problem


def test_a_product_that_nothing_identifies_is_told_and_never_no_match():
    submit("shop", csaf(product("The Shop, all of it"), known_affected=["The Shop, all of it"]))

    assert problems("RHSA-2026:1001") == [
        "1 of its entries name no package that can be looked for: nobody looked for them"
    ]


def test_a_document_that_was_withdrawn_is_asked_no_longer():
    submit("shop", openssl())
    submit("shop", csaf(product("x", purl="pkg:npm/x@1"), category="csaf_withdrawn", known_affected=["x"]))
    run("pkg:npm/x@1", subject=OLD)

    [problem] = problems("RHSA-2026:1001")
    assert "withdrawn" in problem


def test_a_stranger_is_told_that_nobody_has_it():
    submit("shop", openssl())

    assert problems("RHSA-2026:1001", actor=member_of("pay")) == problems("RHSA-2026:9999", actor=member_of("pay"))


def test_the_same_document_again_changes_nothing():
    first = submit("shop", openssl())
    second = submit("shop", openssl(), at=START, name="again")

    assert first.pk != second.pk
    assert Advisory.objects.count() == 1
    assert statuses("RHSA-2026:1001") == {}
