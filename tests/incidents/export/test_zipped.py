"""The zip: read by others' readers, the same bytes for the same members, never finished with others."""

from __future__ import annotations

import io
import shutil
import subprocess
import zipfile
import zlib
from pathlib import Path

import pytest

from incidents.export.zipped import ChangedMeanwhileError, Entry, size_of, write


def entry(name: str, data: bytes) -> Entry:
    return Entry(name, len(data), zlib.crc32(data), lambda: iter([data[:3], data[3:]]))


FILES = [entry("README.txt", b"hello"), entry("a/empty", b""), entry("a/big", b"x" * 70_000)]


def test_others_read_it():
    data = b"".join(write(FILES))

    with zipfile.ZipFile(io.BytesIO(data)) as read:
        assert read.testzip() is None
        assert read.namelist() == ["README.txt", "a/empty", "a/big"]
        assert read.read("a/big") == b"x" * 70_000
        assert {one.date_time for one in read.infolist()} == {(1980, 1, 1, 0, 0, 0)}


@pytest.mark.skipif(shutil.which("unzip") is None, reason="unzip is not installed")
def test_unzip_finds_no_fault(tmp_path: Path):
    path = tmp_path / "pack.zip"
    path.write_bytes(b"".join(write(FILES)))

    told = subprocess.run(["unzip", "-t", str(path)], capture_output=True, text=True, check=False)

    assert told.returncode == 0, told.stdout + told.stderr
    assert "warning" not in told.stdout + told.stderr


def test_its_size_is_known_before_it_is_written():
    assert size_of(FILES) == sum(map(len, write(FILES)))


def test_it_is_never_finished_with_bytes_that_were_not_measured():
    changed = Entry("a", 5, zlib.crc32(b"hello"), lambda: iter([b"hullo"]))

    with pytest.raises(ChangedMeanwhileError):
        list(write([changed]))
