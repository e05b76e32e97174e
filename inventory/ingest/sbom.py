"""Apply an SBOM: its components become a point on a track, its digests become subjects.

Order of the locks a document takes, the same for all documents: its track's key, package reach (sorted), the projection
of what runs (shared, or exclusive where the document states a membership). The writes go out in one round trip.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import connection

from inventory.formats.graph import direct, shortest_parents
from inventory.formats.records import Completeness, Scope
from inventory.graph import outline
from inventory.ingest import memberships, sbom_sql
from inventory.ingest.identifiers import state_identifiers
from inventory.ingest.identify import identify
from inventory.ingest.names import split_names
from inventory.ingest.result import Applied
from inventory.ingest.running import ADD_POINTS, LOCK_EXCLUSIVE, LOCK_SHARED
from inventory.ingest.subjects import find_subjects
from inventory.ingest.tracks import CANDIDATES, FIND_CANDIDATES, ComponentSet, Head, Step, TrackKey, next_step
from inventory.ingest.upsert import intern_components
from inventory.models.presence import DIRECT, NO_EDGES, SCOPE_SHIFT

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from inventory.formats.records import ComponentRecord, SbomRecord
    from inventory.ingest.identify import ComponentIdentity
    from inventory.ingest.subjects import Subject, Subjects
    from inventory.models import Evidence

_STRONGEST = (
    Scope.REQUIRED,
    Scope.PROVIDED,
    Scope.OPTIONAL,
    Scope.EXCLUDED,
    Scope.BUILD,
    Scope.TEST,
    Scope.DEVELOPMENT,
)
_STRENGTH = {scope: rank for rank, scope in enumerate(_STRONGEST)}
"""Of a component listed in several scopes the strongest counts: what runs outweighs what only builds."""

ENUMERATING_PRODUCERS = frozenset({"syft", "trivy", "cdxgen", "cyclonedx-npm", "cyclonedx-py", "apko"})
"""Tools that list all they find without saying so; CycloneDX compositions say it for the others."""

Columns = dict[str, Any]
Statement = tuple[str, Columns]


@dataclass(frozen=True, slots=True)
class Content:
    """The components of a document after interning, column by column, in the document's order."""

    components: Sequence[ComponentRecord]
    identities: Sequence[ComponentIdentity]
    component_ids: Sequence[int]
    came_by: Sequence[int]


def apply(record: SbomRecord, *, evidence: Evidence, at: datetime) -> Applied:
    """Write the rows of an SBOM inside the caller's transaction; raises FormatError when it is about nothing."""
    subjects = find_subjects(record, evidence=evidence)
    content = _intern(record)
    components = ComponentSet.of(_flags(record, component_ids=content.component_ids))
    key = _track_key(record, evidence=evidence)
    place = _find_place(key, components=components)
    point: Columns = {
        "team": key.team_id,
        "evidence": evidence.pk,
        "at": at,
        "snapshot": place.snapshot_id,
        "track": place.track_id,
        "seq": place.step.seq,
    }
    snapshot = _snapshot_columns(record, content=content, components=components, subjects=subjects.found)
    with connection.cursor() as cursor, connection.connection.pipeline():
        for sql, parameters in (
            *_track_statements(place.step, components=components, key=key),
            (sbom_sql.ADD_SNAPSHOT, snapshot),
            *_subject_statements(record, evidence=evidence, subjects=subjects.found),
            *state_identifiers(content.components, component_ids=content.component_ids, team_id=key.team_id),
        ):
            cursor.execute(sql, point | parameters)
    _state_memberships(record, evidence=evidence)
    return _applied(record, subjects=subjects)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a document goes: its step, and the ids its rows get."""

    step: Step
    snapshot_id: int
    track_id: int


def _find_place(key: TrackKey, *, components: ComponentSet) -> Place:
    """Lock the track's key and choose the step; the lock comes first, so that the heads read are the newest."""
    parameters: Columns = {
        "lock": key.lock,
        "team": key.team_id,
        "name": key.name,
        "producer": key.producer,
        "architecture": key.architecture,
        "limit": CANDIDATES,
    }
    with connection.cursor() as first, connection.cursor() as second, connection.connection.pipeline():
        first.execute(sbom_sql.LOCK_KEY, parameters)
        second.execute(FIND_CANDIDATES, parameters)
        snapshot_id, new_track_id = first.fetchone()
        step = next_step(components, candidates=[Head(*row) for row in second.fetchall()])
    return Place(step, snapshot_id, step.track_id or new_track_id)


def _intern(record: SbomRecord) -> Content:
    identities = [identify(component) for component in record.components]
    ids = intern_components(identities)
    return Content(
        record.components, identities, [ids[identity.text] for identity in identities], shortest_parents(record)
    )


