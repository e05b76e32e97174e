"""What verification came to for one artifact, signed with our own key: a SLSA verification summary (VSA) in DSSE.

It passes only where a good signature of a trusted signer has every expectation met: no evidence, a report of another
tool, and a signature that nobody can judge are FAILED, and say which of these it is. Our own summaries are no input:
they would vouch for each other after what they rest on is gone.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from datetime import UTC
from typing import TYPE_CHECKING, Any, Final

from django.conf import settings

from inventory.formats.attestations.dsse import PAYLOAD_TYPE, pae
from inventory.graph.expectations import canonical
from inventory.graph.summary_facts import read_summary_facts
from inventory.models.verification import Verdict
from supplychain.access import audit
from supplychain.signing import public_keys, sign

if TYPE_CHECKING:
    from datetime import datetime

    from inventory.graph.summary_facts import SummaryFacts
    from supplychain.access.actors import Actor

PREDICATE_TYPE: Final = "https://slsa.dev/verification_summary/v1"
MAX_INPUTS: Final = 1_000
"""More attestations are not listed: the list must be whole, or not be there."""


@dataclass(frozen=True, slots=True)
class Summary:
    """A signed summary: its envelope, and what it says."""

    envelope: bytes
    statement: bytes
    result: str
    key_id: str


def sign_summary(digest: str, *, actor: Actor, at: datetime) -> Summary:
    """Sign what the asker may see of a visible artifact's verification; the audit log tells that it was.

    The same evaluations and expectations give the same bytes. Three statements.
    Raises ArtifactNotFoundError, NoSigningKeyError.
    """
    found = read_summary_facts(digest, without_keys=[key.key_id for key in public_keys()], actor=actor, at=at)
    statement = canonical(_statement(digest, found, at=at))
    signature = sign(pae(PAYLOAD_TYPE, statement))
    envelope = {
        "payload": base64.b64encode(statement).decode(),
        "payloadType": PAYLOAD_TYPE,
        "signatures": [{"keyid": signature.key_id, "sig": base64.b64encode(signature.value).decode()}],
    }
    summary = Summary(canonical(envelope), statement, _result(found), signature.key_id)
    _record(digest, summary, found, actor=actor, at=at)
    return summary


def _statement(digest: str, found: SummaryFacts, *, at: datetime) -> dict[str, Any]:
    algorithm, _, value = digest.partition(":")
    return {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": digest, "digest": {algorithm: value}}],
        "predicateType": PREDICATE_TYPE,
        "predicate": _predicate(digest, found, at=at),
    }


def _predicate(digest: str, found: SummaryFacts, *, at: datetime) -> dict[str, Any]:
    verifier = settings.PUBLIC_URL
    return {
        "verifier": {"id": verifier},
        "timeVerified": _time(found, at=at),
        "resourceUri": _resource(digest, found),
        "policy": {"uri": f"{verifier}/api/v1/expectations", "digest": {"sha256": found.expectations.sha256}},
        **_input_attestations(found),
        "verificationResult": _result(found),
        "verifiedLevels": [f"SLSA_BUILD_LEVEL_{found.inputs[0].level}" if found.has_passed else "FAILED"],
        "slsaVersion": "1.0",
        # Fields beside the specification's are named by addresses.
        f"{verifier}/verdict": found.verdict.value,
        f"{verifier}/reason": found.inputs[0].code if found.inputs else "no_attestation",
    }


def _result(found: SummaryFacts) -> str:
    return "PASSED" if found.has_passed else "FAILED"


def _resource(digest: str, found: SummaryFacts) -> str:
    """Name what the artifact was proven to be built from; names that senders gave it would be anybody's to choose."""
    if found.has_passed and found.inputs[0].repository:
        return f"https://{found.inputs[0].repository}"
    return f"{settings.PUBLIC_URL}/artifacts/{digest}"


def _input_attestations(found: SummaryFacts) -> dict[str, Any]:
    """List what the result rests on: the passing ones, or all that did not pass."""
    used = [one for one in found.inputs if not found.has_passed or one.verdict is Verdict.VERIFIED_EXPECTED]
    digests = sorted({one.envelope_digest.removeprefix("sha256:") for one in used})
    if len(digests) > MAX_INPUTS:
        return {}
    return {"inputAttestations": [{"digest": {"sha256": value}} for value in digests]}


def _time(found: SummaryFacts, *, at: datetime) -> str:
    """Return when this came to be so: at the last evaluation, or when last something else was expected."""
    known = [one.at for one in found.inputs]
    if found.expectations.changed_at is not None:
        known.append(found.expectations.changed_at)
    return max(known, default=at).astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def _record(digest: str, summary: Summary, found: SummaryFacts, *, actor: Actor, at: datetime) -> None:
    details: dict[str, audit.JSON] = {
        "result": summary.result,
        "verdict": found.verdict.value,
        "expectations": f"sha256:{found.expectations.sha256}",
        "statement": f"sha256:{hashlib.sha256(summary.statement).hexdigest()}",
        "key_id": summary.key_id,
    }
    audit.record(actor, "summary.signed", subject=digest, details=details, at=at)
