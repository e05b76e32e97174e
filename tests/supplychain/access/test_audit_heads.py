import logging
from pathlib import Path
from typing import Any

import pytest
from celery.signals import worker_shutdown
from django.core.management import CommandError, call_command

from supplychain.access import audit, audit_heads
from supplychain.access.tasks import export_audit_head
from tests.supplychain.access.test_audit import ROWS, as_superuser, head_now, record_some
from tests.supplychain.actors import AT

pytestmark = pytest.mark.django_db


@pytest.fixture
def heads(tmp_path: Path, settings: Any) -> Path:
    file = tmp_path / "heads"
    settings.AUDIT_HEAD_FILE = str(file)
    return file


def cut_from(sequence: int) -> None:
    with as_superuser() as cursor:
        cursor.execute("DELETE FROM access_auditevent WHERE sequence >= %s", [sequence])


def test_the_exported_head_stands_in_the_log_and_is_read_back(caplog: pytest.LogCaptureFixture):
    record_some()

    with caplog.at_level(logging.INFO, logger="supplychain.access.audit_heads"):
        head = audit_heads.export_head(at=AT, file=None)

    [line] = caplog.records
    assert head == head_now() == audit_heads.parse_head(vars(line)["audit_head"])
    assert head == audit.AuditHead(vars(line)["audit_sequence"], vars(line)["audit_hash"])


def test_an_empty_chain_has_no_head_to_export(tmp_path: Path):
    assert audit_heads.export_head(at=AT, file=tmp_path / "heads") is None
    assert not (tmp_path / "heads").exists()


def test_each_export_is_a_line_behind_the_others(heads: Path):
    record_some(2)
    export_audit_head()
    record_some(3)
    export_audit_head()

    first, second = heads.read_text().splitlines()
    assert (first.partition(":")[0], second.partition(" ")[0]) == ("2", str(head_now()))
    assert [head.sequence for head in audit_heads.read_heads(heads)] == [2, 5]


def test_a_worker_that_is_stopped_exports_once_more(heads: Path):
    record_some()

    worker_shutdown.send(sender=None)

    assert audit_heads.read_heads(heads) == [head_now()]


def test_a_head_that_cannot_be_written_stands_in_the_log_all_the_same(
    settings: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    settings.AUDIT_HEAD_FILE = str(tmp_path / "gone" / "heads")
    record_some()

    with caplog.at_level(logging.INFO), pytest.raises(FileNotFoundError):
        export_audit_head()

    assert [vars(record)["audit_head"] for record in caplog.records] == [str(head_now())]
    with pytest.raises(CommandError, match="cannot be written"):
        call_command("export_audit_head")


@pytest.mark.parametrize(
    "text", ["", "1", "x:" + "0" * 64, "1:" + "0" * 63, "1:" + "G" * 64, "0:" + "0" * 64, "²:" + "0" * 64]
)
def test_a_head_that_is_none_is_refused(text: str):
    with pytest.raises(ValueError, match="not an audit head"):
        audit_heads.parse_head(text)


def test_a_line_that_is_no_head_is_named(tmp_path: Path):
    file = tmp_path / "heads"
    file.write_text(f"1:{'0' * 64} 2026-01-01T00:00:00Z\nnonsense\n")

    with pytest.raises(ValueError, match="line 2 of"):
        audit_heads.read_heads(file)


def test_the_command_ends_well_on_an_intact_chain(capsys: pytest.CaptureFixture[str]):
    record_some()

    call_command("verify_audit")

    assert f"{ROWS} rows intact" in capsys.readouterr().out


def test_the_command_fails_and_names_the_sequence():
    record_some()
    with as_superuser() as cursor:
        cursor.execute("UPDATE access_auditevent SET subject = 'y' WHERE sequence = 4")

    with pytest.raises(CommandError, match="sequence 4") as failure:
        call_command("verify_audit")

    assert failure.value.returncode == 1


def test_the_command_requires_every_exported_head_of_a_file(heads: Path, capsys: pytest.CaptureFixture[str]):
    record_some()
    call_command("export_audit_head")
    record_some()
    call_command("export_audit_head")

    call_command("verify_audit", head=[str(heads)])
    assert "2 exported heads are in it" in capsys.readouterr().out
    cut_from(8)

    call_command("verify_audit")
    with pytest.raises(CommandError, match="sequence 8: the chain ends at 7, but 12 had been written") as failure:
        call_command("verify_audit", head=[str(heads)])
    assert failure.value.returncode == 1


def test_an_end_written_anew_is_found_by_a_head_in_the_middle_of_the_file(heads: Path):
    record_some()
    call_command("export_audit_head")
    cut_from(5)
    record_some(4)
    call_command("export_audit_head")

    call_command("verify_audit")
    with pytest.raises(CommandError, match=f"sequence {ROWS}: hash is not the exported one"):
        call_command("verify_audit", head=[str(heads)])


@pytest.mark.parametrize("given", ["nowhere", "1:xyz"])
def test_a_head_that_is_neither_one_nor_a_file_ends_with_2(given: str):
    with pytest.raises(CommandError, match="not an audit head") as failure:
        call_command("verify_audit", head=[given])

    assert failure.value.returncode == 2
