"""Compares what a component calls itself with what its purl says: a lie in the name hides a component from people."""

from __future__ import annotations

import re
from typing import Final

from inventory.identity.purls import Purl

_SEPARATORS: Final = re.compile(r"[-_.]+")
_IMAGES: Final = frozenset({"oci", "docker"})
"""An image is named by whoever pulls it; its digest says what it is."""
_PATHS: Final = re.compile(r"[/:]")


def names_agree(name: str, purl: Purl) -> bool:
    """Tell whether a component's name and its purl name the same package, however its ecosystem writes it.

    Lenient on what generators do: the namespace before the name or not, `group:artifact`, another case, other
    separators, a module path that ends in a version or a package of the module.
    """
    if name == purl.name or purl.type in _IMAGES:
        return True
    given, stated = _plain(name), _plain(purl.name)
    if given == stated or _tail(given) == _tail(stated):
        return True
    full = _plain(f"{purl.namespace}/{purl.name}")
    return given == full or given.startswith(full + "/") or full.startswith(given + "/") or full.endswith("/" + given)


def _plain(name: str) -> str:
    return _SEPARATORS.sub("-", name.lower()).replace(":", "/").strip("/")


def _tail(name: str) -> str:
    return _PATHS.split(name)[-1]
