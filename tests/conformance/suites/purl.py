"""The purl specification's own cases, against the spec-faithful reader and builder (identity has its own tests)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from inventory.identity import purl_spec
from inventory.identity.purl_spec import PurlError, PurlParts
from tests.conformance.corpus import cases
from tests.conformance.frame import Case, Suite

_FOLDER: Final = "purl/purl-spec/tests"
_REFUSED: Final = "refused"
_KEY_CASE: Final = "A qualifier's name in upper case is taken, as generators write it; its lower case is the identity."
_REASONS: Final = {
    "gem-test 1": _KEY_CASE,
    "rpm-test 1": _KEY_CASE,
    "git-test 0": "Only GitHub ignores case; of any other host that would join two repositories into one.",
}


def _cases(corpus: Path) -> Iterator[Case]:
    for case in cases(corpus / _FOLDER, "*-test.json"):
        name = f"{case['file']} {case['place']} {case['test_type']} {case['test_group']}"
        expected, got = str(_expected(case)), _got(case)
        yield Case(name, expected, got, _REASONS.get(f"{case['file']} {case['place']}", ""))


def _got(case: dict[str, Any]) -> str:
    try:
        return str(_outcome(case))
    except PurlError:
        return _REFUSED


def _outcome(case: dict[str, Any]) -> PurlParts | str:
    if case["test_type"] == "build":
        parts = purl_spec.canonical(_parts(case["input"]))
    else:
        parts = purl_spec.parse(case["input"])
    purl_spec.check(parts)
    return parts if case["test_type"] == "parse" else purl_spec.build(parts)


def _expected(case: dict[str, Any]) -> PurlParts | str:
    if case["expected_failure"]:
        return _REFUSED
    expected: Any = case["expected_output"]
    return _parts(expected) if case["test_type"] == "parse" else str(expected)


def _parts(fields: dict[str, Any]) -> PurlParts:
    return PurlParts(
        type=fields["type"],
        namespace=fields["namespace"] or "",
        name=fields["name"] or "",
        version=fields["version"] or "",
        qualifiers=tuple(sorted((fields["qualifiers"] or {}).items())),
        subpath=fields["subpath"] or "",
    )


SUITE = Suite("purl", "The purl specification's parse, build and roundtrip cases.", (_FOLDER,), _cases)