def _flags(record: SbomRecord, *, component_ids: Sequence[int]) -> dict[int, int]:
    """Return {component id: Presence.flags}; repeated components are merged, the strongest scope and directness win."""
    scopes: dict[int, Scope] = {}
    for component, component_id in zip(record.components, component_ids, strict=True):
        known = scopes.get(component_id)
        if known is None or _STRENGTH[component.scope] < _STRENGTH[known]:
            scopes[component_id] = component.scope
    places = direct(record)
    unknown = NO_EDGES if places is None else 0
    direct_ids = {component_ids[place] for place in places or ()}
    return {
        component_id: scope << SCOPE_SHIFT | unknown | (DIRECT if component_id in direct_ids else 0)
        for component_id, scope in scopes.items()
    }


def _track_key(record: SbomRecord, *, evidence: Evidence) -> TrackKey:
    called = split_names([evidence.name]) or split_names([*record.names, record.label_name])
    name = called[0].name if called else evidence.repository
    return TrackKey(evidence.team_id, name[:1024], record.producer[:255], record.architecture[:64])


def _track_statements(step: Step, *, components: ComponentSet, key: TrackKey) -> Iterator[Statement]:
    columns = {
        "name": key.name,
        "producer": key.producer,
        "architecture": key.architecture,
        "set_hash": components.set_hash,
        "head": components.packed,
        "head_count": components.count,
    }
    yield (sbom_sql.ADD_TRACK if step.track_id is None else sbom_sql.EXTEND_TRACK), columns
    if step.added:
        yield sbom_sql.ADD_REACH, {"added": list(step.added)}
    if step.dropped:
        yield sbom_sql.CLOSE_PRESENCE, {"dropped": list(step.dropped)}
    if step.added:
        yield sbom_sql.ADD_PRESENCE, {"added": list(step.added), "flags": list(step.added_flags)}


def _snapshot_columns(
    record: SbomRecord, *, content: Content, components: ComponentSet, subjects: Sequence[Subject]
) -> Columns:
    ecosystems = Counter(identity.key.type for identity in content.identities if identity.has_purl)
    return {
        "component_count": len(content.components),
        "distinct_count": components.count,
        "is_complete": _is_complete(record, subjects=subjects),
        "producer_version": record.producer_version[:255],
        "set_hash": components.set_hash,
        "outline": outline.pack(
            content.components,
            component_ids=content.component_ids,
            came_by=content.came_by,
            has_edges=record.has_edges,
        ),
        "ecosystems": json.dumps(dict(sorted(ecosystems.items()))),
    }


def _is_complete(record: SbomRecord, *, subjects: Sequence[Subject]) -> bool:
    """Tell whether the document counts as full coverage (docs/glossary.md); anything less is partial."""
    if record.completeness is Completeness.INCOMPLETE or set(record.lifecycles) & {"design", "pre-build"}:
        return False
    lists_all = record.completeness is Completeness.COMPLETE or record.producer in ENUMERATING_PRODUCERS
    is_bound = any(subject.digest for subject in subjects)
    return lists_all and is_bound and any(component.version for component in record.components)


def _subject_statements(record: SbomRecord, *, evidence: Evidence, subjects: Sequence[Subject]) -> Iterator[Statement]:
    artifacts = [subject.artifact_id for subject in subjects]
    # Taken once, in the stronger form where it will be needed: two documents that upgrade a shared lock wait for ever.
    yield (LOCK_EXCLUSIVE if record.memberships or record.configs else LOCK_SHARED), {}
    yield (
        sbom_sql.ADD_SUBJECTS,
        {
            "artifacts": artifacts,
            "kinds": [subject.kind.value for subject in subjects],
            "sources": [subject.source.value for subject in subjects],
            "confidences": [subject.confidence for subject in subjects],
        },
    )
    called = {*split_names([evidence.name], version=evidence.version), *split_names(record.names)}
    if any(subject.digest for subject in subjects):
        if called:
            pairs = sorted((artifact, name.name, name.tag) for artifact in artifacts for name in called)
            yield (
                sbom_sql.ADD_NAMES,
                {
                    "artifacts": [artifact for artifact, _, _ in pairs],
                    "names": [name for _, name, _ in pairs],
                    "tags": [tag for _, _, tag in pairs],
                },
            )
        yield sbom_sql.UNLABEL, {"blob": evidence.blob_id}
        yield ADD_POINTS, {"ids": artifacts}


def _state_memberships(record: SbomRecord, *, evidence: Evidence) -> None:
    """Write the memberships and aliases the document states; they change what running containers are taken for."""
    if record.memberships or record.configs:
        memberships.state(record.memberships, configs=record.configs, evidence=evidence)


def _applied(record: SbomRecord, *, subjects: Subjects) -> Applied:
    return Applied(
        kind="sbom",
        format=record.format,
        format_version=record.format_version,
        subjects=tuple(subject.digest for subject in subjects.found if subject.digest),
        counts={
            "components": record.component_count,
            "components_stored": record.stored_count,
            "components_rejected": record.rejected_count,
            "components_without_purl": sum(component.purl is None for component in record.components),
            "dependencies": record.dependency_count,
        },
        warnings=(*record.warnings, *subjects.warnings),
    )
