"""Signing in with passkeys and codes, in a browser with an authenticator of its own (Chromium's virtual one)."""

from __future__ import annotations

import time

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from playwright.sync_api import CDPSession, expect

from tests.browser.conftest import PASSWORD, PHONE, Visit
from tests.browser.test_every_page import axe, broken_rules

__all__ = ["axe"]  # a fixture

NO_SCRIPT = {"java_script_enabled": False}
_KEY = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


def plug_in(visit: Visit, **traits: bool) -> tuple[CDPSession, str]:
    """Give the browser an authenticator; return the way to talk to it and its id."""
    session = visit.page.context.new_cdp_session(visit.page)
    session.send("WebAuthn.enable")
    made = session.send("WebAuthn.addVirtualAuthenticator", {"options": _KEY | traits})
    return session, made["authenticatorId"]


def add_passkey(visit: Visit, *, name: str) -> None:
    page = visit.open("/settings/security/passkeys/add")
    page.fill("#id_name", name)
    page.click("#passkey-add")
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()


def sign_out(visit: Visit) -> None:
    visit.page.get_by_role("button", name="Sign out").click()
    expect(visit.page.get_by_role("heading", name="Sign in")).to_be_visible()


def set_up_app(visit: Visit) -> str:
    page = visit.open("/settings/security/app")
    secret = page.locator("#app-secret code").inner_text()
    page.fill("#id_code", format_hotp_value(hotp_value(secret, int(time.time()) // 30)))
    page.get_by_role("button", name="Set up the app").click()
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
    return secret


def enter_password(visit: Visit, username: str = "rita") -> None:
    visit.page.goto(f"{visit.base}/sign-in")
    visit.page.fill("#id_username", username)
    visit.page.fill("#id_password", PASSWORD)
    visit.page.locator("form:has(#id_password) button[type=submit]").click()


def test_a_passkey_signs_in_alone(visit: Visit):
    plug_in(visit)
    visit.sign_in()
    page = visit.open("/settings/security/passkeys/add")
    page.check("#passkey-alone")
    page.click("#passkey-add")
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
    assert Authenticator.objects.get(type="webauthn").wrap().is_passwordless
    sign_out(visit)

    page.get_by_role("button", name="Sign in with a passkey").click()

    page.wait_for_url(f"{visit.base}/")
    expect(page.get_by_role("link", name="Signed in, and settings of rita")).to_be_visible()
    assert visit.complaints == []


def test_a_passkey_is_the_second_step(visit: Visit):
    plug_in(visit)
    visit.sign_in()
    add_passkey(visit, name="Key ring")
    sign_out(visit)
    visit.page.goto(f"{visit.base}/impact?q=lodash")
    visit.page.fill("#id_username", "rita")
    visit.page.fill("#id_password", PASSWORD)
    visit.page.locator("form:has(#id_password) button[type=submit]").click()
    expect(visit.page.get_by_role("heading", name="Second step")).to_be_visible()

    visit.page.get_by_role("button", name="Use a passkey").click()

    visit.page.wait_for_url(f"{visit.base}/impact?q=lodash")
    assert visit.complaints == []


def test_a_passkey_of_another_site_is_none_here(visit: Visit):
    """The authenticator finds nothing for this site, and the page says so in words."""
    plug_in(visit)
    page = visit.page
    page.goto(f"{visit.base}/sign-in")

    page.get_by_role("button", name="Sign in with a passkey").click()

    expect(page.get_by_role("alert")).to_contain_text("The passkey was not used")


def test_a_passkey_is_removed_and_no_longer_asked_for(visit: Visit):
    plug_in(visit)
    visit.sign_in()
    add_passkey(visit, name="Key ring")
    page = visit.open("/settings/security")

    page.get_by_role("link", name="Remove Key ring").click()
    page.get_by_role("button", name="Remove it").click()

    expect(page.get_by_text("The passkey was removed.")).to_be_visible()
    sign_out(visit)
    visit.sign_in()
    assert not Authenticator.objects.exists()
    assert visit.complaints == []


def test_a_passkey_shows_again_who_it_is(visit: Visit):
    plug_in(visit)
    visit.sign_in()
    add_passkey(visit, name="Key ring")
    page = visit.open("/settings/confirm/passkey?next=/settings/sessions")

    page.get_by_role("button", name="Use a passkey").click()

    expect(page.get_by_role("heading", name="Sessions")).to_be_visible()
    assert visit.complaints == []


@pytest.mark.parametrize("visit", [NO_SCRIPT], indirect=True)
def test_an_app_works_without_script(visit: Visit):
    visit.sign_in()
    secret = set_up_app(visit)
    assert visit.page.locator("#recovery-codes").inner_text().split() != []
    sign_out(visit)

    enter_password(visit)
    visit.page.fill("#id_code", format_hotp_value(hotp_value(secret, int(time.time()) // 30 + 1)))
    visit.page.get_by_role("button", name="Sign in").click()

    visit.page.wait_for_url(f"{visit.base}/")
    visit.open("/settings/sessions")
    expect(visit.page.get_by_text("this one")).to_be_visible()


def test_the_pages_of_the_second_step_shut_nobody_out(visit: Visit, axe: str):
    plug_in(visit)
    visit.sign_in()
    set_up_app(visit)
    problems = {}
    for path in ("/settings/security/app/remove", "/settings/confirm", "/settings/confirm/code"):
        visit.open(path)
        visit.page.evaluate(axe)
        problems[path] = broken_rules(visit)
    visit.open("/settings/security/passkeys/add").click("#passkey-add")
    visit.page.wait_for_url(f"{visit.base}/settings/security")
    visit.page.evaluate(axe)
    problems["security"] = broken_rules(visit)
    sign_out(visit)
    enter_password(visit)
    visit.page.evaluate(axe)
    problems["second factor"] = broken_rules(visit)

    assert {path: found for path, found in problems.items() if found} == {}
    assert visit.complaints == []


@pytest.mark.parametrize(
    "visit", [{"viewport": PHONE, "has_touch": True, "is_mobile": True, "color_scheme": "dark"}], indirect=True
)
def test_the_second_step_fits_a_phone(visit: Visit):
    visit.sign_in()
    set_up_app(visit)
    wide = {}
    for path in ("/settings/security", "/settings/security/app/remove", "/settings/confirm/code"):
        visit.open(path)
        wide[path] = visit.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    sign_out(visit)
    enter_password(visit)
    wide["second factor"] = visit.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")

    assert {path: by for path, by in wide.items() if by > 0} == {}
