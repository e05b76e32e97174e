"""A product asked for by its CPE: what documents state of components, in either form, and never cleared by a guess."""

from typing import Any

import pytest
from django.db import IntegrityError

from incidents.impact.assess import assess
from incidents.impact.question import Question
from incidents.pasted import read_text
from incidents.stated import read_indicator
from inventory.identity.cpes import beginnings_of, read_cpe
from inventory.identity.indicators import Indicator
from inventory.models import ComponentCpe
from supplychain.access.actors import Actor
from supplychain.errors import ErrorDetail
from tests.factories import SEES_ALL, START, cyclonedx, deployment, digest, member_of, report, submit
from tests.inventory.formats.csaf_files import csaf, product

pytestmark = pytest.mark.django_db(transaction=True)

STATUSES = ("affected", "possible", "cleared")
CART = "cpe:2.3:a:acme:shop_cart:{}:*:*:*:*:*:*:*"


def run(name: str, *, cpe: str, version: str = "", purl: str = "") -> str:
    """Let an image run that holds one component with a CPE, and return its digest."""
    subject = digest(name)
    component = {"type": "library", "name": name, "version": version, "cpe": cpe} | ({"purl": purl} if purl else {})
    submit("shop", cyclonedx(component, subject=subject))
    report("shop", deployment(digest=subject, container=subject[-8:]))
    return subject


def answers(*indicators: Indicator, actor: Actor = SEES_ALL) -> dict[str | None, tuple[str, str]]:
    question = Question(indicators, statuses=STATUSES)  # type: ignore[arg-type]
    rows = assess(question, actor=actor, at=START).rows
    return {row.artifact.digest: (row.status.value, row.confidence) for row in rows}


def pasted(text: str) -> tuple[Indicator, ...]:
    return read_text(text).indicators


def stated(**members: Any) -> Indicator | list[ErrorDetail]:
    faults: list[ErrorDetail] = []
    found = read_indicator({"kind": "cpe", **members}, pointer="", faults=faults)
    return found if found is not None else faults


@pytest.mark.parametrize("asked", [CART.format("2.1.0"), "cpe:/a:acme:shop_cart:2.1.0"])
def test_either_form_finds_what_either_form_states(asked: str) -> None:
    new = run("whatever", cpe=CART.format("2.1.0"), version="2.1.0")
    old = run("other", cpe="cpe:/a:acme:shop_cart:2.1.0", version="2.1.0")
    run("third", cpe=CART.format("2.0.0"), version="2.0.0")
    run("fourth", cpe="cpe:2.3:a:acme:shop_cartel:2.1.0:*:*:*:*:*:*:*", version="2.1.0")

    assert answers(*pasted(asked)) == {new: ("affected", "low"), old: ("affected", "low")}


@pytest.mark.parametrize(
    ("stated", "asked"),
    [
        ("cpe:2.3:a:Acme:Shop_Cart:2.1.0:*:*:*:*:*:*:*", "cpe:2.3:a:acme:shop_cart:2.1.0:*:*:*:*:*:*:*"),
        ("cpe:2.3:a:acme:shop_cart:2.1.0:*:*:*:*:*:*:*", "CPE:2.3:A:ACME:SHOP_CART:2.1.0:*:*:*:*:*:*:*"),
        ("CPE:/A:ACME:Shop_Cart:2.1.0", "cpe:2.3:a:acme:shop_cart"),
        ("cpe:2.3:a:Acme:Shop_Cart:2.1.0", "Cpe:/a:ACME:shop_cart:2.1.0"),
        (r"cpe:2.3:a:GNU:G\+\+:2.1.0:*:*:*:*:*:*:*", "cpe:/a:gnu:g%2B%2b:2.1.0"),
        ("cpe:/a:GNU:g%2B%2b:2.1.0", r"cpe:2.3:a:Gnu:G\+\+:2.1.0:*:*:*:*:*:*:*"),
        ("cpe:2.3:a:acme:cart:2.1.0-RC1:*:*:*:*:*:*:*", "cpe:2.3:a:acme:cart:2.1.0-rc1:*:*:*:*:*:*:*"),
    ],
)
def test_stated_and_asked_meet_in_whatever_case_they_are_written(stated: str, asked: str) -> None:
    found = run("whatever", cpe=stated, version=read_cpe(stated).version)  # type: ignore[union-attr]

    assert answers(*pasted(asked)) == {found: ("affected", "low")}


