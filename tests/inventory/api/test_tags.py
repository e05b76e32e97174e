"""The history of tags over HTTP."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from tests.attested import encode
from tests.factories import digest, submit
from tests.supplychain.actors import client_of, new_key

pytestmark = pytest.mark.django_db

FIRST, SECOND = digest("first"), digest("second")
REPOSITORY = "registry.example/shop/api"


def notification(*pushes: tuple[str, str, str]) -> bytes:
    events = [
        {
            "id": f"{tag}-{hour}",
            "action": "push",
            "timestamp": f"2026-03-01T{hour}:00:00Z",
            "target": {"digest": to, "tag": tag, "repository": "shop/api", "url": "https://registry.example/v2/"},
            "actor": {"name": "ci"},
        }
        for tag, to, hour in pushes
    ]
    return encode({"events": events})


def client(team: str = "shop") -> Client:
    return client_of(new_key("inventory:read", team=team))


def get(query: str, *, team: str = "shop") -> Any:
    answer = client(team).get(f"/api/v1/tags?{query}")
    assert answer.status_code == 200, answer.content
    return answer.json()["results"]


def test_a_moved_tag_shows_where_it_pointed_before():
    evidence = submit("shop", notification(("1.0", FIRST, "08"), ("1.0", SECOND, "09"), ("2.0", SECOND, "10")))

    rows = get(f"repository={REPOSITORY}&tag=1.0")
    assert rows[0] == {
        "repository": REPOSITORY,
        "tag": "1.0",
        "digest": SECOND,
        "action": "push",
        "observed_by": "registry",
        "observed_at": "2026-03-01T09:00:00Z",
        "actor": "ci",
        "previous_digest": FIRST,
        "moved": True,
        "evidence": str(evidence.public_id),
        "pointer": "/events/1",
    }
    assert [(row["digest"], row["moved"]) for row in rows] == [(SECOND, True), (FIRST, False)]
    assert len(get(f"repository={REPOSITORY}")) == 3


def test_another_teams_history_is_not_told_nor_what_it_saw_before():
    submit("other", notification(("1.0", FIRST, "08")))
    assert get(f"repository={REPOSITORY}") == []

    submit("shop", notification(("1.0", SECOND, "09")))
    assert [(row["digest"], row["previous_digest"]) for row in get(f"repository={REPOSITORY}")] == [(SECOND, None)]


def test_next_leads_through_all_events():
    submit("shop", notification(*((str(number), FIRST, "08") for number in range(5))))
    reader, address, found = client(), f"/api/v1/tags?repository={REPOSITORY}&limit=2", []
    while address:
        body = reader.get(address).json()
        found += [row["tag"] for row in body["results"]]
        address = body["next"]

    assert sorted(found) == [str(number) for number in range(5)]


@pytest.mark.parametrize(
    ("query", "code"),
    [("", "bad_parameter"), ("repository=a&colour=red", "unknown_parameter"), ("repository=a&cursor=x", "bad_cursor")],
)
def test_what_cannot_be_asked_is_refused(query, code):
    answer = client().get(f"/api/v1/tags?{query}")

    assert (answer.status_code, answer.json()["code"]) == (400, code)
