from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from inventory.policy.blocks import (
    BadBlockError,
    BlockNotFoundError,
    Ending,
    LiftRefusedError,
    add_block,
    add_blocks,
    ask_to_lift,
    blocks_of,
    keep,
    lift,
)
from inventory.policy.hits import find_hits
from inventory.policy.models import Block, BlockKind
from inventory.policy.selectors import BadSelectorError, read_selector
from inventory.verification.people import PersonNeededError
from supplychain.access.actors import actor_for_key, system_actor
from supplychain.access.models import ApiKey, AuditEvent
from supplychain.ids import uuid7
from tests.factories import digest
from tests.supplychain.actors import AT, new_key

pytestmark = pytest.mark.django_db

LATER = AT + timedelta(hours=1)


def blocked(actor: Any, name: str = "bad", **more: Any) -> Block:
    given = {"reason": "stolen", "incident": None, "at": AT} | more
    return add_block(BlockKind.ARTIFACT, {"digest": digest(name)}, actor=actor, **given)


def is_hit(at: Any, name: str = "bad") -> bool:
    return bool(find_hits([digest(name)], at=at)[digest(name)])


def actions() -> list[str]:
    return list(AuditEvent.objects.order_by("sequence").values_list("action", flat=True))


def test_one_person_sets_a_block_and_it_binds_at_once(rita):
    block = blocked(rita)

    assert is_hit(AT)
    assert (block.created_by_id, block.reason) == (rita.user_id, "stolen")
    assert actions() == ["block.set"]


def test_a_block_ends_when_a_second_person_agrees_and_stays_on_record(rita, anna):
    block = blocked(rita)

    ask_to_lift(block.public_id, Ending(reason="rebuilt"), actor=rita, at=AT)
    assert is_hit(LATER)
    lift(block.public_id, actor=anna, at=LATER)

    assert not is_hit(LATER)
    block.refresh_from_db()
    assert (block.lift_asked_by_id, block.lifted_by_id, block.lift_reason, block.ends_at) == (
        rita.user_id,
        anna.user_id,
        "rebuilt",
        LATER,
    )
    assert actions() == ["block.set", "block.lift_asked", "block.lifted"]


def test_nobody_lifts_what_they_asked_to_lift(rita):
    block = blocked(rita)
    ask_to_lift(block.public_id, Ending(reason="rebuilt"), actor=rita, at=AT)

    with pytest.raises(LiftRefusedError):
        lift(block.public_id, actor=rita, at=LATER)

    assert is_hit(LATER)


def test_an_end_that_is_agreed_to_for_later_comes_by_itself(rita, anna):
    block = blocked(rita)
    ask_to_lift(block.public_id, Ending(reason="maintenance", expires_at=LATER), actor=rita, at=AT)
    assert is_hit(LATER + timedelta(days=1))

    lift(block.public_id, actor=anna, at=AT)

    assert is_hit(LATER - timedelta(seconds=1))
    assert not is_hit(LATER)


def test_an_end_can_be_refused_and_asked_for_again(rita, anna):
    block = blocked(rita)
    ask_to_lift(block.public_id, Ending(reason="rebuilt"), actor=rita, at=AT)

    kept = keep(block.public_id, actor=anna, at=AT)

    assert (kept.lift_asked_by_id, kept.lift_reason) == (None, "")
    ask_to_lift(block.public_id, Ending(reason="really"), actor=anna, at=AT)
    lift(block.public_id, actor=rita, at=AT)
    assert not is_hit(AT)


def test_what_is_not_in_its_state_is_refused(rita, anna):
    block = blocked(rita)
    for refused in (lift, keep):
        with pytest.raises(LiftRefusedError):
            refused(block.public_id, actor=anna, at=AT)
    with pytest.raises(BadBlockError):
        ask_to_lift(block.public_id, Ending(reason="x", expires_at=AT), actor=anna, at=AT)
    with pytest.raises(BadBlockError):
        ask_to_lift(block.public_id, Ending(reason="  "), actor=anna, at=AT)
    ask_to_lift(block.public_id, Ending(reason="x"), actor=anna, at=AT)
    with pytest.raises(LiftRefusedError):
        ask_to_lift(block.public_id, Ending(reason="x"), actor=rita, at=AT)
    lift(block.public_id, actor=rita, at=AT)
    with pytest.raises(LiftRefusedError):
        lift(block.public_id, actor=anna, at=AT)
    with pytest.raises(BlockNotFoundError):
        lift(uuid7(), actor=anna, at=AT)


def test_a_block_that_says_the_same_is_set_once(rita, anna):
    first = blocked(rita)

    again = blocked(anna, reason="another reason")

    assert again.pk == first.pk
    assert actions() == ["block.set"]
    ask_to_lift(first.public_id, Ending(reason="x"), actor=anna, at=AT)
    lift(first.public_id, actor=rita, at=AT)
    assert blocked(rita).pk != first.pk


def test_another_incident_needs_a_block_of_its_own_so_that_the_end_of_one_is_not_the_end_of_both(rita, anna):
    one, other = uuid7(), uuid7()
    first = blocked(rita, incident=one)
    blocked(rita, incident=other)

    ask_to_lift(first.public_id, Ending(reason="over"), actor=rita, at=AT)
    lift(first.public_id, actor=anna, at=AT)

    assert is_hit(AT)
    assert [block.pk for block in blocks_of(one)] == [first.pk]


