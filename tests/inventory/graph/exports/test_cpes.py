"""A CPE is written as one where it is well-formed, and never otherwise."""

import pytest

from inventory.graph.exports.cpes import cpe_version

CPES = (
    ("cpe:2.3:a:acme:tool:1:*:*:*:*:*:*:*", "2.3"),
    (r"cpe:2.3:a:acme:to\+ol:1\:2.38:-:*:en-us:*:*:*:*", "2.3"),
    (r"cpe:2.3:a:acme:to\+ol:1\:2.38:-:*:*:en-US:*:*:*:x", ""),
    (r"cpe:2.3:a:acme:to\+ol:1\:2.38:-:*:en-US:*:*:*:x", "2.3"),
    ("cpe:2.3:a:bsdutils:bsdutils:1:2.38.1-5:*:*:*:*:*:*:*", ""),
    ("cpe:2.3:a:acme:tool", ""),
    ("cpe:2.3:a:acme:tool:1:*:*:*:*:*:*:*\n", ""),
    ("cpe:/a:acme:tool:1", "2.2"),
    ("cpe:/a:acme:tool:1 2", ""),
    ("", ""),
)


@pytest.mark.parametrize(("text", "version"), CPES)
def test_a_cpe_is_told_from_what_is_none(text: str, version: str):
    assert cpe_version(text) == version
