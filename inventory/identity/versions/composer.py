"""Composer versions, as PHP orders them. Source: php.net, version_compare; getcomposer.org, "Versions"."""

from __future__ import annotations

import re

from inventory.identity.versions.errors import UnevaluableVersion

Part = tuple[int, int, str]

_VERSION = re.compile(r"[vV]?[0-9][0-9A-Za-z.+_~#-]*")
_PART = re.compile(r"[0-9]+|[A-Za-z]+")
_STABILITY = {"dev": 1, "alpha": 2, "a": 2, "beta": 3, "b": 3, "rc": 4, "c": 4, "pl": 8, "p": 8, "patch": 8}
_UNKNOWN, _END, _STABLE_WORD, _NUMBER = 0, 5, 5, 7
_STABLE_WORDS = frozenset({"stable"})


def composer_key(version: str) -> tuple[Part, ...]:
    """Return the order key: unknown words < dev < alpha < beta < RC < nothing < numbers < patch."""
    if not _VERSION.fullmatch(version):
        raise UnevaluableVersion("composer", version)
    text = version.lstrip("vV").partition("+")[0]
    parts = [_part(part) for part in _PART.findall(text) if part.lower() not in _STABLE_WORDS]
    return (*_without_filler_zeros(parts), (_END, 0, ""))


def _part(text: str) -> Part:
    if text.isdigit():
        return (_NUMBER, int(text), "")
    word = text.lower()
    return (_STABILITY[word], 0, "") if word in _STABILITY else (_UNKNOWN, 0, word)


def _without_filler_zeros(parts: list[Part]) -> list[Part]:
    """Composer fills the leading numbers up to four, so `1.0` is `1.0.0.0`: drop the zeros that end the leading run."""
    end = 0
    while end < len(parts) and parts[end][0] == _NUMBER:
        end += 1
    keep = end
    while keep > 1 and parts[keep - 1][1] == 0:
        keep -= 1
    return parts[:keep] + parts[end:]
