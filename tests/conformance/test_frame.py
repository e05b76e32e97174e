"""How suites are counted and told: pure, without any public data."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conformance import __main__ as command
from tests.conformance import counts, table
from tests.conformance.corpus import absent
from tests.conformance.counts import Count, committed, count_of, is_same, lost
from tests.conformance.frame import Case, Suite, run
from tests.conformance.table import PAGE, page

RIGHT = Case("right", "1", "1")
DEFENDED = Case("defended", "1", "2", "The specification is silent.")
WRONG = Case("wrong", "1", "3")


def suite(*cases: Case, folders: tuple[str, ...] = ()) -> Suite:
    def of(_corpus: Path) -> Iterator[Case]:
        yield from cases

    return Suite("small", "Three cases.", folders, of)


def counted(*cases: Case, since: str = "2026-11-26") -> Count:
    return count_of(run(suite(*cases), Path()), title="Three cases.", data="", since=since)


@pytest.fixture
def own_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(counts, "FOLDER", tmp_path)
    monkeypatch.setattr(command, "PAGE", tmp_path / "conformance.md")
    monkeypatch.setenv("SUPPLYCHAIN_CORPUS", str(tmp_path / "nowhere"))
    monkeypatch.setattr(command, "versions", lambda folders: "")
    return tmp_path


def use(monkeypatch: pytest.MonkeyPatch, small: Suite) -> None:
    monkeypatch.setattr(command, "all_suites", lambda: {"small": small})


def test_a_result_counts_and_keeps_what_failed() -> None:
    result = run(suite(RIGHT, DEFENDED, WRONG), Path())

    assert result.passed == 1
    assert result.failed == (DEFENDED, WRONG)
    assert result.unexplained == (WRONG,)


def test_two_cases_of_one_name_are_refused() -> None:
    with pytest.raises(ValueError, match="one name"):
        run(suite(RIGHT, RIGHT), Path())


def test_a_case_that_passed_and_fails_is_lost_even_when_another_passes_instead() -> None:
    before = counted(Case("a", "1", "1"), Case("b", "1", "2", "why"))
    now = counted(Case("a", "1", "2", "why"), Case("b", "1", "1"))

    assert lost(before, now) == ["a passed before"]


def test_fewer_passing_cases_are_a_loss_where_cases_went_away() -> None:
    assert lost(counted(RIGHT, DEFENDED), counted(DEFENDED)) == ["0 cases pass, 1 did"]


def test_a_better_result_loses_nothing() -> None:
    assert lost(counted(RIGHT, DEFENDED), counted(RIGHT, Case("defended", "1", "1"))) == []


def test_a_later_day_alone_is_the_same_result() -> None:
    assert is_same(counted(RIGHT, since="2026-01-01"), counted(RIGHT, since="2026-02-02"))
    assert not is_same(counted(RIGHT), counted(RIGHT, DEFENDED))


def test_a_run_writes_the_count_and_the_page(own_files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, suite(RIGHT, DEFENDED))

    assert command.main([]) == 0

    assert committed()["small"].failed == {"The specification is silent.": ["defended"]}
    assert "| `small` | 2 | 1 | 1 | Three cases. | ours |" in (own_files / "conformance.md").read_text()


def test_a_run_that_lost_a_case_fails_and_writes_nothing_unless_told_to(
    own_files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch, suite(RIGHT))
    command.main([])
    use(monkeypatch, suite(Case("right", "1", "2", "It changed.")))

    assert command.main([]) == 1
    assert committed()["small"].passed == 1
    assert command.main(["--accept"]) == 0
    assert committed()["small"].passed == 0


def test_a_failed_case_without_a_reason_fails_the_run(own_files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, suite(WRONG))

    assert command.main([]) == 1


def test_a_suite_without_its_data_is_skipped_and_keeps_its_row(
    own_files: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    use(monkeypatch, suite(RIGHT))
    command.main([])
    use(monkeypatch, suite(folders=("purl",)))

    assert command.main([]) == 0

    assert "skipped: its data is not at hand: purl" in capsys.readouterr().out
    assert "| `small` | 1 | 1 | 0 |" in (own_files / "conformance.md").read_text()
    assert absent(()) == ""


def test_a_suite_nobody_knows_is_refused(own_files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, suite(RIGHT))

    with pytest.raises(SystemExit):
        command.main(["other"])


def test_the_page_is_what_the_committed_counts_say() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(committed())
    assert table.PAGE.name == "conformance.md"
