"""A real browser on the real pages. Without chromium these tests are skipped, and say so."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from playwright.sync_api import Browser, ConsoleMessage, Page, ViewportSize, sync_playwright

from incidents.asking import read_incident_question
from incidents.models import Occasion, Severity
from incidents.response.opening import ask_again, open_incident
from inventory.models import CompromiseKind
from inventory.verification import registry, roots
from inventory.verification.compromises import Declaration, declare, lift
from supplychain.access.actors import actor_for_user, system_actor
from supplychain.access.models import Membership, Team, User
from tests.attested import CYCLONEDX, dsse, encode, statement
from tests.factories import (
    cyclonedx,
    deployment,
    digest,
    later,
    referring_manifest,
    registry_event,
    report,
    store,
    submit,
)
from tests.trust_lab import Lab

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome")
DATA = Path(__file__).parents[1] / "data"
PASSWORD = "correct horse battery staple"
DESKTOP = {"width": 1280, "height": 900}
PHONE: ViewportSize = {"width": 375, "height": 812}
SHOP = digest("shop")
NEXT = digest("shop next")
_OPTIONS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

# Playwright runs an event loop in this thread, which makes Django refuse its own synchronous database calls.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/browser/" in item.nodeid:
            item.add_marker(pytest.mark.browser)


@dataclass
class Visit:
    """One browser window: its page, the address of the site, and what its console complained of."""

    page: Page
    base: str
    complaints: list[str] = field(default_factory=list)

    def open(self, path: str) -> Page:
        answer = self.page.goto(self.base + path)
        assert answer is not None
        assert answer.status == 200, f"{path}: {answer.status}"
        return self.page

    def sign_in(self, username: str = "rita") -> None:
        self.page.goto(f"{self.base}/sign-in")
        self.page.fill("#id_username", username)
        self.page.fill("#id_password", PASSWORD)
        self.page.click("button[type=submit]")
        self.page.wait_for_url(f"{self.base}/")

    def hear(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.complaints.append(message.text)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    path = os.environ.get("CHROMIUM") or next((found for name in CHROMIUM_NAMES if (found := shutil.which(name))), None)
    if path is None:
        pytest.skip("no chromium on this machine (Debian: apt-get install chromium)")
    if not (settings.BASE_DIR / "build" / "static" / "tabler").is_dir():
        pytest.skip("the style sheets are not built: ./run test does that")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=_OPTIONS)
        yield browser
        browser.close()


@pytest.fixture
def visit(chromium: Browser, live_server, estate: None, request: pytest.FixtureRequest) -> Iterator[Visit]:
    """A window; parametrise it indirectly with options of the browser's context (theme, size, no script)."""
    # Without transitions, so that no colour is measured half way.
    options = {"viewport": DESKTOP, "reduced_motion": "reduce", **getattr(request, "param", {})}
    context = chromium.new_context(**options)
    context.set_default_timeout(60_000)
    # No page may load anything from elsewhere, and a test must not reach out either.
    context.route(lambda url: urlsplit(url).netloc != urlsplit(live_server.url).netloc, lambda route: route.abort())
    visit = Visit(page=context.new_page(), base=live_server.url)
    visit.page.on("console", visit.hear)
    visit.page.on("pageerror", lambda error: visit.complaints.append(str(error)))
    yield visit
    context.close()


