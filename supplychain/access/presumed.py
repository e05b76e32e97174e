"""A key as this process read it last: whoever trusts it reads it again beside what it asks, before anything is kept.

To find out first who asks would cost a cluster that waits another way to the database and back.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from supplychain.access import keys
from supplychain.exchange import Query, Statement

if TYPE_CHECKING:
    from supplychain.access.models import ApiKey
    from supplychain.exchange import TypedRow

_AS_THEY_ARE = Statement(keys.FIND.replace("= %(lookup)s", "= ANY(%(lookups)s::text[])"))


class KeyChangedError(Exception):
    """The key is not what this process took it for: whoever asked must be asked again who they are."""


class PresumedKey:
    """A key that opened something a moment ago. `is_confirmed` once it was read again and was the same."""

    def __init__(self, key: ApiKey) -> None:
        self.key = key
        self.is_confirmed = False

    def confirm(self, found: Collection[ApiKey]) -> None:
        """Take note of what was read again. Raises KeyChangedError."""
        if not any(key is self.key for key in found):
            raise KeyChangedError
        self.is_confirmed = True


def presume(text: str, *, at: datetime) -> PresumedKey | None:
    """Return the key if this process knows it and may take it as it is; None where it must be read first.

    No query. Not known: what was revoked since.
    """
    key = keys.last_read(text, at=at)
    return None if key is None else PresumedKey(key)


def query_of(presumed: Collection[PresumedKey]) -> Query:
    """Return the question for these keys as they are now; `read` reads its rows."""
    return Query(_AS_THEY_ARE, {"lookups": sorted({one.key.lookup for one in presumed})})


def read(rows: Sequence[TypedRow]) -> list[ApiKey]:
    """Return the keys; one that reads as it did is the same object."""
    return [keys.key_of(*row) for row in rows]
