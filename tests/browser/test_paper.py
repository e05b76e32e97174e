"""What an incident's page is on paper: short lines, whole tables, nothing cut off at the edge."""

from __future__ import annotations

import pytest
from playwright.sync_api import ViewportSize

from incidents.models import Incident
from tests.browser.conftest import Visit

PAPER: ViewportSize = {"width": 703, "height": 1020}
"""A4 between margins of 12 mm, at 96 pixels an inch."""
TWO_LINES = 44


@pytest.mark.parametrize("visit", [{"viewport": PAPER}], indirect=True)
def test_on_paper_actions_and_timeline_are_short_and_nothing_is_cut_off(visit: Visit):
    visit.sign_in()
    page = visit.open(f"/incidents/{Incident.objects.get().public_id}")
    with page.expect_navigation():
        page.get_by_role("button", name="Take all").click()

    page.get_by_text("In force: ").wait_for()
    page.emulate_media(media="print")

    tall = "all => all.map(one => one.getBoundingClientRect().height)"
    actions = page.eval_on_selector_all(".actions-table tbody tr:not(.group-row)", tall)
    events = page.eval_on_selector_all("#timeline li", tall)
    edges = page.eval_on_selector_all("main td, main th", "all => all.map(one => one.getBoundingClientRect().right)")
    assert len(actions) >= 8
    assert sorted(actions)[len(actions) // 2] <= TWO_LINES
    assert sorted(events)[len(events) // 2] <= TWO_LINES
    assert max(edges) <= PAPER["width"]
