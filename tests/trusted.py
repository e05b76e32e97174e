"""What the organisation trusts, for tests: roots, signers and compromises, each with its trust version."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime, timedelta
from typing import Any

from inventory.models import (
    Attestation,
    AttestationVerdict,
    Compromise,
    SignerState,
    TrustedSigner,
    TrustRoot,
    TrustRootVersion,
    VerificationResult,
)
from inventory.verification.batch import verify_batch
from inventory.verification.changes import note_change
from tests.factories import submit
from tests.supplychain.actors import make_user
from tests.trust_lab import ISSUER, WORKFLOW, Lab

NOW = datetime.now(UTC)


def believe(data: bytes, *, name: str = "lab") -> TrustRootVersion:
    """Make a root of trust count."""
    root, _ = TrustRoot.objects.get_or_create(name=name)
    found = TrustRootVersion.objects.create(
        root=root,
        number=root.versions.count() + 1,
        data=data,
        digest=f"sha256:{hashlib.sha256(data).hexdigest()}",
        proposed_at=NOW,
        active_from=NOW - timedelta(days=1),
    )
    note_change("a root of trust", at=NOW)
    return found


def accept(**fields: Any) -> TrustedSigner:
    """Trust a signer: the lab's workflow, unless told otherwise."""
    named: dict[str, Any] = {"issuer": ISSUER, "identity": WORKFLOW}
    if "public_key" in fields or "identity_pattern" in fields:
        named.pop("identity")
    if "public_key" in fields:
        named.pop("issuer")
    values = {"name": "release", "state": SignerState.ACCEPTED, "is_production": False, "maximum_level": 3}
    signer = TrustedSigner.objects.create(**{**values, "created_at": datetime.now(UTC), **named, **fields})
    note_change("a signer", at=NOW)
    return signer


def declare(kind: str, value: str, **fields: Any) -> Compromise:
    """Declare something compromised, since long ago."""
    by = make_user(f"responder-{Compromise.objects.count()}")
    values = {"since": NOW - timedelta(days=2), "reason": "stolen", "declared_by": by, "declared_at": NOW}
    found = Compromise.objects.create(kind=kind, value=value, **{**values, **fields})
    note_change("a compromise", at=NOW)
    return found


def send(document: Any, *, team: str = "shop") -> list[Attestation]:
    """Upload attestations as a team does, apply them, and return the team's."""
    data = document if isinstance(document, bytes) else json.dumps(document).encode()
    submit(team, data)
    return list(Attestation.objects.filter(team__slug=team).order_by("id"))


def verify() -> int:
    """Verify all that is due; return how many evaluations it took."""
    count = 0
    while done := verify_batch(datetime.now(UTC)).count:
        count += done
    return count


def result(attestation: Attestation | None = None) -> VerificationResult:
    """Return the evaluation in force, of the one attestation there is unless told which."""
    found = AttestationVerdict.objects.select_related("result")
    chosen = found.get(attestation=attestation) if attestation else found.get()
    assert chosen.verdict == chosen.result.verdict
    return chosen.result


def trusting_lab() -> Lab:
    """Return an instance whose root is believed and whose workflow is trusted."""
    lab = Lab()
    believe(lab.trusted_root())
    accept()
    return lab
