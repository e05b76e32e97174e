"""What a trace is made of: a fixed number of statements about one artifact, whatever is known of it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from inventory.formats.attestations.records import Predicate
from inventory.formats.attestations.summaries import is_reviewed, source_level, summary_of
from inventory.formats.claims import Claim
from inventory.graph.families import visible_teams
from inventory.graph.judged import JUDGED, VERDICT
from inventory.graph.statements import fetch
from inventory.graph.visibility import RUNNING_INTERVALS, own
from inventory.models.verification import Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from uuid import UUID

    from supplychain.access.actors import Actor

MAX_ATTESTATIONS = 50
MAX_TAGS = 50
MAX_PLACES = 20
MAX_REPORTS = 10
REVIEW_CHECKS = ("Branch-Protection", "Code-Review")
"""Checks of a scorecard that tell whether what is built was looked at by a second person."""


@dataclass(frozen=True)
class Attested:
    """One attestation of where the artifact comes from, the one that may be believed most first."""

    verdict: Verdict
    level: int
    code: str
    reasons_json: str
    relation: str
    predicate: str
    envelope_digest: str | None
    builder: str | None
    repository: str | None
    commit: str | None
    workflow: str | None
    signer: str | None
    ref: str | None
    event: str | None
    runner: str | None
    run: str | None
    trusted_as: str | None
    level_reasons_json: str
    signed_at: datetime | None
    signature_count: int
    evidence: UUID
    pointer: str

    @cached_property
    def differences(self) -> Mapping[str, tuple[str, str]]:
        """Return {code: (expected, found)}, those that only name a reason included."""
        found = {code: (expected, found) for code, expected, found in json.loads(self.reasons_json)}
        return found | ({self.code: ("", "")} if self.code and self.code not in found else {})

    @cached_property
    def needs(self) -> Sequence[str]:
        """Return what the next level lacks, as verification stored it."""
        return [code for code in json.loads(self.level_reasons_json) if code.startswith("needs_")]


@dataclass(frozen=True)
class Revision:
    """What a verification summary says of the commit that the artifact was built from, the most believed first."""

    verdict: Verdict
    facts_json: str
    evidence: UUID
    pointer: str

    @cached_property
    def summary(self) -> Mapping[str, str]:
        """Return what it says, by name."""
        return summary_of(json.loads(self.facts_json))

    @property
    def level(self) -> int | None:
        return source_level(self.summary)

    @property
    def is_reviewed(self) -> bool:
        return is_reviewed(self.summary)


@dataclass(frozen=True, slots=True)
class Claimed:
    """What the image says of itself."""

    claim: Claim
    value: str
    evidence: UUID


@dataclass(frozen=True, slots=True)
class Guard:
    """What one posture report says of reviews: a rule of a branch, or a check of a scorecard (`score` 0 to 10)."""

    name: str
    tool: str
    reviews_required: int | None
    code_owner_review: bool | None
    is_enforced: bool | None
    score: int | None
    reason: str
    observed_at: datetime
    evidence: UUID
    pointer: str


@dataclass(frozen=True, slots=True)
class Tagged:
    """A tag that was seen pointing at the artifact, or an index that lists it.

    `other` is the digest of another image that it was seen pointing at too, newest first; `is_here` whether it was seen
    last at this image.
    """

    repository: str
    tag: str
    observed_at: datetime
    source: str
    evidence: UUID
    pointer: str
    other: str | None
    is_here: bool


@dataclass(frozen=True, slots=True)
class Place:
    """Where containers run it now."""

    cluster: str
    environment: str
    namespace: str
    workload_count: int
    container_count: int
    evidence: UUID


@dataclass(frozen=True, slots=True)
class TraceFacts:
    """All of it. `guards` are of the repository that the best attestation, or else the image itself, names."""

    attested: Sequence[Attested]
    claims: Sequence[Claimed]
    guards: Sequence[Guard]
    tags: Sequence[Tagged]
    places: Sequence[Place]
    revisions: Sequence[Revision]


_ATTESTED = f"""
WITH asked AS (SELECT unnest(%(ids)s::int[]) AS id), {JUDGED}
SELECT j.verdict, j.level, j.code, j.reasons::text, j.relation, j.predicate, j.envelope_digest, j.builder, j.repository,
       j.commit, j.workflow, j.signer, coalesce(nullif(r.ref, ''), nullif(p.ref, '')),
       coalesce(nullif(r.event, ''), nullif(p.event, '')),
       coalesce(nullif(r.runner_environment, ''), nullif(p.runner_environment, '')),
       coalesce(nullif(r.run, ''), nullif(p.invocation_id, '')), s.name, coalesce(r.level_reasons, '[]'::jsonb)::text,
       r.signed_at, coalesce(a.signature_count, 0), d.public_id, d.pointer
