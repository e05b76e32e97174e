"""Shai-Hulud: vendors' lists in waves, one of them wrong at first; what is found is what a count by hand finds."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from typing import Any

import pytest

from tests.factories import cyclonedx
from tests.flows.conftest import KeyMaker
from tests.flows.scenario import UNKNOWN_BUILDS, Estate, running
from tests.flows.vendor_lists import ENTRIES, PAIRS, ROWS, WRONG, Listed, long_list, table

PLANTED = 300
ARTIFACTS = 50
PATH = ".github/workflows/release.yml"
WORKFLOW = b"""
on: push
permissions: {contents: read}
jobs:
  release:
    runs-on: ubuntu-latest
    environment: npm
    permissions: {id-token: write}
    steps:
      - run: npm ci && npm publish
        env: {NODE_AUTH_TOKEN: "${{ secrets.NPM_TOKEN }}"}
"""
Held = Mapping[str, list[Listed]]


def estate_of(listed: list[Listed]) -> dict[str, list[Listed]]:
    """Plant releases of the lists, and beside each what is near it: another version, name or ecosystem."""
    rng = random.Random(20_251_124)
    held: dict[str, list[Listed]] = {f"app-{number}": [] for number in range(ARTIFACTS)}
    for number, one in enumerate(rng.sample([one for one in listed if one.type != "composer"], PLANTED)):
        real = one._replace(type=one.type or "npm")
        at = f"app-{number % ARTIFACTS}" if number < PLANTED - ARTIFACTS else f"app-{number % (ARTIFACTS // 2)}"
        held[at].append(real)
        held[f"app-{(number + 7) % ARTIFACTS}"] += [
            real._replace(version="99.9.9"),
            real._replace(name=f"{one.name}-x"),
        ]
        if one.type and "/" not in one.name:
            held[f"app-{(number + 9) % ARTIFACTS}"].append(real._replace(type="cargo"))
    held |= {f"near-{number}": [Listed("npm", "@ctrl/tinycolor", "4.2.0")] for number in range(3)}
    held["only-wrong"] = [Listed("npm", *WRONG)]
    held["wrong-and-more"] = [Listed("npm", *WRONG), Listed("npm", "@ctrl/deluge", "7.2.2")]
    held["released"] = [Listed("npm", "@ctrl/deluge", "7.2.1")]
    return held


def by_hand(held: Held, listed: Iterable[Listed]) -> set[str]:
    exact = set(listed)
    bare = {(one.name, one.version) for one in exact if not one.type}
    return {name for name, found in held.items() if any(one in exact or one[1:] in bare for one in found)}


@pytest.fixture
def estate(new_key: KeyMaker) -> Estate:
    return Estate(new_key("shop", "evidence:write", "inventory:read", "incidents:read", "incidents:write"))


def send_list(estate: Estate, name: str, data: bytes, *, version: str = "1") -> Any:
    """Send a vendor's list, and return what its receipt counts."""
    return estate.client.upload(data, kind="list", name=name, version=version)["counts"]


def fill(estate: Estate, held: Held) -> None:
    for name, found in held.items():
        purls = (f"pkg:{one.type}/{one.name.replace('@', '%40')}@{one.version}" for one in dict.fromkeys(found))
        estate.send(cyclonedx(*purls, subject=estate.digest(name), name=f"registry.example/{name}:1"))
    estate.send(WORKFLOW, repository="acme/released", name=PATH, commit="a" * 40)
    estate.built("released", "released", commit="a" * 40, path=PATH, at="2025-11-24T08:00:00Z")
    estate.runs(*(running(estate.digest(name), name, service=name) for name in held))
    estate.settle()


def test_waves_of_lists_give_what_a_count_by_hand_gives_and_take_back_what_was_wrong(estate: Estate) -> None:
    first, of_first = table(with_mistake=True)
    mended, of_mended = table(with_mistake=False)
    second, of_second = long_list()
    held = estate_of(of_second)
    fill(estate, held)

    counts = send_list(estate, "wiz", first)

    assert (counts["lines_used"], counts["lines_rejected"], counts["package_versions"]) == (ROWS, 0, PAIRS + 1)
    incident = estate.opened("Shai-Hulud", text="list:wiz")
    assert estate.statuses(incident.answer()) == dict.fromkeys(by_hand(held, of_first), "affected")
    assert {"only-wrong", "wrong-and-more", "released"} <= by_hand(held, of_first)

    counts = send_list(estate, "detector", second)

    assert (counts["lines_used"], counts["lines_rejected"], counts["package_versions"]) == (ENTRIES, 0, ENTRIES)
    number = incident.ask_again(text="list:wiz\nlist:detector")
    both = by_hand(held, [*of_first, *of_second])
    assert estate.statuses(incident.answer(number)) == dict.fromkeys(both, "affected")
    nothing: dict[str, set[str]] = {kind: set() for kind in ("retracted", "started", "stopped", "changed")}
    assert incident.difference(number) == {"added": both - by_hand(held, of_first), **nothing}
    asked = incident.answer(number)["asked"]["indicators"]
    assert not [one for one in asked if one["problem"]]
    assert sum(len(one["package_versions"]) for one in asked) == PAIRS + 1 + ENTRIES
    # What was looked for and never there is said, and what nobody could have seen: no Composer package is anywhere.
    assert {one["artifact_count"] for one in asked if one["purl"] and "composer" in one["purl"]} == {0}
    assert "composer" not in incident.answer(number)["coverage"]["ecosystems"]
    trusting = "roles that trust github.com/acme/released"
    assert incident.rotations() == {
        "shop": {("rotate", "NPM_TOKEN", "released"), ("revoke", trusting, "released")},
        None: UNKNOWN_BUILDS,
    }
    incident.rebuild()
    assert incident.flagged() == set()

    counts = send_list(estate, "wiz", mended, version="2")

    assert (counts["lines_used"], counts["lines_rejected"], counts["package_versions"]) == (ROWS, 0, PAIRS)
    newest = incident.wait_for_answer(number + 1)
    assert incident.difference(newest) == {"added": set(), **nothing, "retracted": {"only-wrong"}}
    right = by_hand(held, [*of_mended, *of_second])
    assert set(estate.statuses(incident.answer(newest))) == right == both - {"only-wrong"}
    feeds = {one["source"]: (one["version"], one["retracted_count"]) for one in incident.answer(newest)["feeds"]}
    assert feeds == {"list:wiz": ("2", 1), "list:detector": ("1", 0)}
    assert incident.flagged() == {"only-wrong"}
