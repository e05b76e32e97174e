"""Whatever is pasted is read, in time, and every line of it accounted for."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from incidents.pasted import parse_text, read_text
from inventory.identity.indicators import ANSWERED
from tests.effort import calls_of, cost


@pytest.mark.parametrize(
    "piece", ["a", "@", "a,", "a@1, ", "pkg:npm/a ", "foo <1,", " ", "(", '"a@', "|a", "a\\ ", "1||", "x ; "]
)
def test_no_line_takes_long(piece: str):
    line, dearest = (f"a{one * (19_000 // len(one))}:" for one in (piece, "a,"))

    assert calls_of(lambda: read_text(line)) <= 1_100_000
    assert cost(lambda: read_text(line), of=lambda: read_text(dearest), limit=3.0) <= 3.0


PIECES = ["pkg:", "npm/", "@", ":", "/", "a", "1.0", "<", ">=", "=", "||", ",", " ", "\n", "\t", '"', "{", "}", "[",
          "]", "(", ")", "name", "version", "node_modules/", "sha256:", "#", ";", "vers:", "GEM", "  ", "|", "-", "%",
          "\\", "*", "~", "^", "x", "uses: ", "http://", "--hash=", "\u0435", "\x00", "\ud800"]  # fmt: skip


def _says_something(line: str) -> bool:
    """Leave out comments and what only frames a list: commas, lines of `=`, the `...` that ends a YAML document."""
    return bool(line.strip(" =,")) and line.strip() != "..." and not line.lstrip().startswith("//")


LIMITS = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@LIMITS
@given(st.one_of(st.text(max_size=300), st.lists(st.sampled_from(PIECES), max_size=60).map("".join)))
def test_any_text_is_read_and_every_line_accounted_for(text: str):
    reading = read_text(text)

    unified = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    line_count = unified.removesuffix("\n").count("\n") + 1
    lines = {indicator.line for indicator in reading.indicators}
    assert lines <= set(range(1, line_count + 1))
    assert reading.ignored_line_count + len(lines) == line_count
    assert all((one.problem is None) == (one.kind in ANSWERED) for one in reading.indicators)


@LIMITS
@given(st.text(alphabet="abz019@:/.<>=~^ ,%$?+_", min_size=1, max_size=60).filter(_says_something))
def test_a_line_that_is_no_comment_is_never_dropped(line: str):
    assert parse_text(f"a@1\n{line}\nb@2")[1].line == 2