FROM judged j
LEFT JOIN inventory_attestation a ON a.id = j.attestation_id
LEFT JOIN inventory_provenance p ON p.attestation_id = j.attestation_id
LEFT JOIN inventory_attestationverdict w ON w.attestation_id = j.attestation_id
LEFT JOIN inventory_verificationresult r ON r.id = w.result_id AND r.outcome = 'valid'
LEFT JOIN inventory_trustedsigner s ON s.id = r.signer_id AND j.verdict = 'verified_expected'
CROSS JOIN LATERAL (
    SELECT e.public_id, c.pointer, c.id FROM inventory_attestationsource c
    JOIN inventory_evidence e ON e.id = c.evidence_id WHERE c.attestation_id = j.attestation_id
    UNION ALL
    SELECT e.public_id, v.pointer, v.id FROM inventory_reportedverification v
    JOIN inventory_evidence e ON e.id = v.evidence_id WHERE v.id = -j.attestation_id
    ORDER BY id LIMIT 1
) d
WHERE j.is_origin
ORDER BY j.rank, j.level DESC, j.predicate <> 'provenance', j.first_received_at DESC, j.attestation_id DESC
LIMIT %(attestations)s
"""
_CLAIMS = f"""
SELECT DISTINCT ON (c.claim) c.claim, c.value, e.public_id
FROM inventory_artifactclaim c JOIN inventory_evidence e ON e.id = c.evidence_id
WHERE c.artifact_id IN (
    SELECT %(id)s::int
    UNION SELECT x.alias_id FROM inventory_artifactalias x WHERE x.artifact_id = %(id)s AND {own("x.team_id")}
    UNION SELECT x.artifact_id FROM inventory_artifactalias x WHERE x.alias_id = %(id)s AND {own("x.team_id")}
  ) AND {own("c.team_id")}
ORDER BY c.claim, c.artifact_id <> %(id)s, c.id DESC
"""
_GUARDS = f"""
WITH newest AS (
    SELECT DISTINCT ON (p.tool, p.team_id) p.id, p.tool, p.observed_at, e.public_id
    FROM inventory_posturereport p JOIN inventory_evidence e ON e.id = p.evidence_id
    WHERE p.repository = %(repository)s AND {own("p.team_id")}
    ORDER BY p.tool, p.team_id, p.observed_at DESC, p.id DESC
)
SELECT name, tool, reviews_required, code_owner_review, is_enforced, score, reason, observed_at, public_id, pointer
FROM (
    SELECT array_to_string(g.patterns, ', ') AS name, n.tool, g.reviews_required, g.code_owner_review, g.is_enforced,
           NULL::smallint AS score, '' AS reason, n.observed_at, n.public_id, g.pointer, g.id
    FROM newest n JOIN inventory_sourcecontrolstate g ON g.report_id = n.id AND g.kind = 'branch'
    UNION ALL
    SELECT k.name, n.tool, NULL, NULL, NULL, k.score, k.reason, n.observed_at, n.public_id, k.pointer, k.id
    FROM newest n JOIN inventory_posturecheck k ON k.report_id = n.id AND k.name = ANY(%(checks)s::text[])
) guard ORDER BY score IS NOT NULL, observed_at DESC, id LIMIT %(reports)s
"""
_REVISIONS = f"""
SELECT verdict, facts, public_id, pointer FROM (
SELECT {VERDICT} AS verdict, a.facts::text AS facts, a.first_received_at, a.id, d.public_id, d.pointer
FROM inventory_attestationsubject o
JOIN inventory_attestation a ON a.id = o.attestation_id AND a.predicate = '{Predicate.VERIFICATION_SUMMARY.value}'
LEFT JOIN inventory_provenance p ON p.attestation_id = a.id
LEFT JOIN inventory_attestationverdict w ON w.attestation_id = a.id
LEFT JOIN inventory_verificationresult e ON e.id = w.result_id
LEFT JOIN inventory_verificationresult r ON r.id = w.result_id AND r.outcome = 'valid'
CROSS JOIN LATERAL (
    SELECT v.public_id, c.pointer FROM inventory_attestationsource c
    JOIN inventory_evidence v ON v.id = c.evidence_id WHERE c.attestation_id = a.id ORDER BY c.id LIMIT 1
) d
WHERE o.commit = %(commit)s AND o.commit <> '' AND {own("o.team_id")}
) revision ORDER BY verdict <> '{Verdict.VERIFIED_EXPECTED.value}', first_received_at DESC, id DESC
LIMIT %(attestations)s
"""
_SIGHTINGS = f"""
WITH here AS (
    SELECT %(id)s::int AS id
    UNION SELECT x.alias_id FROM inventory_artifactalias x WHERE x.artifact_id = %(id)s AND {own("x.team_id")}
    UNION SELECT x.artifact_id FROM inventory_artifactalias x WHERE x.alias_id = %(id)s AND {own("x.team_id")}
    UNION SELECT m.index_id FROM inventory_indexmember m WHERE m.member_id = %(id)s AND {own("m.team_id")}
),
image AS (
    SELECT id FROM here
    UNION SELECT m.member_id FROM here h JOIN inventory_indexmember m ON m.index_id = h.id WHERE {own("m.team_id")}
),
family AS (
    SELECT id FROM image
    UNION SELECT x.alias_id FROM image h JOIN inventory_artifactalias x ON x.artifact_id = h.id
    WHERE {own("x.team_id")}
    UNION SELECT x.artifact_id FROM image h JOIN inventory_artifactalias x ON x.alias_id = h.id
    WHERE {own("x.team_id")}
),
named AS (
    SELECT v.repository, v.tag FROM inventory_tagevent v
    WHERE v.artifact_id IN (SELECT id FROM here) AND v.tag <> '' AND {own("v.team_id")}
    UNION
    SELECT i.image_name, i.image_tag FROM inventory_runinterval i
    WHERE i.artifact_id IN (SELECT id FROM here) AND i.image_tag <> '' AND {own("i.team_id")}
    ORDER BY 1, 2 LIMIT %(tags)s
),
seen AS (
    SELECT s.*, s.artifact_id IN (SELECT id FROM family) AS is_here FROM (
        SELECT n.repository, n.tag, v.artifact_id, v.observed_at, v.source, v.evidence_id, v.pointer
        FROM named n JOIN inventory_tagevent v ON v.repository = n.repository AND v.tag = n.tag
        WHERE v.action <> 'delete' AND v.artifact_id IS NOT NULL AND {own("v.team_id")}
        UNION ALL
        SELECT n.repository, n.tag, i.artifact_id, i.last_seen_at, 'deployment', i.opened_by_id, ''
        FROM named n JOIN inventory_runinterval i ON i.image_name = n.repository AND i.image_tag = n.tag
        WHERE i.artifact_id IS NOT NULL AND {own("i.team_id")}
    ) s
)
SELECT s.repository, s.tag, s.observed_at, s.source, e.public_id, s.pointer, a.digest,
       coalesce(s.observed_at >= o.observed_at, true)
