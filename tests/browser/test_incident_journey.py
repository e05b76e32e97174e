"""A responder's whole way: paste a list, open an incident, block, see it recover by what comes in, take the pack."""

from __future__ import annotations

import re
import subprocess
import sys
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from incidents.live import asking, following
from incidents.models import ActionState, FollowedEvidence, Incident, Stage
from incidents.recovery.stamping import stamp_all
from inventory.models import Attestation, Verdict
from inventory.policy.hits import find_hits
from tests.attested import bundle, encode, provenance, statement
from tests.browser.conftest import PHONE, SHOP, Visit
from tests.factories import cyclonedx, deployment, digest, report, submit
from tests.judgements import judge

LIST = "# what the vendor sent\nnpm:lodash:4.17.20\npkg:npm/never-heard-of-it@1.0.0\n"
CLEAN = digest("clean build")
NAME = "registry.example/checkout/a-service-with-a-rather-long-name:1.1"


def evidence_comes() -> None:
    """What a pipeline and a cluster send after the rebuild: provenance that is verified, an SBOM, what runs now."""
    now = timezone.now()
    predicate = provenance()
    predicate["runDetails"]["metadata"]["startedOn"] = now.isoformat()
    submit("team-a", encode(bundle(statement(CLEAN, predicate=predicate))), at=now)
    judge(Attestation.objects.latest("pk"), Verdict.VERIFIED_EXPECTED, signed_at=now)
    submit("team-a", cyclonedx("pkg:npm/lodash@4.17.21", subject=CLEAN, name=NAME), at=now)
    clean = deployment(digest=CLEAN, image=NAME, environment="production", service="shop")
    report("team-a", clean, at=timezone.now())


def worker_looks() -> None:
    """Ask again what the evidence touches, as a worker does within seconds."""
    at = timezone.now() + timedelta(minutes=1)
    following.follow(at)
    FollowedEvidence.objects.update(rests_until=at)
    asking.ask_what_waits(at)


def do_what_no_evidence_does(page: Page) -> None:
    """Press Done for every action that somebody has to do."""
    left = Incident.objects.latest("pk").actions.filter(state=ActionState.OPEN.value)
    assert not left.filter(kind__in=["rebuild", "redeploy"]).exists()
    for _ in range(left.count()):
        page.get_by_role("button", name=re.compile(r"^Done: action")).first.click()
        page.wait_for_load_state()


@pytest.mark.parametrize("visit", [{}, {"viewport": PHONE}], indirect=True)
def test_from_a_pasted_list_to_a_pack_that_proves_the_recovery(visit: Visit, tmp_path: Path):
    visit.sign_in()
    page, presses = visit.open("/impact"), list[str]()
    page.on("request", lambda request: presses.append(request.url) if request.method == "POST" else None)
    page.fill("#q", LIST)

    # Three actions, and nothing is typed again: ask, open, contain.
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("heading", name=re.compile("1 artifact affected, 1 running"))).to_be_visible()
    page.get_by_role("button", name="Open incident").click()
    expect(page.get_by_text("The incident is open")).to_be_visible()
    page.get_by_role("button", name=re.compile(r"^Take all")).click()
    expect(page.get_by_role("heading", name="Containment")).to_be_visible()
    assert [url.rpartition("/")[2] for url in presses] == ["impact", "incidents", "take"]
    assert find_hits([SHOP], at=timezone.now())[SHOP]
    assert not find_hits([CLEAN], at=timezone.now())[CLEAN]
    expect(page.get_by_text("0 of 1 service recovered")).to_be_visible()

    # It follows by itself: nothing is loaded again, and what is typed meanwhile stays.
    worker_looks()
    page.get_by_label("Note", exact=True).fill("half a note")
    page.get_by_text(re.compile("^In force: ")).click()
    evidence_comes()
    worker_looks()
    expect(page.get_by_role("heading", name="No longer running")).to_be_visible(timeout=60_000)
    expect(page.get_by_label("Note", exact=True)).to_have_value("half a note")
    assert page.locator("#in-force").evaluate("one => one.open")

    # What evidence proves is done by it, with what proved it; the rest is for people.
    stamp_all(timezone.now())
    expect(page.get_by_role("button", name=re.compile("^Done: action"))).to_have_count(2, timeout=60_000)
    expect(page.get_by_text(re.compile("done by evidence, sha256:")).first).to_be_visible()
    expect(page.get_by_label("Note", exact=True)).to_have_value("half a note")
    page.get_by_text(re.compile("^Done, lifted or withdrawn: 2 actions")).click()
    page.get_by_text("Proven by evidence").first.click()
    do_what_no_evidence_does(page)

    with page.expect_download() as download:
        page.get_by_role("button", name="Download the pack").click()
    pack = tmp_path / "pack.zip"
    download.value.save_as(pack)
    stamp_all(timezone.now())
    expect(page.get_by_text("1 of 1 service recovered")).to_be_visible(timeout=60_000)

    # Nothing is left to prove: one key and Enter close it, through all stages.
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("z")
    page.keyboard.press("Enter")
    expect(page.get_by_text(re.compile("Recovering to Closed"))).to_be_visible()
    assert Incident.objects.latest("pk").stage == Stage.CLOSED

    with zipfile.ZipFile(pack) as zipped:
        zipped.extractall(tmp_path / "pack")
    assert download.value.suggested_filename == f"incident-{Incident.objects.latest('pk').public_id}.zip"
    checked = subprocess.run(
        [sys.executable, tmp_path / "pack" / "check.py"], capture_output=True, text=True, check=False
    )
    assert (checked.returncode, checked.stdout) == (0, "All files are what they say.\n")
    assert visit.complaints == []
