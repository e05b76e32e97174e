"""The worm of npm: a vendor's list is sent as a feed and asked; the next day's version takes a line back.

The list is a generated one of the shape and size of the real one of November 2025: 795 rows, 1,089 versions, of which
233 rows list several.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.factories import cyclonedx
from tests.flows.conftest import KeyMaker
from tests.flows.scenario import Estate, running

ROWS = 795
SEVERAL, THREE = 233, 61
VERSIONS = ROWS + SEVERAL + THREE
PLANTED = range(0, ROWS, 40)
WRONG = "@ctrl/tinycolor"
ASKED = "list:worm"


def version_of(number: int) -> str:
    return f"{1 + number % 9}.{number % 17}.{number}"


def listed(number: int) -> str:
    """Write one line as the vendor does: `name,= 1.0.1 || = 1.0.2`."""
    versions = [version_of(number), f"90.0.{number}", f"91.0.{number}"][: 1 + (number < SEVERAL) + (number < THREE)]
    return f"@scope-{number % 7}/package-{number}," + " || ".join(f"= {version}" for version in versions)


def worm_list(*, wrong: bool) -> bytes:
    """Return the list: on its first day it names a version of tinycolor that was never bad."""
    tinycolor = f"{WRONG},= 4.1.0 || = 4.1.1 || = 4.1.2" if wrong else f"{WRONG},= 4.1.1 || = 4.1.2"
    return "\r\n".join(["Package,Version", tinycolor, *map(listed, range(1, ROWS)), ""]).encode()


@pytest.fixture
def estate(new_key: KeyMaker) -> Estate:
    """Twenty images with a version of the list, one with tinycolor 4.1.0, one with 4.1.2, one with 4.2.0."""
    found = Estate(new_key("shop", "evidence:write", "inventory:read", "incidents:read", "incidents:write"))
    planted = {f"P{n}": f"pkg:npm/%40scope-{n % 7}/package-{n}@{version_of(n)}" for n in PLANTED if n}
    tinycolor = {f"T{version}": f"pkg:npm/%40ctrl/tinycolor@{version}" for version in ("4.1.0", "4.1.2", "4.2.0")}
    for name, purl in (planted | tinycolor).items():
        found.send(cyclonedx(purl, subject=found.digest(name)), name=f"registry.example/{name.lower()}:1")
    found.runs(*(running(found.digest(name), name.lower(), service=name.lower()) for name in planted | tinycolor))
    found.settle()
    return found


def send_list(estate: Estate, data: bytes, *, version: str) -> dict[str, Any]:
    answer = estate.client.post("/api/v1/evidence", data, kind="list", name="worm", version=version)
    assert answer.status == 202, answer.body
    receipt: dict[str, Any] = estate.client.receipt(answer.json()["id"])
    assert receipt["state"] == "applied", receipt
    return receipt


def ask_list(estate: Estate) -> dict[str, Any]:
    answer = estate.client.post("/api/v1/impact", {"text": ASKED, "statuses": ["affected", "possible", "cleared"]})
    assert answer.status == 200, answer.body
    found: dict[str, Any] = answer.json()
    return found


def test_what_the_next_day_takes_back_is_counted_and_leaves_the_answer(estate: Estate) -> None:
    affected = {f"P{number}" for number in PLANTED if number} | {"T4.1.2"}

    counts = send_list(estate, worm_list(wrong=True), version="1")["counts"]

    assert (counts["lines"], counts["lines_used"], counts["lines_rejected"]) == (ROWS + 1, ROWS, 0)
    assert counts["package_versions"] == VERSIONS
    first = ask_list(estate)
    assert {name for name, status in estate.statuses(first).items() if status == "affected"} == affected | {"T4.1.0"}
    assert estate.statuses(first)["T4.2.0"] == "cleared"
    assert first["feeds"] == [{"source": ASKED, "version": "1", "retracted_count": 0}]
    assert set(first["coverage"]["ecosystems"]) == {"npm"}  # so that PyPI was never looked at is seen

    send_list(estate, worm_list(wrong=False), version="2")

    second = ask_list(estate)
    assert {name for name, status in estate.statuses(second).items() if status == "affected"} == affected
    assert estate.statuses(second)["T4.1.0"] == "cleared"
    assert second["feeds"] == [{"source": ASKED, "version": "2", "retracted_count": 1}]
    shown = estate.client.get(f"/api/v1/advisories/{ASKED}").json()
    assert shown["retracted_count"] == 1
