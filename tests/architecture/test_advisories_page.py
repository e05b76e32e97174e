"""Each test that docs/advisories.md names is there, and none of the bad inputs is left out."""

from __future__ import annotations

import re
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent.parent
PAGE = (CHECKOUT / "docs" / "advisories.md").read_text(encoding="utf-8")
_NAMED = re.compile(r"`([\w/]+\.py)::(test_\w+)`")
_WAIVERS = "waivers', which are not there yet"
"""The one row that nothing can answer before there are waivers."""


def rows() -> list[list[str]]:
    return [
        [cell.strip() for cell in line.strip("|").split(" | ")]
        for line in PAGE.splitlines()
        if line.startswith("| ") and not line.startswith(("| published", "| bad input"))
    ]


def test_each_named_test_is_there() -> None:
    named = _NAMED.findall(PAGE)

    assert len(named) > 40
    for path, test in named:
        folder = CHECKOUT / "tests" if path.startswith("closed/") else CHECKOUT / "tests" / "inventory"
        assert f"def {test}(" in (folder / path).read_text(encoding="utf-8"), f"{path}::{test}"


def test_each_row_names_a_test_or_whose_it_is() -> None:
    for published, here in rows():
        assert _NAMED.search(here) or _WAIVERS in here, published


def test_no_bad_input_is_left_out() -> None:
    numbers = [int(found[1]) for found in re.finditer(r"^\| (\d+)\. ", PAGE, re.MULTILINE)]

    assert numbers == list(range(76, 99))
