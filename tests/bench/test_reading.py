"""Every syntax is read in a process of its own, and none loses a component."""

from __future__ import annotations

from pathlib import Path

from tests.bench.figures import Figure, Part, Results
from tests.bench.page import write_apart
from tests.bench.reading import WRITERS, measured


def test_each_syntax_has_a_time_and_a_memory() -> None:
    figures = list(measured(WRITERS, components=50, times=1))

    assert [figure.key for figure in figures] == [
        f"read.{name}.{what}" for name in WRITERS for what in ("cpu", "memory")
    ]
    assert all(figure.value is not None for figure in figures)
    assert all("reference loop" in figure.note for figure in figures if figure.key.endswith("cpu"))


def test_the_best_of_several_readings_counts() -> None:
    cpu, _memory = measured(["CycloneDX JSON"], components=50, times=2)

    assert "best of 2" in cpu.note


def test_the_readers_have_a_place_of_their_own_on_the_page(tmp_path: Path) -> None:
    page = tmp_path / "benchmarks.md"
    page.write_text("before\n<!-- readers: begin -->\nold\n<!-- readers: end -->\nafter\n")
    parts = [
        Part("storage", figures=[Figure("a", "storage", 1.0)]),
        Part("readers", figures=[Figure("b", "read", 2.0)]),
    ]

    write_apart(Results("s1", "today", parts), page)

    assert page.read_text() == (
        "before\n<!-- readers: begin -->\ntoday\n\n| what | measured | budget | |\n|---|---|---|---|\n"
        "| read | 2 | - | - |\n<!-- readers: end -->\nafter\n"
    )
