"""Apply an SBOM: its components become a point on a track, its digests become subjects.

Order of the locks a document takes, the same for all documents: its track's key, package reach (sorted), the projection
of what runs (shared, or exclusive where the document states a membership). The writes go out in one round trip.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from inventory.formats.claims import Claim
from inventory.formats.graph import Graph
from inventory.formats.records import Completeness, Scope
from inventory.formats.source_claims import names_account
from inventory.graph import outline
from inventory.ingest import memberships, sbom_sql, understood, vex
from inventory.ingest.identifiers import Identifiers
from inventory.ingest.names import split_names
from inventory.ingest.result import Applied
from inventory.ingest.running import ADD_POINTS, LOCK_EXCLUSIVE, LOCK_SHARED
from inventory.ingest.subjects import asking_relations, find_label, find_subjects, labelled, named_digests
from inventory.ingest.tracks import CANDIDATES, FIND_CANDIDATES, ComponentSet, Head, Step, TrackKey, next_step
from inventory.ingest.upsert import intern_document
from inventory.models.presence import DIRECT, NO_EDGES, SCOPE_SHIFT, UNSURE
from supplychain.exchange import Query, Statement, exchange, to_int

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from inventory.formats.records import SbomRecord
    from inventory.ingest.held import Held
    from inventory.ingest.subjects import Subject, Subjects
    from inventory.models import Evidence
    from supplychain.exchange import Row, Value

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

Columns = dict[str, "Value"]
Write = tuple[Statement, Columns]

_LOCK_SHARED, _LOCK_EXCLUSIVE = Statement(LOCK_SHARED), Statement(LOCK_EXCLUSIVE)
_ADD_POINTS = Statement(ADD_POINTS)


def apply(record: SbomRecord, *, held: Held, at: datetime, part: int = 0) -> Applied:
    """Choose where an SBOM goes, inside the caller's transaction, and return the writes that put it there.

    `part` numbers the SBOMs of one document. Raises FormatError when it is about nothing. Three exchanges at most for a
    document whose components are known, however many they are: what is shared (none when this process knows it), its
    place, and the writes, which travel with the end of the transaction.
    """
    evidence = held.evidence
    label = find_label(record, held=held)
    digests = named_digests(record, held=held)
    interned = intern_document(record.components, digests=digests - held.artifact_ids.keys(), label=label)
    artifact_ids = {digest: held.artifact_ids.get(digest) or interned.artifact_ids[digest] for digest in digests}
    graph = Graph.of(record)
    flags = {} if record.is_plan else _flags(record, component_ids=interned.component_ids, graph=graph)
    components = ComponentSet.of(flags)
    key = _track_key(record, evidence=evidence)
    identifiers = Identifiers.of(record.components, component_ids=interned.component_ids, team_id=key.team_id)
    place, relations = _find_place(
        key, components=components, artifact_ids=artifact_ids, wants_stated=bool(identifiers.unknown)
    )
    new = identifiers.new(place.stated)
    if interned.label_id is not None:
        subjects = labelled(interned.label_id)
    else:
        subjects = find_subjects(record, held=held, ids=artifact_ids, relations=relations)
    point: Columns = {
        "team": key.team_id,
        "evidence": evidence.pk,
        "at": at,
        "snapshot": place.snapshot_id,
        "part": part,
        "track": place.track_id,
        "seq": place.step.seq,
    }
    snapshot = _snapshot_columns(
        record, component_ids=interned.component_ids, graph=graph, components=components, subjects=subjects.found
    )
    writes = tuple(
        Query(statement, point | columns)
        for statement, columns in (
            *_track_statements(
                place.step, components=components, key=key, stated=identifiers.packed, states_more=bool(new)
            ),
            (sbom_sql.ADD_SNAPSHOT, snapshot),
            *_subject_statements(record, evidence=evidence, subjects=subjects.found),
            *identifiers.writes(new, team_id=key.team_id),
        )
    )
    stated = (
        *(() if record.vex is None else vex.writes(record.vex, evidence=evidence)),
        *_claims(record, evidence=evidence),
    )
    writes = (*_with_memberships(record, evidence=evidence, writes=writes), *stated)
    distinct_count = len(set(interned.component_ids)) if record.is_plan else components.count
    return _applied(record, subjects=subjects, distinct_count=distinct_count, writes=writes)


def split_at_lock(writes: Sequence[Query]) -> tuple[list[Query], list[Query]]:
    """Split the writes of `apply` before the one that takes the projection's lock."""
    locks = (_LOCK_SHARED, _LOCK_EXCLUSIVE)
    place = next((number for number, query in enumerate(writes) if query.statement in locks), len(writes))
    return list(writes[:place]), list(writes[place:])


