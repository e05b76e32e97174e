"""Go's paths: a package is imported by the path of its module and what stands below it, and either may be listed.

Source: go.dev/ref/mod, "Module paths". Which part of a path is the module cannot be told by the path alone.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

_MAJOR: Final = re.compile(r"v(?:[2-9]|[1-9][0-9]+)")
_OWNED: Final = frozenset({"bitbucket.org", "github.com", "gitlab.com"})
"""Hosts on which a module is at least an owner's repository."""


def above(path: str) -> Iterator[tuple[str, str]]:
    """Yield the paths of modules that may hold a package, the longest first, split as purls do.

    A segment `v2` ends a module's path: what stands above it is another module.
    """
    parts = path.split("/")
    shortest = 3 if parts[0] in _OWNED else 2
    while len(parts) > shortest and _MAJOR.fullmatch(parts[-1]) is None:
        parts.pop()
        yield "/".join(parts[:-1]), parts[-1]
