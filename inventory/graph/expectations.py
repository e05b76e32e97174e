"""What verification holds artifacts to now, as one document: the policy that our verification summaries name.

The same expectations are the same bytes. Only what the asker may see is in it: signers of other teams are asked of
their attestations alone.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from inventory.graph.families import visible_teams
from inventory.graph.statements import fetch
from inventory.graph.visibility import own

if TYPE_CHECKING:
    from collections.abc import Mapping

    from supplychain.access.actors import Actor

_COUNTS = f"(s.team_id IS NULL OR {own('s.team_id')})"
_OF_SIGNER = """'id', s.public_id, 'team', t.slug, 'issuer', s.issuer, 'identity', s.identity,
    'identity_pattern', s.identity_pattern, 'key_fingerprint', s.key_fingerprint, 'builder_id', s.builder_id,
    'repository', s.repository, 'repository_id', s.repository_id, 'owner_id', s.owner_id,
    'ref_pattern', s.ref_pattern, 'workflow_path', s.workflow_path, 'build_type', s.build_type,
    'runner_environment', s.runner_environment, 'events', s.events, 'parameters', s.parameters,
    'maximum_level', s.maximum_level, 'valid_from', s.valid_from, 'valid_to', s.valid_to"""
EXPECTATIONS = f"""jsonb_build_object(
    'signers', (
        SELECT coalesce(jsonb_agg(jsonb_build_object({_OF_SIGNER}) ORDER BY s.public_id), '[]')
        FROM inventory_trustedsigner s LEFT JOIN access_team t ON t.id = s.team_id
        WHERE s.state = 'accepted' AND {_COUNTS}),
    'roots', (
        SELECT coalesce(jsonb_agg(jsonb_build_object('name', r.name, 'version', v.number, 'digest', v.digest)
                                  ORDER BY r.name, v.number), '[]')
        FROM inventory_trustrootversion v JOIN inventory_trustroot r ON r.id = v.root_id
        WHERE v.active_from <= %(at)s::timestamptz AND v.retired_at IS NULL),
    'compromises', (
        SELECT coalesce(jsonb_agg(jsonb_build_object('id', c.public_id, 'kind', c.kind, 'issuer', c.issuer,
                                                     'value', c.value, 'since', c.since, 'until', c.until)
                                  ORDER BY c.public_id), '[]')
        FROM inventory_compromise c WHERE c.lifted_at IS NULL)
)::text, greatest(
    (SELECT max(greatest(s.created_at, d.at)) FROM inventory_trustedsigner s
     LEFT JOIN inventory_signerdecision d ON d.signer_id = s.id WHERE {_COUNTS}),
    (SELECT max(greatest(v.active_from, v.retired_at)) FROM inventory_trustrootversion v
     WHERE v.active_from <= %(at)s::timestamptz),
    (SELECT max(greatest(c.declared_at, c.lifted_at)) FROM inventory_compromise c))"""
"""Two columns: what is expected, and when that last changed (NULL: nothing was ever expected)."""


@dataclass(frozen=True, slots=True)
class Expectations:
    """`content` is canonical JSON; `changed_at` is None where nothing was ever expected."""

    content: bytes
    changed_at: datetime | None

    @property
    def sha256(self) -> str:
        """Return the digest of the content, in hex."""
        return hashlib.sha256(self.content).hexdigest()


def make_expectations(text: str, changed_at: datetime | None) -> Expectations:
    """Make the columns of EXPECTATIONS into the document."""
    found: Mapping[str, Any] = json.loads(text)
    signers = [{name: value for name, value in one.items() if value not in (None, "", [])} for one in found["signers"]]
    return Expectations(canonical({**found, "signers": signers}), changed_at)


def read_expectations(*, actor: Actor, at: datetime) -> Expectations:
    """Return what is expected now of what the actor may see. One statement."""
    (found,) = fetch(make_expectations, f"SELECT {EXPECTATIONS}", {"teams": visible_teams(actor), "at": at})
    return found


def canonical(value: Any) -> bytes:
    """Write JSON in the one way that the same content has."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