@dataclass(frozen=True, slots=True)
class Place:
    """Where a document goes: its step, and the ids its rows get."""

    step: Step
    snapshot_id: int
    track_id: int
    stated: Sequence[bytes]
    """What candidates remember to have been stated by this team (identifiers.py); nothing where nobody asked."""


def _find_place(
    key: TrackKey, *, components: ComponentSet, artifact_ids: Mapping[str, int], wants_stated: bool
) -> tuple[Place, Sequence[Row]]:
    """Lock the track's key and choose the step; the lock comes first, so that the heads read are the newest.

    In the same exchange: how the digests the document names belong together.
    """
    parameters: Columns = {
        "lock": key.lock,
        "team": key.team_id,
        "name": key.name,
        "producer": key.producer,
        "architecture": key.architecture,
        "limit": CANDIDATES,
        "wants_stated": wants_stated,
    }
    asked = asking_relations(artifact_ids, team_id=key.team_id)
    [[numbers], candidates, *relations] = exchange(
        [Query(sbom_sql.LOCK_KEY, parameters), Query(FIND_CANDIDATES, parameters), *asked]
    )
    snapshot_id, new_track_id = map(to_int, numbers[:2])
    heads = [Head.of(row) for row in candidates]
    step = next_step(components, candidates=heads)
    stated = [head.stated for head in heads]
    return Place(step, snapshot_id, step.track_id or new_track_id, stated), relations[0] if relations else ()


def _flags(record: SbomRecord, *, component_ids: Sequence[int], graph: Graph) -> dict[int, int]:
    """Return {component id: Presence.flags}; repeated components are merged, the strongest scope and directness win."""
    stated = [component.scope for component in record.components]
    scopes = dict(zip(component_ids, stated, strict=True))
    if len(scopes) != len(stated):
        for component_id, scope in zip(component_ids, stated, strict=True):
            scopes[component_id] = min(scope, scopes[component_id], key=_STRENGTH.__getitem__)
    places = graph.direct()
    unknown = NO_EDGES if places is None else 0
    direct_ids = {component_ids[place] for place in places or ()}
    flags = {
        component_id: scope << SCOPE_SHIFT | unknown | (DIRECT if component_id in direct_ids else 0)
        for component_id, scope in scopes.items()
    }
    for component_id in _unsure(record, component_ids=component_ids):
        flags[component_id] |= UNSURE
    return flags


def _unsure(record: SbomRecord, *, component_ids: Sequence[int]) -> set[int]:
    """Return the components that the document lists nowhere for sure; hardly any document has one."""
    unsure = {place for place, component in enumerate(record.components) if component.is_unsure}
    if not unsure:
        return set()
    sure = {component_id for place, component_id in enumerate(component_ids) if place not in unsure}
    return {component_ids[place] for place in unsure} - sure


def _track_key(record: SbomRecord, *, evidence: Evidence) -> TrackKey:
    called = split_names([evidence.name]) or split_names([*record.names, record.label_name])
    name = called[0].name if called else evidence.repository
    return TrackKey(evidence.team_id, name[:1024], record.producer[:255], record.architecture[:64])


def _track_statements(
    step: Step, *, components: ComponentSet, key: TrackKey, stated: bytes, states_more: bool
) -> Iterator[Write]:
    columns: Columns = {
        "name": key.name,
        "producer": key.producer,
        "architecture": key.architecture,
        "set_hash": components.set_hash,
        "head": components.packed,
        "head_count": components.count,
        "stated": stated,
    }
    if step.track_id is not None and not step.added and not step.dropped and not states_more:
        yield sbom_sql.REPEAT_TRACK, {}
        return
    yield (sbom_sql.ADD_TRACK if step.track_id is None else sbom_sql.EXTEND_TRACK), columns
    if step.added:
        reach = sbom_sql.ADD_FIRST_REACH if step.track_id is None else sbom_sql.ADD_REACH
        yield reach, {"added": step.added, "dropped": step.dropped}
    if step.dropped:
        yield sbom_sql.CLOSE_PRESENCE, {"dropped": step.dropped}
    if step.added:
        yield sbom_sql.ADD_PRESENCE, {"added": step.added, "flags": step.added_flags}


