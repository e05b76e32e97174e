"""Our orders against the univers package, which others built and tested: both must agree on what is a version."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from univers import versions as univers

from inventory.identity.versions import UnevaluableVersion, compare

ORACLES = {
    "apk": univers.AlpineLinuxVersion,
    "deb": univers.DebianVersion,
    "gem": univers.RubygemsVersion,
    "golang": univers.GolangVersion,
    "maven": univers.MavenVersion,
    "npm": univers.SemverVersion,
    "nuget": univers.NugetVersion,
    "pypi": univers.PypiVersion,
    "rpm": univers.RpmVersion,
}
ENDINGS = {
    "apk": ["", "a", "_rc1", "_p2", "_alpha", "-r1", "_p2-r3"],
    "deb": ["", "~rc1", "+dfsg-1", "-1", "-1ubuntu2", "~~", "a-1", "+really1.0-1"],
    "gem": ["", ".rc1", ".pre", ".beta.2", ".a.0.b", ".0.0"],
    "golang": ["", "-rc.1", "-0.20210101000000-abcdefabcdef", "+incompatible"],
    "maven": ["", "-rc1", "-SNAPSHOT", "-alpha-1", ".Final", "-beta2", "-sp1", "-jre", "-M3", ".1"],
    "npm": ["", "-rc.1", "-alpha", "-alpha.1", "-beta.11", "-0", "+build"],
    "nuget": ["", "-rc1", "-beta.2", ".4", "-Alpha"],
    "pypi": ["", "rc1", "a2", ".dev3", ".post1", "+local.1", "b1.dev2"],
    "rpm": ["", "~rc1-1", "^git1-1", "-1.el9", "-2.el9", "a-1"],
}
NUMBERS = st.tuples(st.integers(0, 3), st.integers(0, 12), st.integers(0, 3))
VERSIONS = st.tuples(NUMBERS, st.integers(0, 20))


@pytest.mark.parametrize("purl_type", sorted(ORACLES))
@given(one=VERSIONS, other=VERSIONS)
def test_the_order_is_that_of_the_oracle(
    purl_type: str, one: tuple[tuple[int, int, int], int], other: tuple[tuple[int, int, int], int]
) -> None:
    left, right = _written(purl_type, one), _written(purl_type, other)
    oracle = ORACLES[purl_type]

    try:
        ours = compare(purl_type, left, right)
    except UnevaluableVersion:
        pytest.fail(f"{left} or {right} is a version")

    theirs = (oracle(left) > oracle(right)) - (oracle(left) < oracle(right))
    assert ours == theirs, (left, right)


def _written(purl_type: str, drawn: tuple[tuple[int, int, int], int]) -> str:
    numbers, ending = drawn
    endings = ENDINGS[purl_type]
    lead = "v" if purl_type == "golang" else ""
    return f"{lead}{'.'.join(map(str, numbers))}{endings[ending % len(endings)]}"
