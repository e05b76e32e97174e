"""The artifacts an actor can reach by edges of its teams, by digest and by name."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from inventory.graph.families import kinds, visible_teams
from inventory.graph.statements import Slice, containing, escape_like, fetch, slice_of
from inventory.graph.visibility import (
    REACHED_ARTIFACT,
    RUNNING_INTERVALS,
    VISIBLE_ARTIFACT,
    WALKED_ARTIFACT,
    all_own,
    own,
)
from supplychain.errors import DomainError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from inventory.formats.records import ArtifactKind
    from supplychain.access.actors import Actor

MAX_NAMES_IN_LIST = 5
MAX_GATHERED = 5_000
"""A text that finds fewer is answered from what it finds, another along the list, where the next is never far."""
_AFTER_ALL_DIGESTS = "~"
_SHORT_DIGEST = re.compile(r"[0-9a-f]{6,64}")


class ArtifactNotFoundError(DomainError):
    """Nothing the actor may see has this digest, be it unknown or another team's."""

    def __init__(self) -> None:
        super().__init__("not_found", "No artifact with this digest is known here.", status=404)


@dataclass(frozen=True, slots=True)
class ArtifactKey:
    """The place of an artifact in the list: digests in order, then labels of what has no digest (digest '')."""

    digest: str
    label_name: str
    label_version: str


@dataclass(frozen=True, slots=True)
class ArtifactFilter:
    """`text` is looked for in names, labels and at the start of digests; `is_running` None asks for both.

    `is_undescribed` keeps what containers report while no SBOM says what is inside (coverage's `without_sbom_count`),
    `is_unbound` what an SBOM is about that names no digest (`sbom_without_digest_count`).
    """

    text: str = ""
    is_running: bool | None = None
    is_undescribed: bool = False
    is_unbound: bool = False


@dataclass(frozen=True, slots=True)
class ArtifactRow:
    """One artifact of the list. `digest` is None for what only has a label; `component_count` is the newest SBOM's.

    `names` are the first MAX_NAMES_IN_LIST of `name_count`.
    """

    digest: str | None
    kind: ArtifactKind
    names: tuple[str, ...]
    name_count: int
    sbom_count: int
    component_count: int | None
    workload_count: int

    @property
    def is_running(self) -> bool:
        return self.workload_count > 0


_OPEN = f"SELECT i.artifact_id FROM inventory_runinterval i WHERE i.closed_at IS NULL AND {own('i.team_id')}"
_RUNS = f"""a.id = ANY(ARRAY(
    {_OPEN} UNION SELECT r.artifact_id FROM inventory_running r WHERE {all_own("r.teams")}
))"""
_RUNS_NOT = f"""(
    NOT EXISTS ({_OPEN} AND i.artifact_id = a.id OFFSET 0)
    AND NOT EXISTS (SELECT 1 FROM inventory_running r WHERE r.artifact_id = a.id AND {all_own("r.teams")} OFFSET 0)
)"""
_UNDESCRIBED = f"""a.id = ANY(ARRAY({_OPEN}
    AND NOT EXISTS (SELECT 1 FROM inventory_running r WHERE r.interval_id = i.id AND {all_own("r.teams")})
))"""
"""Few run of all there are, so these are read first; what an own container or SBOM point names is visible."""
_CONDITIONS = {None: "true", True: _RUNS, False: _RUNS_NOT}
_NAMED = f"UPPER(n.name) LIKE %(name)s AND UPPER(n.tag) LIKE %(tag)s AND {own('n.team_id')}"
_MATCHING = f"""matching AS MATERIALIZED (
    (SELECT n.artifact_id AS id FROM inventory_artifactname n WHERE {_NAMED} LIMIT %(gathered)s)
    UNION ALL
    (SELECT m.id FROM inventory_artifact m WHERE m.digest LIKE %(digest)s LIMIT %(gathered)s)
    UNION ALL
    (SELECT m.id FROM inventory_artifact m WHERE m.digest IS NULL AND UPPER(m.label_name) LIKE %(pattern)s
     LIMIT %(gathered)s)
)"""
_GATHERED = "(SELECT count(*) FROM matching) < %(gathered)s AND a.id = ANY(ARRAY(SELECT id FROM matching))"
_WALKED = f"""(SELECT count(*) FROM matching) >= %(gathered)s AND (
    a.digest LIKE %(digest)s OR a.digest IS NULL AND UPPER(a.label_name) LIKE %(pattern)s
    OR EXISTS (SELECT 1 FROM inventory_artifactname n WHERE n.artifact_id = a.id AND {_NAMED} OFFSET 0)
)"""
_DIGESTS = """(SELECT a.id, a.digest, a.label_name, a.label_version FROM inventory_artifact a
     WHERE a.digest > %(after)s AND {condition} ORDER BY a.digest LIMIT %(limit)s)"""
