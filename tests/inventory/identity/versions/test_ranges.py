import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inventory.identity.versions import (
    RangeError,
    UnevaluableVersion,
    VersionRange,
    compare,
    parse_canonical_vers,
    parse_range,
)
from tests.effort import assert_linear, calls_of

LOG4J = "vers:maven/>=2.0-beta9|<2.3.1|>=2.4|<2.12.2|>=2.13.0|<2.15.0"
LOG4J_INSIDE = "2.0-beta9 2.3 2.4 2.12.1 2.13.0 2.14.1 2.15.0-rc1"
LOG4J_OUTSIDE = "2.3.1 2.3.2 2.12.2 2.12.4 2.15.0 2.16.0"

CANONICAL = [
    ("npm", "^1.2.3", ">=1.2.3|<2.0.0"),
    ("npm", "^0.2.3", ">=0.2.3|<0.3.0"),
    ("npm", "^0.0.3", ">=0.0.3|<0.0.4"),
    ("npm", "^0.x", ">=0.0.0|<1.0.0"),
    ("npm", "~1.2.3", ">=1.2.3|<1.3.0"),
    ("npm", "~1", ">=1.0.0|<2.0.0"),
    ("npm", "1.x", ">=1.0.0|<2.0.0"),
    ("npm", "1.2.*", ">=1.2.0|<1.3.0"),
    ("npm", "1.2", ">=1.2.0|<1.3.0"),
    ("npm", ">1.2", ">=1.3.0"),
    ("npm", "<=1.2", "<1.3.0"),
    ("npm", "1.2.3 - 2.3.4", ">=1.2.3|<=2.3.4"),
    ("npm", "1.2 - 2.3", ">=1.2.0|<2.4.0"),
    ("npm", ">=1.0.0 <1.2.0 || >=2", ">=1.0.0|<1.2.0|>=2.0.0"),
    ("npm", "1.x || >=1.5.0", ">=1.0.0"),
    ("npm", "= 4.1.1 || = 4.1.2", "4.1.1|4.1.2"),
    ("npm", "4.1.1, 4.1.2", "4.1.1|4.1.2"),
    ("npm", "*", "*"),
    ("npm", "!=1.0.0", "!=1.0.0"),
    ("npm", "<2.0.0 || >2.0.0", "!=2.0.0"),
    ("pypi", ">=1,<2", ">=1|<2"),
    ("pypi", "~=1.4.2", ">=1.4.2|<1.5"),
    ("pypi", "~=1.4", ">=1.4|<2"),
    ("pypi", "==1.*", ">=1.dev0|<2"),
    ("pypi", "==1.0.1", "1.0.1"),
    ("pypi", ">=1.0,!=1.5,<2", ">=1.0|!=1.5|<2"),
    ("pypi", "===1.0", "1.0"),
    ("maven", "[1,2)", ">=1|<2"),
    ("maven", "(,1.0],[1.2,)", "<=1.0|>=1.2"),
    ("maven", "[1.0]", "1.0"),
    ("maven", "(1.0,)", ">1.0"),
    ("maven", ">= 2.4, < 2.12.2", ">=2.4|<2.12.2"),
    ("nuget", "[1.0,2.0)", ">=1.0|<2.0"),
    ("nuget", "[1.0, 2.0) , [3.0]", ">=1.0|<2.0|3.0"),
    ("deb", ">= 1.0-1", ">=1.0-1"),
    ("deb", "<< 2", "<2"),
    ("deb", ">> 1", ">1"),
    ("deb", "= 1:2.0~rc1-1+b2", "1:2.0~rc1-1+b2"),
    ("golang", ">=v1.2.0 <v1.3.0", ">=v1.2.0|<v1.3.0"),
    ("cargo", "1.2", ">=1.2.0|<2.0.0"),
    ("cargo", "^1.2", ">=1.2.0|<2.0.0"),
    ("cargo", "~1", ">=1.0.0|<2.0.0"),
    ("cargo", ">=1.2, <1.5", ">=1.2.0|<1.5.0"),
    ("cargo", "=1.2.3", "1.2.3"),
    ("gem", "~> 1.2", ">=1.2|<2"),
    ("gem", "~> 1.2.3", ">=1.2.3|<1.3"),
    ("hex", "~> 1.2 and != 1.3.0", ">=1.2.0|!=1.3.0|<2.0.0"),
    ("pub", "any", "*"),
    ("composer", "~1.2", ">=1.2|<2"),
    ("composer", "~1.2.3 || ^3.1@dev", ">=1.2.3|<1.3|>=3.1|<4"),
    ("composer", "1.0.*", ">=1.0|<1.1"),
    ("npm", "vers:npm/ <2.0.0 | >= 1.0.0 |", ">=1.0.0|<2.0.0"),
    ("npm", "VERS:npm/>=1.0.0|>=1.5.0|<2.0.0|<1.9.0", ">=1.0.0|<2.0.0"),
    ("npm", "vers:npm/>=2.0.0|<2.1.0|>=2.1.0|<2.2.0", ">=2.0.0|<2.2.0"),
    ("npm", "vers:semver/>=1.0.0", ">=1.0.0"),
    ("go", "vers:golang/>=1.0.0", ">=1.0.0"),
]


