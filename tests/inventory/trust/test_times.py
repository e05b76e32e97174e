"""A proven time by a timestamp authority (RFC 3161): by one we believe, over this signature, within its life."""

from __future__ import annotations

import base64
import copy
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from inventory.trust.bundles import Verifier, verify_bundle
from inventory.trust.evaluation import Evaluation, Step
from inventory.trust.outcomes import Outcome
from inventory.trust.roots import load_root
from tests.timestamp_lab import StampLab
from tests.trust_lab import Lab, statement, text


@pytest.fixture(scope="module")
def lab() -> Lab:
    return Lab()


@pytest.fixture(scope="module")
def stamps(lab: Lab) -> StampLab:
    return StampLab(at=lab.at)


@pytest.fixture(scope="module")
def bundle(lab: Lab) -> dict[str, Any]:
    """Return a bundle of an instance without a log, as GitHub's private one is: only a timestamp tells its time."""
    made = lab.dsse_bundle(statement())
    made["verificationMaterial"]["tlogEntries"] = []
    return made


def signature_of(bundle: dict[str, Any]) -> bytes:
    return base64.b64decode(bundle["dsseEnvelope"]["signatures"][0]["sig"])


def judge(lab: Lab, bundle: dict[str, Any], *stamped: bytes, authorities: list[dict[str, Any]]) -> Evaluation:
    made = copy.deepcopy(bundle)
    listed = [{"signedTimestamp": text(one)} for one in stamped]
    made["verificationMaterial"]["timestampVerificationData"] = {"rfc3161Timestamps": listed}
    root = load_root(lab.trusted_root(tlogs=[], ctlogs=[], timestampAuthorities=authorities))
    return verify_bundle(json.dumps(made).encode(), verifier=Verifier(root, {}, datetime.now(UTC)))


def test_a_timestamp_of_a_believed_authority_is_the_time(lab: Lab, stamps: StampLab, bundle: dict[str, Any]) -> None:
    stamp = stamps.stamp(signature_of(bundle), at=lab.at + timedelta(minutes=1))

    found = judge(lab, bundle, stamp, authorities=[stamps.authority()])

    assert (found.outcome, found.code, found.signed_at) == (Outcome.VALID, "", lab.at + timedelta(minutes=1))
    assert found.not_checked == [Step.CERTIFICATE_LOGGED, Step.LOG_INCLUSION, Step.LOG_BODY]


def test_an_instance_without_a_log_needs_a_timestamp(lab: Lab, stamps: StampLab, bundle: dict[str, Any]) -> None:
    found = judge(lab, bundle, authorities=[stamps.authority()])

    assert (found.outcome, found.code) == (Outcome.UNSUPPORTED, "no_trusted_time")


def test_a_timestamp_over_another_signature_is_refused(lab: Lab, stamps: StampLab, bundle: dict[str, Any]) -> None:
    found = judge(lab, bundle, stamps.stamp(b"another"), authorities=[stamps.authority()])

    assert (found.outcome, found.code) == (Outcome.FAILED, "tsa_untrusted")


@pytest.mark.parametrize("minutes", [-2, 10])
def test_a_time_outside_of_the_certificates_life_is_refused(
    lab: Lab, stamps: StampLab, bundle: dict[str, Any], minutes: int
) -> None:
    """Item 94: signed after notAfter, or before notBefore."""
    stamp = stamps.stamp(signature_of(bundle), at=lab.at + timedelta(minutes=minutes))

    found = judge(lab, bundle, stamp, authorities=[stamps.authority()])

    assert (found.outcome, found.code) == (Outcome.FAILED, "cert_not_valid_at_signing")


def test_tsa_cve_2026_39984_a_timestamp_of_an_unknown_authority_is_refused(
    lab: Lab, stamps: StampLab, bundle: dict[str, Any]
) -> None:
    """The certificate of the timestamp authority was not validated."""
    of_the_same_name = StampLab(at=lab.at)

    for other in (of_the_same_name, StampLab(at=lab.at, name="others")):
        found = judge(lab, bundle, other.stamp(signature_of(bundle)), authorities=[stamps.authority()])
        assert (found.outcome, found.code) == (Outcome.FAILED, "tsa_untrusted")


def test_a_certificate_that_is_not_for_timestamps_makes_none(lab: Lab, bundle: dict[str, Any]) -> None:
    other = StampLab(at=lab.at, is_for_stamps=False)

    found = judge(lab, bundle, other.stamp(signature_of(bundle)), authorities=[other.authority()])

    assert (found.outcome, found.code) == (Outcome.FAILED, "tsa_untrusted")


def test_sigstore_go_cve_2026_54787_a_timestamp_outside_of_the_authoritys_validity_is_refused(
    lab: Lab, stamps: StampLab, bundle: dict[str, Any]
) -> None:
    ends = {"start": (lab.at - timedelta(days=1)).isoformat(), "end": (lab.at - timedelta(seconds=1)).isoformat()}

    found = judge(lab, bundle, stamps.stamp(signature_of(bundle)), authorities=[stamps.authority(validFor=ends)])

    assert (found.outcome, found.code) == (Outcome.FAILED, "tsa_untrusted")


def test_a_timestamp_that_was_not_granted_is_none(lab: Lab, stamps: StampLab, bundle: dict[str, Any]) -> None:
    found = judge(lab, bundle, stamps.stamp(signature_of(bundle), status=2), authorities=[stamps.authority()])

    assert (found.outcome, found.code) == (Outcome.FAILED, "tsa_untrusted")


def test_the_same_timestamp_twice_is_refused(lab: Lab, stamps: StampLab, bundle: dict[str, Any]) -> None:
    """sigstore-go CVE-2026-49834: a threshold was met by several of one."""
    stamp = stamps.stamp(signature_of(bundle))

    found = judge(lab, bundle, stamp, stamp, authorities=[stamps.authority()])

    assert (found.outcome, found.code) == (Outcome.FAILED, "duplicate_timestamp")


def test_a_bad_timestamp_beside_a_good_one_is_refused(lab: Lab, stamps: StampLab, bundle: dict[str, Any]) -> None:
    good = stamps.stamp(signature_of(bundle))

    found = judge(lab, bundle, good, stamps.stamp(b"another"), authorities=[stamps.authority()])

    assert (found.outcome, found.code) == (Outcome.FAILED, "tsa_untrusted")
