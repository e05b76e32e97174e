"""The statements that write which digests belong together. A proof takes the place of a claim, nothing else does."""

from __future__ import annotations

from supplychain.exchange import Statement

ADD_MEMBERS = Statement("""
INSERT INTO inventory_indexmember
    (team_id, index_id, member_id, os, architecture, variant, is_proven, evidence_id)
SELECT DISTINCT ON (r.index, r.member)
       %(team)s::bigint, r.index, r.member, r.os, r.architecture, r.variant, r.is_proven, %(evidence)s::bigint
FROM jsonb_to_recordset(%(rows)s::jsonb)
    AS r(place int, index int, member int, os text, architecture text, variant text, is_proven bool)
ORDER BY r.index, r.member, r.place
ON CONFLICT (index_id, member_id, team_id) DO UPDATE
SET os = excluded.os, architecture = excluded.architecture, variant = excluded.variant,
    is_proven = true, evidence_id = excluded.evidence_id
WHERE excluded.is_proven AND NOT inventory_indexmember.is_proven
""")
ADD_ALIASES = Statement("""
INSERT INTO inventory_artifactalias (team_id, alias_id, artifact_id, is_proven, evidence_id)
SELECT DISTINCT ON (r.alias, r.artifact)
       %(team)s::bigint, r.alias, r.artifact, r.is_proven, %(evidence)s::bigint
FROM jsonb_to_recordset(%(rows)s::jsonb) AS r(alias int, artifact int, is_proven bool)
ORDER BY r.alias, r.artifact, r.is_proven DESC
ON CONFLICT (alias_id, artifact_id, team_id) DO UPDATE
SET is_proven = true, evidence_id = excluded.evidence_id
WHERE excluded.is_proven AND NOT inventory_artifactalias.is_proven
""")