def test_a_list_is_blocked_in_one_go(rita):
    selectors = [read_selector(BlockKind.ARTIFACT, {"digest": digest(str(number))}) for number in range(20)]

    made = add_blocks([*selectors, selectors[0]], reason="wave", incident=None, actor=rita, at=AT)

    assert [block.value for block in made] == [*(one.value for one in selectors), selectors[0].value]
    assert Block.objects.count() == 20


def test_a_key_sets_no_block_and_the_product_itself_may(rita):
    key = actor_for_key(ApiKey.objects.select_related("team").get(public_id=new_key("incidents:write").row.public_id))

    with pytest.raises(PersonNeededError):
        blocked(key)

    assert blocked(system_actor("drill")).created_by_id is None


@pytest.mark.parametrize("reason", ["", "   ", "x" * 2001, "a\0b"])
def test_a_reason_is_needed(rita, reason):
    with pytest.raises(BadBlockError):
        blocked(rita, reason=reason)

    assert not Block.objects.exists()


@pytest.mark.parametrize(
    ("kind", "given", "shown"),
    [
        (BlockKind.ARTIFACT, {"digest": digest("a").upper().replace("SHA256", "sha256")}, {"digest": digest("a")}),
        (BlockKind.PACKAGE, {"purl": "pkg:npm/%40ctrl/t@1"}, {"purl": "pkg:npm/%40ctrl/t", "range": "vers:npm/1"}),
        (
            BlockKind.PACKAGE,
            {"purl": "pkg:npm/x", "range": "^1.2"},
            {"purl": "pkg:npm/x", "range": "vers:npm/>=1.2.0|<2.0.0"},
        ),
        (BlockKind.PACKAGE, {"purl": "pkg:npm/x"}, {"purl": "pkg:npm/x", "range": None}),
        (BlockKind.BUILDER, {"id": "https://builder.example"}, {"id": "https://builder.example"}),
        (BlockKind.SIGNER, {"key": digest("key")}, {"key": digest("key")}),
        (BlockKind.SIGNER, {"issuer": "https://i", "identity": "me"}, {"issuer": "https://i", "identity": "me"}),
        (BlockKind.SIGNER, {"identity": "me"}, {"issuer": None, "identity": "me"}),
        (
            BlockKind.REPOSITORY,
            {"repository": "https://github.com/Acme/App.git"},
            {"repository": "github.com/acme/app"},
        ),
        (BlockKind.CLUSTER, {"cluster": "eu", "namespace": "*"}, {"cluster": "eu", "namespace": None}),
    ],
)
def test_a_selector_is_shown_in_its_canonical_form(kind, given, shown):
    assert read_selector(kind, given).shown == shown


@pytest.mark.parametrize(
    ("kind", "given", "pointer"),
    [
        (BlockKind.ARTIFACT, {}, "/selector/digest"),
        (BlockKind.ARTIFACT, {"digest": "sha256:short"}, "/selector/digest"),
        (BlockKind.ARTIFACT, {"digest": digest("a"), "tag": "x"}, "/selector/tag"),
        (BlockKind.ARTIFACT, {"digest": ["a"]}, "/selector/digest"),
        (BlockKind.PACKAGE, {"purl": "lodash"}, "/selector/purl"),
        (BlockKind.PACKAGE, {"purl": "pkg:npm/x", "range": "vers:pypi/<1"}, "/selector/range"),
        (BlockKind.PACKAGE, {"purl": "pkg:npm/x", "versions": "1"}, "/selector/versions"),
        (BlockKind.PACKAGE, {"purl": "pkg:npm/x", "versions": [""]}, "/selector/versions/0"),
        (BlockKind.SIGNER, {"issuer": "x"}, "/selector/identity"),
        (BlockKind.SIGNER, {"key": digest("k"), "identity": "x"}, "/selector/key"),
        (BlockKind.REPOSITORY, {"repository": "not one"}, "/selector/repository"),
        (BlockKind.SERVICE, {"service": "a\nb"}, "/selector/service"),
        (BlockKind.BUILDER, {"id": "x" * 1025}, "/selector/id"),
    ],
)
def test_a_selector_that_cannot_be_read_is_refused_where_it_is_wrong(kind, given, pointer):
    with pytest.raises(BadSelectorError) as refused:
        read_selector(kind, given)

    assert refused.value.details[0].pointer == pointer


@pytest.mark.parametrize(
    "change",
    [
        {"ends_at": LATER},
        {"lifted_at": AT, "ends_at": AT},
        {"reason": ""},
        {"value": ""},
        {"lift_asked_at": AT},
        {"kind": "anything"},
    ],
)
def test_the_database_refuses_a_block_that_one_person_ended_or_that_says_nothing(rita, change):
    block = blocked(rita)

    with pytest.raises(IntegrityError), transaction.atomic():
        Block.objects.filter(pk=block.pk).update(**change)


def test_the_database_refuses_one_person_as_both(rita):
    block = blocked(rita)
    ask_to_lift(block.public_id, Ending(reason="x"), actor=rita, at=AT)

    with pytest.raises(IntegrityError), transaction.atomic():
        Block.objects.filter(pk=block.pk).update(lifted_by_id=rita.user_id, lifted_at=AT, ends_at=AT)
