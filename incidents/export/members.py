"""What a pack is made of: members that can be read again, measured once."""

from __future__ import annotations

import hashlib
import zlib
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_PLAIN = msgspec.json.Encoder(order="sorted")
_PACK_FROM = 4_096


@dataclass(frozen=True, slots=True)
class Member:
    """A file of the pack: its name, and what gives its bytes, each time the same."""

    name: str
    open: Callable[[], Iterator[bytes]]


@dataclass(frozen=True, slots=True)
class Measured:
    """A member read once to its end."""

    name: str
    open: Callable[[], Iterator[bytes]]
    size: int
    crc: int
    sha256: str


def measure(member: Member) -> Measured:
    """Read a member once, a chunk at a time."""
    hasher, size, crc = hashlib.sha256(), 0, 0
    for chunk in member.open():
        hasher.update(chunk)
        size, crc = size + len(chunk), zlib.crc32(chunk, crc)
    return Measured(member.name, member.open, size, crc, hasher.hexdigest())


def data_member(name: str, data: bytes) -> Member:
    """Make a member of bytes at hand; longer ones are held compressed until they are written."""
    if len(data) < _PACK_FROM:
        return Member(name, partial(_once, data))
    return Member(name, partial(_inflated, zlib.compress(data, 1)))


def text_member(name: str, text: str) -> Member:
    return data_member(name, text.encode())


def json_member(name: str, value: object) -> Member:
    """Make a member of a value as JSON for people: keys in order, indented, one line end at the end."""
    return data_member(name, json_bytes(value))


def json_bytes(value: object) -> bytes:
    return msgspec.json.format(_PLAIN.encode(value), indent=2) + b"\n"


def _once(data: bytes) -> Iterator[bytes]:
    yield data


def _inflated(packed: bytes) -> Iterator[bytes]:
    yield zlib.decompress(packed)