@pytest.fixture
def estate(transactional_db: None) -> None:
    """A small estate with something of everything, and a responder and a member who may sign in."""
    User.objects.create_user("rita", password=PASSWORD, organisation_role="responder")
    dependencies = {"root": ["pkg:npm/express@4.0.0"], "pkg:npm/express@4.0.0": ["pkg:npm/lodash@4.17.20"]}
    listed = [f"pkg:npm/part-{number:03}@1.0.{number}" for number in range(6)]
    first = ("pkg:npm/express@4.0.0", "pkg:npm/lodash@4.17.20", *listed)
    name = "registry.example/checkout/a-service-with-a-rather-long-name:1.0"
    submit("team-a", cyclonedx(*first, subject=SHOP, name=name, dependencies=dependencies), filename="shop.cdx.json")
    submit("team-a", cyclonedx("pkg:npm/lodash@4.17.21", subject=NEXT, name="registry.example/next:2"))
    report(
        "team-a",
        deployment(digest=SHOP, image=name, environment="production", service="shop"),
        deployment(digest=digest("mystery"), workload="Deployment/mystery"),
        deployment(image="registry.example/tag-only:1", workload="CronJob/tag-only", cluster="prod-us"),
    )
    for path in (
        "vex/openvex-0.2.0.json",
        "osv/log4shell.json",
        "posture/zizmor.sarif.json",
        "cyclonedx/trivy-image.json",
    ):
        submit("team-a", (DATA / path).read_bytes(), filename=path, repository="acme/shop")
    submit("team-a", registry_event(SHOP, told_at="2026-03-01T08:00:00Z"))
    submit("team-a", registry_event(NEXT, told_at="2026-03-01T09:00:00Z"))
    submit("team-a", referring_manifest(SHOP))
    parts = [json.loads(cyclonedx(purl, {"name": ""})) for purl in ("pkg:npm/express@4.0.0", "pkg:npm/debug@4.3.4")]
    lines = [encode(dsse(statement(SHOP, predicate_type=CYCLONEDX, predicate=part))) for part in parts]
    submit("team-a", b"\n".join([*lines, encode(dsse(statement(SHOP)))]), filename="attested.jsonl")
    template = {"spec": {"containers": [{"name": "app", "image": "registry.example/declared:1"}]}}
    declared = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "api"},
        "spec": {"template": template},
    }
    submit("team-a", json.dumps(declared).encode(), cluster="prod-eu")
    store("team-a", cyclonedx("pkg:npm/late@1", subject=digest("late")), filename="waiting.json")
    member = User.objects.create_user("mia", password=PASSWORD)
    Membership.objects.create(user=member, team=Team.objects.get(slug="team-a"), role="member")
    _response()
    _signers()
    _roots_and_compromises()


def _response() -> None:
    """Open an incident, and ask something narrower in its place: one artifact is withdrawn."""
    responder = actor_for_user(User.objects.get(username="rita"))
    wide, narrow = (
        read_incident_question({"text": text})
        for text in ("pkg:npm/lodash\npkg:npm/express@4.0.0", "pkg:npm/lodash@4.17.20\npkg:npm/express@4.0.0")
    )
    title = "Compromise of pkg:npm/lodash@4.17.20 and of whatever-else-was-published-by-the-same-stolen-account"
    incident = open_incident(
        wide.question, given=wide.given, title=title, severity=Severity.HIGH, actor=responder, at=later(60)
    )
    ask_again(
        incident.public_id,
        question=narrow.question,
        given=narrow.given,
        occasion=Occasion.CHANGED,
        actor=responder,
        at=later(80),
    )


def _signers() -> None:
    """Propose two signers; two people accept the one."""
    olga, anna = (
        actor_for_user(User.objects.create_user(name, password=PASSWORD, organisation_role="approver"))
        for name in ("olga", "anna")
    )
    identity = "https://git.example/acme/shop/.github/workflows/release.yml@refs/tags/v1.0"
    for name in ("acme releases", "acme nightly builds"):
        new = registry.NewSigner(name=name, issuer="https://token.example", identity=f"{identity}/{name[5]}")
        signer = registry.propose(new, actor=olga, at=later(0))
    for person in (olga, anna):
        registry.accept(signer.public_id, actor=person, at=later(5))


def _roots_and_compromises() -> None:
    """Have one version of a root count and another wait; two compromises, the one lifted."""
    roots.load_first("lab", Lab().trusted_root(), actor=system_actor("test"), at=later(0))
    olga, anna = (User.objects.get(username=name) for name in ("olga", "anna"))
    roots.propose("lab", Lab().trusted_root(), user=olga, at=later(5))
    for value in ("https://ci.example/runners/old", "https://ci.example/runners/new"):
        declared = Declaration(
            kind=CompromiseKind.BUILDER, value=value, since=later(-60), until=later(90), reason="its image was replaced"
        )
        compromise = declare(declared, actor=actor_for_user(olga), at=later(10))
    for person in (olga, anna):
        lift(compromise.public_id, actor=actor_for_user(person), at=later(15))
