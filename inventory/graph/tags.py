"""Where the tags of a repository pointed, as registries told: the newest event first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from inventory.graph.families import visible_teams
from inventory.graph.statements import Slice, fetch, slice_of
from inventory.graph.visibility import own
from inventory.identity.images import ImageError, parse_image

if TYPE_CHECKING:
    from uuid import UUID

    from supplychain.access.actors import Actor


@dataclass(frozen=True, slots=True)
class TagKey:
    """The place of an event in the list. Events of one instant are told apart by document and pointer."""

    observed_at: datetime
    evidence: str
    pointer: str


@dataclass(frozen=True, slots=True)
class TagEventRow:
    """One event. `previous_digest`: what the tag was last seen at before, None where nothing is known of it.

    `digest` is None only where a tag was deleted; `tag` is '' where a digest was.
    """

    repository: str
    tag: str
    digest: str | None
    action: str
    source: str
    observed_at: datetime
    actor: str
    evidence: UUID
    pointer: str
    previous_digest: str | None

    @property
    def is_moved(self) -> bool:
        """Tell whether the tag pointed at something else before."""
        return self.previous_digest is not None and self.digest is not None and self.previous_digest != self.digest

    def key(self) -> TagKey:
        return TagKey(self.observed_at, str(self.evidence), self.pointer)


_EVENTS = f"""
SELECT v.repository, v.tag, a.digest, v.action, v.source, v.observed_at, v.actor, e.public_id, v.pointer, b.digest
FROM inventory_tagevent v
JOIN inventory_evidence e ON e.id = v.evidence_id
LEFT JOIN inventory_artifact a ON a.id = v.artifact_id
LEFT JOIN LATERAL (
    SELECT q.artifact_id FROM inventory_tagevent q
    WHERE q.repository = v.repository AND q.tag = v.tag AND v.tag <> '' AND q.observed_at < v.observed_at
      AND q.artifact_id IS NOT NULL AND q.action <> 'delete' AND {own("q.team_id")}
    ORDER BY q.observed_at DESC, q.id DESC LIMIT 1
) p ON true
LEFT JOIN inventory_artifact b ON b.id = p.artifact_id
WHERE v.repository = %(repository)s AND (%(tag)s = '' OR v.tag = %(tag)s) AND {own("v.team_id")}
  AND (%(observed_at)s::timestamptz IS NULL
       OR (v.observed_at, e.public_id, v.pointer) < (%(observed_at)s, %(evidence)s::uuid, %(pointer)s))
ORDER BY v.observed_at DESC, e.public_id DESC, v.pointer DESC LIMIT %(limit)s
"""


def list_tag_events(
    repository: str, *, tag: str, after: TagKey | None, limit: int, actor: Actor
) -> Slice[TagEventRow, TagKey]:
    """Return what own evidence tells of the tags of a repository, or of one of them, newest first. One statement."""
    parameters = {
        "repository": repository_name(repository),
        "tag": tag,
        "teams": visible_teams(actor),
        "observed_at": None if after is None else after.observed_at,
        "evidence": None if after is None else after.evidence,
        "pointer": "" if after is None else after.pointer,
        "limit": limit + 1,
    }
    return slice_of(fetch(TagEventRow, _EVENTS, parameters), limit=limit, key=TagEventRow.key)


def repository_name(text: str) -> str:
    """Return a repository as it is kept: registry/path, Docker Hub's short names written out."""
    try:
        return parse_image(text).name
    except ImageError:
        return text