@pytest.mark.parametrize(("purl_type", "text", "constraints"), CANONICAL)
def test_a_range_in_any_syntax_has_one_canonical_text(purl_type: str, text: str, constraints: str) -> None:
    parsed = parse_range(purl_type, text)

    assert parsed.canonical.partition("/")[2] == constraints
    assert parse_canonical_vers(parsed.canonical) == parsed


@pytest.mark.parametrize(
    ("version", "inside"),
    [(one, True) for one in LOG4J_INSIDE.split()] + [(one, False) for one in LOG4J_OUTSIDE.split()],
)
def test_log4shell_is_judged_as_osv_judges_it(version: str, inside: bool) -> None:
    native = parse_range("maven", ">= 2.0-beta9, < 2.3.1 || [2.4,2.12.2) || >= 2.13.0 < 2.15.0")

    assert parse_range("maven", LOG4J).contains(version) is inside
    assert native.contains(version) is inside


@pytest.mark.parametrize("text", [LOG4J, "*", ">= 0", "latest"])
def test_an_empty_version_is_neither_inside_nor_outside(text: str) -> None:
    for version in ("", "  "):
        with pytest.raises(UnevaluableVersion):
            parse_range("maven", text).contains(version)


@pytest.mark.parametrize(
    ("purl_type", "text", "version"),
    [
        ("pypi", "<2.0", "2.0rc1"),
        ("pypi", "==1.*", "1.0rc1"),
        ("pypi", "==2.0.1", "2.0.1+cpu"),
        ("pypi", "<=2.0.1", "2.0.1+cpu"),
        ("npm", "<2.0.0", "2.0.0-beta.1"),
        ("npm", "^1.2.3", "1.5.0-beta.1"),
        ("npm", ">=1.0.0", "3.0.0-rc.1"),
        ("pypi", "2.0.1 || 2.0.2+cu1", "2.0.1+cpu"),
        ("rpm", "<=1.2", "1.2-3.el9"),
        ("rpm", ">=1.0-3 <=1.2", "1.2-3.el9"),
        ("rpm", "<=1.2 || 1.2-1", "1.2-3.el9"),
        ("rpm", "= 1.2", "1.2-3.el9"),
        ("npm", "*", "latest"),
        ("npm", "1.0.0 || latest", "latest"),
        ("oci", "sha256:ab", "sha256:ab"),
    ],
)
def test_an_incident_range_takes_in_what_a_resolver_would_hide(purl_type: str, text: str, version: str) -> None:
    assert parse_range(purl_type, text).contains(version)


@pytest.mark.parametrize(
    ("purl_type", "text", "version"),
    [
        ("pypi", "<2.0", "2.0"),
        ("pypi", "==2.0.1+cu1", "2.0.1+cpu"),
        ("npm", "^1.2.3", "2.0.0"),
        ("deb", "<= 5.6.1-1", "5.6.1+really5.4.5-1"),
        ("rpm", "<1.2", "1.2-3.el9"),
        ("rpm", "<=1.2-2", "1.2-3.el9"),
        ("npm", "!=1.0.0", "1.0.0"),
    ],
)
def test_what_lies_above_the_bound_is_outside(purl_type: str, text: str, version: str) -> None:
    assert not parse_range(purl_type, text).contains(version)


def test_the_vers_algorithm_alone_does_not_widen() -> None:
    assert not parse_range("pypi", "==2.0.1").contains_exactly("2.0.1+cpu")
    assert parse_range("pypi", "<2.0").contains_exactly("2.0rc1")


def test_a_version_without_order_is_unevaluable_in_a_range_and_matches_itself_in_a_list() -> None:
    commit = "0e58ed8671d6b60d0890c21b07f8835ace038e67"
    listed = parse_range("githubactions", f"v45 || {commit}")

    assert listed.contains(commit)
    assert listed.versions == ("v45", commit)
    with pytest.raises(UnevaluableVersion):
        parse_range("githubactions", "<v46").contains(commit)


@pytest.mark.parametrize(
    ("purl_type", "text"),
    [
        ("npm", ""),
        ("npm", "||"),
        ("npm", ">=2.0.0 <1.0.0"),
        ("npm", ">latest"),
        ("npm", ">="),
        ("npm", "vers:npm/"),
        ("npm", "vers:npm"),
        ("npm", "vers:pypi/>=1.0"),
        ("npm", "vers:npm/*|1.0.0"),
        ("npm", "vers:npm/>=1.0.0|<=1.0.0"),
        ("npm", "vers:npm/1.0%zz"),
        ("npm", "vers:npm/%ff"),
        ("npm", "vers:npm/>=latest"),
        ("maven", "(1.0)"),
        ("maven", "[1.0,2.0"),
        ("maven", "[]"),
        ("maven", "[1,2,3]"),
        ("maven", "[2,1]"),
        ("npm", "1" * 300_000),
    ],
)
def test_what_is_no_range_is_refused_with_a_message(purl_type: str, text: str) -> None:
    with pytest.raises(RangeError) as refused:
        parse_range(purl_type, text)

    assert refused.value.code == "bad_range"
    assert refused.value.message.isprintable()


