"""Where tags pointed, as registries told: of all repositories, of one, and at one artifact."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from inventory.graph.families import visible_teams
from inventory.graph.statements import Slice, containing, fetch, slice_of
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


@dataclass(frozen=True, slots=True)
class RepositoryRow:
    """A repository with the number of its tags and events that own evidence tells of, and the newest event."""

    repository: str
    tag_count: int
    event_count: int
    tag: str
    digest: str | None
    action: str
    observed_at: datetime


@dataclass(frozen=True, slots=True)
class TagRow:
    """A tag that was seen at an artifact, and where it was seen last: here, elsewhere or deleted.

    `last_digest` is None where a deletion named no digest.
    """

    repository: str
    tag: str
    first_seen_at: datetime
    last_seen_at: datetime
    last_digest: str | None
    is_deleted: bool
    changed_at: datetime
    is_same: bool | None

    @property
    def is_here(self) -> bool:
        """Tell whether the tag was last seen at the artifact."""
        return bool(self.is_same) and not self.is_deleted


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


_NEXT = f"""
    SELECT v.repository FROM inventory_tagevent v
    WHERE v.repository > {{after}} AND (%(pattern)s = '' OR UPPER(v.repository) LIKE %(pattern)s)
      AND {own("v.team_id")}
    ORDER BY v.repository LIMIT 1
"""
_REPOSITORIES = f"""
WITH RECURSIVE named(repository, number) AS (
    SELECT ({_NEXT.format(after="%(after)s")}), 1
    UNION ALL
    SELECT ({_NEXT.format(after="named.repository")}), number + 1
    FROM named WHERE named.repository IS NOT NULL AND number < %(limit)s
)
SELECT n.repository, t.tags, t.events, l.tag, a.digest, l.action, l.observed_at
FROM named n
CROSS JOIN LATERAL (
    SELECT count(DISTINCT q.tag) FILTER (WHERE q.tag <> '') AS tags, count(*) AS events
    FROM inventory_tagevent q WHERE q.repository = n.repository AND {own("q.team_id")}
) t
CROSS JOIN LATERAL (
    SELECT q.tag, q.artifact_id, q.action, q.observed_at FROM inventory_tagevent q
    WHERE q.repository = n.repository AND {own("q.team_id")} ORDER BY q.observed_at DESC, q.id DESC LIMIT 1
) l
LEFT JOIN inventory_artifact a ON a.id = l.artifact_id
ORDER BY n.repository
"""
_AT = f"""
SELECT v.repository, v.tag, v.first_at, v.last_at, b.digest, l.action = 'delete', l.observed_at, b.digest = %(digest)s
FROM (
    SELECT q.repository, q.tag, min(q.observed_at) AS first_at, max(q.observed_at) AS last_at
    FROM inventory_tagevent q JOIN inventory_artifact a ON a.id = q.artifact_id
    WHERE a.digest = %(digest)s AND q.tag <> '' AND q.action <> 'delete' AND {own("q.team_id")}
    GROUP BY q.repository, q.tag ORDER BY max(q.observed_at) DESC, q.repository, q.tag LIMIT %(limit)s
) v
CROSS JOIN LATERAL (
    SELECT q.artifact_id, q.action, q.observed_at FROM inventory_tagevent q
    WHERE q.repository = v.repository AND q.tag = v.tag AND {own("q.team_id")}
    ORDER BY q.observed_at DESC, q.id DESC LIMIT 1
) l
LEFT JOIN inventory_artifact b ON b.id = l.artifact_id
ORDER BY v.last_at DESC, v.repository, v.tag
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


def list_repositories(text: str, *, after: str | None, limit: int, actor: Actor) -> Slice[RepositoryRow, str]:
    """Return the repositories of whose tags own evidence tells, by name; with a text those that contain it.

    One statement, which steps from name to name: it costs what is shown, not what was ever told.
    """
    parameters = {
        "pattern": containing(text) if text else "",
        "teams": visible_teams(actor),
        "after": after or "",
        "limit": limit + 1,
    }
    return slice_of(fetch(RepositoryRow, _REPOSITORIES, parameters), limit=limit, key=lambda row: row.repository)


def tags_at(digest: str, *, limit: int, actor: Actor) -> tuple[TagRow, ...]:
    """Return the tags that own evidence has seen at a digest, those seen last first. One statement."""
    return tuple(fetch(TagRow, _AT, {"digest": digest, "teams": visible_teams(actor), "limit": limit}))


def repository_name(text: str) -> str:
    """Return a repository as it is kept: registry/path, Docker Hub's short names written out."""
    try:
        return parse_image(text).name
    except ImageError:
        return text
