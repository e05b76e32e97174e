"""The cryptography of one attestation, by every root and key in force, as the rows that keep it.

Imports `sigstore`: for workers, and for nobody else.
"""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from inventory.formats.read import read_document
from inventory.identity.repositories import canonical_repository
from inventory.trust.bundles import Verifier
from inventory.trust.envelopes import Signed, verify_signed
from inventory.trust.evaluation import Evaluation, Step, UnsupportedError
from inventory.trust.facts import Proven
from inventory.trust.meaning import understand
from inventory.trust.outcomes import Outcome
from inventory.trust.roots import NO_ROOT, BadRootError, RootOfTrust, load_root
from inventory.trust.signatures import SigningKey, require_signing_key
from inventory.verification.proofs import Proof

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from inventory.trust.claims import CertificateClaims
    from inventory.verification.in_force import InForce

logger = logging.getLogger(__name__)

_WORKFLOW: Final = re.compile(r"https://[^/]+/[^/]+/[^/]+/(\.github/workflows/[^@]+)@\S+")


@dataclass(slots=True)
class Prover:
    """Holds signatures to what is in force, at one instant."""

    in_force: InForce
    now: datetime
    _verifiers: dict[int, list[Verifier]] = field(default_factory=dict)

    @property
    def unreadable(self) -> list[str]:
        """Return the digests of roots in force that our reader cannot read."""
        readable = {number for number, _ in self._readable()}
        return [root.digest for root in self.in_force.roots if root.id not in readable]

    def prove(self, signed: Sequence[Signed], *, team_id: int) -> list[Proof]:
        """Return the proof of each signature, of the envelope with each of what may lie beside it.

        Whatever happens is told as a proof: one attestation must not stop the queue, and no crash is a pass.
        """
        return [proof for one in signed for proof in self._prove(one, team_id=team_id)]

    def _prove(self, signed: Signed, *, team_id: int) -> list[Proof]:
        try:
            evaluations = verify_signed(signed, verifiers=self._of(team_id))
            return [self._judged(found, position) for position, found in enumerate(evaluations)]
        except Exception as error:  # see above: gitsign CVE-2026-44310 took a crash for success
            logger.exception("An attestation could not be judged.")
            reason = UnsupportedError(Step.STRICT_JSON, "verifier_error", f"Unexpected: {type(error).__name__}.")
            return [self._proof(Evaluation().stop(reason), None)]

    def _judged(self, evaluation: Evaluation, position: int) -> Proof:
        if evaluation.outcome is Outcome.VALID:
            understand(evaluation, read_document=read_document)
        return self._proof(evaluation, None if evaluation.outcome is Outcome.UNSIGNED else position)

    def _proof(self, evaluation: Evaluation, position: int | None) -> Proof:
        roots = {root.digest: root.id for root in self.in_force.roots}
        tried = () if evaluation.outcome is Outcome.UNSIGNED else tuple(number for number, _ in self._readable())
        return Proof(
            proven=_proven(evaluation),
            steps=tuple(int(step) for step in evaluation.steps),
            not_checked=tuple(int(step) for step in evaluation.not_checked),
            stopped_at=None if evaluation.stopped_at is None else int(evaluation.stopped_at),
            message=evaluation.message[:1_000].replace("\x00", ""),
            root_id=roots.get(evaluation.root_version) if evaluation.claims is not None else None,
            roots=tried,
            position=position,
        )

    def _of(self, team_id: int) -> list[Verifier]:
        """Return a verifier for each root, with the keys that count for a team: another team's would tell of it."""
        if team_id not in self._verifiers:
            keys = {
                key.fingerprint: loaded
                for key in self.in_force.keys
                if key.team_id in {None, team_id} and (loaded := _key(key.pem)) is not None
            }
            roots = [root for _, root in self._readable()] or [NO_ROOT]
            self._verifiers[team_id] = [Verifier(root, keys, self.now) for root in roots]
        return self._verifiers[team_id]

    def _readable(self) -> list[tuple[int, RootOfTrust]]:
        """Return the roots in force by their numbers, without those that cannot be read: they believe nobody."""
        return [
            (root.id, found) for root in self.in_force.roots if (found := _root(root.data, root.digest)) is not None
        ]


@lru_cache(maxsize=32)
def _root(data: bytes, digest: str) -> RootOfTrust | None:
    """Return a root of trust; None for one that was loaded, and that our reader cannot read: the others still count."""
    try:
        return load_root(data)
    except BadRootError:
        extra = {"code": "root_unreadable", "root": digest}
        logger.exception("A root of trust that counts cannot be read; it believes nobody.", extra=extra)
        return None


@lru_cache(maxsize=1_024)
def _key(pem: str) -> SigningKey | None:
    """Return a registered key; None for one of a kind that we do not verify with."""
    try:
        return require_signing_key(load_pem_public_key(pem.encode()))
    except (ValueError, UnsupportedAlgorithm, UnsupportedError):
        logger.warning("A registered key cannot be used.", exc_info=True)
        return None


def _proven(evaluation: Evaluation) -> Proven:
    claims = evaluation.claims
    if claims is None:
        return Proven(
            evaluation.outcome,
            evaluation.code,
            signed_at=evaluation.signed_at,
            key_fingerprint=evaluation.key_fingerprint,
        )
    return _certified(evaluation, claims)


def _certified(evaluation: Evaluation, claims: CertificateClaims) -> Proven:
    workflow = _WORKFLOW.fullmatch(claims.build_config or claims.identity)
    return Proven(
        evaluation.outcome,
        evaluation.code,
        signed_at=evaluation.signed_at,
        issuer=claims.issuer[:1_024],
        identity=claims.identity[:2_048],
        repository=(canonical_repository(claims.source_repository) or "")[:1_024],
        repository_id=claims.source_repository_id[:64],
        owner_id=claims.source_owner_id[:64],
        commit=claims.source_digest[:64],
        ref=claims.source_ref[:1_024],
        workflow=workflow[1][:1_024] if workflow else "",
        builder_id=claims.build_signer[:2_048],
        run=claims.run_invocation[:2_048],
        runner=claims.runner_environment[:255],
        event=claims.build_trigger[:255],
        key_fingerprint=evaluation.key_fingerprint,
    )