_LABELS = """(SELECT a.id, a.digest, a.label_name, a.label_version FROM inventory_artifact a
     WHERE a.digest IS NULL AND (a.label_name, a.label_version) > (%(label_name)s, %(label_version)s) AND {condition}
     ORDER BY a.label_name, a.label_version LIMIT %(limit)s)"""
_THESE = f"""
SELECT a.id, a.digest, a.label_name, a.label_version FROM inventory_artifact a
WHERE a.digest = ANY(%(digests)s::text[]) AND {VISIBLE_ARTIFACT}
"""
_IN_ORDER = """
SELECT id, digest, label_name, label_version FROM ({parts}) found
ORDER BY digest NULLS LAST, label_name, label_version LIMIT %(limit)s
"""
_NAMES = f"""
SELECT artifact_id, name, tag, name_count FROM (
    SELECT artifact_id, name, tag, count(*) OVER (PARTITION BY artifact_id) AS name_count,
           row_number() OVER (PARTITION BY artifact_id ORDER BY name, tag) AS number
    FROM inventory_artifactname n WHERE artifact_id = ANY(%(ids)s::int[]) AND {own("n.team_id")}
    GROUP BY artifact_id, name, tag
) named WHERE number <= %(names)s ORDER BY artifact_id, name, tag
"""
_COUNTS = f"""
SELECT a.id,
       (SELECT count(*) FROM inventory_snapshotsubject s JOIN inventory_track t ON t.id = s.track_id
        WHERE s.artifact_id = a.id AND {own("t.team_id")}),
       (SELECT p.distinct_count FROM inventory_snapshotsubject s JOIN inventory_snapshot p ON p.id = s.snapshot_id
        JOIN inventory_track t ON t.id = s.track_id
        WHERE s.artifact_id = a.id AND {own("t.team_id")} ORDER BY p.is_complete DESC, p.evidence_id DESC LIMIT 1),
       (SELECT count(DISTINCT r.workload_id) FROM running r WHERE r.artifact_id = a.id)
FROM inventory_artifact a WHERE a.id = ANY(%(ids)s::int[])
"""
_FACTS = f"WITH running AS ({RUNNING_INTERVALS}) {_COUNTS}"


def list_artifacts(
    wanted: ArtifactFilter, *, after: ArtifactKey | None, limit: int, actor: Actor
) -> Slice[ArtifactRow, ArtifactKey]:
    """Return visible artifacts in the order of their digests, those without digest last. Four statements."""
    parameters = _place(after) | {"teams": visible_teams(actor), "limit": limit + 1, "gathered": MAX_GATHERED}
    parameters |= _patterns(wanted.text)
    found = fetch(_Found, statement(wanted, actor=actor), parameters)
    page = slice_of(found, limit=limit, key=_Found.key)
    return Slice(_describe(page.rows, actor=actor), next=page.next)


def statement(wanted: ArtifactFilter, *, actor: Actor) -> str:
    """Return the statement of a page: with a text that finds little from what it finds, else along the list."""
    condition = _CONDITIONS[wanted.is_running]
    if wanted.is_undescribed:
        condition = f"{condition} AND {_UNDESCRIBED}"
    few, walked = VISIBLE_ARTIFACT, WALKED_ARTIFACT if actor.sees_all else REACHED_ARTIFACT
    if wanted.is_running or wanted.is_undescribed:
        few = walked = "true"
    ways = [f"{walked} AND {condition}"]
    if wanted.text:
        ways = [f"{_GATHERED} AND {few} AND {condition}", f"{_WALKED} AND {walked} AND {condition}"]
    lists = [_LABELS] if wanted.is_unbound else [_DIGESTS, _LABELS]
    parts = " UNION ALL ".join(part.format(condition=way) for way in ways for part in lists)
    return (f"WITH {_MATCHING}" if wanted.text else "") + _IN_ORDER.format(parts=parts)


