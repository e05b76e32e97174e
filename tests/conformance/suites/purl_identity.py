"""Every purl the specification accepts is an identity here, and parsing what we write changes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from inventory.identity.purls import PurlError, parse_purl
from tests.conformance.corpus import cases
from tests.conformance.frame import Case, Suite

_FOLDER: Final = "purl/purl-spec/tests"


def _cases(corpus: Path) -> Iterator[Case]:
    for case in cases(corpus / _FOLDER, "*-test.json"):
        if case["test_type"] == "parse" and not case["expected_failure"]:
            once, twice = _written(case["input"]), _written(_written(case["input"]))
            yield Case(f"{case['file']} {case['place']}", once or "an identity", twice)


def _written(text: str) -> str:
    try:
        return parse_purl(text).text
    except PurlError:
        return ""


_TITLE: Final = "Each purl the specification accepts is one identity, however often read."
SUITE = Suite("purl_identity", _TITLE, (_FOLDER,), _cases)
