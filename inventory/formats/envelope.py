"""Takes compressed bytes apart under a ceiling enforced while reading: a bomb costs its ceiling, not its size.

What grows as no document does is stopped long before: a few kilobytes of zeros cost a tenth of the ceiling.
"""

from __future__ import annotations

import bz2
import lzma
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final, Protocol

import zstandard

from inventory.formats.limits import Limits
from inventory.formats.records import FormatError

_INPUT_STEP: Final = 1024
"""Bytes fed at once. A zstd block makes at most 128 KiB from 4 bytes, so a step makes at most 32 MiB."""
_OUTPUT_STEP: Final = 1 << 20
"""Bytes taken at once from bzip2 and xz: 40 bytes of bzip2 can hold 46 MB."""
_MEMORY: Final = 128 * 1024 * 1024
_FREE_BYTES: Final = 32 * 1024 * 1024
_MOST_TIMES: Final = {"gzip": 900, "zstd": 5_000, "bzip2": 5_000, "xz": 5_000}
"""So many times its size what was read may grow, above the free bytes. A long licence text in each of a thousand
components grows 550 to 1,250 times out of zstd and xz, and twice out of gzip, which does not see that far back; zeros
1,030 times out of gzip, 7,000 out of xz and 30,000 out of zstd."""
_ENDINGS: Final = (zlib.error, OSError, EOFError, lzma.LZMAError, zstandard.ZstdError, ValueError)
_MAGIC: Final = ((b"\x1f\x8b", "gzip"), (b"\x28\xb5\x2f\xfd", "zstd"), (b"BZh", "bzip2"), (b"\xfd7zXZ\x00", "xz"))


Grown = Callable[[int], None]


class _Decompressor(Protocol):
    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, /) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Envelope:
    """A document out of its compressed file; `encoding` is '' when the bytes were no such file."""

    data: bytes
    encoding: str


def encoding_of(data: bytes) -> str:
    """Name the compressed file format by magic number: gzip, zstd, bzip2, xz, or ''."""
    return next((name for magic, name in _MAGIC if data.startswith(magic)), "")


def unwrap(data: bytes, *, limits: Limits, grown: Grown | None = None) -> Envelope:
    """Unwrap a body that itself is one compressed file; anything else comes back as it is.

    `grown` is told, while it comes out, how many bytes have come out. Raises FormatError: `nested_encoding` (one
    compressed file inside another), and what `inflate` raises; and what `grown` raises.
    """
    encoding = encoding_of(data)
    if not encoding:
        return Envelope(data, "")
    inner = b"".join(_told(inflate((data,), encoding=encoding, limit=limits.inflated_bytes), grown))
    if encoding_of(inner):
        raise FormatError("nested_encoding", f"The {encoding} file holds another compressed file. Compress it once.")
    return Envelope(inner, encoding)


def inflate(chunks: Iterable[bytes], *, encoding: str, limit: int) -> Iterator[bytes]:
    """Yield decompressed bytes of one stream, never more than `limit` in all.

    Raises FormatError: `inflated_too_large`, `bad_encoding` (broken, cut short, or followed by anything, another member
    included), `unsupported_encoding`. Holds at most one step's output beyond what was yielded.
    """
    decompressor, total, read = _decompressor(encoding), 0, 0
    most_times = _MOST_TIMES[encoding]
    for piece in _steps(chunks):
        read += len(piece)
        if decompressor.eof:
            raise FormatError("bad_encoding", f"There are bytes behind the end of the {encoding} data.")
        for output in _outputs(decompressor, piece, encoding=encoding):
            total += len(output)
            if total > limit:
                raise FormatError("inflated_too_large", f"Unpacked the document is larger than {limit} bytes.")
            if total > max(_FREE_BYTES, most_times * read):
                raise FormatError("inflated_too_large", f"It unpacks to over {most_times} times its size: a bomb.")
            if output:
                yield output
    if not decompressor.eof:
        raise FormatError("bad_encoding", f"The {encoding} data ends too early.")
    if decompressor.unused_data:
        raise FormatError("bad_encoding", f"There are bytes behind the end of the {encoding} data.")


def _told(outputs: Iterable[bytes], grown: Grown | None) -> Iterator[bytes]:
    total = 0
    for output in outputs:
        total += len(output)
        if grown is not None:
            grown(total)
        yield output


def _outputs(decompressor: _Decompressor, piece: bytes, *, encoding: str) -> Iterator[bytes]:
    try:
        if isinstance(decompressor, bz2.BZ2Decompressor | lzma.LZMADecompressor):
            yield decompressor.decompress(piece, _OUTPUT_STEP)
            while not (decompressor.needs_input or decompressor.eof):
                yield decompressor.decompress(b"", _OUTPUT_STEP)
        else:
            yield decompressor.decompress(piece)
    except _ENDINGS as error:
        raise FormatError("bad_encoding", f"The {encoding} data is broken: {error}.") from error


def _steps(chunks: Iterable[bytes]) -> Iterator[bytes]:
    for chunk in chunks:
        for start in range(0, len(chunk), _INPUT_STEP):
            yield chunk[start : start + _INPUT_STEP]


def _decompressor(encoding: str) -> _Decompressor:
    makers: dict[str, Callable[[], _Decompressor]] = {
        "gzip": lambda: zlib.decompressobj(wbits=31),
        "zstd": lambda: zstandard.ZstdDecompressor(max_window_size=_MEMORY).decompressobj(),
        "bzip2": bz2.BZ2Decompressor,
        "xz": lambda: lzma.LZMADecompressor(format=lzma.FORMAT_XZ, memlimit=_MEMORY),
    }
    if encoding not in makers:
        raise FormatError("unsupported_encoding", f"The encoding {encoding[:40]!r} is not read. Use gzip or zstd.")
    return makers[encoding]()
