"""Finds documents in files, folders and zip archives that may be hostile, and reads them one after the other.

Nothing is ever unpacked to a disk. An entry that is no plain file under a plain name is refused and the others are
read; how much comes out of an archive is counted while it is read, never believed.
"""

from __future__ import annotations

import os
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

from inventory.intake.body import CHUNK_BYTES
from supplychain.errors import DomainError

if TYPE_CHECKING:
    from collections.abc import Iterable

MAX_ENTRIES: Final = 200_000
_MAX_DIRECTORY_BYTES: Final = 64 * 1024 * 1024
"""Of a zip's list of entries, which is read whole: some 600,000 names."""
_END, _END_64 = b"PK\x05\x06", b"PK\x06\x06"
_TAIL_BYTES: Final = 66_000
_BROKEN: Final = (
    zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, NotImplementedError, struct.error, ValueError,
)  # fmt: skip
"""What Python's zipfile raises over an archive that is broken, encrypted or packed in a way it does not know."""


class SourceRefusedError(DomainError):
    """A file or an entry of an archive is not taken in."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(code, message)


@dataclass(frozen=True, slots=True)
class Source:
    """A document to take in. `open` yields its bytes, and must be used before the next source is asked for.

    `refused` is why it is not read at all; `is_skipped`: nobody meant it as a document.
    """

    name: str
    open: Callable[[], Iterator[bytes]] | None = None
    refused: SourceRefusedError | None = None
    is_skipped: bool = False


@dataclass(slots=True)
class _Budget:
    """How many bytes may still come out of one archive."""

    left: int


def count_sources(paths: Iterable[Path], *, keep_zips: bool) -> int:
    """Count what `find_sources` will yield, for a progress bar; broken archives count as one."""
    return sum(_entry_count(path) if is_zip(path) and not keep_zips else 1 for path in _files(paths))


def find_sources(paths: Iterable[Path], *, keep_zips: bool, unpacked_bytes: int) -> Iterator[Source]:
    """Yield the documents below these paths, folders in the order of their names.

    Of each archive at most `unpacked_bytes` are read, unless `keep_zips` takes archives as documents. Symbolic links
    and hidden files inside of folders are skipped: a folder that somebody sent must not lead out of itself.
    """
    for path in _files(paths):
        if path.is_symlink() or path.name.startswith("."):
            yield Source(str(path), is_skipped=True)
        elif not path.is_file():
            yield Source(str(path), refused=SourceRefusedError("not_a_file", "This is no file and no folder."))
        elif is_zip(path) and not keep_zips:
            yield from _entries(path, budget=_Budget(unpacked_bytes))
        else:
            yield Source(str(path), open=_reader(path))


def is_zip(path: Path) -> bool:
    """Tell a zip archive by its first bytes."""
    try:
        with path.open("rb") as file:
            return file.read(4) in (b"PK\x03\x04", _END)
    except OSError:
        return False


def _files(paths: Iterable[Path]) -> Iterator[Path]:
    for path in paths:
        if not path.is_dir():
            yield path.resolve() if path.is_symlink() else path  # named by whoever runs the command
            continue
        for folder, folders, names in os.walk(path, followlinks=False):
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            yield from (Path(folder, name) for name in sorted(names))


def _reader(path: Path) -> Callable[[], Iterator[bytes]]:
    def chunks() -> Iterator[bytes]:
        try:
            with path.open("rb") as file:
                while chunk := file.read(CHUNK_BYTES):
                    yield chunk
        except OSError as error:
            raise SourceRefusedError("unreadable_file", f"It cannot be read: {error.strerror}.") from error

    return chunks


def _entry_count(path: Path) -> int:
    try:
        with _archive(path) as archive:
            return sum(not info.is_dir() for info in archive.infolist()) or 1
    except SourceRefusedError:
        return 1


def _entries(path: Path, *, budget: _Budget) -> Iterator[Source]:
    try:
        with _archive(path) as archive:
            for info in archive.infolist():
                if not info.is_dir():
                    yield _entry(archive, info, path=path, budget=budget)
    except SourceRefusedError as error:
        yield Source(str(path), refused=error)


@contextmanager
def _archive(path: Path) -> Iterator[zipfile.ZipFile]:
    """Open an archive whose list of entries is not too long. Raises SourceRefusedError."""
    try:
        with path.open("rb") as file:
            _refuse_long_directory(file)
            archive = zipfile.ZipFile(file)
            if len(archive.infolist()) > MAX_ENTRIES:
                raise SourceRefusedError("too_many_entries", f"The archive has more than {MAX_ENTRIES:,} entries.")
            yield archive
    except _BROKEN as error:
        raise SourceRefusedError("bad_archive", f"The archive cannot be read: {type(error).__name__}.") from error


def _refuse_long_directory(file: BinaryIO) -> None:
    """Look at the size that the archive states for its list before the list is read, whole, into memory."""
    file.seek(0, os.SEEK_END)
    file.seek(max(0, file.tell() - _TAIL_BYTES))
    tail = file.read()
    file.seek(0)
    sizes = [0]
    if (end := tail.rfind(_END)) >= 0 and len(tail) >= end + 16:
        sizes.append(int.from_bytes(tail[end + 12 : end + 16], "little") % 0xFFFF_FFFF)
    if (end := tail.rfind(_END_64)) >= 0 and len(tail) >= end + 48:
        sizes.append(int.from_bytes(tail[end + 40 : end + 48], "little"))
    if max(sizes) > _MAX_DIRECTORY_BYTES:
        raise SourceRefusedError("too_many_entries", f"The archive has more than {MAX_ENTRIES:,} entries.")


def _entry(archive: zipfile.ZipFile, info: zipfile.ZipInfo, *, path: Path, budget: _Budget) -> Source:
    name = f"{path}!{_shown(info.orig_filename)}"
    refused = _refusal(info)
    if refused is not None:
        return Source(name, refused=refused)
    if info.filename.startswith("__MACOSX/") or Path(info.filename).name.startswith("."):
        return Source(name, is_skipped=True)
    return Source(name, open=_unpacker(archive, info, budget=budget))


def _refusal(info: zipfile.ZipInfo) -> SourceRefusedError | None:
    """Refuse what no archive of documents has: nothing is unpacked to its name, but it would be shown and trusted."""
    given = info.orig_filename.replace("\\", "/")
    if given.startswith("/") or ".." in given.split("/") or "\x00" in given or given[1:2] == ":":
        return SourceRefusedError("unsafe_path", "The entry's name leads out of the archive.")
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind not in (0, stat.S_IFREG):
        return SourceRefusedError("not_a_file", "The entry is a link or a special file.")
    if info.flag_bits & 1:
        return SourceRefusedError("encrypted_entry", "The entry is encrypted.")
    return None


def _unpacker(archive: zipfile.ZipFile, info: zipfile.ZipInfo, *, budget: _Budget) -> Callable[[], Iterator[bytes]]:
    def chunks() -> Iterator[bytes]:
        try:
            with archive.open(info) as file:
                while chunk := file.read(CHUNK_BYTES):
                    budget.left -= len(chunk)
                    if budget.left < 0:
                        raise SourceRefusedError("archive_too_large", "More came out of the archive than may.")
                    yield chunk
        except _BROKEN as error:
            message = f"The entry cannot be unpacked: {type(error).__name__}."
            raise SourceRefusedError("bad_entry", message) from error

    return chunks


def _shown(name: str) -> str:
    return "".join(letter if letter.isprintable() else "�" for letter in name[:200])
