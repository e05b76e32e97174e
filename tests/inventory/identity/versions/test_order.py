from itertools import pairwise, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inventory.identity.versions import UnevaluableVersion, compare, sort_key, sorted_versions

ASCENDING = {
    "npm": "0.0.1 1.0.0-alpha 1.0.0-alpha.1 1.0.0-alpha.beta 1.0.0-beta.2 1.0.0-beta.11 1.0.0-rc.1 1.0.0 1.0.1 1.10.0",
    "cargo": "0.9.0 1.0.0-rc.1 1.0.0 1.0.1-alpha.1 1.0.1",
    "golang": "v0.0.0-20210101000000-abcdefabcdef v1.0.0-rc1 v1.0.0 v1.2.3 v2.0.0+incompatible v10.0.0",
    "hex": "1.0.0-dev 1.0.0 1.1.0",
    "pub": "1.0.0-dev 1.0.0 1.0.0+1 1.0.0+2 1.0.1",
    "swift": "5.4.0-beta.1 5.4.0 5.4.3",
    "pypi": "1.0.dev1 1.0a1 1.0b2 1.0rc1 1.0 1.0+local 1.0.post1 1.1 1!0.1",
    "maven": "2.0-alpha-1 2.0-beta9 2.0-milestone-1 2.0-rc1 2.0-SNAPSHOT 2.0 2.0-sp1 2.0-foo 2.0-1 2.0.1 2.12.2",
    "deb": "1.0~~ 1.0~rc1 1.0 1.0-1 1.0a 1.0+b 1.0.1 5.4.5-1 5.6.1-1 5.6.1+really5.4.5-1 1:0.1",
    "rpm": "1.0~rc1-1 1.0-1 1.0-2 1.0^git1-1 1.0a-1 1.0.1-1 1.10-1 1:0.1-1",
    "apk": "1.0_alpha 1.0_alpha1 1.0_rc1 1.0 1.0-r1 1.0_p1 1.0a 1.0.1 1.01.5 1.1",
    "gem": "1.0.a.0.b 1.0.a 1.0.a.0.2 1.0.b1 1.0.pre 1.0 1.0.1.rc1 1.0.1 1.0.10",
    "nuget": "1.0.0-Alpha 1.0.0-beta 1.0.0-beta.2 1.0.0-beta.11 1.0 1.0.0.1 1.0.1",
    "composer": "1.0-dev 1.0-alpha1 1.0-beta2 1.0-RC1 1.0 1.0.1 1.10 2.0-beta",
    "conan": "1.0-pre 1.0 1.1 2.0",
    "openssl": "1.0.1 1.0.1a 1.0.1k 1.1.1 3.0.0",
    "alpm": "1.0-1 1.0-2 1.1-1 1:0.1-1",
    "generic": "1 1.1 1.2.3.4 2",
}
EQUAL = [
    ("npm", "v1.2.0", "1.2"),
    ("npm", "1.0.0+build", "1.0.0"),
    ("golang", "v1.2.3", "1.2.3"),
    ("golang", "go1.21.0", "v1.21"),
    ("pypi", "1.0", "1.0.0"),
    ("pypi", "1.0-RC1", "1.0rc1"),
    ("maven", "1.0", "1"),
    ("maven", "1.0.0-ga", "1"),
    ("maven", "1.0.Final", "1.0.RELEASE"),
    ("maven", "1.0a1", "1.0-alpha-1"),
    ("maven", "1.0-cr2", "1.0-RC2"),
    ("deb", "0:1.0-0", "1.0"),
    ("deb", "1.0.", "1.0.0"),
    ("rpm", "1.0", "1.0."),
    ("rpm", "0:1.0-1", "1.0-1"),
    ("gem", "1.0.a", "1.a"),
    ("gem", "1.17.4-x86_64-linux-gnu", "1.17.4"),
    ("gem", "1.16.0-java", "1.16"),
    ("gem", "1.0", "1.0.0"),
    ("nuget", "1.0-BETA", "1.0.0.0-beta+x"),
    ("composer", "v1.0", "1.0.0.0"),
]
PIECES = [
    "0",
    "1",
    "10",
    ".",
    ".0",
    ".1",
    "-",
    "~",
    "+",
    "a",
    "rc1",
    "-alpha",
    "-beta.2",
    "_p1",
    "-r1",
    "^",
    "foo",
    ":",
    "x",
]
ORDERED_TYPES = sorted({*ASCENDING, "ebuild", "nginx", "intdot", "datetime", "unknown-type"})
PLAIN_TYPES = ["npm", "pypi", "deb", "rpm", "apk", "gem", "nuget", "composer", "golang"]


