"""The statement that finds artifacts by their origin: by what certificates prove, and by what anybody claims.

Each field of each table is looked up in its index. A fact of a subject reaches the members of an index, never the
other way, and another digest of the same image only where containers are looked up (incidents/impact/statements.py).
"""

from __future__ import annotations

from typing import Final

from inventory.formats.attestations.records import Envelope
from inventory.graph.judged import ORIGIN
from inventory.graph.visibility import own
from inventory.models.attestations import WORKFLOW_OF_BUILDER

PROVEN, BESIDE, BROKEN, SIGNED, CLAIMED = range(5)
"""How an attestation says it: its valid certificate; that of something else attested of the artifact; the certificate
of a signature that failed; what a good signature signed; what nobody verified."""
LABELLED, REPORTED, PUSHED = 5, 6, 7
"""An image's own label, another tool's report, a registry's event."""
ANY, WITHIN, UNTIMED, SPANS, BEFORE, AFTER = range(6)
"""When, where a window is asked for: none is; in it; no trusted time; begun in it, signed behind it; before; after."""

_PROBED = """
asked AS (
    SELECT number, field, low, high, also, since, until
    FROM unnest(%(numbers)s::int[], %(fields)s::text[], %(lows)s::text[], %(highs)s::text[], %(alsos)s::text[],
                %(since)s::timestamptz[], %(until)s::timestamptz[])
         AS probe(number, field, low, high, also, since, until)
)"""
_CERTIFIED = """
    SELECT k.number, k.since, k.until, f.attestation_id, true AS is_certified, {value} AS value
    FROM asked k CROSS JOIN LATERAL (
        SELECT r.id, r.attestation_id, r.identity, r.commit FROM inventory_verificationresult r
        WHERE {column} COLLATE "C" >= k.low AND {column} COLLATE "C" < k.high AND {named} <> '' {also} OFFSET 0) f
    JOIN inventory_attestationverdict w ON w.attestation_id = f.attestation_id AND w.result_id = f.id
    WHERE k.field = '{field}'"""
_STATED = """
    SELECT k.number, k.since, k.until, f.attestation_id, false, {value} AS value
    FROM asked k CROSS JOIN LATERAL (
        SELECT p.attestation_id, p.commit FROM inventory_provenance p
        WHERE {column} COLLATE "C" >= k.low AND {column} COLLATE "C" < k.high AND {named} <> '' {also} OFFSET 0) f
    WHERE k.field = '{field}'"""


def _of_certificates(field: str, named: str, *, lower: bool = False, also: str = "", value: str = "''") -> str:
    column = f"lower({named})" if lower else named
    return _CERTIFIED.format(field=field, column=column, named=named, also=also, value=value)


def _of_payloads(field: str, named: str, *, lower: bool = False, also: str = "", value: str = "''") -> str:
    column = f"lower({named})" if lower else named
    return _STATED.format(field=field, column=column, named=named, also=also, value=value)


def workflow_of(builder: str) -> str:
    """Return the SQL of the path of the workflow that a builder is, in lower case, as it is indexed."""
    return f"substring(lower({builder}), '{WORKFLOW_OF_BUILDER}')"


