"""State which digests belong together: index members and config digests, as one team's document tells them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from inventory.ingest import memberships_sql as sql
from inventory.ingest.running import lock_exclusive, refresh_artifacts
from inventory.ingest.upsert import intern_artifacts
from supplychain.exchange import Query, exchange

if TYPE_CHECKING:
    from collections.abc import Sequence

    from inventory.formats.records import ConfigRecord, MembershipRecord
    from inventory.identity.digests import Digest
    from inventory.models import Evidence


def state(
    memberships: Sequence[MembershipRecord],
    *,
    configs: Sequence[ConfigRecord],
    evidence: Evidence,
    read: Digest | None = None,
) -> dict[str, int]:
    """Write memberships and aliases, bring the projection up to date, and return {digest: artifact id} of all named.

    `read` is the digest of the index or manifest whose own bytes the document is: what those list is proven, whatever
    another document claimed before. Everything else is a claim, and what was stated before stays as it was. Takes the
    projection exclusively, to the end of the caller's transaction.
    """
    ids = intern_artifacts(
        {str(m.index) for m in memberships}
        | {str(m.member) for m in memberships}
        | {str(c.manifest) for c in configs}
        | {str(c.config) for c in configs}
    )
    lock_exclusive()
    members = [
        {
            "place": place,
            "index": ids[str(m.index)],
            "member": ids[str(m.member)],
            "os": m.os[:64],
            "architecture": m.architecture[:64],
            "variant": m.variant[:64],
            "is_proven": m.index == read,
        }
        for place, m in enumerate(memberships)
        if m.index != m.member
    ]
    aliases = [
        {"alias": ids[str(c.config)], "artifact": ids[str(c.manifest)], "is_proven": c.manifest == read}
        for c in configs
        if c.config != c.manifest
    ]
    queries = [
        Query(statement, {"team": evidence.team_id, "evidence": evidence.pk, "rows": json.dumps(rows)})
        for statement, rows in ((sql.ADD_MEMBERS, members), (sql.ADD_ALIASES, aliases))
        if rows
    ]
    if queries:
        exchange(queries)
    refresh_artifacts(ids.values())
    return ids
