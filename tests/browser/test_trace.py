"""The picture of a trace, and the report of the pipeline, in a real browser."""

from __future__ import annotations

from typing import Any

import pytest

from inventory.models import Attestation
from inventory.models.verification import Verdict
from tests.attested import bundle, encode, provenance, statement
from tests.browser.conftest import PHONE, SHOP, Visit
from tests.factories import deployment, digest, report, submit
from tests.judgements import judge

STRANGE, SIGNED = digest("strange"), digest("signed")


@pytest.fixture
def origins(estate: None) -> None:
    """What is expected, what is not, and what nobody can tell."""
    named: dict[str, tuple[Verdict, dict[str, Any]]] = {
        SHOP: (Verdict.VERIFIED_EXPECTED, {"level": 2, "level_reasons": ["builder_trusted", "needs_isolated_builder"]}),
        STRANGE: (
            Verdict.VERIFIED_UNEXPECTED,
            {"reasons": [["unexpected_repository", "github.com/shop/api", "github.com/evil/api"]]},
        ),
    }
    for of, (verdict, judged) in named.items():
        source = "https://github.com/evil/api" if of == STRANGE else "https://github.com/shop/api"
        submit("team-a", encode(bundle(statement(of, predicate=provenance(source)))))
        judge(Attestation.objects.latest("pk"), verdict, **judged)
    submit("team-a", encode(bundle(statement(SIGNED))))
    report(
        "team-a",
        deployment(digest=STRANGE, workload="Deployment/strange", image="registry.example/strange:1.0.0"),
        deployment(digest=SIGNED, workload="Deployment/signed", image="registry.example/signed:1.0.0"),
        deployment(digest=SIGNED, workload="Deployment/signed", image="registry.example/strange:1.0.0", container="b"),
    )


def test_a_link_of_the_picture_opens_its_evidence_by_keyboard(visit: Visit, origins: None):
    visit.sign_in()
    page = visit.open(f"/artifacts/{SHOP}")

    assert page.locator("#trace .stretch li").count() == 10
    assert page.locator("#trace li.is-gap").inner_text().split("\n")[0] == "Review"

    page.locator('#trace a[href="#trace-commit"]').focus()
    page.keyboard.press("Enter")

    assert page.locator("#trace-commit").is_visible()
    assert page.locator("#trace-commit a[href^='/evidence/']").count() == 1
    assert visit.complaints == []


@pytest.mark.parametrize(
    "visit",
    [{"viewport": PHONE, "java_script_enabled": False}, {"viewport": {"width": 390, "height": 800}}],
    indirect=True,
    ids=["phone without script", "390 pixels"],
)
def test_the_picture_fits_a_phone(visit: Visit, origins: None):
    visit.sign_in()
    for path in (f"/artifacts/{SHOP}", f"/artifacts/{STRANGE}", "/pipeline"):
        page = visit.open(path)
        box = page.locator("#trace .chain, #report").bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 390


def test_each_number_of_the_report_opens_its_list(visit: Visit, origins: None):
    visit.sign_in()
    page = visit.open("/pipeline")
    tiles = page.locator(".tiles a")
    counted = [int(text) for text in page.locator(".tiles .tile-number").all_inner_texts()]
    links = [link.get_attribute("href") for link in tiles.all()]

    assert sum(counted[:4]) == page.locator("#report tbody tr").count() == 4
    for number, link in zip(counted[:4], links[:4], strict=True):
        assert visit.open(str(link)).locator("#report tbody tr").count() == number
    assert visit.open(str(links[4])).locator("#rows tbody tr").count() == counted[4]
