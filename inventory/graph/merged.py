"""All SBOMs about an artifact as one: the union of their components, and the edges their documents state."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING

from inventory.formats.limits import Limits
from inventory.formats.read import read_document
from inventory.formats.records import ROOT, ArtifactKind, Completeness, Hash, SbomRecord, Scope
from inventory.graph.artifacts import display_name, find_artifact
from inventory.graph.components import nearest_scope
from inventory.graph.families import kinds, visible_teams
from inventory.graph.naming import spell
from inventory.graph.outline import unpack
from inventory.graph.reading_again import sbom_of
from inventory.graph.statements import fetch
from inventory.graph.visibility import own
from inventory.models import BlobPlace
from inventory.store.blobs import read, read_rows
from supplychain.errors import DomainError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from uuid import UUID

    from inventory.formats.records import ComponentRecord
    from inventory.models import EvidenceBlob
    from supplychain.access.actors import Actor

MAX_COMPONENTS = 20_000
MAX_READ_COMPONENTS = 60_000
MAX_READ_BYTES = 64 * 1024 * 1024


class NoSbomError(DomainError):
    """The artifact is known, its content is not: an empty SBOM would say that nothing is in it."""

    def __init__(self) -> None:
        super().__init__(
            "no_sbom", "No SBOM about this artifact has been received, so there is nothing to merge.", status=409
        )


class ExportTooLargeError(DomainError):
    """The union has more components than one answer may hold."""

    def __init__(self, count: int) -> None:
        super().__init__(
            "export_too_large",
            f"The merged SBOM would have {count:,} components; at most {MAX_COMPONENTS:,} are written. "
            "Download the documents it is made of instead: /api/v1/evidence?artifact=…",
            status=413,
        )


@dataclass(slots=True)
class Part:
    """One component of the union. `group`, `name`, `type` and `cpe` are those of the oldest document that was read."""

    identity: str
    has_purl: bool
    version: str
    scope: Scope
    type: str
    group: str
    name: str
    cpe: str | None = None
    source_package: str | None = None
    hashes: set[Hash] = field(default_factory=set)
    is_read: bool = False


@dataclass(frozen=True, slots=True)
class MergedDocument:
    """One SBOM of the union. `is_complete`: it counts as full coverage; `completeness` is its own word about that.

    `was_read`: its edges, types and hashes are in the union; its components are in any case.
    """

    evidence: UUID
    digest: str
    format: str
    producer: str
    is_complete: bool
    completeness: str
    was_read: bool


@dataclass(frozen=True, slots=True)
class Merged:
    """The union. `edges` join identities, '' being the artifact itself; `documents` are its SBOMs, oldest first."""

    digest: str
    kind: ArtifactKind
    name: str
    parts: tuple[Part, ...]
    edges: Mapping[str, frozenset[str]]
    documents: tuple[MergedDocument, ...]
    newest_at: datetime

    @property
    def evidence(self) -> tuple[UUID, ...]:
        """Return the documents they came in, each once."""
        return tuple(dict.fromkeys(document.evidence for document in self.documents))

    @property
    def read_count(self) -> int:
        return sum(document.was_read for document in self.documents)

    @property
    def completeness(self) -> Completeness:
        """Incomplete where a document says so of itself and none says the contrary; never complete.

        A union of claims is no inventory: what no document lists may still be inside.
        """
        said = {document.completeness for document in self.documents}
        is_short = Completeness.INCOMPLETE in said and Completeness.COMPLETE not in said
        return Completeness.INCOMPLETE if is_short else Completeness.UNKNOWN


_DOCUMENTS = f"""
SELECT e.public_id, p.part, e.received_at, p.component_count, e.size_bytes, p.outline, e.blob_id,
       concat_ws(' ', st.format, nullif(st.format_version, '')),
       concat_ws(' ', i.said ->> 'format', nullif(i.said ->> 'format_version', '')),
       concat_ws(' ', t.producer, nullif(p.producer_version, '')),
       p.is_complete, coalesce(i.said ->> 'completeness', st.understood ->> 'completeness', 'unknown')
