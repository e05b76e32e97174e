"""Which versions a block of a package means; this process remembers those it does not.

What is remembered stays true: the range of a block never changes, nor the version of a component. It only spares the
database to look for what would be found not to be meant; a block or a version that nobody judged yet is looked for.
"""

from __future__ import annotations

import logging
import re
import threading
import time
from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple

from inventory.identity.versions import UnevaluableVersion, parse_canonical_vers
from inventory.policy.hits_sql import VERSIONS
from supplychain.database.urgent import DatabaseAwayError
from supplychain.exchange import Query, Statement

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from inventory.identity.versions import VersionRange
    from supplychain.exchange import TypedRow

    Ask = Callable[[Sequence[Query]], list[list[TypedRow]]]

logger = logging.getLogger(__name__)

MOST: Final = 2_000
"""Versions that are judged ahead: all of them are sent with each question."""
AGAIN_SECONDS: Final = 60.0
"""New versions come all the time, and ids mean others in a database that was put back to an earlier day."""
SOON_SECONDS: Final = 5.0
"""After the database did not answer in time, as it may not when it was just started."""
_VERSIONS = Statement(VERSIONS)
_REBUILD = re.compile(r"\+b[0-9]+$")


@lru_cache(maxsize=16_384)
def why_meant(wanted: str | None, version: str, *, type_: str, by_source: bool) -> str:
    """Say why a version is meant; '' where it is not. What has no place in the order is blocked, not let through."""
    if wanted is None:
        return "every version is blocked"
    versions = _range_of(wanted)
    plain = _REBUILD.sub("", version) if type_ == "deb" else version
    source = "its source package " if by_source else ""
    try:
        if versions.contains(version) or (plain != version and versions.contains(plain)):
            return f"{source}{version} is in {wanted}"
    except UnevaluableVersion:
        return f"version {version or '(none stated)'} cannot be compared with {wanted}"
    return ""


class Cleared(NamedTuple):
    """Numbers of versions that are not meant, as an array of PostgreSQL's, and the file of the table they are of."""

    numbers: str = "{}"
    file: int = 0


NOTHING: Final = Cleared()


class ClearedVersions:
    """What of the blocks in force is not meant. Thread-safe."""

    def __init__(self) -> None:
        self._mark, self._until = "", 0.0
        self._lock = threading.Lock()
        self.known = NOTHING

    def follow(self, mark: str, *, at: datetime, ask: Ask) -> None:
        """Judge all versions there are of blocked packages, where a block is new or it was long ago. One statement.

        Where the database does not answer in time what was known stays: that is as true as it was.
        """
        now = time.monotonic()
        if (mark == self._mark and now < self._until) or not self._lock.acquire(blocking=False):
            return
        try:
            self._mark, self._until = mark, now + AGAIN_SECONDS
            rows = ask([Query(_VERSIONS, {"at": at, "limit": MOST})])[0] if mark else []
            numbers = [
                number
                for number, wanted, version, type_, by_source, _file in rows
                if not why_meant(wanted, version, type_=type_, by_source=by_source)
            ]
            self.known = Cleared(f"{{{','.join(map(str, numbers))}}}", rows[0][-1]) if numbers else NOTHING
        except DatabaseAwayError:
            # The decision that came along has all that it stands on: this only spares the next ones work.
            self._until = now + SOON_SECONDS
            logger.warning("The versions of blocked packages could not be judged ahead; it is tried again.")
        finally:
            self._lock.release()


cleared = ClearedVersions()
"""Of this process."""


@lru_cache(maxsize=4_096)
def _range_of(text: str) -> VersionRange:
    return parse_canonical_vers(text)
