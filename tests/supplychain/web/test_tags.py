"""Icons, digests, times and counts are written in one way on every page."""

from datetime import UTC, datetime, timedelta, timezone
from html.parser import HTMLParser

import pytest
from django.conf import settings

from supplychain.web import tags

DIGEST = "sha256:" + "0123456789abcdef" * 4
AT = datetime(2026, 11, 23, 15, 4, 5, tzinfo=UTC)


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def text_of(html: str) -> str:
    reader = _Text()
    reader.feed(html)
    return "".join(reader.words)


def test_a_digest_is_short_to_the_eye_and_whole_to_everyone_else():
    html = tags.digest(DIGEST, "/artifacts/x")

    assert "sha256:0123456789ab…" in html
    assert f'title="{DIGEST}"' in html
    assert f'<span class="digest-full">{DIGEST}</span>' in html
    assert f'data-copy="{DIGEST}"' in html


def test_no_digest_is_said_in_words():
    assert text_of(tags.digest(None)) == "no digest"


def test_hostile_text_stays_text():
    html = tags.digest('sha256:"><script>alert(1)</script>') + tags.state("<b>x</b>")

    assert "<script>" not in html
    assert "<b>" not in html


def test_a_time_is_written_in_utc_whatever_zone_it_came_in():
    html = tags.moment(AT.astimezone(timezone(timedelta(hours=5))))

    assert 'datetime="2026-11-23T15:04:05Z"' in html
    assert text_of(html) == "2026-11-23 15:04:05 UTC"


@pytest.mark.parametrize(
    ("span", "words"),
    [
        (timedelta(milliseconds=200), "just now"),
        (timedelta(seconds=1), "1 second ago"),
        (timedelta(seconds=119), "1 minute ago"),
        (timedelta(hours=5, minutes=59), "5 hours ago"),
        (timedelta(days=40), "40 days ago"),
        (timedelta(seconds=-30), "just now"),
    ],
)
def test_how_long_ago_is_told_in_the_largest_whole_unit(span, words):
    assert text_of(tags.ago(AT - span, AT)) == words


def test_a_missing_time_is_a_word():
    assert text_of(tags.ago(None, AT)) == "never"
    assert text_of(tags.moment(None, "still running")) == "still running"


@pytest.mark.parametrize(
    ("value", "words"),
    [(0, "0 bytes"), (1, "1 byte"), (999, "999 bytes"), (1000, "1 kB"), (18234, "18.2 kB"), (67_108_864, "67.1 MB"),
     (999_700, "1 MB"), (250_000, "250 kB"), (5_000_000_000_000_000, "5000 TB")],
)  # fmt: skip
def test_sizes_carry_their_unit(value, words):
    assert tags.size(value) == words


@pytest.mark.parametrize(
    ("value", "words"), [(0.0123, "12 ms"), (4.25, "4.2 s"), (125.0, "2 minutes"), (None, "unknown")]
)
def test_durations_carry_their_unit(value, words):
    assert tags.seconds(value) == words


def test_counts_agree_with_their_noun():
    assert tags.count(1, "workload") == "1 workload"
    assert tags.count(81234, "component") == "81,234 components"
    assert tags.count(2, "entry,entries") == "2 entries"
    assert tags.noun(1, "entry,entries") == "entry"


@pytest.mark.parametrize(
    ("purl", "path"),
    [
        ("pkg:npm/%40ctrl/tinycolor@4.1.1", "/packages/pkg%3Anpm%2F%2540ctrl%2Ftinycolor"),
        ("pkg:deb/debian/openssl@3.0.1-1?arch=amd64&distro=debian-12", "/packages/pkg%3Adeb%2Fdebian%2Fopenssl"),
        ("pkg:golang/github.com/foo/bar", "/packages/pkg%3Agolang%2Fgithub.com%2Ffoo%2Fbar"),
        ("pkg:npm/@ctrl/tinycolor", "/packages/pkg%3Anpm%2F%40ctrl%2Ftinycolor"),
    ],
)
def test_a_package_has_one_address_without_its_version(purl, path):
    assert tags.package_url(purl) == path


def test_every_state_has_a_word_and_a_shape_of_its_own_list():
    drawn = {
        line.split("#")[0].strip() for line in (settings.BASE_DIR / "static" / "icons.txt").read_text().splitlines()
    }

    assert {badge.icon for badge in tags.BADGES.values()} <= drawn
    assert all(badge.word for badge in tags.BADGES.values())


def test_states_of_one_list_differ_in_shape_not_only_in_colour():
    answer = ["affected", "possible", "cleared", "unknown", "build_exposure"]
    receipt = ["received", "processing", "applied", "applied_with_warnings", "rejected", "quarantined"]

    for group in (answer, receipt):
        assert len({tags.BADGES[name].icon for name in group}) == len(group)
