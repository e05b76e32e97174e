"""event-stream, handed to a stranger, and ua-parser-js, whose account was taken: exact releases, and who made them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.factories import cyclonedx, registry_event
from tests.flows.conftest import KeyMaker
from tests.flows.scenario import UNKNOWN_BUILDS, Estate, running

FLATMAP = {"kind": "package", "purl": "pkg:npm/flatmap-stream@0.1.1"}
STREAM = {"kind": "package", "purl": "pkg:npm/event-stream@3.3.6"}
PARSER = {"kind": "package", "purl": "pkg:npm/ua-parser-js", "versions": ["0.7.29", "0.8.0", "1.0.0"]}
PATH = ".github/workflows/ci.yml"
WORKFLOW = b"""
on: push
permissions: {contents: read}
jobs:
  build:
    runs-on: ubuntu-latest
    steps:
      - run: npm ci
        env: {NPM_TOKEN: "${{ secrets.NPM_TOKEN }}"}
  docs:
    runs-on: ubuntu-latest
    steps:
      - run: make docs
"""
HELD = {
    "P1": ("pkg:npm/event-stream@3.3.6", "pkg:npm/flatmap-stream@0.1.1"),
    "P2": ("pkg:npm/event-stream@3.3.6", "pkg:npm/flatmap-stream@0.1.0"),
    "P3": ("pkg:npm/event-stream@3.3.4",),
    "U2": ("pkg:npm/ua-parser-js@0.7.28",),
    "U3": ("pkg:npm/ua-parser-js@0.7.30",),
    # What only looks like it: a longer name, a scope, another ecosystem.
    "N1": ("pkg:npm/flatmap-stream-2@0.1.1", "pkg:npm/%40acme/event-stream@3.3.6", "pkg:pypi/ua-parser-js@0.7.29"),
}


def developed_with(purl: str) -> dict[str, Any]:
    name, version = purl.removeprefix("pkg:npm/").split("@")
    properties = [{"name": "cdx:npm:package:development", "value": "true"}]
    return {
        "type": "library",
        "bom-ref": purl,
        "name": name,
        "version": version,
        "purl": purl,
        "properties": properties,
    }


@pytest.fixture
def estate(new_key: KeyMaker) -> Estate:
    found = Estate(new_key("shop", "evidence:write", "inventory:read", "incidents:read", "incidents:write"))
    for name, purls in HELD.items():
        found.send(cyclonedx(*purls, subject=found.digest(name), name=f"registry.example/{name.lower()}:1"))
    found.send(cyclonedx(developed_with("pkg:npm/ua-parser-js@0.7.29"), subject=found.digest("U1")))
    found.send(WORKFLOW, repository="acme/u1", name=PATH, commit="1" * 40)
    found.built("U1", "u1", commit="1" * 40, path=PATH, at="2021-10-22T14:00:00Z")
    found.runs(*(running(found.digest(name), name.lower()) for name in [*HELD, "U1"]))
    found.settle()
    return found


def test_exact_releases_are_found_and_their_neighbours_cleared(estate: Estate) -> None:
    assert estate.statuses(estate.ask(FLATMAP)) == {"P1": "affected", "P2": "cleared"}
    assert estate.statuses(estate.ask(STREAM)) == {"P1": "affected", "P2": "affected", "P3": "cleared"}
    parser = estate.ask(PARSER)
    assert estate.statuses(parser) == {"U1": "affected", "U2": "cleared", "U3": "cleared"}
    assert {name: row["effect"] for name, row in estate.rows(parser).items()}["U1"] == "build"

    incident = estate.opened("npm accounts", indicators=[FLATMAP, STREAM, PARSER])

    rows = estate.rows(incident.answer())
    columns = {name: sorted(match["indicator"] for match in row["matches"]) for name, row in rows.items()}
    assert columns == {"P1": [0, 1], "P2": [1], "U1": [2]}
    counts = [one["running_artifact_count"] for one in incident.answer()["asked"]["indicators"]]
    assert counts == [1, 2, 1]
    # What installed the release may have lost what its build could reach; of the others nobody knows the build.
    assert incident.required() == {("secret", "NPM_TOKEN", "u1")}
    assert incident.rotations() == {"shop": {("rotate", "NPM_TOKEN", "u1")}, None: UNKNOWN_BUILDS}


def test_an_account_finds_what_it_is_known_to_have_made_and_says_of_the_rest_that_nobody_knows(estate: Estate) -> None:
    pushed = registry_event(estate.digest("P2"), repository="shop/p2", tag="1")
    estate.send(pushed.replace(b'"name": "ci"', b'"name": "right9ctrl"'))
    estate.settle()

    answer = estate.ask({"kind": "account", "login": "right9ctrl"})

    assert estate.statuses(answer) == dict.fromkeys((*HELD, "U1"), "unknown") | {"P2": "possible"}
    (asked,) = answer["asked"]["indicators"]
    assert "who commits, reviews and publishes is in no evidence that is read" in asked["note"]
    # Nine components of seven documents; that of U1 counts as what it was developed with.
    assert answer["coverage"]["publisher_unknown_count"] == sum(map(len, HELD.values())) + 1
    assert answer["coverage"]["provenance"] == {"verified_count": 0, "claimed_count": 1, "without_count": 6}


def test_an_account_finds_what_it_published_where_documents_name_the_publisher(estate: Estate) -> None:
    published = {"type": "library", "name": "event-stream", "version": "3.3.6", "publisher": "right9ctrl",
                 "purl": "pkg:npm/event-stream@3.3.6"}  # fmt: skip
    before = estate.ask({"kind": "account", "login": "right9ctrl"})["coverage"]["publisher_unknown_count"]
    estate.send(cyclonedx(published, subject=estate.digest("P4")))
    estate.runs(running(estate.digest("P4"), "p4"))
    estate.settle()

    answer = estate.ask({"kind": "account", "login": "right9ctrl"})

    # The claim is of the release, whoever holds it, and what nobody says of the others stays counted.
    found = {name for name, status in estate.statuses(answer).items() if status == "possible"}
    assert found == {"P1", "P2", "P4"}
    assert answer["coverage"]["publisher_unknown_count"] == before
