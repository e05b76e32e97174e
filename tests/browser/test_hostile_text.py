"""A document's author runs nothing in a responder's browser: no dialog opens, nothing breaks the content policy."""

from __future__ import annotations

from urllib.parse import quote

from playwright.sync_api import Dialog

from inventory.models import Evidence
from tests.browser.conftest import Visit
from tests.closed.hostile import NEXT, PAYLOADS, SHOP, hostile_estate


def test_no_stored_text_runs_in_a_browser(visit: Visit):
    hostile_estate()
    dialogs: list[str] = []

    def note(dialog: Dialog) -> None:
        dialogs.append(dialog.message)
        dialog.dismiss()

    visit.page.on("dialog", note)
    visit.sign_in()
    receipt = Evidence.objects.filter(filename=PAYLOADS[0]).latest("id").public_id
    places = [
        "/",
        "/artifacts",
        f"/artifacts/{SHOP}",
        f"/artifacts/{SHOP}/components",
        f"/artifacts/{SHOP}/diff?with={NEXT}",
    ]
    places += ["/workloads", "/clusters/hostile", "/evidence", f"/evidence/{receipt}", "/packages"]
    places += [f"/impact?q={quote(SHOP)}", f"/search?q={quote(PAYLOADS[2])}"]

    for place in places:
        page = visit.open(place)
        page.wait_for_timeout(100)
        assert page.evaluate("document.querySelectorAll('iframe, base, img[src=x], script:not([src])').length") == 0, (
            place
        )

    assert dialogs == []
    assert visit.complaints == []
    assert visit.page.url.startswith(visit.base)
