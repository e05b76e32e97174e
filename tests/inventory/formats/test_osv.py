"""Advisories of OSV's shape as records: what is read, what is kept as written, what refuses a record."""

import json
from typing import Any

import pytest

from inventory.formats.records import FormatError
from inventory.identity.purls import parse_purl
from tests.inventory.formats.advisory_files import codes_of, feed_of, osv, ranged, records_of
from tests.inventory.formats.fixtures import raw

BEGIN, END = {"introduced": "0"}, {"fixed": "2.0.0"}


def test_a_record_gives_ids_times_severity_and_what_it_names():
    [record] = records_of(feed_of(raw("osv/log4shell.json")))

    assert (record.source, record.identifier, record.aliases) == ("GHSA", "GHSA-jfh8-c2jp-5v3q", ("CVE-2021-44228",))
    assert record.modified_at is not None
    assert record.modified_at.isoformat() == "2022-03-25T00:00:00+00:00"
    assert record.severity.startswith("CVSS:3.1/")
    key = parse_purl("pkg:maven/org.apache.logging.log4j/log4j-core").key
    assert [entry.key for entry in record.affected] == [key] * 3
    assert json.loads(record.affected[1].ranges) == [
        {"type": "ECOSYSTEM", "events": [{"introduced": "2.4"}, {"fixed": "2.12.2"}]}
    ]


def test_a_release_in_the_ecosystem_and_upstream_ids_are_kept_apart():
    [record] = records_of(feed_of(raw("osv/debian.json")))

    assert [entry.release for entry in record.affected] == ["debian-11", "debian-12"]
    assert (record.aliases, record.upstream) == ((), ("CVE-2026-5555",))


def test_a_withdrawn_record_says_when():
    [record] = records_of(feed_of(raw("osv/withdrawn.json")))

    assert record.withdrawn_at is not None


def test_a_list_and_the_answer_of_a_query_hold_several_records():
    both = [osv("MAL-1"), osv("MAL-2")]

    assert [record.identifier for record in records_of(feed_of(both))] == ["MAL-1", "MAL-2"]
    assert [record.identifier for record in records_of(feed_of({"vulns": both}))] == ["MAL-1", "MAL-2"]


def test_an_entry_without_package_is_told_and_an_unknown_ecosystem_kept():
    commits = {"ranges": [{"type": "GIT", "repo": "https://r.example", "events": [BEGIN]}]}
    odd = {"package": {"ecosystem": "OSS-Fuzz", "name": "x"}, "versions": ["1"]}

    feed = feed_of(osv(affected=[commits, odd]))
    [record] = records_of(feed)

    assert record.affected_count == 2
    assert [(entry.name, entry.key) for entry in record.affected] == [("x", None)]
    assert codes_of(feed) == ["affected_without_package", "unknown_ecosystem"]


def test_an_unknown_ecosystem_with_a_purl_is_that_package():
    package = {"ecosystem": "My Distro:1", "name": "bash", "purl": "pkg:deb/debian/bash?distro=bookworm"}

    [record] = records_of(feed_of(osv(affected=[{"package": package, "versions": ["1"]}])))

    assert (record.affected[0].key, record.affected[0].release) == (parse_purl("pkg:deb/debian/bash").key, "debian-12")


def test_gos_zero_time_is_no_time():
    feed = feed_of(osv("GO-2020-0001", modified="0001-01-01T00:00:00Z"))

    assert [record.modified_at for record in records_of(feed)] == [None]
    assert codes_of(feed) == []


@pytest.mark.parametrize(
    ("members", "code"),
    [
        ({"id": ""}, "bad_identifier"),
        ({"id": "MAL 2026"}, "bad_identifier"),
        ({"id": "M" * 300}, "bad_identifier"),
        ({"withdrawn": "perhaps"}, "bad_timestamp"),
        ({"affected": [ranged(END)]}, "bad_range"),
        ({"affected": [ranged({"introduced": "0", "fixed": "1"})]}, "bad_range"),
        ({"affected": [ranged(BEGIN, END, {"last_affected": "3"})]}, "bad_range"),
        ({"affected": [ranged(BEGIN, {"fixed": ""})]}, "bad_range"),
        ({"affected": [ranged()]}, "bad_range"),
        ({"affected": [ranged(BEGIN, kind="VIBES")]}, "bad_range"),
        ({"affected": [{"package": {"ecosystem": "npm", "name": "x"}, "ranges": {}}]}, "wrong_shape"),
        ({"affected": [{}] * 20_001}, "too_many_affected"),
        ({"summary": "a\x00b"}, "nul_in_string"),
        ({"affected": [ranged(BEGIN, name="n" * 1025)]}, "too_long"),
        ({"affected": [ranged(BEGIN) | {"versions": ["v" * 1025]}]}, "too_long"),
    ],
)
def test_a_record_that_would_mislead_is_refused_alone_and_left_out_of_a_list(members: dict[str, Any], code: str):
    bad = {**osv("MAL-2"), **members}

    with pytest.raises(FormatError) as refused:
        records_of(feed_of(bad))
    feed = feed_of([osv("MAL-1"), bad])
    left = records_of(feed)

    assert refused.value.code == code
    assert [record.identifier for record in left] == ["MAL-1"]
    [warning] = [warning for warning in feed.defects.warnings() if warning.code == "bad_advisory"]
    assert code in warning.message
    assert warning.pointer.startswith("/1")


def test_more_records_than_the_limit_refuse_the_document():
    with pytest.raises(FormatError) as refused:
        records_of(feed_of([osv("MAL-1"), osv("MAL-2")], components=1))

    assert refused.value.code == "too_many_records"


def test_githubs_api_gives_ranges_in_each_ecosystems_syntax():
    [record] = records_of(feed_of(raw("osv/github-api.json")))

    assert (record.identifier, record.aliases) == ("GHSA-5555-6666-7777", ("CVE-2026-7777",))
    assert [entry.key for entry in record.affected] == [
        parse_purl("pkg:pypi/imaginary-server").key,
        parse_purl("pkg:githubactions/shop/deploy").key,
    ]
    assert json.loads(record.affected[0].ranges) == [{"type": "NATIVE", "range": ">= 1.0, < 1.4.2"}]


@pytest.mark.parametrize(
    ("members", "code"),
    [
        ({"ghsa_id": None}, "bad_identifier"),
        ({"updated_at": "now"}, "bad_timestamp"),
        (
            {"vulnerabilities": [{"package": {"ecosystem": "npm", "name": "x"}, "vulnerable_version_range": "<<>>"}]},
            "bad_range",
        ),
    ],
)
def test_a_broken_advisory_of_the_api_is_refused(members: dict[str, Any], code: str):
    document = {**json.loads(raw("osv/github-api.json")), **members}

    with pytest.raises(FormatError) as refused:
        records_of(feed_of(document))

    assert refused.value.code == code
