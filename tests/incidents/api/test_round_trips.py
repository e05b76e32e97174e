"""An answer costs the same number of round trips however much it finds; a long list costs one more."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest
from django.test import Client

from tests.factories import START, cyclonedx, deployment, digest, report, submit
from tests.remembered import forget_everything
from tests.round_trips import round_trips
from tests.supplychain.actors import client_of, new_key

pytestmark = pytest.mark.django_db(transaction=True)

KEY = 1
ANSWER = 3
"""What the indicators mean; the facts and what they stand on; the page, with audit line and kept rows."""
SECOND_HALF = 1
"""Many packages are looked up in two halves: the first is judged while the second is on its way."""
UNKNOWN = 2
"""The digests that order the rows, and the texts of the components shown, until the process knows them."""
PURLS = [f"pkg:npm/p{number}@1.0.{number % 7}" for number in range(5000)]


@pytest.fixture
def asker() -> Client:
    for number in range(12):
        subject = digest(str(number))
        submit("shop", cyclonedx(*PURLS[:40], subject=subject))
        report("shop", deployment(digest=subject, workload=f"Deployment/w{number}"))
    sender = client_of(new_key("incidents:read", team="shop"))
    cost(sender, text="event-stream")  # the first use of a key in a minute is written down
    return sender


def cost(sender: Client, **body: Any) -> int:
    data = json.dumps(body)
    with round_trips() as counted:
        response = sender.post("/api/v1/impact", data, content_type="application/json")
    assert response.status_code == 200, response.content[:500]
    return counted.count


@pytest.mark.parametrize(
    ("purls", "halves"), [(PURLS[:1], 0), (PURLS[:500], 0), (PURLS, SECOND_HALF)], ids=["one", "500", "5000"]
)
@pytest.mark.parametrize(
    "when", [{}, {"at": START.isoformat()}, {"from": START.isoformat()}], ids=["now", "at", "from"]
)
def test_a_question_costs_as_many_whatever_it_finds_and_a_long_one_one_more(
    asker: Client, purls: Sequence[str], halves: int, when: dict[str, str]
):
    forget_everything()
    assert cost(asker, text="\n".join(purls), **when) == KEY + ANSWER + halves + UNKNOWN
    assert cost(asker, text="\n".join(purls), **when) == KEY + ANSWER + halves


def test_keeping_the_rows_for_later_pages_costs_nothing_more(asker: Client):
    cost(asker, text=PURLS[0])

    assert cost(asker, text=PURLS[0], limit=2) == KEY + ANSWER


def test_a_later_page_is_read_from_what_was_kept_and_the_second_puts_it_in_order(asker: Client):
    first = asker.post("/api/v1/impact", json.dumps({"text": PURLS[0], "limit": 2}), content_type="application/json")

    assert cost(asker, text=PURLS[0], limit=2, cursor=first.json()["next"]) == KEY + 3 + 2
    assert cost(asker, text=PURLS[0], limit=2, cursor=first.json()["next"]) == KEY + 1 + 2


def test_origins_are_looked_up_with_the_rest_and_a_cluster_by_its_name_before(asker: Client):
    cost(asker, text=PURLS[0])
    by_origin = [{"kind": "repository", "url": f"https://github.com/o/{number}"} for number in range(300)]
    by_origin += [{"kind": "signer", "key": "a" * 64}, {"kind": "account", "login": "mallory"}]

    assert cost(asker, indicators=by_origin[:1]) == KEY + ANSWER
    assert cost(asker, text=PURLS[0], indicators=by_origin) == KEY + ANSWER
    assert cost(asker, indicators=[{"kind": "cluster", "cluster": "prod-eu"}]) == KEY + ANSWER + 1


def test_indicators_of_every_kind_are_looked_up_together(asker: Client):
    cost(asker, text=PURLS[0])
    text = "\n".join([PURLS[0], digest("1"), "sha1:" + "a" * 40, "registry.example/shop/api:1.4"])

    assert cost(asker, text=text) == KEY + ANSWER
