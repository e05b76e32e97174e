"""Maven versions, as org.apache.maven.artifact.versioning.ComparableVersion orders them.

Source: Maven's "Version Order Specification" in the POM reference. The order is not a plain tuple order: a sub-list
compares with a missing item by its own content, so keys carry their own comparison.
"""

from __future__ import annotations

import functools
import re
from itertools import zip_longest
from typing import TypeAlias

from inventory.identity.versions.errors import UnevaluableVersion

Item: TypeAlias = "int | str | list[Item]"

_VERSION = re.compile(r"[vV]?[0-9][^\s,\[\]()]*")
_QUALIFIERS = {"alpha": 0, "beta": 1, "milestone": 2, "rc": 3, "snapshot": 4, "": 5, "sp": 6}
_ALIASES = {"ga": "", "final": "", "release": "", "cr": "rc"}
_SHORT = {"a": "alpha", "b": "beta", "m": "milestone"}
_RELEASE = (5, "")
_UNKNOWN_RANK = 7
_TOKEN = re.compile(r"[0-9]+|[^0-9.-]+|[.-]")


@functools.total_ordering
class MavenKey:
    """A parsed Maven version. Comparable with other MavenKeys only."""

    __slots__ = ("_items",)

    def __init__(self, items: list[Item]) -> None:
        self._items = items

    def __eq__(self, other: object) -> bool:
        return isinstance(other, MavenKey) and _compare_lists(self._items, other._items) == 0

    def __lt__(self, other: MavenKey) -> bool:
        return _compare_lists(self._items, other._items) < 0

    def __hash__(self) -> int:
        return hash(repr(self._items))

    def __repr__(self) -> str:
        return f"MavenKey({self._items!r})"


def maven_key(version: str) -> MavenKey:
    """Return the order key of a Maven version. Maven orders any text; what begins with no number is no version here."""
    if not _VERSION.fullmatch(version):
        raise UnevaluableVersion("maven", version)
    return MavenKey(_parse(version.lower()))


def _parse(version: str) -> list[Item]:
    root: list[Item] = []
    stack = [root]
    tokens = _TOKEN.findall(version)
    empty = True
    for position, piece in enumerate(tokens):
        following = tokens[position + 1] if position + 1 < len(tokens) else ""
        current = stack[-1]
        if piece in ".-":
            if empty:
                current.append(0)
            empty = True
            if piece == "-":
                _open(stack)
            continue
        current.append(int(piece) if piece.isdigit() else _word(piece, before_digit=following[:1].isdigit()))
        empty = False
        if following and following not in ".-":
            _open(stack)
    for items in reversed(stack):
        _normalize(items)
    return root


def _open(stack: list[list[Item]]) -> None:
    items: list[Item] = []
    stack[-1].append(items)
    stack.append(items)


def _word(text: str, *, before_digit: bool) -> str:
    word = _SHORT.get(text, text) if before_digit else text
    return _ALIASES.get(word, word)


def _normalize(items: list[Item]) -> None:
    """Drop what means nothing (0, '', an empty list) from the end back to the last item that means something."""
    for index in range(len(items) - 1, -1, -1):
        item = items[index]
        if item in (0, "") or item == []:
            del items[index]
        elif not isinstance(item, list):
            break


def _compare_lists(left: list[Item], right: list[Item]) -> int:
    for one, other in zip_longest(left, right):
        result = -_compare(other, None) if one is None else _compare(one, other)
        if result:
            return result
    return 0


def _compare(one: Item, other: Item | None) -> int:
    if isinstance(one, int):
        if other is None:
            return 1 if one else 0
        return _sign(one, other) if isinstance(other, int) else 1
    if isinstance(one, str):
        if other is None or isinstance(other, str):
            return _sign(_qualifier(one), _RELEASE if other is None else _qualifier(other))
        return -1
    if other is None:
        return next((result for item in one if (result := _compare(item, None))), 0)
    if isinstance(other, list):
        return _compare_lists(one, other)
    return -1 if isinstance(other, int) else 1


def _qualifier(word: str) -> tuple[int, str]:
    rank = _QUALIFIERS.get(word)
    return (_UNKNOWN_RANK, word) if rank is None else (rank, "")


def _sign(one: int | tuple[int, str], other: int | tuple[int, str]) -> int:
    return (one > other) - (one < other)  # type: ignore[operator]
