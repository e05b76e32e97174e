"""The one door by which a change of trust makes a version: one after the other, in the order of their commits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from inventory.models import TrustChange
from supplychain.exchange import Query, Statement, exchange

if TYPE_CHECKING:
    from datetime import datetime

_IN_TURN = Statement("SELECT pg_advisory_xact_lock(23667)")


def note_change(what: str, *, at: datetime) -> int:
    """Make a trust version in the caller's transaction, which changes what is trusted; return it.

    Without the lock a lower version could be committed after a higher one that was judged by already: what it changed
    would then be due for nobody. It lasts until the transaction ends, so call this last.
    """
    exchange([Query(_IN_TURN)])
    return TrustChange.objects.create(at=at, what=what[:255]).pk
