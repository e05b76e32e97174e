"""What a database holds, in words: two databases filled in different ways are equal when these are.

Ids stay out, since they depend on the way; so do the bytes of documents, of which a loaded history keeps only a part.
"""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, Any

from django.db import connection

from inventory.formats.records import Hash
from inventory.formats.source_claims import SourceClaim
from inventory.graph import outline
from inventory.ingest.identifiers import Told
from inventory.ingest.tracks import ComponentSet, unpack
from inventory.models import Component, ComponentCpe, ComponentHash, ComponentSource, Snapshot, Track

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_TRACK = """(SELECT min(a.digest) FROM inventory_snapshotsubject f JOIN inventory_artifact a ON a.id = f.artifact_id
             WHERE f.track_id = {0} AND f.seq = 1)"""
_TABLES = {
    "packages": "SELECT type, namespace_key, name_key, namespace, name FROM inventory_package",
    "components": """
        SELECT c.identity, c.version, c.has_purl, p.type, p.name, s.name FROM inventory_component c
        JOIN inventory_package p ON p.id = c.package_id LEFT JOIN inventory_package s ON s.id = c.source_package_id""",
    "hashes": """
        SELECT t.slug, c.identity, h.algorithm, h.value FROM inventory_componenthash h
        JOIN access_team t ON t.id = h.team_id JOIN inventory_component c ON c.id = h.component_id""",
    "cpes": """
        SELECT t.slug, c.identity, h.cpe FROM inventory_componentcpe h
        JOIN access_team t ON t.id = h.team_id JOIN inventory_component c ON c.id = h.component_id""",
    "sources": """
        SELECT t.slug, c.identity, s.kind, s.value FROM inventory_componentsource s
        JOIN access_team t ON t.id = s.team_id JOIN inventory_component c ON c.id = s.component_id""",
    "tracks": f"""
        SELECT {_TRACK.format("k.id")}, t.slug, k.name, k.producer, k.architecture, k.last_seq, k.head_count
        FROM inventory_track k JOIN access_team t ON t.id = k.team_id""",
    "presence": f"""
        SELECT {_TRACK.format("p.track_id")}, c.identity, p.from_seq, p.to_seq, p.flags
        FROM inventory_presence p JOIN inventory_component c ON c.id = p.component_id""",
    "reach": """
        SELECT t.slug, p.type, p.name_key, r.track_count FROM inventory_packagereach r
        JOIN inventory_package p ON p.id = r.package_id LEFT JOIN access_team t ON t.id = r.team_id""",
    "subjects": f"""
        SELECT {_TRACK.format("s.track_id")}, s.seq, a.digest, s.kind, s.source, s.confidence
        FROM inventory_snapshotsubject s JOIN inventory_artifact a ON a.id = s.artifact_id""",
    "names": """
        SELECT t.slug, a.digest, n.name, n.tag FROM inventory_artifactname n
        JOIN access_team t ON t.id = n.team_id JOIN inventory_artifact a ON a.id = n.artifact_id""",
    "evidence": """
        SELECT t.slug, k.name, e.declared_kind, e.is_observation, e.artifacts, e.name, e.namespaces, e.received_at,
               e.dedupe_key IS NULL, e.media_type, length(e.public_id::text), b.digest = e.blob_id
        FROM inventory_evidence e JOIN access_team t ON t.id = e.team_id JOIN access_apikey k ON k.id = e.api_key_id
        JOIN inventory_evidenceblob b ON b.digest = e.blob_id AND b.size_bytes = e.size_bytes""",
    "receipts": """
        SELECT t.slug, s.state, s.attempts, s.kind, s.format, s.format_version, s.schema_valid, s.schema_error_count,
               s.subjects, s.counts::text, s.warnings::text, s.warning_count,
               s.applied_sequence - min(s.applied_sequence) OVER (), s.error::text
        FROM inventory_evidencestate s JOIN access_team t ON t.id = s.team_id""",
    "layers": """
        SELECT t.slug, a.digest, l.position, l.digest, l.is_diff_id, l.chain, l.is_last, s.kind
        FROM inventory_imagelayer l JOIN access_team t ON t.id = l.team_id
        JOIN inventory_artifact a ON a.id = l.artifact_id
        JOIN inventory_evidencestate s ON s.evidence_id = l.evidence_id""",
    "stacks": "SELECT chain, is_whole, has_above FROM inventory_layerstack",
    "aliases": """
        SELECT t.slug, c.digest, a.digest, x.is_proven, s.kind
        FROM inventory_artifactalias x JOIN access_team t ON t.id = x.team_id
        JOIN inventory_artifact c ON c.id = x.alias_id JOIN inventory_artifact a ON a.id = x.artifact_id
        JOIN inventory_evidencestate s ON s.evidence_id = x.evidence_id""",
    "artifacts": "SELECT digest, label_name, label_version FROM inventory_artifact",
    "clusters": """
        SELECT t.slug, c.name, c.uid, c.report_interval_seconds, c.first_heard_at, c.last_heard_at
        FROM inventory_cluster c JOIN access_team t ON t.id = c.team_id""",
    "workloads": """
        SELECT c.name, w.namespace, w.kind, w.name, w.service, w.runtime_risks
        FROM inventory_workload w JOIN inventory_cluster c ON c.id = w.cluster_id""",
    "intervals": """
        SELECT w.name, i.container, i.container_class, i.pod, a.digest, i.digest_kind, i.image_name, i.image_tag,
               i.node_architecture, v.slug, t.slug, r.slug, i.opened_at, i.last_seen_at, i.seen_count, i.closed_at,
               i.close_reason, i.end_names_image, o.received_at, c.received_at
        FROM inventory_runinterval i JOIN inventory_workload w ON w.id = i.workload_id
        JOIN inventory_artifact a ON a.id = i.artifact_id JOIN inventory_environment v ON v.id = i.environment_id
        JOIN access_team t ON t.id = i.team_id JOIN access_team r ON r.id = i.reporter_id
        JOIN inventory_evidence o ON o.id = i.opened_by_id LEFT JOIN inventory_evidence c ON c.id = i.closed_by_id""",
    "running": f"""
        SELECT w.name, a.digest, {_TRACK.format("r.track_id")}, r.seq, r.certainty, r.is_complete,
               ARRAY(SELECT slug FROM access_team WHERE id = ANY(r.teams) ORDER BY slug)
        FROM inventory_running r JOIN inventory_runinterval i ON i.id = r.interval_id
        JOIN inventory_workload w ON w.id = i.workload_id JOIN inventory_artifact a ON a.id = r.artifact_id""",
}


