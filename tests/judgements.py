"""Verdicts for tests of the read side: rows as verification writes them, without a signature to verify."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from inventory.models import Attestation
from inventory.models.trust import Compromise, SignerState, TrustChange, TrustedSigner, trust_version
from inventory.models.verification import AttestationVerdict, CheckOutcome, Verdict, VerificationResult
from tests.factories import START
from tests.supplychain.actors import make_user

ISSUER = "https://token.actions.githubusercontent.com"
IDENTITY = "https://github.com/shop/api/.github/workflows/release.yml@refs/heads/main"
_OUTCOMES = {
    Verdict.VERIFIED_EXPECTED: CheckOutcome.VALID,
    Verdict.VERIFIED_UNEXPECTED: CheckOutcome.VALID,
    Verdict.FAILED: CheckOutcome.FAILED,
    Verdict.UNSUPPORTED: CheckOutcome.UNSUPPORTED,
    Verdict.UNSIGNED_CLAIM: CheckOutcome.UNSIGNED,
}


def change_trust(what: str = "a signer was accepted") -> int:
    """Note that trust has changed, and return the version in force."""
    return TrustChange.objects.create(at=START, what=what).pk


def accepted_signer(**fields: Any) -> TrustedSigner:
    """Return a signer that is trusted for what it signs."""
    named = {"name": "release workflow", "issuer": ISSUER, "identity": IDENTITY, "maximum_level": 3}
    return TrustedSigner.objects.create(
        **{"state": SignerState.ACCEPTED, "is_production": False, "created_at": START, **named, **fields}
    )


def judge(
    attestation: Attestation, verdict: Verdict, *, signer: TrustedSigner | None = None, **found: Any
) -> VerificationResult:
    """Write an evaluation and make its verdict the one in force."""
    outcome = _OUTCOMES[verdict]
    if verdict is Verdict.VERIFIED_EXPECTED and signer is None:
        signer = accepted_signer()
    certificate = {"issuer": ISSUER, "identity": IDENTITY} if outcome is CheckOutcome.VALID else {}
    level = {Verdict.VERIFIED_EXPECTED: 3, Verdict.VERIFIED_UNEXPECTED: 1}.get(verdict, 0)
    version = trust_version() or change_trust()
    values: dict[str, Any] = {"evaluated_at": START, "signed_at": START, "level": level, **certificate, **found}
    result = VerificationResult.objects.create(
        attestation=attestation,
        trust_version=version,
        verifier_version="1",
        outcome=outcome,
        verdict=verdict,
        signer=signer,
        **values,
    )
    AttestationVerdict.objects.update_or_create(
        attestation=attestation,
        defaults={"result": result, "verdict": verdict, "trust_version": version, "changed_at": result.evaluated_at},
    )
    return result


def compromised(kind: str, value: str, *, since: datetime = START, **fields: Any) -> Compromise:
    """Declare that what this identity, key, builder, repository or workflow signs proves nothing from an instant on."""
    change_trust("a compromise was declared")
    by = make_user(f"responder-{Compromise.objects.count()}")
    declared = {"reason": "stolen", "declared_by": by, "declared_at": START.replace(year=2027)}
    return Compromise.objects.create(kind=kind, value=value, since=since, **{**declared, **fields})
