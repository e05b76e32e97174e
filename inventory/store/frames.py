"""A stored document is one zstd frame, named by the digest of what is in it; nothing leaves here unchecked."""

from __future__ import annotations

import hashlib
import io
from typing import TYPE_CHECKING

import zstandard

from inventory.store.errors import EvidenceCorruptError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

CHUNK_BYTES = 1 << 16


def unpack(frame: bytes, *, digest: str, size_bytes: int) -> bytes:
    """Return the document in a frame. Raises EvidenceCorruptError when it is not the one of this digest and size."""
    try:
        data = zstandard.ZstdDecompressor().decompress(frame, max_output_size=size_bytes)
    except zstandard.ZstdError as error:
        raise EvidenceCorruptError(digest) from error
    if len(data) != size_bytes or f"sha256:{hashlib.sha256(data).hexdigest()}" != digest:
        raise EvidenceCorruptError(digest)
    return data


def unpack_parts(parts: Iterable[bytes], *, digest: str, size_bytes: int) -> bytes:
    """Do the same for a frame that comes in parts, of which one is held at a time."""
    document, hasher = io.BytesIO(), hashlib.sha256()
    decompressor = zstandard.ZstdDecompressor().decompressobj()
    try:
        for piece in _pieces(parts):
            data = decompressor.decompress(piece)
            hasher.update(data)
            if document.tell() + len(data) > size_bytes:
                raise EvidenceCorruptError(digest)
            document.write(data)
    except zstandard.ZstdError as error:
        raise EvidenceCorruptError(digest) from error
    if document.tell() != size_bytes or f"sha256:{hasher.hexdigest()}" != digest:
        raise EvidenceCorruptError(digest)
    return document.getvalue()


def _pieces(parts: Iterable[bytes]) -> Iterator[memoryview]:
    """Cut parts small: what one comes to is in memory beside the document."""
    for part in parts:
        view = memoryview(part)
        for start in range(0, len(view), CHUNK_BYTES):
            yield view[start : start + CHUNK_BYTES]


def check(frame: bytes, *, digest: str, size_bytes: int) -> None:
    """Raise EvidenceCorruptError for a frame of anything else; holds one chunk of the document at a time."""
    hasher, size = hashlib.sha256(), 0
    try:
        for chunk in stream(frame):
            hasher.update(chunk)
            size += len(chunk)
            if size > size_bytes:
                break
    except zstandard.ZstdError as error:
        raise EvidenceCorruptError(digest) from error
    if size != size_bytes or f"sha256:{hasher.hexdigest()}" != digest:
        raise EvidenceCorruptError(digest)


def stream(frame: bytes) -> Iterator[bytes]:
    """Give a document in chunks, so that the whole of it is never in memory."""
    with zstandard.ZstdDecompressor().stream_reader(frame) as reader:
        while chunk := reader.read(CHUNK_BYTES):
            yield chunk
