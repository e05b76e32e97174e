"""Signers proposed on first sight: a good signature of somebody whom nobody has decided about yet (domain.md, D10).

A proposal trusts nobody. It holds what the certificate proved, its ref widened to what releases have in common, so that
a person has only to look and to accept; what somebody rejected or revoked is not proposed again.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from inventory.models import SignerState
from supplychain.exchange import Query, Statement
from supplychain.ids import uuid7

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

PROPOSED_LEVEL: Final = 2
"""What a hosted builder reaches by itself; a person who has vetted it may register it for 3."""
_TAG = "@refs/tags/"

_PROPOSE = Statement("""
WITH turn AS MATERIALIZED (SELECT pg_advisory_xact_lock(23668)),
added AS (
    INSERT INTO inventory_trustedsigner (public_id, team_id, name, state, is_production, issuer, identity,
        identity_pattern, public_key, key_fingerprint, builder_id, repository, repository_id, owner_id, ref_pattern,
        workflow_path, build_type, runner_environment, events, parameters, maximum_level, valid_from, valid_to,
        proposed_from_id, created_at)
    SELECT %(public_id)s::uuid, %(team)s::bigint, %(name)s::varchar, %(state)s::varchar, true,
        %(issuer)s::varchar, %(identity)s::varchar, %(pattern)s::varchar, '', '', %(builder_id)s::varchar,
        %(repository)s::varchar, %(repository_id)s::varchar, %(owner_id)s::varchar, %(ref_pattern)s::varchar,
        %(workflow_path)s::varchar, '', %(runner)s::varchar, %(events)s::varchar[], NULL, %(level)s::smallint,
        NULL, NULL, %(attestation)s::bigint, %(at)s::timestamptz
    FROM turn WHERE NOT EXISTS (
        SELECT 1 FROM inventory_trustedsigner s
        WHERE s.issuer = %(issuer)s::varchar AND s.identity = %(identity)s::varchar
          AND s.identity_pattern = %(pattern)s::varchar AND s.repository = %(repository)s::varchar
          AND (s.team_id IS NULL OR s.team_id = %(team)s::bigint)
    )
    RETURNING id
)
INSERT INTO inventory_signerdecision (signer_id, user_id, action, at, note)
SELECT id, NULL, 'propose', %(at)s::timestamptz, 'seen for the first time' FROM added
""")


def proposals(rows: Iterable[Mapping[str, Any]], *, teams: Mapping[int, int], at: datetime) -> list[Query]:
    """Return the queries that propose who signed these evaluations; `teams` is {attestation: team}.

    One for each signer however many attestations it signed; none for who differs from a signer that is known, which a
    person should see as the difference it is, nor for bare keys, which must be registered to be judged.
    """
    seen: dict[tuple[object, ...], Query] = {}
    for row in rows:
        if row["outcome"] != "valid" or row["code"] != "signer_unknown" or not row["identity"]:
            continue
        team = teams[row["attestation_id"]]
        identity, pattern = _widened(row["identity"])
        key = (team, row["issuer"], identity or pattern, row["repository"])
        if key not in seen:
            seen[key] = Query(_PROPOSE, _values(row, team=team, identity=identity, pattern=pattern, at=at))
    return list(seen.values())


def _values(row: Mapping[str, Any], *, team: int, identity: str, pattern: str, at: datetime) -> dict[str, Any]:
    return {
        "public_id": str(uuid7()),
        "team": team,
        "name": (row["repository"] or row["identity"])[:255],
        "state": SignerState.PROPOSED.value,
        "issuer": row["issuer"],
        "identity": identity,
        "pattern": pattern,
        "builder_id": "" if _TAG in row["builder_id"] else row["builder_id"][:1024],
        "repository": row["repository"],
        "repository_id": row["repository_id"],
        "owner_id": row["owner_id"],
        "ref_pattern": _ref_pattern(row["ref"]),
        "workflow_path": row["workflow_path"],
        "runner": row["runner_environment"],
        "events": [row["event"]] if row["event"] else [],
        "level": PROPOSED_LEVEL,
        "attestation": row["attestation_id"],
        "at": at,
    }


def _widened(identity: str) -> tuple[str, str]:
    """Return an identity, or the pattern of it where it ends in one release's tag: the next release has another."""
    head, found, _ = identity.partition(_TAG)
    if not found:
        return identity, ""
    return "", f"{re.escape(head)}{re.escape(_TAG)}[^/]+"


def _ref_pattern(ref: str) -> str:
    return "refs/tags/[^/]+" if ref.startswith("refs/tags/") else re.escape(ref)
