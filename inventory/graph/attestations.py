"""What attestations claim of an artifact, by its own digest, by another digest of the same bytes, or by its index.

An index commits to its members, so what is claimed of the index holds for each of them; never the other way. Beside
each stands how far it may be believed (graph/judged.py).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from inventory.graph.artifacts import find_artifact
from inventory.graph.families import visible_teams
from inventory.graph.judged import JUDGED
from inventory.graph.statements import Slice, fetch, slice_of

if TYPE_CHECKING:
    from uuid import UUID

    from supplychain.access.actors import Actor

MAX_EVIDENCE = 5


@dataclass(frozen=True, slots=True)
class AttestationKey:
    """The place of an attestation in the list: newest first."""

    received_at: datetime
    envelope_digest: str
    team: str


@dataclass(frozen=True, slots=True)
class AttestationRow:
    """One claim. `relation` tells how its subject belongs to the artifact: '' (itself), `alias`, `index`, `payload`.

    `evidence` are the first MAX_EVIDENCE documents that carried it, of `evidence_count`.
    """

    envelope_digest: str
    team: str
    received_at: datetime
    envelope: str
    envelope_version: str
    statement_type: str
    predicate_type: str
    predicate: str
    facts_json: str
    relation: str
    subject_digest: str
    subject_name: str
    subject_count: int
    signature_count: int
    log_entry_count: int
    timestamp_count: int
    key_ids: list[str]
    certificate_digests: list[str]
    builder_id: str | None
    build_type: str | None
    invocation_id: str | None
    repository: str | None
    ref: str | None
    commit: str | None
    workflow_path: str | None
    started_at: datetime | None
    finished_at: datetime | None
    evidence: list[UUID]
    evidence_count: int
    verdict: str
    code: str
    reasons_json: str
    valid_signer_count: int | None

    @property
    def is_signed(self) -> bool:
        """Tell whether a signature came with it, good or not."""
        return self.signature_count > 0

    @property
    def facts(self) -> list[tuple[str, str]]:
        """Return (name, text) of what the predicate says."""
        return [(name, text) for name, text in json.loads(self.facts_json)]

    @property
    def has_provenance(self) -> bool:
        return self.builder_id is not None

    @property
    def reasons(self) -> list[str]:
        """Return the codes of why the verdict is this one."""
        codes = [self.code, *(code for code, _, _ in json.loads(self.reasons_json))]
        return list(dict.fromkeys(code for code in codes if code))

    def key(self) -> AttestationKey:
        return AttestationKey(self.received_at, self.envelope_digest, self.team)


_ATTESTATIONS = f"""
WITH asked AS (SELECT %(id)s::int AS id), {JUDGED}
SELECT a.envelope_digest, t.slug, a.first_received_at, a.envelope, a.envelope_version, a.statement_type,
       a.predicate_type, a.predicate, a.facts::text, f.relation, r.digest, coalesce(n.name, ''), a.subject_count,
       a.signature_count, a.log_entry_count, a.timestamp_count, s.key_ids, s.certificate_digests, p.builder_id,
       p.build_type, p.invocation_id, p.repository, p.ref, p.commit, p.workflow_path, p.started_at, p.finished_at,
       e.ids, e.count, f.verdict, f.code, f.reasons::text, x.valid_signer_count
FROM judged f
JOIN inventory_attestation a ON a.id = f.attestation_id
JOIN access_team t ON t.id = a.team_id
JOIN inventory_artifact r ON r.id = f.artifact_id
LEFT JOIN inventory_provenance p ON p.attestation_id = a.id
LEFT JOIN inventory_attestationverdict w ON w.attestation_id = a.id
LEFT JOIN inventory_verificationresult x ON x.id = w.result_id
LEFT JOIN LATERAL (
    SELECT o.name FROM inventory_attestationsubject o
    WHERE o.attestation_id = a.id AND o.artifact_id = f.artifact_id ORDER BY o.position LIMIT 1
) n ON true
CROSS JOIN LATERAL (
    SELECT coalesce(array_agg(g.key_id ORDER BY g.position) FILTER (WHERE g.key_id <> ''), '{{}}') AS key_ids,
           coalesce(array_agg(g.certificate_digest ORDER BY g.position) FILTER (WHERE g.certificate_digest <> ''),
                    '{{}}') AS certificate_digests
    FROM inventory_attestationsignature g WHERE g.attestation_id = a.id
) s
CROSS JOIN LATERAL (
    SELECT (array_agg(v.public_id ORDER BY v.id))[:%(evidence)s] AS ids, count(*)
    FROM (SELECT DISTINCT d.id, d.public_id FROM inventory_attestationsource c
          JOIN inventory_evidence d ON d.id = c.evidence_id WHERE c.attestation_id = a.id) v
) e
WHERE %(received_at)s::timestamptz IS NULL
   OR (a.first_received_at, a.envelope_digest, t.slug) < (%(received_at)s, %(envelope_digest)s, %(team)s)
ORDER BY a.first_received_at DESC, a.envelope_digest DESC, t.slug DESC LIMIT %(limit)s
"""


def list_attestations(
    digest: str, *, after: AttestationKey | None, limit: int, actor: Actor
) -> Slice[AttestationRow, AttestationKey]:
    """Return what own attestations claim of a visible artifact, newest first. Two statements.

    Raises ArtifactNotFoundError.
    """
    parameters = {
        "id": find_artifact(digest, actor=actor),
        "teams": visible_teams(actor),
        "received_at": None if after is None else after.received_at,
        "envelope_digest": "" if after is None else after.envelope_digest,
        "team": "" if after is None else after.team,
        "evidence": MAX_EVIDENCE,
        "limit": limit + 1,
    }
    return slice_of(fetch(AttestationRow, _ATTESTATIONS, parameters), limit=limit, key=AttestationRow.key)
