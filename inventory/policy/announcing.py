"""Who is told, in the same transaction, that a block nears its end: those named in settings.BLOCK_LISTENERS.

A block holds the public id of an incident and knows nothing of incidents; their timeline hears of it here.
"""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, Protocol

from django.conf import settings
from django.db import transaction
from django.utils.module_loading import import_string

from inventory.policy import blocks

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from inventory.policy.blocks import Ending
    from inventory.policy.models import Block
    from supplychain.access.actors import Actor


class BlockChange(enum.StrEnum):
    """What became of a block."""

    LIFT_ASKED = "lift_asked"
    LIFTED = "lifted"
    KEPT = "kept"


class Listener(Protocol):
    """A function that hears of a change, in its transaction."""

    def __call__(self, block: Block, change: BlockChange, *, actor: Actor, at: datetime) -> None: ...


@transaction.atomic
def ask_to_lift(public_id: UUID, ending: Ending, *, actor: Actor, at: datetime) -> Block:
    """Ask for the end of a block, and tell the listeners. Raises as blocks.ask_to_lift."""
    return _told(blocks.ask_to_lift(public_id, ending, actor=actor, at=at), BlockChange.LIFT_ASKED, actor=actor, at=at)


@transaction.atomic
def lift(public_id: UUID, *, actor: Actor, at: datetime) -> Block:
    """Agree to the end of a block, and tell the listeners. Raises as blocks.lift."""
    return _told(blocks.lift(public_id, actor=actor, at=at), BlockChange.LIFTED, actor=actor, at=at)


@transaction.atomic
def keep(public_id: UUID, *, actor: Actor, at: datetime) -> Block:
    """Refuse the end that was asked for, and tell the listeners. Raises as blocks.keep."""
    return _told(blocks.keep(public_id, actor=actor, at=at), BlockChange.KEPT, actor=actor, at=at)


def _told(block: Block, change: BlockChange, *, actor: Actor, at: datetime) -> Block:
    for name in settings.BLOCK_LISTENERS:
        listener: Listener = import_string(name)
        listener(block, change, actor=actor, at=at)
    return block