FROM inventory_snapshotsubject s
JOIN inventory_track t ON t.id = s.track_id
JOIN inventory_snapshot p ON p.id = s.snapshot_id
JOIN inventory_evidence e ON e.id = p.evidence_id
JOIN inventory_evidencestate st ON st.evidence_id = e.id
CROSS JOIN LATERAL (SELECT st.understood #> ARRAY['sboms', p.part::text] AS said) i
WHERE s.artifact_id = %(id)s AND {own("t.team_id")} ORDER BY e.id, p.part
"""
_UNION = f"""
WITH held AS (
    SELECT p.component_id, array_agg(DISTINCT (p.flags >> 1) & 7) AS scopes
    FROM inventory_snapshotsubject s
    JOIN inventory_track t ON t.id = s.track_id
    JOIN inventory_presence p ON p.track_id = s.track_id AND p.from_seq <= s.seq AND p.to_seq > s.seq
    WHERE s.artifact_id = %(id)s AND {own("t.team_id")} GROUP BY p.component_id
)
SELECT c.id, c.identity, c.has_purl, c.version, k.namespace_key, k.name_key, held.scopes, o.name_key,
       (SELECT count(*) FROM held)
FROM held JOIN inventory_component c ON c.id = held.component_id JOIN inventory_package k ON k.id = c.package_id
LEFT JOIN inventory_package o ON o.id = c.source_package_id
ORDER BY c.identity LIMIT %(limit)s
"""
_NAME = f"""
SELECT name, tag FROM inventory_artifactname n WHERE artifact_id = %(id)s AND {own("n.team_id")}
ORDER BY name, tag LIMIT 1
"""


def merge_sboms(digest: str, *, actor: Actor) -> Merged:
    """Return the union of all visible SBOMs about a digest. Six statements.

    The newest documents are read again, up to MAX_READ_COMPONENTS and MAX_READ_BYTES together. Raises
    ArtifactNotFoundError, NoSbomError, ExportTooLargeError.
    """
    artifact_id = find_artifact(digest, actor=actor)
    parameters = {"id": artifact_id, "teams": visible_teams(actor), "limit": MAX_COMPONENTS}
    documents = fetch(_Document, _DOCUMENTS, parameters)
    if not documents:
        raise NoSbomError
    union = fetch(_Component, _UNION, parameters)
    if union and union[0].total > MAX_COMPONENTS:
        raise ExportTooLargeError(union[0].total)
    reading = _Reading({component.id: component.as_part() for component in union})
    chosen = _within_budget(documents)
    blobs = read_rows(document.blob for document in chosen)
    kept = [document for document in chosen if blobs[document.blob].place != BlobPlace.REMOVED]
    were_read = _read_into(reading, documents=kept, blobs=blobs)
    names = fetch(display_name, _NAME, parameters)
    return Merged(
        digest=digest,
        kind=kinds([artifact_id], actor=actor)[artifact_id],
        name=names[0] if names else digest,
        parts=tuple(reading.parts.values()),
        edges={source: frozenset(targets) for source, targets in sorted(reading.edges.items())},
        documents=tuple(document.as_merged(was_read=document.place in were_read) for document in documents),
        newest_at=max(document.received_at for document in documents),
    )


@dataclass(frozen=True, slots=True)
class _Document:
    evidence: UUID
    part: int
    received_at: datetime
    component_count: int
    size_bytes: int
    outline: bytes
    blob: str
    format: str
    format_inside: str
    producer: str
    is_complete: bool
    completeness: str

    @property
    def place(self) -> tuple[UUID, int]:
        """Return the document and which of its SBOMs it is."""
        return self.evidence, self.part

    def as_merged(self, *, was_read: bool) -> MergedDocument:
        return MergedDocument(
            evidence=self.evidence,
            digest=self.blob,
            format=f"{self.format_inside} in {self.format}" if self.format_inside else self.format,
            producer=self.producer,
            is_complete=self.is_complete,
            completeness=self.completeness,
            was_read=was_read,
        )


@dataclass(frozen=True, slots=True)
class _Component:
    id: int
    identity: str
    has_purl: bool
    version: str
    namespace_key: str
    name_key: str
    scopes: list[int]
    source_package: str | None
    total: int

    def as_part(self) -> Part:
        spelling = spell(self.identity, namespace_key=self.namespace_key, name_key=self.name_key)
        stated_type = "" if self.has_purl else self.identity.removeprefix("name:").partition("/")[0]
        return Part(
            identity=self.identity,
            has_purl=self.has_purl,
            version=self.version,
            scope=nearest_scope(self.scopes),
            type=stated_type,
            group=spelling.namespace,
            name=spelling.name,
            source_package=self.source_package,
        )


class _Reading:
    """The union while documents are read into it: `parts` by component id in the order of their identities."""

    def __init__(self, parts: dict[int, Part]) -> None:
        self.parts = parts
        self.edges: dict[str, set[str]] = {}

    def add(self, document: _Document, *, record: SbomRecord | None) -> bool:
        """Take one SBOM's edges, types and hashes; False when today's reader sees other components in it."""
        component_ids = unpack(document.outline).component_ids
        if record is None or len(record.components) != len(component_ids):
            return False
        parts = [self.parts[component_id] for component_id in component_ids]
        for component, part in zip(record.components, parts, strict=True):
            _fill(part, component=component)
        for edge in record.edges:
            source = "" if edge.source == ROOT else parts[edge.source].identity
            if edge.target != ROOT and source != parts[edge.target].identity:
                self.edges.setdefault(source, set()).add(parts[edge.target].identity)
        return True


def _read_into(
    reading: _Reading, *, documents: list[_Document], blobs: Mapping[str, EvidenceBlob]
) -> set[tuple[UUID, int]]:
    """Read the documents, each once however many SBOMs it holds, and return the SBOMs that were taken."""
    taken = set()
    for blob, several in groupby(documents, key=lambda document: document.blob):
        data = read(blobs[blob])
        record = read_document(data, limits=Limits())
        taken |= {one.place for one in several if reading.add(one, record=sbom_of(record, part=one.part))}
    return taken


def _fill(part: Part, *, component: ComponentRecord) -> None:
    part.hashes.update(component.hashes)
    part.cpe = part.cpe or component.cpe
    if not part.is_read:
        part.type, part.group, part.name = component.type, component.group, component.name
        part.is_read = True


def _within_budget(documents: list[_Document]) -> list[_Document]:
    """Return the newest documents that may be read, oldest first."""
    chosen: list[_Document] = []
    components, size = MAX_READ_COMPONENTS, MAX_READ_BYTES
    read_already: set[str] = set()
    for document in reversed(documents):
        components -= document.component_count
        size -= 0 if document.blob in read_already else document.size_bytes
        read_already.add(document.blob)
        if components < 0 or size < 0:
            break
        chosen.append(document)
    return chosen[::-1]
