"""What changed between two answers."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from incidents.impact.answer import ArtifactShown, Build, Builds, Effect, Provenance, Row, Status
from incidents.response.differences import BuildDifference, difference, difference_of_builds, is_same_of_builds


def row(name: str, **fields: Any) -> Row:
    stated: dict[str, Any] = {
        "artifact": ArtifactShown(f"sha256:{name}", (name,), "oci_manifest"),
        "status": Status.AFFECTED,
        "effect": Effect.RUNTIME,
        "running": False,
        "matches": (),
        "via": (),
        "provenance": Provenance("none", None, None, None, None, None, None, ()),
        "workloads": (),
        "vex": (),
        "confidence": "high",
    }
    return Row(**(stated | fields))


def test_the_same_answer_differs_in_nothing():
    rows = (row("one"), row("two", running=True))

    found = difference(rows, rows)

    assert found.is_empty
    assert found.unchanged_count == 2


def test_a_digest_that_matches_for_the_first_time_is_new():
    found = difference((row("one"),), (row("one"), row("two")))

    assert found.added == (row("two"),)
    assert found.unchanged_count == 1


def test_a_digest_that_matches_no_longer_was_withdrawn():
    found = difference((row("one"), row("two")), (row("one"),))

    assert found.retracted == (row("two"),)


def test_what_left_production_is_still_affected():
    found = difference((row("one", running=True),), (row("one"),))

    assert found.stopped == (row("one"),)
    assert not found.retracted


def test_what_is_started_again_is_told():
    assert difference((row("one"),), (row("one", running=True),)).started == (row("one", running=True),)


def test_a_status_that_changed_is_shown_with_what_it_was():
    before, after = row("one", status=Status.POSSIBLE), row("one")

    found = difference((before,), (after,))

    assert found.changed == ((before, after),)
    assert found.unchanged_count == 0


def test_rows_without_digest_are_compared_by_their_names():
    named = ArtifactShown(None, ("shop", "1.0"), "named")

    assert difference((row("x", artifact=named),), (row("x", artifact=named),)).is_empty


def build(number: str | None, status: Status = Status.AFFECTED, **fields: Any) -> Build:
    stated: dict[str, Any] = {
        "indicator": 0, "status": status, "confidence": "high", "reason": "", "repository": "github.com/acme/web",
        "run_id": number, "attempt": 1, "workflow": "ci.yml", "commit": "a", "event": None, "actor": None,
        "started_at": None, "job": None, "uses": None, "file": None, "evidence": UUID(int=1), "artifact_count": 0,
    }  # fmt: skip
    return Build(**(stated | fields))


def builds(*runs: Build, hash_: str = "") -> Builds:
    return Builds(len(runs), 0, 0, 0, runs, hash_)


def test_runs_are_new_withdrawn_or_surer_by_their_number():
    before = builds(build("1"), build("2", Status.POSSIBLE), build("3", Status.CLEARED))
    after = builds(build("2"), build("3"), build("4", Status.UNKNOWN))

    found = difference_of_builds(before, after)

    assert found == BuildDifference(
        added=(build("3"),), retracted=(build("1"),), changed=((build("2", Status.POSSIBLE), build("2")),)
    )


def test_of_a_run_that_several_indicators_mean_the_worst_counts():
    once, twice = builds(build("1")), builds(build("1"), build("1", Status.POSSIBLE, indicator=1))

    assert difference_of_builds(once, twice).is_empty


def test_runs_without_a_number_are_told_apart_by_what_tells_of_them():
    found = difference_of_builds(None, builds(build(None), build(None, evidence=UUID(int=2))))

    assert len(found.added) == 2


def test_runs_are_the_same_when_all_of_them_are_by_their_hash():
    assert is_same_of_builds(None, None)
    assert is_same_of_builds(builds(hash_="one"), builds(hash_="one"))
    assert not is_same_of_builds(builds(hash_="one"), builds(hash_="two"))
    assert not is_same_of_builds(None, builds())
