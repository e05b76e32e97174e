"""Blocks: one person sets one and it binds at once; one asks for its end and another agrees. No row ever goes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import transaction

from inventory.policy.models import Block
from inventory.policy.selectors import describe, read_selector
from inventory.verification.people import PersonNeededError, check_person
from supplychain.access import audit
from supplychain.errors import DomainError, ErrorDetail

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from uuid import UUID

    from django.db.models import QuerySet

    from inventory.policy.models import BlockKind
    from inventory.policy.selectors import Given, Selector
    from supplychain.access.actors import Actor

MAX_REASON = 2_000
MAX_AT_ONCE = 500


class BlockNotFoundError(DomainError):
    """There is no such block."""

    def __init__(self) -> None:
        super().__init__("not_found", "There is no such block.", status=404)


class LiftRefusedError(DomainError):
    """A block is lifted by two people, once."""

    def __init__(self, message: str) -> None:
        super().__init__("lift_refused", message, status=409)


class BadBlockError(DomainError):
    """A block cannot be set so."""

    def __init__(self, pointer: str, message: str) -> None:
        super().__init__("bad_block", message, details=(ErrorDetail(pointer, "bad_block", message),))


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """Why a block should end, and when; None: as soon as a second person agrees."""

    reason: str
    expires_at: datetime | None = None


def add_block(
    kind: BlockKind, selector: Given, *, reason: str, incident: UUID | None, actor: Actor, at: datetime
) -> Block:
    """Set a block; it binds from this transaction's commit on. One that says the same and binds is returned instead.

    Raises BadSelectorError, BadBlockError, PersonNeededError for a key.
    """
    return add_blocks([read_selector(kind, selector)], reason=reason, incident=incident, actor=actor, at=at)[0]


@transaction.atomic
def add_blocks(
    selectors: Sequence[Selector], *, reason: str, incident: UUID | None, actor: Actor, at: datetime
) -> list[Block]:
    """Set several blocks for one reason, each told on the audit log; the blocks in the order of their selectors.

    Raises BadBlockError, PersonNeededError for a key.
    """
    _check_who(actor)
    reason = _checked(reason, pointer="/reason")
    if not 0 < len(selectors) <= MAX_AT_ONCE:
        raise BadBlockError("", f"One to {MAX_AT_ONCE} blocks are set at once.")
    wanted = {selector.hash: selector for selector in selectors}
    made = [_new(selector, reason=reason, incident=incident, actor=actor, at=at) for selector in wanted.values()]
    Block.objects.bulk_create(made, ignore_conflicts=True)
    binding = Block.objects.filter(selector_hash__in=list(wanted), incident=incident, ends_at__isnull=True)
    found = {block.selector_hash: block for block in binding.select_related("created_by", "lift_asked_by")}
    new_ids = {block.public_id for block in made}
    for block in found.values():
        if block.public_id in new_ids:
            _record(block, "set", text=reason, actor=actor, at=at)
    return [found[selector.hash] for selector in selectors]


@transaction.atomic
def ask_to_lift(public_id: UUID, ending: Ending, *, actor: Actor, at: datetime) -> Block:
    """Ask for the end of a block, which binds until another person agrees.

    Raises BlockNotFoundError, BadBlockError, LiftRefusedError, PersonNeededError.
    """
    user_id = check_person(actor)
    reason = _checked(ending.reason, pointer="/reason")
    if ending.expires_at is not None and ending.expires_at <= at:
        raise BadBlockError("/expires_at", "The end that is asked for is in the past.")
    block = _locked(public_id)
    if block.lift_asked_by_id is not None:
        raise LiftRefusedError("Its end is asked for already.")
    block.lift_asked_by_id, block.lift_asked_at = user_id, at
    block.lift_reason, block.expires_at = reason, ending.expires_at
    block.save(update_fields=["lift_asked_by", "lift_asked_at", "lift_reason", "expires_at"])
    _record(block, "lift_asked", text=reason, actor=actor, at=at)
    return block


@transaction.atomic
def lift(public_id: UUID, *, actor: Actor, at: datetime) -> Block:
    """Agree, as another person, to the end of a block: now, or at the time that was asked for.

    Raises BlockNotFoundError, LiftRefusedError, PersonNeededError.
    """
    user_id = check_person(actor)
    block = _locked(public_id)
    if block.lift_asked_by_id is None:
        raise LiftRefusedError("Nobody asked for its end yet.")
    if block.lift_asked_by_id == user_id:
        raise LiftRefusedError("You asked for its end; another person must agree.")
    block.lifted_by_id, block.lifted_at = user_id, at
    block.ends_at = max(at, block.expires_at or at)
    block.save(update_fields=["lifted_by", "lifted_at", "ends_at"])
    _record(block, "lifted", text=block.lift_reason, actor=actor, at=at)
    return block


@transaction.atomic
def keep(public_id: UUID, *, actor: Actor, at: datetime) -> Block:
    """Refuse the end that was asked for, or take one's own asking back: the block binds as before.

    Raises BlockNotFoundError, LiftRefusedError, PersonNeededError.
    """
    check_person(actor)
    block = _locked(public_id)
    if block.lift_asked_by_id is None:
        raise LiftRefusedError("Nobody asked for its end.")
    _record(block, "kept", text=block.lift_reason, actor=actor, at=at)
    block.lift_asked_by_id = block.lift_asked_at = block.expires_at = None
    block.lift_reason = ""
    block.save(update_fields=["lift_asked_by", "lift_asked_at", "lift_reason", "expires_at"])
    return block


def blocks_of(incident: UUID) -> QuerySet[Block]:
    """Return the blocks set for an incident, those that ended too, oldest first."""
    people = Block.objects.select_related("created_by", "lift_asked_by", "lifted_by")
    return people.filter(incident=incident).order_by("public_id")


def _check_who(actor: Actor) -> None:
    """Let a person set a block, and the product itself: a key tells what it saw, and decides nothing."""
    if actor.user_id is None and actor.kind != "system":
        raise PersonNeededError


def _checked(reason: str, *, pointer: str) -> str:
    stripped = reason.strip()
    if not stripped or len(stripped) > MAX_REASON or "\0" in stripped:
        raise BadBlockError(pointer, f"A reason is needed, of at most {MAX_REASON:,} characters.")
    return stripped


def _new(selector: Selector, *, reason: str, incident: UUID | None, actor: Actor, at: datetime) -> Block:
    return Block(
        kind=selector.kind,
        selector=dict(selector.shown),
        selector_hash=selector.hash,
        value=selector.value,
        issuer=selector.issuer,
        namespace=selector.namespace,
        package_type=selector.package_type,
        package_namespace=selector.package_namespace,
        package_name=selector.package_name,
        reason=reason,
        incident=incident,
        created_by_id=actor.user_id,
        created_at=at,
    )


def _locked(public_id: UUID) -> Block:
    block = Block.objects.select_for_update(no_key=True).filter(public_id=public_id).first()
    if block is None:
        raise BlockNotFoundError
    if block.lifted_by_id is not None:
        raise LiftRefusedError("Its end is agreed already.")
    return block


def _record(block: Block, what: str, *, text: str, actor: Actor, at: datetime) -> None:
    details = {"kind": block.kind, "selector": describe(block.kind, block.selector), "reason": text}
    if block.expires_at is not None:
        details["expires_at"] = block.expires_at.isoformat()
    if block.incident is not None:
        details["incident"] = str(block.incident)
    audit.record(actor, f"block.{what}", subject=str(block.public_id), details=details, at=at)
