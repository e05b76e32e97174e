"""Indicators as rows of a list, and back."""

import pytest

from inventory.formats.lists import read_lines
from inventory.identity.listed import LIST_NAME, indicator_of, row_of

TEXT = f"""
pkg:npm/%40ctrl/tinycolor@4.1.1
left-pad@1.3.0
vendor/name:1.0
pkg:maven/a/b vers:maven/>=2.0|<2.15.0
name <2.15.0
lodash
pkg:deb/debian/xz-utils@5.6.1-1?arch=amd64&distro=debian-13
sha256:{"a" * 64}
sha1:{"b" * 40}
registry.example/app:1.2
registry.example:5000/app
CVE-2021-44228
uses: tj-actions/changed-files@v45
not a line
"""


@pytest.mark.parametrize("given", TEXT.split("\n")[1:-1])
def test_an_indicator_comes_back_as_it_was_read(given: str):
    for indicator in read_lines(given):
        assert indicator_of(row_of(indicator)) == indicator


@pytest.mark.parametrize("name", ["", "1.0", "wiz list", "a" * 101, "wiz/1", "\u00e4"])
def test_a_list_is_called_by_one_word(name: str):
    assert LIST_NAME.fullmatch(name) is None
