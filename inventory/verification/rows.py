"""An evaluation as a row, and back: what was proven is kept apart from how it was judged."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from inventory.trust.facts import Proven
from inventory.trust.outcomes import Outcome
from inventory.verification.due_sql import COLUMNS
from inventory.verification.proofs import Proof
from inventory.verification.subject import VERIFIER_VERSION, proven_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from inventory.trust.verdict import Judgement
    from inventory.verification.in_force import InForce
    from inventory.verification.subject import Due

_JUDGED: Final = frozenset({11, 12, 14, 15})
_OF_THE_MOMENT: Final = frozenset({"trust_version", "evaluated_at"})


def row_of(due: Due, proof: Proof, judgement: Judgement, trusted: InForce, *, now: datetime) -> dict[str, Any]:
    """Write an evaluation as a row of `VerificationResult`."""
    is_valid = proof.proven.outcome is Outcome.VALID
    return {
        "attestation_id": due.id,
        "trust_version": trusted.version,
        "root_version_id": proof.root_id,
        "roots": list(proof.roots),
        "verifier_version": VERIFIER_VERSION,
        "evaluated_at": now.isoformat(),
        "verdict": judgement.verdict.value,
        "steps": sorted([*proof.steps, *map(int, judgement.steps)]),
        "not_checked": list(proof.not_checked),
        "stopped_at": judgement.stopped_at if is_valid else proof.stopped_at,
        "code": judgement.code,
        "message": proof.message,
        "reasons": [reason.as_row() for reason in judgement.reasons],
        "valid_signer_count": proof.valid_signer_count,
        "signer_id": judgement.signer_id,
        "level": judgement.level.level,
        "level_reasons": list(judgement.level.reasons),
        "signature_position": proof.position,
        **_proven(proof.proven),
    }


def is_same(row: Mapping[str, Any], last: Mapping[str, Any] | None) -> bool:
    """Tell whether an evaluation came to what the last one did, by the same roots and the same verifier."""
    if last is None:
        return False
    left_out = _OF_THE_MOMENT | ({"valid_signer_count"} if last["valid_signer_count"] is None else set())
    return all(_plain(row[name]) == _plain(last[name]) for name in COLUMNS if name not in left_out)


def stored_proof(due: Due) -> Proof:
    """Return what needs no bytes: that nothing was signed, or what the last evaluation proved."""
    last = due.last
    if not due.is_signed or last is None:
        return Proof(Proven(Outcome.UNSIGNED))
    is_valid = last["outcome"] == Outcome.VALID
    return Proof(
        proven=proven_of(last),
        steps=tuple(step for step in last["steps"] if step not in _JUDGED),
        not_checked=tuple(last["not_checked"]),
        stopped_at=None if is_valid else last["stopped_at"],
        message=last["message"],
        root_id=last["root_version_id"],
        roots=tuple(last["roots"]),
        position=last["signature_position"],
        valid_signer_count=last["valid_signer_count"],
    )


def _proven(proven: Proven) -> dict[str, Any]:
    return {
        "outcome": proven.outcome.value,
        "signed_at": None if proven.signed_at is None else proven.signed_at.isoformat(),
        "key_fingerprint": proven.key_fingerprint,
        "issuer": proven.issuer,
        "identity": proven.identity,
        "repository": proven.repository,
        "repository_id": proven.repository_id,
        "owner_id": proven.owner_id,
        "commit": proven.commit,
        "ref": proven.ref,
        "workflow_path": proven.workflow,
        "builder_id": proven.builder_id,
        "run": proven.run,
        "runner_environment": proven.runner,
        "event": proven.event,
    }


def _plain(value: Any) -> Any:
    """Return an instant for its text: the database writes it otherwise than Python."""
    if isinstance(value, str) and value[10:11] == "T":
        try:
            return datetime.fromisoformat(value)
        except ValueError:
            return value
    return value
