"""Purls in paths: sent whole or raw, one layer of percent-encoding is understood."""

import pytest
from django.http import HttpResponse
from django.test import RequestFactory

from supplychain.routing import DirectPaths, StripTrailingSlash, path_tail

PREFIX = "/packages/"


@pytest.mark.parametrize(
    ("sent", "understood"),
    [
        ("pkg%3Anpm%2Flodash", "pkg:npm/lodash"),
        ("pkg%3Anpm%2F%2540scope%2Fname", "pkg:npm/%40scope/name"),
        ("pkg:npm/%40scope/name", "pkg:npm/%40scope/name"),
        ("pkg:npm/%40scope%2Fname/", "pkg:npm/%40scope%2Fname"),
        ("pkg%3Adeb%2Fdebian%2Flibc6?limit=1", "pkg:deb/debian/libc6"),
    ],
)
def test_a_purl_reaches_its_view_as_it_was_meant(sent, understood):
    request = RequestFactory().get("/", RAW_URI=f"{PREFIX}{sent}")

    assert path_tail(request, prefix=PREFIX, tail="decoded") == understood


def test_without_the_request_line_the_captured_text_is_taken():
    assert path_tail(RequestFactory().get("/"), prefix=PREFIX, tail="pkg:npm/lodash") == "pkg:npm/lodash"


@pytest.mark.parametrize(("sent", "resolved"), [("/", "/"), ("/a", "/a"), ("/a/", "/a"), ("/a//", "/a/")])
def test_exactly_one_trailing_slash_is_dropped(sent, resolved):
    seen = []

    def view(request):
        seen.append(request.path_info)
        return HttpResponse()

    StripTrailingSlash(view)(RequestFactory().get(sent))

    assert seen == [resolved]


@pytest.mark.parametrize("path", ["/api/v1/evidence", "/api/v1/impact", "/api/v1/admission/kubernetes"])
@pytest.mark.parametrize(
    ("headers", "is_direct"),
    [
        ({"Authorization": "Bearer sc_wrong"}, True),
        ({"Authorization": "  bearer   sc_wrong"}, True),
        ({"X-Api-Key": "sc_wrong"}, True),
        ({"Authorization": "Basic cHJveHk6YXNrZWQ="}, False),
        ({}, False),
    ],
)
def test_only_who_shows_a_key_is_answered_without_what_serves_browsers(path, headers, is_direct):
    long_way = HttpResponse()

    answer = DirectPaths(lambda _: long_way)(
        RequestFactory().post(path, "{}", content_type="application/json", headers=headers)
    )

    assert (answer is not long_way) is is_direct
    assert answer.status_code == (401 if is_direct else 200)