def contents() -> dict[str, list[Any]]:
    """Return every table of the inventory in words, sorted."""
    held = {name: _rows(sql) for name, sql in _TABLES.items()}
    identities = dict(Component.objects.values_list("id", "identity"))
    held["snapshots"] = sorted(_snapshots(identities), key=repr)
    held["heads"] = sorted(_heads(identities), key=repr)
    return held


def _rows(sql: str) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return sorted((tuple(map(_plain, row)) for row in cursor.fetchall()), key=repr)


def _plain(value: object) -> object:
    return bytes(value) if isinstance(value, memoryview) else value


def _snapshots(identities: dict[int, str]) -> Iterator[Any]:
    for snapshot in Snapshot.objects.all():
        unpacked = outline.unpack(bytes(snapshot.outline))
        found = unpacked.find(set(unpacked.component_ids))
        told = [
            (identities[one.component_id], one.pointer, one.path and [identities[step] for step in one.path])
            for one in found
        ]
        counts = (snapshot.component_count, snapshot.distinct_count, snapshot.is_complete, snapshot.producer_version)
        digest = snapshot.subjects.get().artifact.digest
        yield digest, snapshot.seq, counts, snapshot.ecosystems, unpacked.has_edges, sorted(told, key=repr)


def _heads(identities: dict[int, str]) -> Iterator[Any]:
    """Tell each track's newest set, whether its hashes are those of the set, and whether it knows what was stated."""
    for track in Track.objects.all():
        flags = unpack(bytes(track.head))
        newest = track.snapshots.get(seq=track.last_seq)
        whole = ComponentSet.of(flags)
        agrees = bytes(track.set_hash) == bytes(newest.set_hash) == whole.set_hash and whole.count == track.head_count
        knows = bytes(track.stated) == _stated(track, component_ids=flags)
        yield track.name, agrees, knows, sorted((identities[component], flag) for component, flag in flags.items())


def _stated(track: Track, *, component_ids: Iterable[int]) -> bytes:
    """Pack what a track should remember, where no component was stated in two ways."""
    digests = []
    for component_id in component_ids:
        facts = {"team_id": track.team_id, "component_id": component_id}
        hashes = tuple(Hash(one.algorithm, bytes(one.value).hex()) for one in ComponentHash.objects.filter(**facts))
        cpe = ComponentCpe.objects.filter(**facts).values_list("cpe", flat=True).first()
        sources = tuple(SourceClaim(one.kind, one.value) for one in ComponentSource.objects.filter(**facts))
        digests.append(Told.of(component_id, hashes=hashes, cpe=cpe, sources=sources).digest)
    return array("Q", sorted(digests)).tobytes()