def test_a_vers_text_that_is_not_canonical_is_refused_with_the_canonical_one() -> None:
    with pytest.raises(RangeError, match=re.escape("write vers:npm/>=1.0.0|<2.0.0")) as refused:
        parse_canonical_vers("vers:npm/<2.0.0|>=1.0.0")

    assert refused.value.code == "bad_vers"


def test_ranges_merge_into_what_is_in_either() -> None:
    merged = parse_range("npm", "<1.2.0").merge(parse_range("npm", ">=1.1.0 <2.0.0")).merge(parse_range("npm", "3.0.0"))

    assert merged.canonical == "vers:npm/<2.0.0|3.0.0"
    with pytest.raises(RangeError):
        merged.merge(parse_range("pypi", "<1"))


def test_equal_sets_are_equal_ranges() -> None:
    assert parse_range("npm", "1.x") == parse_range("npm", ">=1.0.0 <2.0.0")
    assert len({parse_range("npm", "1.x"), parse_range("npm", "^1.0.0")}) == 1


def test_a_list_of_versions_can_be_looked_up_one_by_one() -> None:
    assert VersionRange.of_versions("npm", ["2.0.0", "1.0.0"]).versions == ("1.0.0", "2.0.0")
    assert parse_range("npm", "<2.0.0").versions is None
    assert VersionRange.everything("npm").versions is None
    with pytest.raises(RangeError):
        VersionRange.of_versions("npm", [])
    with pytest.raises(RangeError):
        VersionRange.of_versions("npm", [""])


@given(
    st.sampled_from(["npm", "pypi", "maven", "deb", "gem", "oci", "hex"]),
    st.text(alphabet="01.x*<>=~^!|,[]() -abv:+%", max_size=30),
)
def test_arbitrary_text_is_a_range_or_is_refused(purl_type: str, text: str) -> None:
    for written in (text, f"vers:{purl_type}/{text}"):
        try:
            parsed = parse_range(purl_type, written)
        except RangeError:
            continue
        assert parse_range(purl_type, parsed.canonical) == parsed


@given(
    st.lists(st.tuples(st.sampled_from(["<", "<=", ">", ">=", "=", "!="]), st.integers(0, 6)), min_size=1, max_size=4),
    st.integers(0, 6),
)
def test_all_terms_of_an_alternative_must_hold(terms: list[tuple[str, int]], asked: int) -> None:
    text = " ".join(f"{operator}{number}.0.0" for operator, number in terms)
    if all(operator == "=" for operator, _ in terms):
        return  # a list of versions, by our reading
    expected = all(_holds(operator, asked, number) for operator, number in terms)

    try:
        parsed = parse_range("npm", text)
    except RangeError:
        assert not expected
    else:
        assert parsed.contains(f"{asked}.0.0") is expected


@given(
    st.lists(st.tuples(st.sampled_from(["<", "<=", ">", ">=", "="]), st.integers(0, 6)), min_size=1, max_size=4),
    st.integers(0, 6),
)
def test_one_alternative_is_enough(terms: list[tuple[str, int]], asked: int) -> None:
    text = " || ".join(f"{operator}{number}.0.0" for operator, number in terms)

    parsed = parse_range("npm", text)

    assert parsed.contains(f"{asked}.0.0") is any(_holds(operator, asked, number) for operator, number in terms)


@pytest.mark.parametrize(
    ("start", "separator", "term"),
    [("", " || ", "1.{}.0"), ("vers:npm/", "|", "<1.{}.0"), ("vers:npm/", "|", "!=1.{}.0")],
    ids=["list", "bounds in vers", "excluded in vers"],
)
def test_a_term_costs_the_same_in_a_range_of_ten_thousand(start: str, separator: str, term: str) -> None:
    short, long = (start + separator.join(term.format(number) for number in range(count)) for count in (1000, 10_000))

    assert_linear(lambda text: parse_range("npm", text).contains("0.9.0"), short, long)
    assert parse_range("npm", long).contains("0.9.0") is bool(start)


def test_three_hundred_exclusions_cost_a_few_calls_for_each_pair() -> None:
    text = " ".join(f"!=1.{number}.0" for number in range(300))

    assert parse_range("npm", text).contains("0.9.0")
    assert calls_of(lambda: parse_range("npm", text)) <= 7.5 * 300**2


def _holds(operator: str, asked: int, number: int) -> bool:
    order = compare("npm", f"{asked}.0.0", f"{number}.0.0")
    return {"<": order < 0, "<=": order <= 0, ">": order > 0, ">=": order >= 0, "=": order == 0, "!=": order != 0}[
        operator
    ]
