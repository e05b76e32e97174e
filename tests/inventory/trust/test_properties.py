"""Whatever the bytes, the verifier answers, and never with a pass for a bundle that was changed."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inventory.trust.bundles import Verifier, verify_bundle
from inventory.trust.outcomes import Outcome
from inventory.trust.roots import load_root
from tests.trust_lab import Lab, statement

LAB = Lab()
GOOD = LAB.dsse_bundle(statement())
VERIFIER = Verifier(load_root(LAB.trusted_root()), {}, datetime.now(UTC))
LEAVES = st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=8), st.just([]), st.just({}))
SLOW = settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(found for key, member in inner for found in paths(member, (*path, key)))]


PATHS = paths(GOOD)[1:]


@SLOW
@given(st.sampled_from(PATHS), LEAVES)
def test_any_value_anywhere_is_judged_and_a_changed_one_is_no_pass(path: tuple[Any, ...], value: Any) -> None:
    made = json.loads(json.dumps(GOOD))
    place = made
    for step in path[:-1]:
        place = place[step]
    is_changed = place[path[-1]] != value
    place[path[-1]] = value

    evaluation = verify_bundle(json.dumps(made).encode(), verifier=VERIFIER)

    assert evaluation.code != "verifier_error"
    assert evaluation.outcome is not Outcome.VALID or not is_changed


@SLOW
@given(st.sampled_from(PATHS), st.integers(0, 10_000), st.integers(1, 255))
def test_any_byte_turned_in_a_text_is_no_pass(path: tuple[Any, ...], at: int, mask: int) -> None:
    made = json.loads(json.dumps(GOOD))
    place = made
    for step in path[:-1]:
        place = place[step]
    old = place[path[-1]]
    if not isinstance(old, str) or not old:
        return
    at %= len(old)
    place[path[-1]] = old[:at] + chr((ord(old[at]) ^ mask) % 0x80 or 0x41) + old[at + 1 :]

    evaluation = verify_bundle(json.dumps(made).encode(), verifier=VERIFIER)

    assert evaluation.code != "verifier_error"
    if evaluation.outcome is Outcome.VALID:
        assert evaluation.payload == statement()
        assert path[-1] in {"rawBytes", "canonicalizedBody", "envelope", "sig", "payload"} or place[path[-1]] == old


@SLOW
@given(st.binary(max_size=200))
def test_any_bytes_are_judged(data: bytes) -> None:
    assert verify_bundle(data, verifier=VERIFIER).outcome is not Outcome.VALID
