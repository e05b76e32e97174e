"""Digests and hashes: `sha256:…` names an artifact, anything else a file."""

from __future__ import annotations

import base64
import binascii
import re

from inventory.identity.digests import DigestError, parse_digest
from inventory.identity.indicators import HASH_LENGTHS, Indicator, IndicatorKind

_BARE = {length: algorithm for algorithm, length in HASH_LENGTHS.items()}
_HEX = re.compile(r"[0-9A-Fa-f]{32,128}")
_LABELLED = re.compile(r"(?P<algorithm>md-?5|sha-?(?:1|256|384|512))\s*[:=]\s*(?P<value>[0-9A-Fa-f]+)", re.IGNORECASE)
_INTEGRITY = re.compile(r"(?P<algorithm>sha(?:1|256|384|512))-(?P<value>[A-Za-z0-9+/]{27,88}={0,2})")


def read_hash(item: str, *, given: str, line: int | None) -> Indicator | None:
    """Return a digest, a hash in hex with or without its algorithm, or an npm integrity; None for anything else."""
    if _HEX.fullmatch(item) and len(item) in _BARE:
        return _hash(_BARE[len(item)], item.lower(), given=given, line=line)
    if (match := _LABELLED.fullmatch(item)) is not None:
        return _labelled(match, given=given, line=line)
    if (match := _INTEGRITY.fullmatch(item)) is not None:
        return _integrity(match, given=given, line=line)
    return None


def _labelled(match: re.Match[str], *, given: str, line: int | None) -> Indicator:
    algorithm, value = match["algorithm"].lower().replace("-", ""), match["value"].lower()
    try:
        return Indicator(IndicatorKind.ARTIFACT, given, line, digest=str(parse_digest(f"{algorithm}:{value}")))
    except DigestError:
        return _hash(algorithm, value, given=given, line=line)


def _hash(algorithm: str, value: str, *, given: str, line: int | None) -> Indicator:
    if len(value) != HASH_LENGTHS[algorithm]:
        problem = f"{algorithm} has {HASH_LENGTHS[algorithm]} hex characters, this has {len(value)}"
        return Indicator(IndicatorKind.UNREADABLE, given, line, problem=problem)
    return Indicator(IndicatorKind.HASH, given, line, algorithm=algorithm, value=value)


def _integrity(match: re.Match[str], *, given: str, line: int | None) -> Indicator | None:
    try:
        value = base64.b64decode(match["value"], validate=True).hex()
    except binascii.Error:
        return None
    return _hash(match["algorithm"], value, given=given, line=line) if value else None
