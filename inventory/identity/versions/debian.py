"""Debian and Ubuntu versions, as dpkg orders them. Source: deb-version(7), "Sorting algorithm"."""

from __future__ import annotations

import re

from inventory.identity.versions.errors import UnevaluableVersion

DebianKey = tuple[int, tuple[int, ...], tuple[int, ...]]

_VERSION = re.compile(
    r"(?:(?P<epoch>[0-9]+):)?(?P<upstream>[0-9][A-Za-z0-9.+~:_-]*?)(?:-(?P<revision>[A-Za-z0-9.+~_]*))?"
)
_CHUNK = re.compile(r"([^0-9]*)([0-9]*)")
_AFTER_LETTERS = 256
_TILDE = -1


def debian_key(version: str) -> DebianKey:
    """Return the order key of `[epoch:]upstream[-revision]`; no revision counts as revision 0."""
    match = _VERSION.fullmatch(version)
    if match is None:
        raise UnevaluableVersion("deb", version)
    return (int(match["epoch"] or 0), _flat_key(match["upstream"]), _flat_key(match["revision"] or ""))


def _flat_key(text: str) -> tuple[int, ...]:
    """Flatten into characters and numbers in turn, so that tuple order is dpkg's order.

    Each run of non-digits is closed by 0, the weight of "nothing more"; so is the whole.
    """
    key: list[int] = []
    for letters, digits in _CHUNK.findall(text or "0"):
        if not letters and not digits:
            break
        key.extend(_weight(char) for char in letters)
        key.append(0)
        key.append(int(digits or 0))
    key.append(0)
    return tuple(key)


def _weight(char: str) -> int:
    if char == "~":
        return _TILDE
    return ord(char) if char.isalpha() else ord(char) + _AFTER_LETTERS
