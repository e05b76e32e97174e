"""Lock files, pasted whole or in part: a line names a package, a later one its version; the rest is theirs alone."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from incidents.pasted.packages import package_indicator

if TYPE_CHECKING:
    from collections.abc import Sequence

    from incidents.indicators import Indicator

_GO_SUM = re.compile(r"(?P<name>\S+)\s+(?P<version>v\d\S*?)(?:/go\.mod)?\s+h1:\S+")
_HASH_OPTION = re.compile(r"--hash[= ]\S+")


@dataclass(slots=True)
class LockReader:
    """Remembers the block of a lock file that the last lines were in."""

    def read(self, line: str, *, number: int) -> Sequence[Indicator] | None:
        """Return the line's indicators; nothing for what belongs to a block; None for what is no lock file's line."""
        bare = line.strip()
        if (match := _GO_SUM.fullmatch(bare)) is not None:
            return (package_indicator("golang", match["name"], listed=match["version"], given=bare, line=number),)
        if _HASH_OPTION.match(bare):
            return ()
        return None