_RUNNER = "AND (k.also = '' OR {0}.runner_environment = k.also)"
_SOURCE = "AND (k.also = '' OR {0}.repository = k.also)"
_ISSUER = "AND (k.also = '' OR r.issuer = k.also)"
_FIELDS: Final = (
    _of_certificates("repository", "r.repository"),
    _of_payloads("repository", "p.repository"),
    _of_certificates("workflow", "r.repository", also="AND r.workflow_path = k.also"),
    _of_payloads("workflow", "p.repository", also="AND p.workflow_path = k.also"),
    _of_certificates("workflow_path", "r.workflow_path"),
    _of_payloads("workflow_path", "p.workflow_path"),
    _of_certificates("builder_path", workflow_of("r.builder_id")),
    _of_payloads("builder_path", workflow_of("p.builder_id")),
    _of_certificates("builder", "r.builder_id", lower=True, also=_RUNNER.format("r")),
    _of_payloads("builder", "p.builder_id", lower=True, also=_RUNNER.format("p")),
    _of_certificates("commit", "r.commit", also=_SOURCE.format("r"), value="f.commit"),
    _of_payloads("commit", "p.commit", also=_SOURCE.format("p"), value="f.commit"),
    _of_certificates("run", "r.run"),
    _of_payloads("run", "p.invocation_id"),
    _of_certificates("identity", "r.identity", also=_ISSUER, value="f.identity"),
    _of_certificates("key", "r.key_fingerprint"),
    f"""
    SELECT k.number, k.since, k.until, f.attestation_id, false, f.commit FROM asked k CROSS JOIN LATERAL (
        SELECT d.provenance_id AS attestation_id, d.commit FROM inventory_provenancedependency d
        JOIN inventory_provenance p ON p.attestation_id = d.provenance_id
        WHERE d.commit >= k.low AND d.commit < k.high AND d.commit <> '' AND d.commit <> p.commit
          {_SOURCE.format("p")} OFFSET 0) f
    WHERE k.field = 'input'""",
    f"""
    SELECT k.number, k.since, k.until, f.attestation_id, false, '' FROM asked k CROSS JOIN LATERAL (
        SELECT coalesce(b.attestation_id, same.attestation_id) AS attestation_id FROM inventory_buildrun b
        LEFT JOIN inventory_buildrun same
          ON b.attestation_id IS NULL AND b.run_id <> '' AND same.attestation_id IS NOT NULL
         AND same.repository = b.repository AND same.run_id = b.run_id
         AND (same.attempt = b.attempt OR same.attempt IS NULL OR b.attempt IS NULL)
        WHERE lower(b.actor) COLLATE "C" >= k.low AND lower(b.actor) COLLATE "C" < k.high AND b.actor <> ''
          AND {own("b.team_id")} OFFSET 0) f
    WHERE k.field = 'started' AND f.attestation_id IS NOT NULL""",
)
"""A run that somebody started is told by its provenance, or by a list of runs, which has none: then by its number."""
_ORIGINS = ", ".join(f"'{predicate.value}'" for predicate in ORIGIN)
_ATTESTED = f"""
hit AS (
    SELECT number, since, until, attestation_id, value, bool_or(is_certified) AS is_certified
    FROM ({" UNION ALL ".join(_FIELDS)}) found GROUP BY 1, 2, 3, 4, 5
),
attested AS (
    SELECT h.number, h.attestation_id, h.value, a.envelope, a.payload_digest, a.subject_count, a.team_id,
           CASE WHEN h.is_certified AND coalesce(r.outcome, '') <> 'valid' THEN {BROKEN}
                WHEN h.is_certified AND (a.predicate IN ({_ORIGINS}) OR k.field IN ('identity', 'key')) THEN {PROVEN}
                WHEN h.is_certified THEN {BESIDE}
                WHEN r.outcome = 'valid' THEN {SIGNED}
                ELSE {CLAIMED} END AS fact,
           CASE WHEN h.since IS NULL AND h.until IS NULL THEN {ANY}
                WHEN r.outcome IS DISTINCT FROM 'valid' OR r.signed_at IS NULL THEN {UNTIMED}
                WHEN r.signed_at < h.since THEN {BEFORE}
                WHEN r.signed_at >= h.until AND (NOT h.is_certified OR p.started_at < h.until) THEN {SPANS}
                WHEN r.signed_at >= h.until THEN {AFTER}
                ELSE {WITHIN} END AS time
    FROM hit h
    JOIN asked k ON k.number = h.number
    JOIN inventory_attestation a ON a.id = h.attestation_id
    LEFT JOIN inventory_provenance p ON p.attestation_id = a.id
    LEFT JOIN inventory_attestationverdict w ON w.attestation_id = a.id
    LEFT JOIN inventory_verificationresult r ON r.id = w.result_id
    WHERE {own("a.team_id")}
),
stated AS (
    SELECT t.number, o.artifact_id, t.attestation_id, NULL::bigint AS evidence_id, '' AS pointer, t.value, t.fact,
           t.time
    FROM attested t JOIN inventory_attestationsubject o ON o.attestation_id = t.attestation_id
    WHERE o.artifact_id IS NOT NULL AND {own("o.team_id")}
    UNION ALL
    SELECT t.number, o.artifact_id, t.attestation_id, NULL, '', t.value, t.fact, t.time
    FROM attested t
    JOIN inventory_attestation s ON s.payload_digest = t.payload_digest AND s.team_id = t.team_id
     AND s.envelope = '{Envelope.SIMPLE_SIGNING.value}'
    JOIN inventory_attestationsubject o ON o.attestation_id = s.id
    WHERE t.envelope = '{Envelope.COSIGN_LAYER.value}' AND t.subject_count = 0 AND o.artifact_id IS NOT NULL"""
