"""What is judged one by one is all that can be affected or possible: the rest would be cleared by its version alone."""

from __future__ import annotations

import itertools
from array import array

import pytest

from incidents.impact import candidates
from incidents.impact.candidates import Candidates, by_package
from incidents.impact.judging import Candidate, MatchClass, judge
from incidents.pasted import parse_text
from inventory.graph.packed import pack
from inventory.identity.indicators import Indicator

VERSIONS = (
    "1.2.3", "v1.2.3", "1.2", "1.2.0", "1.2.3.0", "01.2.3", "1.2.3-rc1", "v1.2.3-rc1", "1.2.3+b1", "0:1.2.3",
    "1.2.3.Final", "latest", "", "9.9.9", "v9.9.9", "1.2.3\n",
)  # fmt: skip
TYPES = ("npm", "pypi", "golang", "maven", "deb", "rpm", "apk", "nuget", "gem", "cargo", "composer", "generic")


def packed(*numbers: int) -> bytes:
    return pack(array("i", numbers))


def affected(found: Candidates, *, purl_type: str, by_source: bool = False) -> set[tuple[int, int, MatchClass]]:
    """Give the one package asked for a component of each version, numbered from 1."""
    numbered = (number for place in range(1, len(VERSIONS) + 1) for number in (by_source, place))
    row = found.statement.make(packed(0), purl_type, packed(*numbered), "\0".join(VERSIONS).encode(), None, None)
    found.take([row])
    return {(match.component_id, match.indicator, match.match_class) for match in found.judged()}


def each_judged(indicators: tuple[Indicator, ...], *, purl_type: str) -> set[tuple[int, int, MatchClass]]:
    candidates = [Candidate(number, purl_type, version, "", False) for number, version in enumerate(VERSIONS, start=1)]
    found = {
        (candidate.component_id, place, judge(indicator, candidate)[0])
        for candidate in candidates
        for place, indicator in enumerate(indicators)
    }
    return {each for each in found if each[2] is not MatchClass.CLEARED}


@pytest.mark.parametrize("purl_type", TYPES)
def test_what_is_found_is_what_judging_all_of_them_finds(purl_type: str):
    name = "github.com/acme/thing" if purl_type == "golang" else "acme/thing"
    questions: list[tuple[str, ...]] = [(version,) for version in VERSIONS if version.strip()]
    questions += list(itertools.combinations(["1.2.3", "v1.2.3", "1.2", "9.9.9"], 2))
    for listed in questions:
        indicators = parse_text("\n".join(f"pkg:{purl_type}/{name}@{version}" for version in listed))

        found = Candidates(by_package(enumerate(indicators)))

        assert affected(found, purl_type=purl_type) == each_judged(indicators, purl_type=purl_type), listed


@pytest.mark.parametrize("expression", ["", ">=1.2", "1.2.3 || 9.9.9"])
def test_ranges_and_whole_packages_have_every_component_judged(expression: str):
    indicators = parse_text(f"thing {expression}")

    found = Candidates(by_package(enumerate(indicators)))

    assert affected(found, purl_type="npm") == each_judged(indicators, purl_type="npm")


def test_why_something_is_cleared_is_told_for_the_components_that_are_asked_for():
    indicators = parse_text("pkg:npm/thing@1.2.3")
    found = Candidates(by_package(enumerate(indicators)))
    affected(found, purl_type="npm")

    (match,) = found.cleared({VERSIONS.index("9.9.9") + 1, VERSIONS.index("1.2.3") + 1, 4711})

    assert match.component_id == VERSIONS.index("9.9.9") + 1
    assert match.reason == "version 9.9.9 is not among the versions asked for"


def test_plain_versions_and_the_listed_one_among_them_are_judged_by_nobody(monkeypatch: pytest.MonkeyPatch):
    judged: list[str] = []

    def spy(indicator: Indicator, candidate: Candidate) -> tuple[MatchClass, str]:
        judged.append(candidate.version)
        return judge(indicator, candidate)

    monkeypatch.setattr(candidates, "judge", spy)
    versions = [f"1.0.{number}" for number in range(5_000)]
    found = Candidates(by_package(enumerate(parse_text("pkg:npm/thing@1.0.7"))))
    numbered = (number for place in range(1, 5_001) for number in (0, place))
    row = found.statement.make(packed(0), "npm", packed(*numbered), "\0".join(versions).encode(), None, None)
    found.take([row])

    assert [match.component_id for match in found.judged()] == [8]
    assert judged == []  # nor is the listed one, where nothing narrows it


def test_of_packages_nobody_has_there_is_nothing():
    found = Candidates(by_package(enumerate(parse_text("pkg:npm/thing@1.2.3"))))
    row = found.statement.make(None, None, None, None, None, None)
    found.take([row])

    assert list(found.judged()) == []
    assert list(found.ids) == []
