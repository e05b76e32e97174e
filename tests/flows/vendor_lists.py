"""Lists of a worm's packages as vendors publish them: the real one where it is at hand, else of its shape and size."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

REAL = Path(__file__).parents[3] / "shared/corpus/incident-feed/lists/shai-hulud-detect-compromised-packages.txt"
ENTRIES = 5_782
ROWS, PAIRS = 795, 1_089
_MANY, _THREE = 233, 61
"""Rows of several versions, and those of them that have three."""
WRONG = ("@ctrl/tinycolor", "4.1.0")


class Listed(NamedTuple):
    """A release as a list names it. `type` '' where the line does not say, which then means every ecosystem."""

    type: str
    name: str
    version: str


def table(*, with_mistake: bool) -> tuple[bytes, list[Listed]]:
    """Write a table of names and versions, as the one of November 2025: some rows hold several versions.

    With the mistake it also names the release of tinycolor that was none of the worm's.
    """
    found: list[tuple[str, list[str]]] = [("@ctrl/tinycolor", ["4.1.1", "4.1.2"]), ("@ctrl/deluge", ["7.2.1", "7.2.2"])]
    for number in range(len(found), ROWS):
        count = 1 if number >= _MANY else 3 if number < _THREE + 2 else 2
        scope = f"@scope-{number % 50}/" if number % 3 else ""
        found.append((f"{scope}package-{number}", [f"{number % 9}.{step}.{number % 4}" for step in range(count)]))
    if with_mistake:
        found[0][1].insert(0, WRONG[1])
    lines = [f"{name}," + " || ".join(f"= {version}" for version in versions) for name, versions in found]
    listed = [Listed("npm" if "@" in name else "", name, version) for name, versions in found for version in versions]
    return "\n".join(["Package,Version", *lines, ""]).encode(), listed


def long_list() -> tuple[bytes, list[Listed]]:
    """Return the list of August 2026, `[ecosystem:]name:version` a line, and what it names."""
    data = REAL.read_bytes() if REAL.is_file() else "\n".join(["# compromised", "", *_made()]).encode()
    return data, [_read(line) for line in _lines(data)]


def _made() -> Sequence[str]:
    names = [
        f"@wave-{number % 40}/pkg-{number % 2_368}" if number % 2 else f"pkg-{number % 2_368}"
        for number in range(5_644)
    ]
    bare = [f"{name}:{number // 2_368}.{number % 7}.1" for number, name in enumerate(names)]
    prefixed = [
        f"{kind}:worm-{number}:0.{number}.0" for kind, count in (("npm", 83), ("pypi", 52)) for number in range(count)
    ]
    return [*bare, *prefixed, *(f"composer:acme/worm-{number}:1.0.{number}" for number in range(3))]


def _lines(data: bytes) -> Iterator[str]:
    for line in data.decode().splitlines():
        if line.strip() and not line.startswith("#"):
            yield line.strip()


def _read(line: str) -> Listed:
    head, _, version = line.rpartition(":")
    kind, _, name = head.rpartition(":")
    return Listed(kind or ("npm" if head.startswith("@") else ""), name, version)
