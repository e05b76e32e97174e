"""Read an uploaded body as it streams in: count, undo one Content-Encoding, hash, look at the first bytes, compress.

Nothing here holds the whole document: memory is the compressed form plus one chunk. Rules: docs/api.md (Evidence).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import zstandard

from inventory.formats.envelope import encoding_of, inflate
from inventory.formats.records import FormatError
from supplychain.errors import DomainError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

CHUNK_BYTES = 1 << 20
"""Most documents are smaller. Of a larger piece the web server copies what is left of the body less often."""
ZSTD_LEVEL = 3
_SNIFF_BYTES = 512
_ENCODINGS: Final = frozenset({"gzip", "zstd"})
_STATUS_OF: Final = {"inflated_too_large": 413, "bad_encoding": 400}
_ARCHIVES = {b"PK\x03\x04": "zip", b"PK\x05\x06": "zip", b"7z\xbc\xaf": "7z", b"Rar!": "rar"}
_TAR_OFFSET, _TAR_MAGIC = 257, b"ustar"


@dataclass(frozen=True, slots=True)
class BodyLimits:
    """Ceilings of one upload, in bytes: as sent, and after Content-Encoding."""

    raw_bytes: int
    inflated_bytes: int
    takes_zip: bool = False
    """A zip is a document only as an export of advisories, and only when its sender says that it is one."""


@dataclass(frozen=True, slots=True)
class StoredBody:
    """A document read to its end. `data` is one zstd frame of it."""

    digest: str
    size_bytes: int
    data: bytes


class BodyRefusedError(DomainError):
    """The transport rules refuse this body; nothing was stored."""


def store(chunks: Iterable[bytes], *, encoding: str, limits: BodyLimits) -> StoredBody:
    """Read a body to its end.

    Raise BodyRefusedError (too_large, inflated_too_large, empty_document, bad_encoding, …).
    """
    hasher, size, first, is_blank = hashlib.sha256(), 0, b"", True
    compressor = zstandard.ZstdCompressor(level=ZSTD_LEVEL).compressobj()
    parts: list[bytes] = []
    for piece in _decoded(_counted(chunks, limits.raw_bytes), encoding=encoding, limit=limits.inflated_bytes):
        size += len(piece)
        if size > limits.inflated_bytes:
            raise BodyRefusedError(
                "inflated_too_large",
                f"The document is larger than {limits.inflated_bytes} bytes once unpacked.",
                status=413,
            )
        if len(first) < _SNIFF_BYTES:
            first = (first + piece)[:_SNIFF_BYTES]
        is_blank = is_blank and not piece.strip()
        hasher.update(piece)
        parts.append(compressor.compress(piece))
    if is_blank:
        raise BodyRefusedError(
            "empty_document",
            "The body is empty: send the document as the body, or as multipart part `file`.",
            status=400,
        )
    _refuse_by_magic(first, is_encoded=encoding not in ("", "identity"), takes_zip=limits.takes_zip)
    parts.append(compressor.flush())
    return StoredBody(f"sha256:{hasher.hexdigest()}", size, b"".join(parts))


def load(data: bytes, *, limit: int) -> bytes:
    """Give back the document of a stored frame; at most `limit` bytes (it was counted when it came in)."""
    with zstandard.ZstdDecompressor().stream_reader(data) as reader:
        return reader.read(limit + 1)[:limit]


def _counted(chunks: Iterable[bytes], limit: int) -> Iterator[bytes]:
    total = 0
    for chunk in chunks:
        total += len(chunk)
        if total > limit:
            raise BodyRefusedError("too_large", f"The body is larger than {limit} bytes.", status=413)
        yield chunk


def _decoded(chunks: Iterator[bytes], *, encoding: str, limit: int) -> Iterator[bytes]:
    if encoding in ("", "identity"):
        return chunks
    if encoding not in _ENCODINGS:
        raise BodyRefusedError("unsupported_encoding", "Content-Encoding must be gzip or zstd, one layer.", status=415)
    return _inflated(chunks, encoding=encoding, limit=limit)


def _inflated(chunks: Iterator[bytes], *, encoding: str, limit: int) -> Iterator[bytes]:
    try:
        yield from inflate(chunks, encoding=encoding, limit=limit)
    except FormatError as error:
        raise BodyRefusedError(error.code, error.message, status=_STATUS_OF[error.code]) from error


def _refuse_by_magic(first: bytes, *, is_encoded: bool, takes_zip: bool) -> None:
    for magic, name in _ARCHIVES.items():
        if first.startswith(magic) and not (takes_zip and name == "zip"):
            hint = " An export of advisories is taken with kind=advisory." if name == "zip" else ""
            raise BodyRefusedError(
                "unsupported_archive",
                f"A {name} archive is not a document: send the file inside it.{hint}",
                status=415,
            )
    if first[_TAR_OFFSET : _TAR_OFFSET + len(_TAR_MAGIC)] == _TAR_MAGIC:
        raise BodyRefusedError(
            "unsupported_archive", "A tar archive is not a document: send the file inside it.", status=415
        )
    if is_encoded and encoding_of(first):
        raise BodyRefusedError(
            "nested_encoding", "Under the Content-Encoding is another compressed file: send one layer.", status=422
        )