def test_a_cpe_is_kept_once_and_in_lower_case_alone() -> None:
    run("cart", cpe=CART.format("2.1.0").upper(), version="2.1.0")
    run("cart", cpe=CART.format("2.1.0"), version="2.1.0")
    kept = ComponentCpe.objects.get()

    assert kept.cpe == CART.format("2.1.0")
    with pytest.raises(IntegrityError, match="component_cpe_lower"):
        ComponentCpe.objects.create(team_id=kept.team_id, component_id=kept.component_id, cpe=kept.cpe.upper())


def test_a_range_is_judged_by_the_order_of_what_was_found() -> None:
    inside = run("cart", cpe=CART.format("2.1.0"), version="2.1.0", purl="pkg:npm/cart@2.1.0")
    run("cart-fixed", cpe=CART.format("2.2.0"), version="2.2.0", purl="pkg:npm/cart-fixed@2.2.0")
    odd = run("cart-odd", cpe=CART.format("-"), version="nightly", purl="pkg:npm/cart-odd@nightly")
    indicator = stated(cpe=CART.format("*"), range="<2.2.0")
    assert isinstance(indicator, Indicator)

    assert answers(indicator) == {inside: ("affected", "medium"), odd: ("possible", "low")}


def test_a_package_of_a_distribution_is_possible_at_most() -> None:
    cpe = "cpe:2.3:a:openssl:openssl:3.0.1:*:*:*:*:*:*:*"
    found = run("openssl", cpe=cpe, version="3.0.1-1", purl="pkg:deb/debian/openssl@3.0.1-1")

    assert answers(*pasted(cpe)) == {found: ("possible", "low")}


def test_a_csaf_product_is_found_by_its_cpe_under_another_name_and_its_range_counts() -> None:
    submit("shop", csaf(product("Acme Shop Cart", cpe=CART.format("*")), known_affected=["Acme Shop Cart"]))
    found = run("libcart", cpe=CART.format("2.1.0"), version="2.1.0")

    assert answers(*pasted("RHSA-2026:1001")) == {found: ("affected", "low")}


def test_a_name_numbered_by_a_distribution_is_not_cleared_by_a_guess() -> None:
    submit("shop", csaf(product("p", cpe="cpe:/a:openssl:openssl:3.0.1"), known_affected=["p"]))
    subject = digest("ubuntu")
    submit("shop", cyclonedx("pkg:deb/ubuntu/openssl@3.0.1-1ubuntu2", subject=subject))
    report("shop", deployment(digest=subject))

    assert answers(*pasted("RHSA-2026:1001")) == {subject: ("possible", "low")}


def test_another_teams_cpe_says_nothing() -> None:
    run("cart", cpe=CART.format("2.1.0"), version="2.1.0")

    assert answers(*pasted(CART.format("2.1.0")), actor=member_of("pay")) == {}


def test_a_cpe_without_vendor_is_a_problem_and_never_no_match() -> None:
    [indicator] = pasted("cpe:2.3:a:*:cart:1.0:*:*:*:*:*:*:*")
    faults = stated(cpe="cpe:2.3:a:*:cart:1.0")

    assert indicator.problem
    assert isinstance(faults, list)
    assert [fault.code for fault in faults] == ["bad_cpe"]


@pytest.mark.parametrize(
    ("asked", "written"),
    [
        (r"cpe:2.3:a:gnu:g\+\+:1", r"cpe:2.3:a:gnu:g\+\+"),
        ("cpe:/a:gnu:g%2b%2b:1", r"cpe:2.3:a:gnu:g\+\+"),
        ("cpe:/a:gnu:g%2B%2B", "cpe:2.3:a:gnu:g++"),
        (r"cpe:2.3:a:gnu:g\+\+:1", "cpe:/a:gnu:g%2b%2b"),
        (r"cpe:2.3:a:foo:foo\-bar:1", "cpe:2.3:a:foo:foo-bar"),
        ("cpe:2.3:*:foo:bar:1", "cpe:2.3:o:foo:bar"),
    ],
)
def test_a_product_is_looked_for_however_its_punctuation_is_written(asked: str, written: str) -> None:
    cpe = read_cpe(asked)

    assert cpe is not None
    assert written in beginnings_of(cpe)
