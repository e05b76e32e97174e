"""Indicators stated as JSON: every kind, and every fault told at its place."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from incidents.stated import read_indicator
from inventory.identity.indicators import Indicator, IndicatorKind, PackageName
from supplychain.errors import ErrorDetail

HEX = "a" * 64


def read(item: object) -> Indicator:
    faults: list[ErrorDetail] = []
    indicator = read_indicator(item, pointer="/indicators/0", faults=faults)
    assert faults == []
    assert indicator is not None
    return indicator


def refuse(item: object) -> list[tuple[str, str]]:
    faults: list[ErrorDetail] = []
    assert read_indicator(item, pointer="/indicators/7", faults=faults) is None
    return [(fault.pointer, fault.code) for fault in faults]


def test_a_package_with_a_range():
    indicator = read(
        {
            "kind": "package",
            "purl": "pkg:maven/org.apache.logging.log4j/log4j-core",
            "range": "vers:maven/>=2.13.0|<2.15.0",
        }
    )

    assert indicator.package == PackageName("maven", "org.apache.logging.log4j", "log4j-core")
    assert indicator.range is not None
    assert indicator.range.canonical == "vers:maven/>=2.13.0|<2.15.0"
    assert (indicator.line, indicator.problem) == (None, None)


@pytest.mark.parametrize(
    ("members", "versions"),
    [
        ({"purl": "pkg:npm/a@1.0"}, ("1.0",)),
        ({"purl": "pkg:npm/a", "version": "1.0"}, ("1.0",)),
        ({"purl": "pkg:npm/a", "versions": ["1.0", "1.1", "1.0"]}, ("1.0", "1.1")),
        ({"purl": "pkg:npm/a@1.0", "version": "1.1", "versions": ["1.2"]}, ("1.0", "1.1", "1.2")),
        ({"purl": "pkg:npm/a", "range": None, "versions": []}, ()),
    ],
)
def test_versions_of_a_package(members: dict[str, Any], versions: tuple[str, ...]):
    indicator = read({"kind": "package", **members})

    assert (indicator.purl, indicator.versions) == ("pkg:npm/a", versions)


def test_a_purls_qualifiers_narrow():
    assert read({"kind": "package", "purl": "pkg:deb/debian/a@1?arch=amd64&upstream=b"}).qualifiers == (
        ("arch", "amd64"),
    )


def test_an_artifact():
    assert read({"kind": "artifact", "digest": f"SHA256:{HEX.upper()}"}).digest == f"sha256:{HEX}"


def test_an_image_in_a_window():
    indicator = read(
        {"kind": "image", "reference": "nginx:1.2", "from": "2026-03-01T12:00:00Z", "to": "2026-03-02T13:00:00+01:00"}
    )

    assert (indicator.image_name, indicator.image_tag) == ("docker.io/library/nginx", "1.2")
    assert indicator.valid_from == datetime(2026, 3, 1, 12, tzinfo=UTC)
    assert indicator.as_asked()["to"] == "2026-03-02T12:00:00Z"


def test_an_image_by_digest_is_an_artifact():
    indicator = read({"kind": "image", "reference": f"r.io/app@sha256:{HEX}"})

    assert (indicator.kind, indicator.digest) == (IndicatorKind.ARTIFACT, f"sha256:{HEX}")


def test_a_hash():
    indicator = read({"kind": "hash", "algorithm": "SHA-1", "value": "B" * 40})

    assert (indicator.algorithm, indicator.value) == ("sha1", "b" * 40)


@pytest.mark.parametrize(
    ("item", "details"),
    [
        ({"kind": "workflow", "repository": "https://github.com/Acme/App.git", "path": "/.github/workflows/a.yml@v1"},
         (("repository", "github.com/acme/app"), ("path", ".github/workflows/a.yml"))),
        ({"kind": "run", "url": "https://github.com/acme/app/actions/runs/12/attempts/2"},
         (("url", "https://github.com/acme/app/actions/runs/12/attempts/2"),)),
        ({"kind": "builder", "id": "https://b.example/x", "runner": "self-hosted"},
         (("id", "https://b.example/x"), ("runner", "self-hosted"))),
        ({"kind": "signer", "issuer": "https://i.example", "identity": "a@b"},
         (("issuer", "https://i.example"), ("identity", "a@b"))),
        ({"kind": "signer", "issuer": "https://i.example", "identity_pattern": "https://i/.*"},
         (("issuer", "https://i.example"), ("identity_pattern", "https://i/.*"))),
        ({"kind": "signer", "key": HEX.upper()}, (("key", f"sha256:{HEX}"),)),
        ({"kind": "repository", "url": "git@g.example:a/b.git"}, (("repository", "g.example/a/b"),)),
        ({"kind": "commit", "sha": "C" * 7, "repository": "github.com/a/b"},
         (("sha", "c" * 7), ("repository", "github.com/a/b"))),
        ({"kind": "account", "login": "mallory"}, (("login", "mallory"),)),
        ({"kind": "cluster", "cluster": "prod-eu", "namespace": "shop"},
         (("cluster", "prod-eu"), ("namespace", "shop"))),
    ],
)  # fmt: skip
def test_kinds_of_origin_in_one_spelling_and_in_a_window(item: dict[str, Any], details: tuple[tuple[str, str], ...]):
    indicator = read({**item, "from": "2026-03-01T12:00:00Z", "to": None})

    assert (indicator.kind, indicator.details, indicator.problem) == (item["kind"], details, None)
    assert indicator.valid_from == datetime(2026, 3, 1, 12, tzinfo=UTC)
    assert {**dict(details), "from": "2026-03-01T12:00:00Z", "to": None}.items() <= indicator.as_asked().items()


def test_what_a_kind_cannot_tell_is_noted():
    assert "later commits" in str(read({"kind": "commit", "sha": "c" * 40}).as_asked()["note"])
    assert "note" not in read({"kind": "builder", "id": "x"}).as_asked()


@pytest.mark.parametrize(
    ("item", "faults"),
    [
        ({"kind": "workflow", "repository": "acme", "path": "a.yml"}, [("/repository", "bad_repository")]),
        ({"kind": "run", "url": "https://github.com/a/b"}, [("/url", "bad_url")]),
        ({"kind": "repository", "url": "https://github.com/a"}, [("/url", "bad_url")]),
        ({"kind": "commit", "sha": "abcdef"}, [("/sha", "bad_sha")]),
        ({"kind": "commit", "sha": "c" * 41}, [("/sha", "bad_sha")]),
        ({"kind": "account", "login": "a b"}, [("/login", "bad_login")]),
        ({"kind": "signer"}, [("", "one_needed")]),
        ({"kind": "signer", "identity": "a@b"}, [("/issuer", "required")]),
        ({"kind": "signer", "issuer": "i", "identity": "a", "key": HEX}, [("", "one_needed")]),
        ({"kind": "signer", "key": "abc"}, [("/key", "bad_key")]),
        ({"kind": "signer", "issuer": "i", "identity_pattern": "(a+)+"}, [("/identity_pattern", "bad_pattern")]),
        ({"kind": "cluster", "namespace": "a"}, [("/cluster", "required")]),
        ({"kind": "builder", "id": "x", "from": "2026-03-02T00:00:00Z", "to": "2026-03-02T00:00:00Z"},
         [("/from", "empty_window")]),
    ],
)  # fmt: skip
def test_a_kind_of_origin_that_cannot_be_read(item: dict[str, Any], faults: list[tuple[str, str]]):
    assert refuse(item) == [(f"/indicators/7{pointer}", code) for pointer, code in faults]


@pytest.mark.parametrize(
    ("item", "faults"),
    [
        ("pkg:npm/a", [("", "wrong_shape")]),
        (None, [("", "wrong_shape")]),
        ({}, [("/kind", "unknown_kind")]),
        ({"kind": "unreadable"}, [("/kind", "unknown_kind")]),
        ({"kind": ["package"]}, [("/kind", "unknown_kind")]),
        ({"kind": "package"}, [("/purl", "required")]),
        ({"kind": "package", "purl": 1}, [("/purl", "wrong_type")]),
        ({"kind": "package", "purl": "npm/a"}, [("/purl", "bad_purl")]),
        ({"kind": "package", "purl": "pkg:npm/a", "range": "<<>>"}, [("/range", "bad_range")]),
        ({"kind": "package", "purl": "pkg:npm/a", "range": "vers:pypi/<1"}, [("/range", "bad_range")]),
        ({"kind": "package", "purl": "pkg:npm/a", "versions": "1.0"}, [("/versions", "wrong_type")]),
        ({"kind": "package", "purl": "pkg:npm/a", "versions": [1]}, [("/versions", "wrong_type")]),
        ({"kind": "package", "purl": "pkg:npm/a", "digest": "x"}, [("/digest", "unknown_field")]),
        ({"kind": "package", "purl": "pkg:npm/a", "a/b~": "x"}, [("/a~1b~0", "unknown_field")]),
        ({"kind": "package", "purl": "pkg:npm/a\x00"}, [("/purl", "bad_text")]),
        ({"kind": "artifact", "digest": "sha256:abc"}, [("/digest", "bad_digest")]),
        ({"kind": "image", "reference": "No Image"}, [("/reference", "bad_image")]),
        ({"kind": "image", "reference": "a", "from": "today"}, [("/from", "bad_time")]),
        ({"kind": "image", "reference": "a", "from": "2026-03-02T00:00:00Z", "to": "2026-03-01T00:00:00Z"},
         [("/from", "empty_window")]),
        ({"kind": "hash", "algorithm": "crc32", "value": "abc"}, [("/algorithm", "unknown_algorithm")]),
        ({"kind": "hash", "algorithm": "sha1", "value": "abc"}, [("/value", "bad_hash")]),
        ({"kind": "hash"}, [("/algorithm", "required"), ("/value", "required")]),
        ({"kind": "workflow"}, [("/path", "required")]),
        ({"kind": "advisory", "id": "CVE-1", "uses": "x"}, [("/uses", "unknown_field")]),
    ],
)  # fmt: skip
def test_faults_are_told_at_their_place(item: object, faults: list[tuple[str, str]]):
    assert refuse(item) == [(f"/indicators/7{place}", code) for place, code in faults]


SHA = "0e58ed8671d6b60d0890c21b07f8835ace038e67"


@pytest.mark.parametrize(
    ("item", "details"),
    [
        ({"uses": "a/b", "refs": ["v45", "v44"], "shas": []}, (("uses", "a/b"), ("refs", "v45 v44"))),
        ({"uses": "a/b/c@v1", "refs": ["v2"]}, (("uses", "a/b/c"), ("refs", "v2 v1"))),
        ({"uses": f"a/b@{SHA}", "shas": [SHA.upper()]}, (("uses", "a/b"), ("shas", SHA))),
        ({"uses": "https://github.com/a/b/.github/workflows/x.yml@main"},
         (("uses", "a/b/.github/workflows/x.yml"), ("refs", "main"))),
    ],
)  # fmt: skip
def test_an_action_has_refs_and_commits(item: dict[str, object], details: tuple[tuple[str, str], ...]):
    faults: list[ErrorDetail] = []
    indicator = read_indicator({"kind": "action", **item}, pointer="/indicators/0", faults=faults)

    assert faults == []
    assert indicator is not None
    assert (indicator.details, indicator.problem) == (details, None)


@pytest.mark.parametrize(
    ("item", "code"),
    [
        ({"kind": "action", "uses": "actions"}, "bad_action"),
        ({"kind": "action", "uses": "a/b", "shas": ["v45"]}, "bad_sha"),
        (
            {"kind": "action", "uses": "a/b", "from": "2025-03-14T00:00:00Z", "to": "2025-03-13T00:00:00Z"},
            "empty_window",
        ),
        ({"kind": "download", "url": "bash"}, "bad_url"),
        ({"kind": "download", "url": "https://x.io/a", "digests": ["md5:1"]}, "bad_digest"),
    ],
)
def test_an_action_or_download_that_cannot_be_asked_is_refused(item: dict[str, object], code: str):
    faults: list[ErrorDetail] = []

    assert read_indicator(item, pointer="/indicators/0", faults=faults) is None
    assert [fault.code for fault in faults] == [code]


def test_a_download_is_asked_by_its_address_and_its_digests_in_a_window():
    item = {
        "kind": "download",
        "url": "https://x.io/a",
        "digests": ["sha256:" + "B" * 64],
        "from": "2021-01-31T00:00:00Z",
    }
    indicator = read_indicator(item, pointer="/indicators/0", faults=[])

    assert indicator is not None
    assert indicator.details == (("url", "https://x.io/a"), ("digests", "sha256:" + "b" * 64))
    assert indicator.valid_from is not None
