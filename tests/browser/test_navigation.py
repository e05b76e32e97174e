"""The bar of menus: one line, by keyboard, by finger, without script."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import PHONE, Visit


def test_the_bar_is_one_line_at_1280_pixels(visit: Visit):
    visit.sign_in()
    page = visit.open("/artifacts")

    tops = page.eval_on_selector_all(".site-nav ul.frame > li", "all => all.map(li => li.getBoundingClientRect().top)")

    assert len(tops) > 3
    assert len(set(tops)) == 1


def test_a_menu_works_by_keyboard_and_closes_behind_one(visit: Visit):
    visit.sign_in()
    page = visit.open("/artifacts")
    first, second = page.locator(".site-nav summary").nth(0), page.locator(".site-nav summary").nth(1)

    first.focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Incidents", exact=True)).to_be_focused()
    page.keyboard.press("Escape")
    expect(first).to_be_focused()
    expect(page.get_by_role("link", name="Drills", exact=True)).to_be_hidden()
    first.click()
    second.focus()

    expect(page.locator(".site-nav details[open]")).to_have_count(0)


@pytest.mark.parametrize(
    "visit",
    [{"java_script_enabled": False}, {"viewport": PHONE, "has_touch": True, "is_mobile": True}],
    indirect=True,
    ids=["without script", "phone"],
)
def test_a_menu_opens_and_leads_on(visit: Visit):
    visit.sign_in()
    page = visit.open("/")

    page.locator(".site-nav summary", has_text="Runtime").click()
    page.locator(".site-nav").get_by_role("link", name="Clusters").click()

    page.wait_for_url(f"{visit.base}/clusters")
    expect(page.locator(".site-nav summary", has_text="Runtime")).to_have_attribute("aria-current", "true")
