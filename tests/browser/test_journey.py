"""A responder's way through the pages, with and without script."""

import re

import pytest
from playwright.sync_api import expect

from inventory.models import Evidence
from tests.browser.conftest import PHONE, SHOP, Visit
from tests.factories import apply_waiting

NO_SCRIPT = {"java_script_enabled": False}


def test_from_signing_in_to_the_workload_that_runs_it(visit: Visit):
    visit.sign_in()
    page = visit.page

    page.fill("#home-search", "lodash")
    page.keyboard.press("Enter")
    page.get_by_role("link", name="Ask impact for it").click()
    expect(page.get_by_role("heading", name=re.compile("2 artifacts affected, 1 running"))).to_be_visible()
    page.get_by_role("link", name=re.compile("a-service-with-a-rather-long-name")).first.click()
    expect(page.get_by_role("heading", name="Components")).to_be_visible()
    expect(page.get_by_text("Deployment/api").first).to_be_visible()

    assert page.url.endswith(SHOP)
    assert visit.complaints == []


def test_a_pasted_list_is_asked_with_the_keyboard(visit: Visit):
    visit.sign_in()
    page = visit.open("/impact")

    page.fill("#q", "pkg:npm/lodash@4.17.20\nexpress:4.0.0\nthis is no indicator")
    page.keyboard.press("Control+Enter")

    expect(page.get_by_text("1 line could not be used")).to_be_visible()
    expect(page.get_by_text("2 indicators")).to_be_visible()
    assert "q=pkg" in page.url
    assert visit.complaints == []


@pytest.mark.parametrize("visit", [NO_SCRIPT], indirect=True)
def test_everything_works_without_script(visit: Visit):
    visit.sign_in()
    page = visit.page

    page.fill("#home-search", "lodash@4.17.20")
    page.click("text=Ask impact")
    expect(page.get_by_role("heading", name=re.compile("1 artifact affected"))).to_be_visible()
    visit.open(f"/artifacts/{SHOP}")
    page.fill("#component-q", "express")
    page.click("form:has(#component-q) button")
    expect(page.get_by_role("link", name="express", exact=True)).to_be_visible()
    visit.open("/evidence?state=received")
    expect(page.get_by_text("waiting.json")).to_be_visible()
    assert page.locator("[data-needs-script]:visible").count() == 0
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_a_filter_swaps_the_rows_and_says_so(visit: Visit):
    visit.sign_in()
    page = visit.open(f"/artifacts/{SHOP}")

    page.fill("#component-q", "lodash")

    expect(page.locator("#announcer")).to_have_text("1 component shown")
    expect(page.locator("#components tbody tr")).to_have_count(1)
    assert visit.complaints == []


def test_a_receipt_follows_its_document_until_it_is_applied(visit: Visit):
    evidence = Evidence.objects.get(filename="waiting.json")
    visit.sign_in()
    page = visit.open(f"/evidence/{evidence.public_id}")
    expect(page.get_by_text("Stored, and safe")).to_be_visible()

    apply_waiting()

    expect(page.locator("#announcer")).to_have_text("Applied")
    expect(page.get_by_text("Stored, and safe")).to_be_hidden()
    assert visit.complaints == []


def test_a_digest_is_copied_whole(visit: Visit):
    visit.page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=visit.base)
    visit.sign_in()
    page = visit.open(f"/artifacts/{SHOP}")

    page.get_by_role("button", name="Copy digest").first.click()

    expect(page.locator("#announcer")).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == SHOP


def test_the_chosen_theme_is_remembered(visit: Visit):
    visit.sign_in()
    page = visit.page
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")

    page.get_by_role("button", name="Dark theme").click()
    visit.open("/evidence")

    assert page.evaluate("document.documentElement.dataset.bsTheme") == "dark"
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != ground


@pytest.mark.parametrize("visit", [NO_SCRIPT | {"color_scheme": "dark"}], indirect=True)
def test_without_script_the_system_decides_the_theme(visit: Visit):
    visit.page.goto(f"{visit.base}/sign-in")

    visit.page.emulate_media(color_scheme="dark")
    dark = visit.page.screenshot()
    visit.page.emulate_media(color_scheme="light")

    assert visit.page.screenshot() != dark


def test_the_keyboard_reaches_the_content_past_the_navigation(visit: Visit):
    visit.sign_in()
    page = visit.open("/artifacts")

    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")

    assert page.evaluate("document.activeElement.id") == "content"


@pytest.mark.parametrize("visit", [{"viewport": PHONE, "has_touch": True, "is_mobile": True}], indirect=True)
def test_somebody_elses_link_leads_through_signing_in(visit: Visit):
    page = visit.page
    page.goto(f"{visit.base}/impact?q=lodash")

    page.fill("#id_username", "mia")
    page.fill("#id_password", "correct horse battery staple")
    page.click("button[type=submit]")

    expect(page.get_by_role("heading", name=re.compile("2 artifacts affected"))).to_be_visible()
    assert page.url == f"{visit.base}/impact?q=lodash"
