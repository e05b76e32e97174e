"""A zip whose bytes follow from its members alone (PKWARE APPNOTE 6.3.3, sections 4.3 and 4.4).

Members are stored, not deflated: what a compressor makes differs from version to version, and a pack of the same
content must be the same bytes on every machine. Names are ASCII, times the first that the format knows, sizes and
checksums stand before the data, so that every reader can unpack it from front to back. Memory is one chunk.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

MAX_BYTES = 2**31
MAX_MEMBERS = 60_000
"""Well inside of what a zip without its 64-bit extension holds: 4 GiB and 65,535 members."""

_LOCAL = struct.Struct("<4s5H3I2H")
_CENTRAL = struct.Struct("<4s6H3I5H2I")
_END = struct.Struct("<4s4H2IH")
_VERSION = 20
_UNIX = 3 << 8
_STORED = 0
_TIME, _DATE = 0, (1 << 5) | 1
_FILE_MODE = 0o100644 << 16


@dataclass(frozen=True, slots=True)
class Entry:
    """A member whose size and checksum are known; `open` gives its bytes, each time the same."""

    name: str
    size: int
    crc: int
    open: Callable[[], Iterator[bytes]]


class ChangedMeanwhileError(RuntimeError):
    """A member gave other bytes than it was measured with: the file must not be finished."""


def write(entries: Sequence[Entry]) -> Iterator[bytes]:
    """Give the bytes of the zip, in the order of its entries. Raises ChangedMeanwhileError, before the end."""
    offset, directory = 0, bytearray()
    for entry in entries:
        name = entry.name.encode("ascii")
        yield _LOCAL.pack(b"PK\3\4", _VERSION, *_facts(entry), len(name), 0) + name
        yield from _checked(entry)
        directory += _CENTRAL.pack(
            b"PK\1\2", _UNIX | _VERSION, _VERSION, *_facts(entry), len(name), 0, 0, 0, 0, _FILE_MODE, offset
        )
        directory += name
        offset += _LOCAL.size + len(name) + entry.size
    yield bytes(directory)
    yield _END.pack(b"PK\5\6", 0, 0, len(entries), len(entries), len(directory), offset, 0)


def size_of(entries: Sequence[Entry]) -> int:
    """Return how many bytes `write` gives."""
    return _END.size + sum(_LOCAL.size + _CENTRAL.size + 2 * len(entry.name) + entry.size for entry in entries)


def _facts(entry: Entry) -> tuple[int, ...]:
    return 0, _STORED, _TIME, _DATE, entry.crc, entry.size, entry.size


def _checked(entry: Entry) -> Iterator[bytes]:
    size, crc = 0, 0
    for chunk in entry.open():
        size, crc = size + len(chunk), zlib.crc32(chunk, crc)
        yield chunk
    if (size, crc) != (entry.size, entry.crc):
        raise ChangedMeanwhileError(entry.name)
