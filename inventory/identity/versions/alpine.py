"""Alpine versions, as apk-tools orders them. Source: apk-package(5) and the alpine cases of package-url/vers-spec."""

from __future__ import annotations

import re

from inventory.identity.versions.errors import UnevaluableVersion

Token = tuple[int, int, int]

_VERSION = re.compile(
    r"(?P<numbers>[0-9]+(?:\.[0-9]+)*)(?P<letter>[a-z])?"
    r"(?P<suffixes>(?:_[a-z]+[0-9]*)*)(?:~(?P<commit>[0-9a-f]+))?(?:-r(?P<revision>[0-9]+))?"
)
_SUFFIX = re.compile(r"_([a-z]+)([0-9]*)")
_BEFORE = {"alpha": 0, "beta": 1, "pre": 2, "rc": 3}
_AFTER = {"cvs": 0, "svn": 1, "git": 2, "hg": 3, "p": 4}

_RANK_BEFORE, _RANK_END, _RANK_REVISION, _RANK_SUFFIX_NUMBER, _RANK_AFTER, _RANK_LETTER, _RANK_NUMBER = range(7)


def alpine_key(version: str) -> tuple[Token, ...]:
    """Return the order key of an apk version. Where two differ in kind a pre-release is lowest, a number highest."""
    match = _VERSION.fullmatch(version)
    if match is None:
        raise UnevaluableVersion("apk", version)
    first, *others = match["numbers"].split(".")
    tokens: list[Token] = [(_RANK_NUMBER, 0, int(first))]
    tokens.extend(_number(text) for text in others)
    if match["letter"]:
        tokens.append((_RANK_LETTER, 0, ord(match["letter"])))
    for name, number in _SUFFIX.findall(match["suffixes"]):
        tokens.append(_suffix(name, version=version))
        if number:
            tokens.append((_RANK_SUFFIX_NUMBER, 0, int(number)))
    if match["revision"]:
        tokens.append((_RANK_REVISION, 0, int(match["revision"])))
    tokens.append((_RANK_END, 0, 0))
    return tuple(tokens)


def _number(text: str) -> Token:
    """Order a number after the first: leading zeros make it a fraction, lower the more there are (`1.01` < `1.1`)."""
    rest = text.lstrip("0")
    zeros = len(text) - len(rest)
    return (_RANK_NUMBER, -zeros, int(rest) if rest else -1 if zeros else 0)


def _suffix(name: str, *, version: str) -> Token:
    if name in _BEFORE:
        return (_RANK_BEFORE, 0, _BEFORE[name])
    if name in _AFTER:
        return (_RANK_AFTER, 0, _AFTER[name])
    raise UnevaluableVersion("apk", version)
