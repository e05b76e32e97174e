"""How often a document makes a process wait for the database: committed numbers, which noise cannot move."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import count

import pytest
from django.test import Client
from django.utils import timezone

from inventory.ingest import process, upsert
from inventory.models import Evidence, EvidenceState, Snapshot, State
from supplychain.access.actors import system_actor
from supplychain.access.keys import make_key
from supplychain.access.models import Team
from tests.budgets.counting import counted_waits
from tests.factories import cyclonedx, digest, store

IN_A_QUEUE = 4
"""Lock and read the row; intern the new digest; find the track; write, claim the next and commit. The budget."""
REPEATED = 3
"""The same for a digest that is known."""
ALONE = 4
"""Claimed, and held in the transaction that follows, in one exchange."""
UPLOAD = 3
"""Is the pooled connection alive; whose key is it; keep the document, commit included. Each minute one for the key."""

pytestmark = [pytest.mark.django_db(transaction=True, databases=["default", "interning"])]
_numbers = count()


@pytest.fixture(autouse=True)
def _new_worker() -> None:
    upsert.forget_all()


def documents(components: int, *, number: int, changed: int = 0) -> list[Evidence]:
    """Store builds of one service with the same components; each changes some of them if told to."""
    built = []
    for _ in range(number):
        build = next(_numbers)
        purls = [f"pkg:npm/p{place}@1" for place in range(components - changed)]
        purls += [f"pkg:npm/p{place}@2" for place in range(components - changed, components)]
        built.append(store("a", cyclonedx(*purls, subject=digest(f"build {build}"))))
    return built


def waits_each(evidence: list[Evidence]) -> float:
    """Work through a queue, and return the exchanges of one document."""
    with counted_waits() as waits:
        assert process.work_for(600.0) is False
    states = EvidenceState.objects.filter(pk__in=[one.pk for one in evidence])
    assert {state.state for state in states} == {State.APPLIED}
    return waits.count / len(evidence)


@pytest.mark.parametrize("components", [500, 20_000])
def test_a_document_of_known_components_costs_four_whatever_its_size(components: int) -> None:
    waits_each(documents(components, number=1))

    assert waits_each(documents(components, number=4)) == IN_A_QUEUE


def test_a_repeated_digest_costs_three() -> None:
    waits_each(documents(500, number=1))
    sent = [store("a", cyclonedx("pkg:npm/p0@1", subject=digest("same"), name=f"shop:{number}")) for number in range(3)]
    waits_each(sent[:0] or sent)
    again = [
        store("a", cyclonedx("pkg:npm/p0@1", subject=""), artifacts=[digest("same")], filename=f"{number}")
        for number in range(3)
    ]

    assert waits_each(again) == REPEATED


def test_what_another_worker_interned_costs_no_exchange_more() -> None:
    waits_each(documents(500, number=1))
    upsert.forget_all()  # this worker has not seen the components, the database has

    assert waits_each(documents(500, number=1)) == IN_A_QUEUE


def test_a_change_of_known_components_costs_no_exchange_more() -> None:
    waits_each(documents(500, number=1))
    waits_each(documents(500, number=1, changed=15))

    assert waits_each([*documents(500, number=1), *documents(500, number=1, changed=15)]) == IN_A_QUEUE


def test_a_few_new_components_cost_no_exchange_more() -> None:
    waits_each(documents(500, number=1))

    assert waits_each(documents(500, number=1, changed=15)) == IN_A_QUEUE


def test_many_new_components_cost_one_more() -> None:
    waits_each(documents(500, number=1))

    assert waits_each(documents(500, number=1, changed=100)) == IN_A_QUEUE + 1


def test_a_document_alone_costs_no_more() -> None:
    waits_each(documents(500, number=1))
    documents(500, number=1)

    with counted_waits() as waits:
        assert process.process_next()

    assert waits.count == ALONE
    assert Snapshot.objects.count() == 2


def test_an_upload_costs_the_same_for_every_size() -> None:
    team = Team.objects.create(slug="a", name="a")
    key = make_key(team, scopes=["evidence:write"], actor=system_actor("test"), at=timezone.now())
    client = Client(headers={"authorization": f"Bearer {key.text}"})
    found = []
    for components in (1, 500, 20_000):
        data = cyclonedx(*[f"pkg:npm/p{place}@1" for place in range(components)], subject=digest(f"{components}"))
        client.post("/api/v1/evidence", b"{}", content_type="application/json")  # its use is written down
        with counted_waits() as waits:
            answer = client.post("/api/v1/evidence", data, content_type="application/json")
        assert answer.status_code == 202
        found.append(waits.count)

    assert max(found) <= UPLOAD
    assert len(set(found)) == 1
    assert EvidenceState.objects.filter(state=State.RECEIVED, queued_at__lte=datetime.now(UTC)).exists()
