"""What changed between two answers."""

from __future__ import annotations

from typing import Any

from incidents.impact.answer import ArtifactShown, Effect, Provenance, Row, Status
from incidents.response.differences import difference


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
