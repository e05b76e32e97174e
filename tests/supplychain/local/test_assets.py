"""The icon sprite: only the listed icons, as symbols that take the colour of their surroundings."""

import pytest
from assets import MissingIconError, build_sprite, read_icon_names

SEARCH = """<!-- category: System -->
<svg xmlns="http://www.w3.org/2000/svg" width="24" viewBox="0 0 24 24" fill="none" stroke="currentColor" class="icon">
  <path stroke="none" d="M0 0h24v24H0z" fill="none" />
  <path d="M21 21l-6 -6" />
</svg>"""


def test_a_listed_icon_becomes_a_symbol(tmp_path):
    (tmp_path / "outline").mkdir()
    (tmp_path / "outline" / "search.svg").write_text(SEARCH)

    sprite = build_sprite(["search"], folder=tmp_path)

    assert '<symbol id="search" viewBox="0 0 24 24" fill="none" stroke="currentColor">' in sprite
    assert '><path d="M21 21l-6 -6" /></symbol>' in sprite


def test_an_unknown_icon_is_refused_by_name(tmp_path):
    with pytest.raises(MissingIconError, match="'serach'"):
        build_sprite(["serach"], folder=tmp_path)


def test_the_list_allows_comments_and_repeats(tmp_path):
    (tmp_path / "icons.txt").write_text("# actions\nsearch  # the box\nsearch\n\nfilled/star\n")

    assert read_icon_names(tmp_path / "icons.txt") == ["filled/star", "search"]