FROM (
    SELECT DISTINCT ON (repository, tag) * FROM seen WHERE is_here
    ORDER BY repository, tag, observed_at DESC, evidence_id DESC
) s
LEFT JOIN (
    SELECT DISTINCT ON (repository, tag) * FROM seen WHERE NOT is_here
    ORDER BY repository, tag, observed_at DESC, evidence_id DESC
) o ON o.repository = s.repository AND o.tag = s.tag
LEFT JOIN inventory_artifact a ON a.id = o.artifact_id
JOIN inventory_evidence e ON e.id = s.evidence_id
ORDER BY s.repository, s.tag
"""
_PLACES = f"""
WITH running AS ({RUNNING_INTERVALS})
SELECT c.name, coalesce(e.slug, 'unknown'), w.namespace, count(DISTINCT w.id), count(DISTINCT i.id),
       (array_agg(v.public_id ORDER BY i.opened_at DESC, i.id DESC))[1]
FROM running r
JOIN inventory_runinterval i ON i.id = r.id
JOIN inventory_workload w ON w.id = i.workload_id
JOIN inventory_cluster c ON c.id = w.cluster_id
JOIN inventory_evidence v ON v.id = i.opened_by_id
LEFT JOIN inventory_environment e ON e.id = coalesce(i.environment_id, c.environment_id)
GROUP BY 1, 2, 3 ORDER BY coalesce(bool_or(e.is_production), false) DESC, 1, 2, 3 LIMIT %(places)s
"""


def read_trace_facts(artifact_id: int, *, actor: Actor) -> TraceFacts:
    """Return what a trace of a visible artifact is made of. Six statements."""
    parameters = {
        "id": artifact_id,
        "ids": [artifact_id],
        "teams": visible_teams(actor),
        "attestations": MAX_ATTESTATIONS,
        "tags": MAX_TAGS,
        "places": MAX_PLACES,
        "reports": MAX_REPORTS,
        "checks": list(REVIEW_CHECKS),
    }
    attested = fetch(Attested, _ATTESTED, parameters)
    claims = fetch(Claimed, _CLAIMS, parameters)
    repository = repository_of(attested, claims)
    commit = next((one.commit for one in attested if one.commit), None) or ""
    return TraceFacts(
        attested,
        claims,
        fetch(Guard, _GUARDS, {**parameters, "repository": repository}),
        fetch(Tagged, _SIGHTINGS, parameters),
        fetch(Place, _PLACES, parameters),
        fetch(Revision, _REVISIONS, {**parameters, "commit": commit}),
    )


def repository_of(attested: Sequence[Attested], claims: Sequence[Claimed]) -> str:
    """Return the repository as posture reports name it: host/owner/name, '' where nothing names one."""
    found = next((one.repository for one in attested if one.repository), None)
    label = next((one.value for one in claims if one.claim == Claim.SOURCE), "")
    return (found or label.partition("://")[2]).removesuffix("/").removesuffix(".git")
