"""Reads a zip of advisories as OSV exports it: one record a file, entry by entry, under limits.

The only archive that is taken in. What an entry says of its size is not believed: bytes are counted as they come out.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from typing import TYPE_CHECKING, Final

from inventory.formats.advisory import AdvisoryRecord
from inventory.formats.advisory_records import AdvisoryFeed, RawRecord
from inventory.formats.defects import Defects
from inventory.formats.envelope import encoding_of
from inventory.formats.osv import read_record
from inventory.formats.records import FormatError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from inventory.formats.limits import Limits

ZIP_MAGIC: Final = b"PK\x03\x04"
_ARCHIVES: Final = (".zip", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".zst", ".7z", ".rar", ".jar")
_ENCRYPTED: Final = 1
_METHODS: Final = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
_BROKEN: Final = (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, NotImplementedError, RuntimeError)


def read_osv_zip(data: bytes, *, limits: Limits) -> AdvisoryFeed:
    """Read the directory of a zip; its entries are read when the feed is walked.

    Raises FormatError: `bad_zip`, `too_many_entries`, `nested_archive`, `no_records`; walking raises
    `inflated_too_large`.
    """
    archive = _open(data, limits=limits)
    entries = [entry for entry in archive.infolist() if not entry.is_dir()]
    if len(entries) > limits.zip_entries:
        raise FormatError("too_many_entries", f"The zip has more than {limits.zip_entries} entries.")
    nested = next((entry.filename for entry in entries if entry.filename.lower().endswith(_ARCHIVES)), None)
    if nested is not None:
        raise FormatError("nested_archive", f"The zip holds another archive: {nested[:200]!r}.")
    wanted = [entry for entry in entries if entry.filename.lower().endswith(".json")]
    if not wanted:
        raise FormatError("no_records", "The zip holds no .json file: a zip is read as an export of OSV alone.")
    defects = Defects()
    for entry in entries:
        if not entry.filename.lower().endswith(".json"):
            defects.add("entry_not_read", entry.filename[:1000], "This is no .json file; it was passed over.")

    def read(raw: RawRecord, noted: Defects) -> AdvisoryRecord | None:
        return read_record(raw, limits=limits, defects=noted)

    records = _records(archive, wanted, limits=limits)
    return AdvisoryFeed(format="osv-zip", media_type="application/zip", records=records, read=read, defects=defects)


def _open(data: bytes, *, limits: Limits) -> zipfile.ZipFile:
    """Open a zip. The count in its last record is looked at first: a directory is read whole into memory."""
    try:
        claimed = _claimed_entries(data)
        if claimed is not None and claimed > limits.zip_entries:
            raise FormatError("too_many_entries", f"The zip has more than {limits.zip_entries} entries.")
        return zipfile.ZipFile(io.BytesIO(data))
    except _BROKEN as error:
        raise FormatError("bad_zip", f"The zip cannot be read: {str(error)[:200]}.") from error


def _claimed_entries(data: bytes) -> int | None:
    """Return how many entries the end record speaks of; None where it leaves that to a zip64 record."""
    end = data.rfind(b"PK\x05\x06", max(0, len(data) - 65_557))
    if end < 0 or end + 12 > len(data):
        return None
    count = int.from_bytes(data[end + 10 : end + 12], "little")
    wide = data.rfind(b"PK\x06\x06", 0, end)
    if count == 0xFFFF and wide >= 0 and wide + 40 <= len(data):
        return int.from_bytes(data[wide + 32 : wide + 40], "little")
    return count


def _records(archive: zipfile.ZipFile, entries: list[zipfile.ZipInfo], *, limits: Limits) -> Iterator[RawRecord]:
    left = limits.zip_inflated_bytes
    for entry in entries:
        name = entry.filename[:1000]
        data = _inflated(archive, entry, limit=min(left, limits.zip_entry_bytes))
        left -= len(data)
        if left <= 0:
            raise FormatError(
                "inflated_too_large", f"Unpacked the zip is larger than {limits.zip_inflated_bytes} bytes."
            )
        if len(data) > limits.zip_entry_bytes:
            message = f"The entry has more than {limits.zip_entry_bytes} bytes."
            yield RawRecord(name, b"", problem=("entry_too_large", message))
        elif not data:
            yield RawRecord(name, b"", problem=("entry_not_read", "The entry is empty, encrypted or broken."))
        elif encoding_of(data) or data.startswith(ZIP_MAGIC):
            raise FormatError("nested_archive", f"The zip's entry {name[:200]!r} is itself compressed.")
        else:
            yield RawRecord(name, data)


def _inflated(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, *, limit: int) -> bytes:
    """Return the bytes of an entry, at most one more than `limit`; none where they cannot be had."""
    if entry.flag_bits & _ENCRYPTED or entry.compress_type not in _METHODS:
        return b""
    try:
        with archive.open(entry) as opened:
            return opened.read(limit + 1)
    except _BROKEN:
        return b""
