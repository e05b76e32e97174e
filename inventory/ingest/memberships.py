"""State which digests belong together: index members and config digests, as one team's document tells them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from inventory.ingest.running import lock_exclusive, refresh_artifacts
from inventory.ingest.upsert import intern_artifacts
from inventory.models import ArtifactAlias, IndexMember

if TYPE_CHECKING:
    from collections.abc import Sequence

    from inventory.formats.records import ConfigRecord, MembershipRecord
    from inventory.models import Evidence


def state(
    memberships: Sequence[MembershipRecord], *, configs: Sequence[ConfigRecord], evidence: Evidence
) -> dict[str, int]:
    """Write memberships and aliases, bring the projection up to date, and return {digest: artifact id} of all named.

    Takes the projection exclusively, to the end of the caller's transaction. What was stated before stays as it was.
    """
    ids = intern_artifacts(
        {str(m.index) for m in memberships}
        | {str(m.member) for m in memberships}
        | {str(c.manifest) for c in configs}
        | {str(c.config) for c in configs}
    )
    lock_exclusive()
    IndexMember.objects.bulk_create(
        [
            IndexMember(
                team_id=evidence.team_id,
                index_id=ids[str(m.index)],
                member_id=ids[str(m.member)],
                os=m.os[:64],
                architecture=m.architecture[:64],
                variant=m.variant[:64],
                evidence=evidence,
            )
            for m in memberships
            if m.index != m.member
        ],
        ignore_conflicts=True,
    )
    ArtifactAlias.objects.bulk_create(
        [
            ArtifactAlias(
                team_id=evidence.team_id,
                alias_id=ids[str(c.config)],
                artifact_id=ids[str(c.manifest)],
                evidence=evidence,
            )
            for c in configs
            if c.config != c.manifest
        ],
        ignore_conflicts=True,
    )
    refresh_artifacts(ids.values())
    return ids
