"""The twin test for pages: what somebody of team B is shown does not depend on what team A sent."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import quote

import pytest

from tests.inventory.test_team_isolation import (
    APP,
    CONFIG,
    DARK,
    OLD,
    PURLS,
    SECRET,
    SPELLED_OTHERWISE,
    Asker,
    stranger_after,
    stranger_before,
    stranger_responds,
    team_b,
    told,
)
from tests.supplychain.actors import make_user, signed_in

_CLOCK = re.compile(r"(?!2026-03-01)\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d[\d.]*")
"""Any moment but those of the documents: when the worker was done, when the page was asked for."""
_TOKEN = re.compile(r"\b[A-Za-z0-9]{64}\b(?<![0-9a-f]{64})")
_ANSWER_HASH = re.compile(r"Hash of this answer .*")
"""Made of the moment of asking, among others."""
_AUDIT_NUMBER = re.compile(r"(<dt>Audit entry</dt>\s*<dd>)\d+")


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_team_b_is_shown_exactly_what_it_would_be_shown_alone():
    beside = told(stranger_before, team_b, stranger_after, stranger_responds, asking=look)
    alone = told(team_b, asking=look)

    assert beside.keys() == alone.keys()
    assert {page: shown for page, shown in beside.items() if _still(shown) != _still(alone[page])} == {}
    assert len([shown for shown in alone.values() if shown.startswith("200")]) > 30


def look(asker: Asker) -> None:
    asker.client = signed_in(make_user("bob", team="b"))
    for path in (*_lists(), *_details(), *_documents(asker)):
        answer = asker.client.get(path)
        asker.keep(f"page {path}", answer.status_code, answer.getvalue())


def _lists() -> Iterator[str]:
    yield from ("/", "/artifacts", "/packages", "/workloads", "/clusters", "/evidence", "/advisories", "/tags")
    yield from (
        "/incidents",
        "/incidents?severity=high",
        "/signers",
        "/signers?state=proposed",
        "/compromises",
        "/roots",
    )
    yield from ("/blocks", "/blocks?state=in_force", "/decisions", "/decisions?result=fail")
    yield from ("/settings/notifications", "/watches")
    yield from ("/pipeline", "/tags/overwrites", "/repositories", "/workflows", "/builders")
    yield from ("/findings", "/findings?state=any")
    for text in ("lodash", "stranger", "shop", APP, SECRET):
        yield from (f"/search?q={quote(text)}", f"/impact?q={quote(text)}", f"/artifacts?q={quote(text)}")


def _details() -> Iterator[str]:
    yield from (f"/artifacts/{one}" for one in (APP, OLD, CONFIG, DARK, SECRET))
    yield from (f"/artifacts/{APP}/components", f"/artifacts/{APP}/diff?to={OLD}")
    yield from ("/clusters/prod-eu", "/clusters/a-cluster")
    yield from ("/advisories/CVE-2021-44228", "/tags?repository=registry.example/shop", "/tags?q=registry")
    for purl in (*PURLS, *SPELLED_OTHERWISE):
        yield f"/packages/{quote(purl.partition('?')[0].rpartition('@')[0], safe='')}"


def _documents(asker: Asker) -> Iterator[str]:
    for one in _evidence(asker):
        yield from (f"/evidence/{one}", f"/evidence/{one}/tree", f"/evidence/{one}/tree?node=0")
        yield from (f"/evidence/{one}/tree?q=lodash", f"/evidence/{one}/tree?at=/components/0/purl")


def _evidence(asker: Asker) -> list[str]:
    return [random for random, name in asker.names.items() if name.startswith("evidence")]


def _still(shown: str) -> str:
    """Stop the clocks, and take out the tokens that are new in every page."""
    shown = _ANSWER_HASH.sub("", shown)
    return _AUDIT_NUMBER.sub(r"\1", _TOKEN.sub("token", _CLOCK.sub("now", shown)))
