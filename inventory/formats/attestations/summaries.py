"""What a verification summary says: of a build, or of a source revision (SLSA's source track).

One of a source revision is about one git commit and no artifact, and has a source level and no build level. It says
nothing of any build.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_SOURCE: Final = re.compile(r"SLSA_SOURCE_LEVEL_([1-4])")
_TWO_PARTIES: Final = "SLSA_SOURCE_TWO_PARTY_REVIEWED"
_OF_TWO_PARTIES: Final = 4


def summary_of(facts: Iterable[Sequence[str]]) -> dict[str, str]:
    """Return what a summary says by name: the first of each, and all `refs` of a revision."""
    found: dict[str, str] = {}
    for name, text in facts:
        found[name] = f"{found[name]} {text}" if name == "refs" and name in found else found.get(name, text)
    return found


def build_levels(summary: Mapping[str, str]) -> list[int]:
    """Return the build levels of a summary; two of one track contradict each other, and so are none."""
    found = [word.removeprefix("SLSA_BUILD_LEVEL_").removeprefix("SLSA_LEVEL_") for word in _words(summary)]
    return [int(value) for value in found if value.isascii() and value.isdigit() and len(value) == 1]


def source_level(summary: Mapping[str, str]) -> int | None:
    """Return the source level of a summary of a revision; None where it is none of a revision alone."""
    found = [int(match[1]) for word in _words(summary) if (match := _SOURCE.fullmatch(word))]
    if not summary.get("commit") or build_levels(summary):
        return None
    return found[0] if len(found) == 1 else None


def is_reviewed(summary: Mapping[str, str]) -> bool:
    """Tell whether a summary of a revision says that two people agreed to it: level 4, or the property alone."""
    return source_level(summary) == _OF_TWO_PARTIES or _TWO_PARTIES in _words(summary)


def _words(summary: Mapping[str, str]) -> list[str]:
    return summary.get("levels", "").replace(",", " ").split()
