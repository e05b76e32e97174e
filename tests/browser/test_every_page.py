"""What holds on every page: nobody is shut out, nothing overflows a phone, nothing breaks the content policy.

One visit asks all of it, since opening the pages is what takes the time.
"""

from __future__ import annotations

from typing import Literal

import pytest
from django.conf import settings
from playwright.sync_api import ViewportSize

from incidents.models import Incident
from inventory.models import Evidence, Finding
from tests.browser.conftest import NEXT, PHONE, SHOP, Visit
from tests.factories import later, submit

AXE = settings.BASE_DIR / "node_modules" / "axe-core" / "axe.min.js"
ALL_RULES: dict[str, object] = {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}
# What another theme can change.
COLOUR_RULES: dict[str, object] = {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}
# All nodes are looked at; only what breaks a rule is told in full, which for what keeps it takes longer than looking.
_LOOK = "async rules => (await axe.run({runOnly: rules, resultTypes: ['violations']})).violations"
TABLET: ViewportSize = {"width": 768, "height": 1024}
PAGES = (
    "/",
    "/impact",
    "/impact?q=lodash%0Anot+an+indicator&status=affected&status=unknown&status=cleared",
    "/impact?q=nothing-has-this-name",
    "/search?q=lodash",
    "/search?q=zzzzzz",
    "/artifacts",
    "/artifacts?sbom=none",
    "/pipeline",
    "/repositories",
    "/builders?name=none",
    "/findings",
    "/findings?state=any",
    "/tags/overwrites",
    "/pipeline?class=none",
    f"/artifacts/{SHOP}",
    f"/artifacts/{SHOP}/components",
    f"/artifacts/{SHOP}/diff?with={NEXT}",
    "/packages",
    "/packages/pkg:npm/lodash",
    "/advisories",
    "/advisories?q=zzzzzz",
    "/advisories/CVE-2021-44228",
    "/tags",
    "/tags?repository=registry.example/shop/api",
    "/tags?repository=registry.example/shop/api&tag=1.0",
    "/incidents",
    "/incidents?state=closed",
    "/compromises",
    "/roots",
    "/roots/lab/2",
    "/drills",
    "/signers",
    "/blocks",
    "/blocks?state=ended",
    "/decisions",
    "/signers?state=revoked",
    "/workloads",
    "/workloads?digest=none",
    "/clusters",
    "/clusters/prod-eu",
    "/ops",
    "/evidence",
    "/evidence?state=quarantined",
    "/settings/notifications",
    "/watches",
    "/watches?q=lodash",
    "/settings/security",
    "/settings/security/app",
    "/settings/security/passkeys/add",
    "/settings/security/recovery-codes/new",
    "/settings/password",
    "/settings/sessions",
    "/settings/confirm",
)


def pages() -> list[str]:
    trees = Evidence.objects.filter(snapshots__isnull=False)
    incident = Incident.objects.get()
    return [
        *PAGES,
        f"/incidents/{incident.public_id}",
        f"/incidents/{incident.public_id}/queries/1",
        *(f"/findings/{finding.public_id}" for finding in Finding.objects.all()),
        *(f"/evidence/{evidence.public_id}" for evidence in Evidence.objects.all()),
        *(f"/evidence/{one.public_id}/tree{query}" for one in trees for query in ("", "?node=0", "?q=lodash")),
    ]


def send_workflows() -> None:
    """Send two versions of a workflow: one finding is open, one closed."""
    head = "on: release\njobs:\n  build-and-publish-everything-that-there-is:\n    steps:\n"
    tool = "curl -fsSL https://raw.githubusercontent.com/acme/a-repository-with-a-long-name/main/install-the-tool.sh"
    for at, steps in (
        (1, f"      - run: {tool} | sh\n      - uses: acme/gone@v1\n"),
        (2, f"      - run: {tool} | sh\n"),
    ):
        path = ".github/workflows/a-release-of-everything.yml"
        submit("team-a", f"{head}{steps}".encode(), at=later(at), repository="acme/shop", name=path)


def broken_rules(visit: Visit) -> list[str]:
    """Look at the page in the light theme by all rules, in the dark one by those of colour."""
    found = []
    looks: list[tuple[Literal["light", "dark"], dict[str, object]]] = [("light", ALL_RULES), ("dark", COLOUR_RULES)]
    for theme, rules in looks:
        visit.page.emulate_media(color_scheme=theme)
        violations = visit.page.evaluate(_LOOK, rules)
        found += [
            f"{theme} {violation['id']}: {node['target']} {node['failureSummary']}"
            for violation in violations
            for node in violation["nodes"]
        ]
    return found


@pytest.fixture
def axe() -> str:
    if not AXE.is_file():
        pytest.skip("axe-core is not installed: npm ci")
    return AXE.read_text(encoding="utf-8")


def too_wide(visit: Visit) -> list[str]:
    """Return the widths of a phone and a tablet at which the page scrolls sideways."""
    usual = visit.page.viewport_size
    found = []
    for size in (PHONE, TABLET):
        visit.page.set_viewport_size(size)
        needed, room = visit.page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
        if needed > room:
            found.append(f"{needed} of {room} px")
    if usual is not None:
        visit.page.set_viewport_size(usual)
    return found


def test_every_page_is_for_everybody_fits_a_phone_and_keeps_the_content_policy(visit: Visit, axe: str):
    send_workflows()
    visit.page.goto(f"{visit.base}/sign-in")
    visit.page.evaluate(axe)
    problems = {"/sign-in": found} if (found := broken_rules(visit) + too_wide(visit)) else {}

    visit.sign_in()
    for path in pages():
        visit.open(path)
        visit.page.evaluate(axe)
        if found := broken_rules(visit) + too_wide(visit):
            problems[path] = found

    assert problems == {}
    assert visit.complaints == []
