"""Every path of the site, walked: no route of the API may answer a stranger, whoever added it."""

import re
from collections.abc import Iterator
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from tests.supplychain.actors import client_of, make_user, new_key, signed_in

pytestmark = pytest.mark.django_db

# What anybody may read: it tells nothing that is not in the source, or is there for others to check signatures.
PUBLIC = {
    "/api/version", "/api/v1/schema", "/api/v1/docs", "/api/v1/signing-keys", "/api/v1/signing-keys/current",
}  # fmt: skip
# What a key without a scope may ask: who it is.
WITHOUT_SCOPE = {"/api/v1/me"}

_SAMPLES = {"uuid": str(uuid4()), "int": "1", "str": "sample", "slug": "sample", "path": "sample", "key_id": "current"}


def walk(resolver: URLResolver, prefix: str = "/") -> Iterator[str]:
    for entry in resolver.url_patterns:
        route = prefix + str(entry.pattern)
        if isinstance(entry, URLPattern):
            yield re.sub(r"<(?:(\w+):)?(\w+)>", _sample, route)
        else:
            yield from walk(entry, route)


def _sample(parameter: re.Match[str]) -> str:
    return _SAMPLES.get(parameter[2]) or _SAMPLES.get(parameter[1] or "str", "sample")


def api_paths() -> list[str]:
    return sorted({path for path in walk(get_resolver()) if path.startswith("/api/")} - PUBLIC)


def test_the_walk_finds_the_routes():
    assert {"/api/v1/me", "/api/v1/keys", "/api/v1/audit"} <= set(api_paths())


def test_no_route_answers_without_a_key():
    for path in api_paths():
        answer = Client().get(path)

        assert (path, answer.status_code) == (path, 401)
        assert answer["Content-Type"] == "application/problem+json", path


def test_no_route_answers_a_key_of_no_use():
    """`admission:review` opens one family of routes; every other must ask for its own scope."""
    client = client_of(new_key("admission:review"))
    for path in set(api_paths()) - WITHOUT_SCOPE:
        answer = client.get(path)

        assert (path, answer.status_code) in {(path, 403), (path, 405)} or "/admission/" in path, answer.content


def test_a_user_without_a_role_gets_nothing_either():
    client = signed_in(make_user())
    for path in set(api_paths()) - WITHOUT_SCOPE:
        assert client.get(path).status_code in {403, 405}, path


def test_public_routes_answer_and_set_no_cookie():
    for path in PUBLIC:
        answer = Client().get(path)

        assert (path, answer.status_code) == (path, 200)
        assert not answer.cookies, path
