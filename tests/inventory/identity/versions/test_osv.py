"""OSV's evaluation: its truth table for log4j, its events in any order, and what nobody can judge."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inventory.identity.versions import UnevaluableVersion, compare
from inventory.identity.versions.osv import (
    AffectedVersions,
    EventKind,
    OsvEvent,
    OsvRange,
    OsvVerdict,
    RangeType,
    affected_versions,
    judge_all,
)

INTRODUCED, FIXED, LAST, LIMIT = EventKind.INTRODUCED, EventKind.FIXED, EventKind.LAST_AFFECTED, EventKind.LIMIT


def events(*pairs: tuple[EventKind, str]) -> OsvRange:
    return OsvRange(RangeType.ECOSYSTEM, tuple(OsvEvent(kind, version) for kind, version in pairs))


def entry(purl_type: str, *ranges: OsvRange, versions: tuple[str, ...] = ()) -> AffectedVersions:
    return affected_versions(purl_type, ranges=ranges, versions=versions)


LOG4J = [
    entry("maven", events((INTRODUCED, "2.13.0"), (FIXED, "2.15.0"))),
    entry("maven", events((INTRODUCED, "2.4"), (FIXED, "2.12.2"))),
    entry("maven", events((INTRODUCED, "2.0-beta9"), (FIXED, "2.3.1"))),
]


@pytest.mark.parametrize(
    ("version", "verdict"),
    [
        ("2.0-beta9", "affected"), ("2.3", "affected"), ("2.3.1", "unaffected"), ("2.3.2", "unaffected"),
        ("2.4", "affected"), ("2.12.1", "affected"), ("2.12.2", "unaffected"), ("2.12.4", "unaffected"),
        ("2.13.0", "affected"), ("2.14.1", "affected"), ("2.15.0-rc1", "affected"), ("2.15.0", "unaffected"),
        ("2.16.0", "unaffected"), ("", "unevaluable"), ("${log4j.version}", "unevaluable"),
    ],
)  # fmt: skip
def test_the_three_entries_of_log4shell_are_or_ed(version: str, verdict: str):
    assert judge_all(LOG4J, version) == verdict


@pytest.mark.parametrize("version", ["", "  "])
def test_an_empty_version_is_unevaluable_even_where_every_version_is_affected(version: str):
    assert entry("npm", events((INTRODUCED, "0"))).judge(version) is OsvVerdict.UNEVALUABLE


@pytest.mark.parametrize("version", ["0.0.0-alpha", "1.0.0", "999.0.0", "latest"])
def test_introduced_0_without_an_end_is_every_version(version: str):
    assert entry("npm", events((INTRODUCED, "0"))).judge(version) is OsvVerdict.AFFECTED


def test_last_affected_is_inside_and_the_next_version_is_not():
    actions = entry("githubactions", events((INTRODUCED, "0"), (LAST, "45.0.7")))

    assert [actions.judge(version) for version in ("45.0.7", "v45.0.7", "45.0.8")] == [
        OsvVerdict.AFFECTED,
        OsvVerdict.AFFECTED,
        OsvVerdict.UNAFFECTED,
    ]


def test_a_limit_ends_what_has_no_other_end():
    limited = entry("npm", events((INTRODUCED, "1.0.0"), (LIMIT, "2.0.0"), (LIMIT, "3.0.0")))
    unlimited = entry("npm", events((INTRODUCED, "1.0.0"), (LIMIT, "2.0.0"), (LIMIT, "*")))

    assert [limited.judge(version) for version in ("2.9.9", "3.0.0")] == [OsvVerdict.AFFECTED, OsvVerdict.UNAFFECTED]
    assert unlimited.judge("9.0.0") is OsvVerdict.AFFECTED


def test_a_beginning_and_an_end_at_one_version_hold_nothing_and_split_nothing():
    nothing = entry("npm", events((INTRODUCED, "1.0.0"), (FIXED, "1.0.0")))
    on = entry("npm", events((INTRODUCED, "0"), (FIXED, "1.0.0"), (INTRODUCED, "1.0.0"), (FIXED, "2.0.0")))

    assert nothing.judge("1.0.0") is OsvVerdict.UNAFFECTED
    assert on.judge("1.5.0") is OsvVerdict.AFFECTED


def test_listed_versions_are_affected_as_text_and_by_the_order():
    listed = entry("pypi", versions=("1.0", "2011g", "nightly"))

    assert [listed.judge(version) for version in ("1.0", "1.0.0", "nightly")] == [OsvVerdict.AFFECTED] * 3
    assert listed.judge("1.1") is OsvVerdict.UNAFFECTED


def test_a_range_nobody_can_place_clears_nothing():
    odd = entry("npm", events((INTRODUCED, "some day"), (FIXED, "2.0.0")), versions=("1.2.3",))

    assert odd.judge("1.2.3") is OsvVerdict.AFFECTED
    assert odd.judge("9.9.9") is OsvVerdict.UNEVALUABLE
    assert odd.problems


def test_commits_alone_clear_no_version_and_beside_versions_are_passed_over():
    git = OsvRange(RangeType.GIT, (OsvEvent(INTRODUCED, "0"), OsvEvent(FIXED, "a" * 40)))

    assert entry("npm", git).judge("1.0.0") is OsvVerdict.UNEVALUABLE
    assert entry("npm", git, versions=("1.0.0",)).judge("1.0.1") is OsvVerdict.UNAFFECTED
    assert entry("npm").judge("1.0.0") is OsvVerdict.UNEVALUABLE


def test_unevaluable_of_one_entry_outweighs_cleared_of_another():
    entries = [entry("npm", events((INTRODUCED, "2.0.0"))), entry("npm")]

    assert judge_all(entries, "1.0.0") is OsvVerdict.UNEVALUABLE


def test_the_debian_fix_that_looks_newer_is_cleared():
    xz = entry("deb", events((INTRODUCED, "5.5.1alpha-0.1"), (FIXED, "5.6.1+really5.4.5-1")))

    assert xz.judge("5.6.1-1") is OsvVerdict.AFFECTED
    assert xz.judge("5.6.1+really5.4.5-1") is OsvVerdict.UNAFFECTED


VERSIONS = st.sampled_from(["0.9.0", "1.0.0-rc.1", "1.0.0", "1.1.0", "1.2.0", "2.0.0", "2.0.1", "3.0.0"])
EVENTS = st.lists(
    st.tuples(st.sampled_from([INTRODUCED, FIXED, LAST, LIMIT]), VERSIONS),
    min_size=1,
    max_size=6,
    unique_by=lambda e: e[1],
)


def by_the_specification(pairs: list[tuple[EventKind, str]], version: str) -> bool:
    """The pseudo code of the specification, word for word."""
    limits = [limit for kind, limit in pairs if kind is LIMIT]
    if limits and not any(compare("npm", version, limit) < 0 for limit in limits):
        return False
    is_vulnerable = False
    ordered = sorted(pairs, key=lambda pair: [compare("npm", pair[1], other) for _, other in pairs].count(1))
    for kind, at in ordered:
        if kind is INTRODUCED and compare("npm", version, at) >= 0:
            is_vulnerable = True
        elif (kind is FIXED and compare("npm", version, at) >= 0) or (kind is LAST and compare("npm", version, at) > 0):
            is_vulnerable = False
    return is_vulnerable


@given(pairs=EVENTS, version=VERSIONS)
def test_the_verdict_is_that_of_the_specifications_algorithm(pairs: list[tuple[EventKind, str]], version: str):
    expected = OsvVerdict.AFFECTED if by_the_specification(pairs, version) else OsvVerdict.UNAFFECTED

    assert entry("npm", events(*pairs)).judge(version) is expected


@given(text=st.text(max_size=30), version=st.text(max_size=30), purl_type=st.sampled_from(["npm", "deb", "maven", "x"]))
def test_no_text_raises(text: str, version: str, purl_type: str):
    try:
        verdict = entry(purl_type, events((INTRODUCED, text)), versions=(version[:3],)).judge(version)
    except UnevaluableVersion:
        pytest.fail("it is a verdict")

    assert verdict in OsvVerdict
