"""Every syntax is read in a process of its own, and none loses a component."""

from __future__ import annotations

from tests.bench.reading import WRITERS, measured


def test_each_syntax_has_a_time_and_a_memory() -> None:
    figures = list(measured(WRITERS, components=50))

    assert [figure.key for figure in figures] == [
        f"read.{name}.{what}" for name in WRITERS for what in ("cpu", "memory")
    ]
    assert all(figure.value is not None for figure in figures)
