"""NuGet versions: four numbers and a pre-release that ignores case. Source: NuGet, "Package versioning"."""

from __future__ import annotations

import re

from inventory.identity.versions.errors import UnevaluableVersion

Identifier = tuple[int, int, str]
NugetKey = tuple[tuple[int, ...], int, tuple[Identifier, ...]]

_VERSION = re.compile(
    r"v?(?P<core>[0-9]+(?:\.[0-9]+){0,3})(?:-(?P<pre>[0-9A-Za-z.-]+))?(?:\+[0-9A-Za-z.-]*)?", re.IGNORECASE
)


def nuget_key(version: str) -> NugetKey:
    """Return the order key of a NuGet version; build metadata does not count."""
    match = _VERSION.fullmatch(version)
    if match is None:
        raise UnevaluableVersion("nuget", version)
    numbers = [int(part) for part in match["core"].split(".")]
    numbers.extend([0] * (4 - len(numbers)))
    pre = match["pre"]
    if not pre:
        return (tuple(numbers), 1, ())
    parts = pre.lower().split(".")
    return (tuple(numbers), 0, tuple((0, int(part), "") if part.isdigit() else (1, 0, part) for part in parts))