def _snapshot_columns(
    record: SbomRecord,
    *,
    component_ids: Sequence[int],
    graph: Graph,
    components: ComponentSet,
    subjects: Sequence[Subject],
) -> Columns:
    ecosystems = Counter([component.purl.key.type for component in record.components if component.purl is not None])
    return {
        "component_count": len(record.components),
        "distinct_count": components.count,
        "is_complete": _is_complete(record, subjects=subjects),
        "producer_version": record.producer_version[:255],
        "set_hash": components.set_hash,
        "outline": outline.pack(
            record.components,
            component_ids=component_ids,
            came_by=graph.shortest_parents(),
            has_edges=record.has_edges,
        ),
        "ecosystems": json.dumps(dict(sorted(ecosystems.items()))),
        "made_count": sum(1 for component in record.components if names_account(component.sources)),
    }


def _is_complete(record: SbomRecord, *, subjects: Sequence[Subject]) -> bool:
    """Tell whether the document counts as full coverage (docs/glossary.md); anything less is partial."""
    if record.completeness is Completeness.INCOMPLETE or set(record.lifecycles) & {"design", "pre-build"}:
        return False
    lists_all = record.completeness is Completeness.COMPLETE or record.producer in ENUMERATING_PRODUCERS
    is_bound = any(subject.digest for subject in subjects)
    return lists_all and is_bound and any(component.version for component in record.components[: record.stored_count])


def _subject_statements(record: SbomRecord, *, evidence: Evidence, subjects: Sequence[Subject]) -> Iterator[Write]:
    artifacts = [subject.artifact_id for subject in subjects]
    # Taken once, in the stronger form where it will be needed: two documents that upgrade a shared lock wait for ever.
    yield (_LOCK_EXCLUSIVE if record.memberships or record.configs else _LOCK_SHARED), {}
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
        yield _ADD_POINTS, {"ids": artifacts}


def _claims(record: SbomRecord, *, evidence: Evidence) -> Iterator[Query]:
    """Yield what keeps which images the document says were made from which, and from which source."""
    bases = [(str(one.image), Claim.BASE_SPDX.value, str(one.base)) for one in record.bases]
    claims = sorted({*bases, *((str(one.artifact), one.claim.value, one.value) for one in record.claims)})
    if claims:
        columns: dict[str, Value] = {
            "team": evidence.team_id,
            "evidence": evidence.pk,
            "images": [image for image, _, _ in claims],
            "claims": [claim for _, claim, _ in claims],
            "values": [value for _, _, value in claims],
        }
        yield Query(sbom_sql.ADD_CLAIMS, columns)


def _with_memberships(record: SbomRecord, *, evidence: Evidence, writes: tuple[Query, ...]) -> tuple[Query, ...]:
    """Write the memberships and aliases the document states; they change what running containers are taken for.

    They come behind all else, which is therefore sent now; other documents leave their writes to the last exchange.
    """
    if not record.memberships and not record.configs:
        return writes
    exchange(writes)
    memberships.state(record.memberships, configs=record.configs, evidence=evidence)
    return ()


def _applied(record: SbomRecord, *, subjects: Subjects, distinct_count: int, writes: tuple[Query, ...]) -> Applied:
    return Applied(
        kind="sbom",
        format=record.format,
        format_version=record.format_version,
        subjects=tuple(subject.digest for subject in subjects.found if subject.digest),
        counts={
            "components": record.component_count,
            "components_stored": record.stored_count,
            "components_rejected": record.rejected_count,
            "components_of_subject": record.metadata_component_count,
            "services": record.service_count,
            "ancestors": record.ancestor_count,
            "components_merged": len(record.components) - distinct_count,
            "components_without_purl": len([1 for one in record.components if one.purl is None]),
            "dependencies": record.dependency_count,
            **({"relations_passed_over": record.passed_over_count} if record.passed_over_count else {}),
            **({} if record.vex is None else vex.counts(record.vex)),
        },
        warnings=(*record.warnings, *subjects.warnings),
        understood=understood.of_sbom(record, subjects=subjects.found, distinct_count=distinct_count),
        writes=writes,
    )
