"""Scores that do not follow from their vectors, and languages that are none."""

from typing import Any

import pytest

from inventory.formats.csaf_scores import flawed_languages, flawed_scores


def score(vector: str, base: float, severity: str = "", **members: Any) -> dict[str, Any]:
    version = vector.partition("/")[0].removeprefix("CVSS:") if vector.startswith("CVSS:") else "2.0"
    found = {"version": version, "vectorString": vector, "baseScore": base, **members}
    return found | ({"baseSeverity": severity} if severity else {})


def told(value: dict[str, Any], *, name: str = "cvss_v3") -> list[tuple[str, str]]:
    flaws = flawed_scores({"scores": [{"products": ["a"], name: value}]}, "/vulnerabilities/0")
    return [(flaw.pointer.rpartition("/")[2], flaw.message.partition(":")[0]) for flaw in flaws]


@pytest.mark.parametrize(
    ("vector", "base", "severity"),
    [
        ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", 9.8, "CRITICAL"),
        ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H", 10, "CRITICAL"),
        ("CVSS:3.0/AV:L/AC:L/PR:H/UI:R/S:U/C:H/I:H/A:H", 6.5, "MEDIUM"),
        ("CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:C/C:L/I:L/A:N", 6.4, "MEDIUM"),
        ("CVSS:3.1/AV:N/AC:H/PR:N/UI:R/S:U/C:L/I:N/A:N", 3.1, "LOW"),
        ("CVSS:3.1/AV:P/AC:H/PR:H/UI:R/S:U/C:N/I:N/A:N", 0.0, "NONE"),
    ],
)
def test_a_score_that_follows_from_its_vector_is_not_told(vector: str, base: float, severity: str):
    assert told(score(vector, base, severity)) == []


@pytest.mark.parametrize(
    ("vector", "base"), [("AV:N/AC:L/Au:N/C:C/I:C/A:C", 10.0), ("AV:L/AC:L/Au:M/C:C/I:C/A:C", 6.5)]
)
def test_scores_of_version_2_too(vector: str, base: float):
    assert told(score(vector, base), name="cvss_v2") == []
    assert told(score(vector, base - 1), name="cvss_v2") == [("baseScore", "6.1.9")]


def test_what_contradicts_the_vector_is_told_by_its_place():
    vector = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"

    assert told(score(vector, 9.1, "CRITICAL")) == [("baseScore", "6.1.9")]
    assert told(score(vector, 9.8, "HIGH")) == [("baseSeverity", "6.1.9")]
    assert told(score(vector, 9.8, "CRITICAL", attackVector="LOCAL")) == [("attackVector", "6.1.10")]
    assert told(score(vector, 9.8)) == [("cvss_v3", "6.1.8")]
    assert told(score("CVSS:3.1/AV:X", 9.8, "CRITICAL")) == [("vectorString", "6.1.8")]


def test_scores_stand_elsewhere_in_2_1():
    flaws = flawed_scores({"metrics": [{"content": {"cvss_v3": {"version": "3.1"}}}]}, "")

    assert [flaw.pointer for flaw in flaws] == ["/metrics/0/content/cvss_v3"]


def test_a_language_that_no_registry_has_is_told():
    assert [flaw.pointer for flaw in flawed_languages({"lang": "EZ", "source_lang": "de-DE"})] == ["/document/lang"]
