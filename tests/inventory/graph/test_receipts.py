"""Receipts: which documents an actor may see, and which of them speak of an artifact."""

from __future__ import annotations

import json
from typing import Any

import pytest

from inventory.graph.receipts import NEWEST_FIRST, ReceiptFilter, ReceiptNotFoundError, find_receipt, receipts
from inventory.models import Evidence, State
from tests.attested import dsse, encode, statement
from tests.factories import (
    SEES_ALL,
    START,
    apply_waiting,
    cyclonedx,
    deployment,
    digest,
    digest_of,
    image_index,
    later,
    member_of,
    openvex,
    referring_manifest,
    registry_event,
    report,
    store,
    submit,
)
from tests.supplychain.actors import client_of, new_key

pytestmark = pytest.mark.django_db

APP = digest("app")
LODASH = "pkg:npm/lodash@4.17.21"


def found(actor=SEES_ALL, **wanted: Any) -> list[Evidence]:
    return list(receipts(ReceiptFilter(**wanted), actor=actor).order_by(*NEWEST_FIRST))


def test_receipts_come_newest_first():
    first = submit("a", cyclonedx(LODASH, subject=APP))
    second = submit("a", cyclonedx(LODASH, subject=digest("other")), at=later(1))

    assert found() == [second, first]


def test_the_state_and_the_kind_can_be_asked_for():
    sbom = submit("a", cyclonedx(LODASH, subject=APP))
    broken = store("a", b"{}")
    apply_waiting()
    waiting = store("a", cyclonedx(LODASH))

    assert found(state=State.REJECTED) == [broken]
    assert found(state=State.RECEIVED) == [waiting]
    assert found(kind="sbom") == [sbom]


def test_since_is_the_time_of_receipt():
    submit("a", cyclonedx(LODASH, subject=APP), at=START)
    late = submit("a", cyclonedx(LODASH, subject=digest("late")), at=later(10))

    assert found(since=later(10)) == [late]


def test_an_sbom_its_container_and_its_index_all_speak_of_an_artifact():
    sbom = submit("a", cyclonedx(LODASH, subject=APP))
    index = submit("a", image_index(APP))
    opened = report("a", deployment(digest=APP))
    closed = report("a", deployment(digest=APP, status="ended"), at=later(5))
    submit("a", cyclonedx(LODASH, subject=digest("other")))

    assert found(artifact=APP) == [closed, opened, index, sbom]


def test_an_attestation_an_event_a_config_and_a_referrer_speak_of_an_artifact():
    attestation = submit("a", encode(dsse(statement(APP))))
    event = submit("a", registry_event(APP))
    referrer = submit("a", referring_manifest(APP))
    vex = submit("a", openvex(f"pkg:oci/app@{APP.replace(':', '%3A')}"))
    submit("a", encode(dsse(statement(digest("other")))))
    submit("b", encode(dsse(statement(APP))))

    assert found(member_of("a"), artifact=APP) == [vex, referrer, event, attestation]


def test_an_image_that_only_claims_something_of_itself_is_spoken_of_by_its_document():
    config = json.dumps(
        {"architecture": "amd64", "os": "linux", "rootfs": {"type": "layers", "diff_ids": [digest("layer")]},
         "config": {"Labels": {"org.opencontainers.image.source": "https://github.com/acme/shop"}}}
    ).encode()  # fmt: skip
    evidence = submit("a", config)

    assert found(artifact=digest_of(config)) == [evidence]


def test_what_was_sent_for_an_artifact_and_not_read_speaks_of_it_too():
    broken = store("a", b"{}", artifacts=[APP])
    apply_waiting()
    waiting = store("a", cyclonedx(LODASH), artifacts=[APP])

    assert found(artifact=APP) == [waiting, broken]


def test_another_teams_receipts_are_not_there():
    foreign = submit("a", cyclonedx(LODASH, subject=APP))

    assert found(member_of("b")) == []
    assert found(member_of("b"), artifact=APP) == []
    with pytest.raises(ReceiptNotFoundError):
        find_receipt(foreign.public_id, actor=member_of("b"))


def test_the_route_filters_and_pages():
    for number in range(3):
        submit("a", cyclonedx(LODASH, subject=digest(str(number))), at=later(number))
    store("a", b"{}", at=later(5))
    apply_waiting()
    reader = client_of(new_key("inventory:read", team="a"))

    seen, address = [], "/api/v1/evidence?limit=2&kind=sbom&since=2026-03-01T12:01:00Z"
    while address:
        body = reader.get(address).json()
        seen += [row["artifacts"] for row in body["results"]]
        address = body["next"]

    assert seen == [[digest("2")], [digest("1")]]


@pytest.mark.parametrize("query", ["state=done", "since=yesterday", "artifact=latest", "colour=red", "cursor=x"])
def test_a_filter_that_cannot_be_meant_is_refused(query):
    assert client_of(new_key("inventory:read")).get(f"/api/v1/evidence?{query}").status_code == 400


def test_the_list_is_one_statement(django_assert_num_queries):
    for number in range(4):
        submit("a", cyclonedx(LODASH, subject=digest(str(number))))

    with django_assert_num_queries(1):
        rows = found(artifact=digest("1"))
        assert [(row.state.state, row.team.slug) for row in rows] == [("applied", "a")]
