"""What every answer tells the browser: read it, show it, and give it to nobody."""

import os
import subprocess
import sys
import weakref

import pytest
from csp.exceptions import CSPNonceError
from csp.utils import build_policy
from django.conf import settings
from django.http import HttpResponse
from django.test import Client, RequestFactory

from inventory.formats.collector import collector_paused
from supplychain.web.headers import ContentPolicy
from tests.supplychain.actors import client_of, make_user, new_key, signed_in

pytestmark = pytest.mark.django_db

ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
PRODUCTION = {
    "SUPPLYCHAIN_LOCAL": "0",
    "HTTPS": "1",
    "SECRET_KEY": "s3cr3t-" * 10,
    "KEY_HMAC_SECRET": "s3cr3t-" * 10,
    "DATABASE_URL": "postgresql://nobody@/none?host=/nonexistent",
}


def production(code: str) -> str:
    """Run a line of Python under the settings of production."""
    environment = {**os.environ, **PRODUCTION, "DJANGO_SETTINGS_MODULE": "supplychain.settings"}
    line = f"from django.conf import settings; {code}"
    return subprocess.run(
        [sys.executable, "-c", line], env=environment, cwd=settings.BASE_DIR, check=True, capture_output=True, text=True
    ).stdout.strip()


@pytest.mark.parametrize("path", ["/sign-in", "/", "/nothing-here", "/api/v1/me", "/api/v1/docs", "/healthz"])
def test_every_answer_carries_the_browsers_orders(path: str):
    answer = Client().get(path)

    assert {name: answer[name] for name in ALWAYS} == ALWAYS
    assert "camera=()" in answer["Permissions-Policy"]
    assert "frame-ancestors 'none'" in answer["Content-Security-Policy"]


def test_the_content_policy_allows_nothing_inline_and_nothing_from_elsewhere():
    policy = Client().get("/sign-in")["Content-Security-Policy"]

    directives = {directive.strip() for directive in policy.split(";")}
    assert {"default-src 'none'", "script-src 'self'", "style-src 'self'", "form-action 'self'"} <= directives
    assert "unsafe" not in policy
    assert "http" not in policy


def test_the_content_policy_is_the_one_of_the_settings_whether_or_not_an_answer_asks_for_another():
    def answer(**given: object) -> HttpResponse:
        response = HttpResponse()
        vars(response).update(given)
        return response

    policy, request = ContentPolicy(lambda _request: HttpResponse()), RequestFactory().get("/")
    asks = answer(_csp_update={"img-src": ["https://pictures.example"]})
    found = [policy.process_response(request, response)["Content-Security-Policy"] for response in (answer(), asks)]

    assert found[0] == build_policy()
    assert "img-src 'self' data: https://pictures.example" in found[1]


def test_what_only_one_person_may_see_is_stored_nowhere():
    client = signed_in(make_user(organisation="responder"))

    for path in ("/impact", "/artifacts", "/evidence", "/api/v1/me", "/api/v1/artifacts"):
        assert "no-store" in client.get(path)["Cache-Control"], path
    assert "no-store" in client_of(new_key()).get("/api/v1/artifacts")["Cache-Control"]


def test_cookies_are_out_of_reach_of_scripts_and_other_sites(client: Client):
    make_user("alice")

    client.post("/sign-in", {"username": "alice", "password": "correct horse battery"})

    for name in (settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME):
        cookie = client.cookies[name]
        assert (cookie["httponly"], cookie["samesite"], cookie["domain"], cookie["path"]) == (True, "Lax", "", "/")


def test_over_https_cookies_are_secure_and_belong_to_this_host_alone():
    names = production(
        "print(settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME, settings.SESSION_COOKIE_SECURE,"
        " settings.CSRF_COOKIE_SECURE, settings.SECURE_HSTS_SECONDS, settings.SECURE_SSL_REDIRECT)"
    )

    assert names == "__Host-supplychain_session __Host-supplychain_csrf True True 31536000 True"


def test_over_https_the_browser_is_told_to_stay_there(settings):
    settings.SECURE_HSTS_SECONDS = 31_536_000

    assert Client().get("/sign-in", secure=True)["Strict-Transport-Security"] == "max-age=31536000"


def test_signing_out_empties_the_browsers_cache():
    assert signed_in(make_user()).post("/sign-out")["Clear-Site-Data"] == '"cache"'


def test_a_request_is_gone_with_its_answer_without_a_search_for_garbage():
    policy = ContentPolicy(lambda _request: HttpResponse())

    with collector_paused():
        request = RequestFactory().get("/")
        policy(request)
        kept = weakref.ref(request)
        del request

        assert kept() is None


def test_a_nonce_that_comes_too_late_is_refused():
    request = RequestFactory().get("/")
    ContentPolicy(lambda _request: HttpResponse())(request)

    with pytest.raises(CSPNonceError):
        str(request.csp_nonce)  # type: ignore[attr-defined]
