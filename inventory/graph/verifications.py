"""Every evaluation of what is attested of an artifact, newest first; none is ever overwritten."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from inventory.graph.artifacts import find_artifact
from inventory.graph.families import visible_teams
from inventory.graph.judged import JUDGED
from inventory.graph.statements import Slice, fetch, slice_of
from inventory.graph.verdicts import Difference

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from uuid import UUID

    from supplychain.access.actors import Actor


@dataclass(frozen=True, slots=True)
class VerificationKey:
    """The place of an evaluation in the list: newest first."""

    evaluated_at: datetime
    envelope_digest: str
    team: str
    trust_version: int


@dataclass(frozen=True, slots=True)
class VerificationRow:
    """One evaluation. `in_force`: it is the attestation's newest. `relation` is as in graph/attestations.py."""

    envelope_digest: str
    team: str
    predicate: str
    relation: str
    evidence: UUID
    evaluated_at: datetime
    trust_version: int
    verifier_version: str
    root_digest: str | None
    outcome: str
    verdict: str
    in_force: bool
    steps: Sequence[int]
    not_checked: Sequence[int]
    stopped_at: int | None
    code: str
    message: str
    reasons_json: str
    signer_id: UUID | None
    signer_name: str | None
    level: int
    level_reasons_json: str
    signed_at: datetime | None
    issuer: str
    identity: str
    key_fingerprint: str
    repository: str
    repository_id: str
    owner_id: str
    commit: str
    ref: str
    workflow: str
    builder: str
    run: str
    runner_environment: str
    event: str

    @property
    def differences(self) -> list[Difference]:
        """Return what differs from the nearest trusted signer."""
        return [Difference(*map(str, reason)) for reason in json.loads(self.reasons_json)]

    @property
    def level_reasons(self) -> list[str]:
        """Return the codes of what the level stands on, and of what the next one needs."""
        found: list[str] = json.loads(self.level_reasons_json)
        return found

    def key(self) -> VerificationKey:
        return VerificationKey(self.evaluated_at, self.envelope_digest, self.team, self.trust_version)


_RESULTS = f"""
WITH asked AS (SELECT unnest(%(ids)s::int[]) AS id), {JUDGED}
SELECT j.envelope_digest, t.slug, j.predicate, j.relation, d.public_id, r.evaluated_at, r.trust_version,
       r.verifier_version, o.digest, r.outcome, r.verdict, w.result_id = r.id, r.steps, r.not_checked, r.stopped_at,
       r.code, r.message, r.reasons::text, s.public_id, s.name, r.level, r.level_reasons::text, r.signed_at, r.issuer,
       r.identity, r.key_fingerprint, r.repository, r.repository_id, r.owner_id, r.commit, r.ref, r.workflow_path,
       r.builder_id, r.run, r.runner_environment, r.event
FROM judged j
JOIN inventory_verificationresult r ON r.attestation_id = j.attestation_id
JOIN inventory_attestationverdict w ON w.attestation_id = j.attestation_id
JOIN access_team t ON t.id = j.team_id
LEFT JOIN inventory_trustrootversion o ON o.id = r.root_version_id
LEFT JOIN inventory_trustedsigner s ON s.id = r.signer_id
CROSS JOIN LATERAL (
    SELECT e.public_id FROM inventory_attestationsource c JOIN inventory_evidence e ON e.id = c.evidence_id
    WHERE c.attestation_id = j.attestation_id ORDER BY c.id LIMIT 1
) d
WHERE %(evaluated_at)s::timestamptz IS NULL
   OR (r.evaluated_at, j.envelope_digest, t.slug, r.trust_version)
      < (%(evaluated_at)s, %(envelope_digest)s, %(team)s, %(trust_version)s)
ORDER BY r.evaluated_at DESC, j.envelope_digest DESC, t.slug DESC, r.trust_version DESC LIMIT %(limit)s
"""


def list_verifications(
    digest: str, *, after: VerificationKey | None, limit: int, actor: Actor
) -> Slice[VerificationRow, VerificationKey]:
    """Return every stored evaluation of a visible artifact's attestations, newest first. Two statements.

    Raises ArtifactNotFoundError.
    """
    parameters = {
        "ids": [find_artifact(digest, actor=actor)],
        "teams": visible_teams(actor),
        "evaluated_at": None if after is None else after.evaluated_at,
        "envelope_digest": "" if after is None else after.envelope_digest,
        "team": "" if after is None else after.team,
        "trust_version": 0 if after is None else after.trust_version,
        "limit": limit + 1,
    }
    return slice_of(fetch(VerificationRow, _RESULTS, parameters), limit=limit, key=VerificationRow.key)
