"""Archives are read entry by entry; a hostile entry is refused by name and takes nothing else with it."""

from __future__ import annotations

import io
import stat
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inventory.intake import archives
from inventory.intake.archives import Source, SourceRefusedError, count_sources, find_sources

LIMIT = 10_000_000


def archive(path: Path, **entries: bytes) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in entries.items():
            file.writestr(name, data)
    return path


def found(*paths: Path, limit: int = LIMIT, keep_zips: bool = False) -> dict[str, bytes | str | None]:
    """Return what each source holds: its bytes, the code it is refused with, or None when it is skipped."""
    return {
        source.name.rpartition("/")[2]: read(source)
        for source in find_sources(paths, keep_zips=keep_zips, unpacked_bytes=limit)
    }


def read(source: Source) -> bytes | str | None:
    if source.refused is not None:
        return source.refused.code
    if source.open is None:
        return None
    try:
        return b"".join(source.open())
    except SourceRefusedError as error:
        return error.code


def test_files_folders_and_archives_are_read_in_the_order_of_their_names(tmp_path: Path):
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "c.json").write_bytes(b"c")
    (tmp_path / "b.json").write_bytes(b"b")
    archive(tmp_path / "a.zip", **{"one.json": b"1", "two.json": b"2"})

    assert found(tmp_path) == {"a.zip!one.json": b"1", "a.zip!two.json": b"2", "b.json": b"b", "c.json": b"c"}
    assert count_sources([tmp_path], keep_zips=False) == 4


def test_an_archive_may_be_taken_whole(tmp_path: Path):
    path = archive(tmp_path / "all.zip", one=b"1")

    assert found(path, keep_zips=True) == {"all.zip": path.read_bytes()}


@pytest.mark.parametrize("name", ["../up.json", "/etc/passwd", "a/../../up", "C:\\x.json", "..\\up", "\\\\server\\x"])
def test_an_entry_that_leads_out_is_refused_and_the_others_are_read(tmp_path: Path, name: str):
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr(name, b"bad")
        file.writestr("good.json", b"good")

    assert sorted(map(str, found(path).values())) == ["b'good'", "unsafe_path"]


def test_a_link_and_a_device_are_refused(tmp_path: Path):
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as file:
        for name, kind in (("link", stat.S_IFLNK), ("pipe", stat.S_IFIFO), ("file", stat.S_IFREG)):
            info = zipfile.ZipInfo(name)
            info.external_attr = (kind | 0o644) << 16
            file.writestr(info, b"/etc/passwd")

    assert found(path) == {"a.zip!link": "not_a_file", "a.zip!pipe": "not_a_file", "a.zip!file": b"/etc/passwd"}


def test_a_bomb_is_stopped_by_what_comes_out_of_it(tmp_path: Path):
    path = archive(tmp_path / "a.zip", small=b"1", bomb=bytes(5_000_000), late=b"2")

    assert found(path, limit=1_000_000) == {
        "a.zip!small": b"1", "a.zip!bomb": "archive_too_large", "a.zip!late": "archive_too_large",
    }  # fmt: skip


def test_a_lie_about_the_size_of_an_entry_changes_nothing(tmp_path: Path):
    path = archive(tmp_path / "a.zip", bomb=bytes(5_000_000))
    data = bytearray(path.read_bytes())
    place = data.rindex(b"PK\x01\x02")
    data[place + 24 : place + 28] = (10).to_bytes(4, "little")
    path.write_bytes(data)

    assert found(path, limit=1_000_000)["a.zip!bomb"] in {"bad_entry", "archive_too_large", bytes(10)}


def test_an_encrypted_entry_is_refused(tmp_path: Path):
    path = archive(tmp_path / "a.zip", secret=b"1", open=b"2")
    data = bytearray(path.read_bytes())
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(mark) + offset] |= 1
    path.write_bytes(data)

    assert found(path) == {"a.zip!secret": "encrypted_entry", "a.zip!open": b"2"}


def test_a_broken_entry_is_refused_and_the_next_is_read(tmp_path: Path):
    path = archive(tmp_path / "a.zip", broken=b"x" * 1000, good=b"good")
    data = bytearray(path.read_bytes())
    start = data.index(b"broken") + len("broken")
    data[start : start + 4] = b"\xff\xff\xff\xff"
    path.write_bytes(data)

    assert found(path) == {"a.zip!broken": "bad_entry", "a.zip!good": b"good"}


def test_an_archive_in_an_archive_is_handed_on_as_it_is(tmp_path: Path):
    """Intake refuses it by its first bytes, like an upload of one."""
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as file:
        file.writestr("x", b"1")

    held = found(archive(tmp_path / "a.zip", **{"inner.zip": inner.getvalue()}))

    assert held == {"a.zip!inner.zip": inner.getvalue()}


def test_too_many_entries_are_refused_before_they_are_listed(tmp_path: Path, monkeypatch):
    path = archive(tmp_path / "a.zip", **{f"{number}": b"1" for number in range(30)})

    monkeypatch.setattr(archives, "MAX_ENTRIES", 20)
    assert found(path) == {"a.zip": "too_many_entries"}
    monkeypatch.setattr(archives, "_MAX_DIRECTORY_BYTES", 100)
    assert found(path) == {"a.zip": "too_many_entries"}


def test_what_is_hidden_or_a_link_in_a_folder_is_skipped(tmp_path: Path):
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "config").write_bytes(b"1")
    (tmp_path / ".hidden").write_bytes(b"1")
    (tmp_path / "link.json").symlink_to("/etc/passwd")
    (tmp_path / "loop").symlink_to(tmp_path)
    archive(tmp_path / "a.zip", **{"__MACOSX/x": b"1", ".DS_Store": b"1"})

    assert set(found(tmp_path).values()) == {None}


def test_a_file_that_cannot_be_opened_is_refused(tmp_path: Path):
    path = tmp_path / "gone.json"
    path.write_bytes(b"1")
    [source] = find_sources([path], keep_zips=False, unpacked_bytes=LIMIT)
    path.unlink()

    assert read(source) == "unreadable_file"


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_damage_to_an_archive_raises_anything_else(tmp_path: Path, data: st.DataObject):
    path = archive(tmp_path / "a.zip", one=b"1" * 300, two=b"2" * 300)
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 6))):
        content[data.draw(st.integers(4, len(content) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(content)

    assert found(path)
