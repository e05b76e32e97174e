"""From a pasted list to a block in force takes three presses; the page of the response breaks no rule of access."""

from __future__ import annotations

import pytest

from incidents.models import ContainmentAction
from inventory.policy.models import Block
from tests.browser.conftest import PHONE, Visit
from tests.browser.test_every_page import axe, broken_rules

__all__ = ["axe"]

BAD = "pkg:npm/lodash@4.17.20"


@pytest.mark.parametrize("visit", [{}, {"java_script_enabled": False, "viewport": PHONE}], indirect=True)
def test_three_presses_from_the_list_to_a_block_in_force(visit: Visit):
    visit.sign_in()
    page = visit.open("/impact")

    page.fill("textarea[name=q]", BAD)
    page.get_by_role("button", name="Ask").first.click()
    page.get_by_role("button", name="Open").first.click()
    page.get_by_role("button", name="Take all").click()

    page.get_by_text("In force").first.wait_for()
    assert sorted(Block.objects.values_list("kind", flat=True)) == ["artifact", "package", "service"]
    assert not page.get_by_role("button", name="Take all").is_visible()


def test_keys_are_listed_and_do_nothing_while_one_types_or_once_they_are_switched_off(visit: Visit):
    visit.sign_in()
    page = visit.open("/impact")

    page.keyboard.type("?g")
    assert page.input_value("#q") == "?g"
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("?")
    page.get_by_role("heading", name="Keyboard shortcuts").wait_for()
    page.get_by_role("button", name="Switch them off").click()
    page.keyboard.press("Escape")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("?")

    assert not page.locator("#keys[open]").count()
    assert visit.complaints == []


def test_actions_are_moved_by_keyboard_and_the_page_breaks_no_rule(visit: Visit, axe: str):
    visit.sign_in()
    page = visit.open("/impact")
    page.fill("textarea[name=q]", BAD)
    page.get_by_role("button", name="Ask").first.click()
    page.get_by_role("button", name="Open").first.click()
    with page.expect_navigation():  # "In force" stands on the page before as well
        page.get_by_role("button", name="Take all").click()
    page.get_by_text("In force").first.wait_for()
    number = ContainmentAction.objects.filter(kind="rebuild").order_by("number").values_list("number", flat=True)[0]

    page.keyboard.press("c")
    assert page.evaluate("document.activeElement.id") == "containment"
    page.locator(f"input[name=number][value='{number}']").press("Space")
    page.get_by_label("Note for the ticked actions").focus()
    page.keyboard.type("built again from a clean lock file")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.get_by_text("Done, lifted or withdrawn: 1 action").click()
    page.get_by_text("built again from a clean lock file").first.wait_for()

    assert ContainmentAction.objects.get(number=number).state == "done"
    for details in page.locator("details").all():
        details.evaluate("one => one.open = true")
    page.evaluate(axe)
    assert broken_rules(visit) == []
    assert visit.complaints == []