_REPORTED = "".join(
    f"""
    UNION ALL
    SELECT k.number, f.artifact_id, NULL, f.evidence_id, f.pointer, f.identity, {REPORTED}, {UNTIMED}
    FROM asked k CROSS JOIN LATERAL (
        SELECT v.artifact_id, v.evidence_id, v.pointer, v.identity FROM inventory_reportedverification v
        WHERE {column} COLLATE "C" >= k.low AND {column} COLLATE "C" < k.high AND v.{named} <> '' AND v.passed {also}
          AND {own("v.team_id")} OFFSET 0) f
    WHERE k.field = '{field}'"""
    for field, named, column, also in (
        ("repository", "repository", "v.repository", ""),
        ("builder", "builder_id", "lower(v.builder_id)", "AND k.also = ''"),
        ("identity", "identity", "v.identity", "AND (k.also = '' OR v.issuer IN ('', k.also))"),
    )
)
# What a registry says of its own time is held against ours: an event cannot have been received before it happened.
_TOLD = f"""
    UNION ALL
    SELECT k.number, f.artifact_id, NULL, f.evidence_id, '', '', {LABELLED}, {UNTIMED}
    FROM asked k CROSS JOIN LATERAL (
        SELECT c.artifact_id, c.evidence_id FROM inventory_artifactclaim c
        WHERE c.claim = 'source' AND lower(c.value) COLLATE "C" >= k.low AND lower(c.value) COLLATE "C" < k.high
          AND {own("c.team_id")} OFFSET 0) f
    WHERE k.field = 'label_source'
    UNION ALL
    SELECT k.number, f.artifact_id, NULL, f.evidence_id, '', f.value, {LABELLED}, {UNTIMED}
    FROM asked k CROSS JOIN LATERAL (
        SELECT c.artifact_id, c.evidence_id, lower(c.value) AS value FROM inventory_artifactclaim c
        WHERE c.claim = 'revision' AND lower(c.value) COLLATE "C" >= k.low AND lower(c.value) COLLATE "C" < k.high
          AND {own("c.team_id")} OFFSET 0) f
    WHERE k.field = 'label_commit'
    {_REPORTED}
    UNION ALL
    SELECT k.number, f.artifact_id, NULL, f.evidence_id, f.pointer, '', {PUSHED},
           CASE WHEN k.since IS NULL AND k.until IS NULL THEN {ANY}
                WHEN f.observed_at >= k.until THEN {AFTER}
                WHEN f.observed_at < k.since AND e.received_at < k.since THEN {BEFORE}
                WHEN f.observed_at < k.since THEN {UNTIMED}
                ELSE {WITHIN} END
    FROM asked k CROSS JOIN LATERAL (
        SELECT t.artifact_id, t.evidence_id, t.pointer, t.observed_at FROM inventory_tagevent t
        WHERE t.actor COLLATE "C" >= k.low AND t.actor COLLATE "C" < k.high AND t.actor <> '' AND t.action = 'push'
          AND t.artifact_id IS NOT NULL AND {own("t.team_id")} OFFSET 0) f
    JOIN inventory_evidence e ON e.id = f.evidence_id
    WHERE k.field = 'pushed'
)"""
FOUND = f"""
WITH {_PROBED}, {_ATTESTED} {_TOLD}
SELECT DISTINCT ON (r.id, s.number, s.value, s.fact, s.time)
       r.id, s.number, s.value, s.fact, s.time, r.is_proven,
       CASE WHEN r.is_member THEN (SELECT i.digest FROM inventory_artifact i WHERE i.id = s.artifact_id) END,
       e.public_id, coalesce(c.pointer, s.pointer)
FROM stated s
CROSS JOIN LATERAL (
    SELECT s.artifact_id AS id, false AS is_member, true AS is_proven
    UNION ALL
    SELECT m.member_id, true, m.is_proven FROM inventory_indexmember m
    WHERE m.index_id = s.artifact_id AND {own("m.team_id")} OFFSET 0) r
LEFT JOIN LATERAL (
    SELECT c.evidence_id, c.pointer FROM inventory_attestationsource c
    WHERE c.attestation_id = s.attestation_id ORDER BY c.id LIMIT 1) c ON true
LEFT JOIN LATERAL (
    SELECT e.public_id FROM inventory_evidence e WHERE e.id = coalesce(c.evidence_id, s.evidence_id) OFFSET 0) e ON true
ORDER BY r.id, s.number, s.value, s.fact, s.time, r.is_proven DESC, r.is_member, s.attestation_id
"""
"""Rows (artifact, probe's number, value, fact, time, whether its index is proven, that index's digest, evidence,
pointer): one for each way in which a probe fits an artifact."""
