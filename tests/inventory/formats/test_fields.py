"""Small fields: times, hashes, names beside purls, tools."""

from datetime import UTC, datetime

import pytest

from inventory.formats.conventions import source_package_of
from inventory.formats.hashes import parse_hash
from inventory.formats.naming import names_agree
from inventory.formats.pointers import from_path, join
from inventory.formats.producers import Producer, choose_producer, parse_spdx_tool
from inventory.formats.records import Hash
from inventory.formats.timestamps import parse_timestamp
from inventory.identity.purls import parse_purl


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2026-02-03T04:05:06Z", datetime(2026, 2, 3, 4, 5, 6, tzinfo=UTC)),
        ("2026-02-03t04:05:06.123456789z", datetime(2026, 2, 3, 4, 5, 6, 123456, tzinfo=UTC)),
        ("2026-02-03 04:05:06.5 +02:00", datetime(2026, 2, 3, 2, 5, 6, 500000, tzinfo=UTC)),
        ("2026-02-30T00:00:00Z", None),
        ("2026-02-03T04:05:06", None),
        ("2026-02-03", None),
        ("٢٠٢٦-02-03T04:05:06Z", None),
        ("x" * 1_000, None),
        (None, None),
        (True, None),
    ],
)
def test_times_are_utc_or_absent(text, value) -> None:
    assert parse_timestamp(text) == value


@pytest.mark.parametrize(
    ("algorithm", "value", "expected"),
    [
        ("SHA-256", "AB" * 32, Hash("sha256", "ab" * 32)),
        ("sha256", "sha256:" + "ab" * 32, Hash("sha256", "ab" * 32)),
        ("SHA3-256", "ab" * 32, Hash("sha3-256", "ab" * 32)),
        ("BLAKE2b-512", "ab" * 64, Hash("blake2b-512", "ab" * 64)),
        ("BLAKE3", "ab" * 32, Hash("blake3", "ab" * 32)),
        ("MD5", "ab" * 16, Hash("md5", "ab" * 16)),
        ("SHA-255", "ab" * 32, None),
        ("MD6", "ab", None),
        ("SHA-256", "ab" * 31 + "a", None),
        ("SHA-256", "zz" * 32, None),
        ("SHA-256", "sha1:" + "ab" * 32, None),
        (None, "ab" * 32, None),
        ("SHA-256", 5, None),
    ],
)
def test_hashes_have_one_form_or_none(algorithm, value, expected) -> None:
    assert parse_hash(algorithm, value) == expected


@pytest.mark.parametrize(
    ("name", "purl", "agree"),
    [
        ("express", "pkg:npm/express@1", True),
        ("@babel/core", "pkg:npm/%40babel/core@1", True),
        ("org.acme:thing", "pkg:maven/org.acme/thing@1", True),
        ("Django_Foo.Bar", "pkg:pypi/django-foo.bar@1", True),
        ("github.com/acme/mod/v2", "pkg:golang/github.com/acme/mod/v2@v2.0.0", True),
        ("sha256:" + "0" * 64, "pkg:oci/app@sha256%3A" + "0" * 64, True),
        ("left", "pkg:npm/right@1", False),
        ("express", "pkg:npm/expres@1", False),
    ],
)
def test_a_name_agrees_with_its_purl_however_generators_write_it(name, purl, agree) -> None:
    assert names_agree(name, parse_purl(purl)) is agree


def test_a_library_is_not_the_producer() -> None:
    tools = [Producer("npm", "10"), Producer("@cyclonedx/cyclonedx-npm", "6"), Producer("cyclonedx-library", "9")]

    assert choose_producer(tools) == Producer("@cyclonedx/cyclonedx-npm", "6")
    assert choose_producer([Producer("NPM", "10")]) == Producer("npm", "10")
    assert choose_producer([]) == Producer()


@pytest.mark.parametrize(
    ("text", "name", "version"),
    [(" syft-1.18.1", "syft", "1.18.1"), ("ko 0.12.0", "ko", "0.12.0"), ("GitHub.com-Graph", "GitHub.com-Graph", "")],
)
def test_a_tool_of_spdx_is_split(text, name, version) -> None:
    assert parse_spdx_tool(text) == Producer(name, version)


def test_the_source_rpm_gives_its_name() -> None:
    assert source_package_of("syft:metadata:sourceRpm", "bash-5.1.8-6.el9.src.rpm") == "bash"
    assert source_package_of("syft:metadata:sourceRpm", "odd") is None


def test_pointers_escape_and_follow_decoder_paths() -> None:
    assert join("/a", "b/c", 0, "~") == "/a/b~1c/0/~0"
    assert from_path("$.components[3].hashes[0]") == "/components/3/hashes/0"
    assert from_path("$[...].name") == ""