def find_artifact(digest: str, *, actor: Actor) -> int:
    """Return the id of a visible artifact; raises ArtifactNotFoundError. One statement."""
    found = fetch(
        int,
        f"SELECT a.id FROM inventory_artifact a WHERE a.digest = %(digest)s AND {VISIBLE_ARTIFACT}",
        {"digest": digest, "teams": visible_teams(actor)},
    )
    if not found:
        raise ArtifactNotFoundError
    return found[0]


def visible_digests(digests: Iterable[str | None], *, actor: Actor) -> set[str]:
    """Return those of the digests that the actor can reach by an edge of its own. One statement."""
    asked = sorted({digest for digest in digests if digest is not None})
    sql = f"SELECT a.digest FROM inventory_artifact a WHERE a.digest = ANY(%(digests)s::text[]) AND {VISIBLE_ARTIFACT}"
    return set(fetch(str, sql, {"digests": asked, "teams": visible_teams(actor)}))


def described(digests: Iterable[str | None], *, actor: Actor) -> Mapping[str, ArtifactRow]:
    """Return those of the digests that the actor can reach, each as lists show it, by digest. Four statements."""
    asked = sorted({digest for digest in digests if digest})
    if not asked:
        return {}
    found = fetch(_Found, _THESE, {"digests": asked, "teams": visible_teams(actor)})
    return {row.digest: row for row in _describe(found, actor=actor) if row.digest is not None}


def display_name(name: str, tag: str) -> str:
    """Return a name as lists show it: `registry/repository:tag`, `name:version`, or the name alone."""
    return f"{name}:{tag}" if tag else name


@dataclass(frozen=True, slots=True)
class _Found:
    """A row of the page before anything is said about it."""

    id: int
    digest: str | None
    label_name: str
    label_version: str

    def key(self) -> ArtifactKey:
        return ArtifactKey(self.digest or _AFTER_ALL_DIGESTS, self.label_name, self.label_version)


@dataclass(frozen=True, slots=True)
class _Name:
    artifact_id: int
    name: str
    tag: str
    name_count: int


@dataclass(frozen=True, slots=True)
class _Counts:
    artifact_id: int
    sbom_count: int
    component_count: int | None
    workload_count: int


def _place(after: ArtifactKey | None) -> dict[str, object]:
    if after is None:
        return {"after": "", "label_name": "", "label_version": ""}
    return {"after": after.digest, "label_name": after.label_name, "label_version": after.label_version}


def _patterns(text: str) -> dict[str, object]:
    """Split `name:tag` only where a tag can stand: a registry's port is followed by a slash."""
    name, colon, tag = text.rpartition(":")
    if not colon or "/" in tag:
        name, tag = text, ""
    return {
        "digest": f"{_digest_start(text.lower())}%",
        "pattern": containing(text),
        "name": containing(name),
        "tag": f"{escape_like(tag.upper())}%",
    }


def _digest_start(text: str) -> str:
    """Take bare hex, as container tools shorten digests, for the beginning of a sha256."""
    return f"sha256:{text}" if _SHORT_DIGEST.fullmatch(text) else escape_like(text)


def _describe(found: Sequence[_Found], *, actor: Actor) -> tuple[ArtifactRow, ...]:
    """Add names, kinds and counts to the rows of one page, with one statement each."""
    if not found:
        return ()
    ids = [row.id for row in found]
    parameters = {"ids": ids, "teams": visible_teams(actor), "names": MAX_NAMES_IN_LIST}
    kind_of = kinds(ids, actor=actor)
    counts = {row.artifact_id: row for row in fetch(_Counts, _FACTS, parameters)}
    names: dict[int, list[_Name]] = {}
    for name in fetch(_Name, _NAMES, parameters):
        names.setdefault(name.artifact_id, []).append(name)
    return tuple(_row(row, kind=kind_of[row.id], names=names.get(row.id, []), counts=counts[row.id]) for row in found)


def _row(found: _Found, *, kind: ArtifactKind, names: Sequence[_Name], counts: _Counts) -> ArtifactRow:
    shown = [display_name(name.name, name.tag) for name in names]
    name_count = names[0].name_count if names else 0
    if found.digest is None:
        label = display_name(found.label_name, found.label_version)
        name_count += label not in shown
        shown = list(dict.fromkeys([label, *shown]))
    return ArtifactRow(
        digest=found.digest,
        kind=kind,
        names=tuple(shown[:MAX_NAMES_IN_LIST]),
        name_count=name_count,
        sbom_count=counts.sbom_count,
        component_count=counts.component_count,
        workload_count=counts.workload_count,
    )