@pytest.mark.parametrize("purl_type", sorted(ASCENDING))
def test_versions_ascend_in_the_order_of_their_ecosystem(purl_type: str) -> None:
    versions = ASCENDING[purl_type].split()

    assert [compare(purl_type, low, high) for low, high in pairwise(versions)] == [-1] * (len(versions) - 1)
    assert sorted_versions(purl_type, reversed(versions)) == versions


@pytest.mark.parametrize(("purl_type", "one", "other"), EQUAL)
def test_two_spellings_of_one_version_are_equal(purl_type: str, one: str, other: str) -> None:
    assert compare(purl_type, one, other) == 0


def test_the_debian_rollback_of_xz_is_above_the_backdoored_release() -> None:
    assert compare("deb", "5.6.1+really5.4.5-1", "5.6.1-1") == 1


@pytest.mark.parametrize("purl_type", ORDERED_TYPES)
@pytest.mark.parametrize("version", ["", "  ", "*", "latest", "main", "1" * 300, "\uff11.0", "1.0\n2.0"])
def test_what_names_no_version_or_a_moving_one_is_unevaluable(purl_type: str, version: str) -> None:
    with pytest.raises(UnevaluableVersion) as refused:
        sort_key(purl_type, version)

    assert refused.value.code == "unevaluable_version"
    assert refused.value.message.isprintable()


@pytest.mark.parametrize(
    "purl_type", ["cargo", "composer", "gem", "generic", "golang", "maven", "npm", "nuget", "pypi"]
)
@pytest.mark.parametrize("version", ["(devel)", "${project.version}", "a" * 40, "0123abcdef" * 4, "1a2b3c4"])
def test_a_commit_or_a_placeholder_is_unevaluable(purl_type: str, version: str) -> None:
    with pytest.raises(UnevaluableVersion):
        sort_key(purl_type, version)


@pytest.mark.parametrize("purl_type", ["oci", "docker", "huggingface"])
def test_digests_and_tags_have_no_order(purl_type: str) -> None:
    with pytest.raises(UnevaluableVersion):
        sort_key(purl_type, "1.0.0")


def test_unevaluable_versions_are_listed_last_and_never_dropped() -> None:
    assert sorted_versions("npm", ["latest", "2.0.0", "", "1.0.0"]) == ["1.0.0", "2.0.0", "", "latest"]


def test_other_names_of_a_scheme_are_understood() -> None:
    assert compare("alpine", "1.0_rc1", "1.0") == -1
    assert compare("Go", "v1.0.0", "v1.0.1") == -1


@given(st.sampled_from(ORDERED_TYPES), st.text(max_size=30))
def test_arbitrary_text_has_a_key_or_is_unevaluable(purl_type: str, text: str) -> None:
    try:
        key = sort_key(purl_type, text)
    except UnevaluableVersion:
        return
    assert not key < sort_key(purl_type, text)


@given(
    st.sampled_from(ORDERED_TYPES),
    st.lists(st.lists(st.sampled_from(PIECES), min_size=1, max_size=5), min_size=2, max_size=2),
)
def test_comparison_is_antisymmetric(purl_type: str, pieces: list[list[str]]) -> None:
    one, other = ("1" + "".join(part) for part in pieces)

    try:
        assert compare(purl_type, one, other) == -compare(purl_type, other, one)
    except UnevaluableVersion:
        return


@given(
    st.sampled_from(PLAIN_TYPES),
    st.lists(st.lists(st.sampled_from(PIECES), min_size=1, max_size=4), min_size=3, max_size=5),
)
def test_the_order_is_total(purl_type: str, pieces: list[list[str]]) -> None:
    versions = sorted_versions(purl_type, {"1" + "".join(part) for part in pieces})
    placed = [version for version in versions if _is_placed(purl_type, version)]

    for (low, one), (high, other) in product(enumerate(placed), enumerate(placed)):
        if low < high:
            assert compare(purl_type, one, other) <= 0


def _is_placed(purl_type: str, version: str) -> bool:
    try:
        sort_key(purl_type, version)
    except UnevaluableVersion:
        return False
    return True
