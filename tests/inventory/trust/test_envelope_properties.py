"""Whatever stands in an envelope of any kind, it is judged, by no surprise, and a changed one is no pass."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inventory.formats.attestations.records import Envelope
from inventory.trust.bundles import Verifier
from inventory.trust.envelopes import Signed, verify_signed
from inventory.trust.outcomes import Outcome
from inventory.trust.roots import load_root
from inventory.trust.signatures import fingerprint, load_key
from tests import cosign_lab as cosign
from tests.trust_lab import Lab, new_key, spki, statement

LAB, KEY = Lab(), new_key()
PUBLIC = load_key(spki(KEY))
VERIFIER = Verifier(load_root(LAB.trusted_root()), {fingerprint(PUBLIC): PUBLIC}, datetime.now(UTC))
PAYLOAD = cosign.payload("sha256:" + "d" * 64)
LAYER, BLOB = cosign.attestation_layer(LAB, statement())
GOOD: dict[str, tuple[Envelope, Any, bytes]] = {
    "dsse": (Envelope.DSSE, cosign.envelope(statement(), KEY), b""),
    "dsse beside a layer": (Envelope.DSSE, json.loads(BLOB), cosign.encoded(LAYER)),
    "download": (Envelope.COSIGN_LAYER, cosign.downloaded(LAB, PAYLOAD), b""),
    "layer": (Envelope.COSIGN_LAYER, cosign.signature_layer(LAB, PAYLOAD), PAYLOAD),
    "layer of an attestation": (Envelope.COSIGN_LAYER, LAYER, BLOB),
    "pypi": (Envelope.PYPI, cosign.pypi(LAB.dsse_bundle(statement())), b""),
}
LEAVES = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=8),
                   st.just([]), st.just({}), st.just([{}]), st.just({"a": None}))  # fmt: skip
SLOW = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(found for key, member in inner for found in paths(member, (*path, key)))]


PLACES = [(name, path) for name, (_, value, _) in GOOD.items() for path in paths(value)[1:]]


def test_each_of_them_is_good() -> None:
    for envelope, value, beside in GOOD.values():
        [found] = verify_signed(Signed(envelope, cosign.encoded(value), beside), verifiers=[VERIFIER])
        assert (found.outcome, found.code) == (Outcome.VALID, "")


@SLOW
@given(st.sampled_from(PLACES), LEAVES)
def test_any_value_anywhere_is_judged_by_a_reason_of_ours(place: tuple[str, Any], value: Any) -> None:
    name, path = place
    envelope, good, beside = GOOD[name]
    made = json.loads(json.dumps(good))
    inner = made
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = value

    found = verify_signed(Signed(envelope, cosign.encoded(made), beside), verifiers=[VERIFIER])

    assert all(one.code != "verifier_error" for one in found)
    assert all(one.payload in {statement(), PAYLOAD, b""} for one in found)


@SLOW
@given(st.sampled_from(list(GOOD)), st.sampled_from(list(Envelope)), st.binary(max_size=80), st.binary(max_size=80))
def test_any_bytes_are_judged_whatever_they_are_called(name: str, envelope: Envelope, data: bytes, rest: bytes) -> None:
    for raw, beside in ((data, rest), (cosign.encoded(GOOD[name][1]), rest), (data, GOOD[name][2])):
        found = verify_signed(Signed(envelope, raw, beside), verifiers=[VERIFIER])
        assert all(one.code != "verifier_error" for one in found)
