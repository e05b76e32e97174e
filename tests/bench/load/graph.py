"""The component graph of a history: play each service's builds and write what ingest would have written.

Which track a build joins, and what changes on it, decides ingest's own rule (`tracks.next_step`); what a component is,
its own `identify`. Only the way into the tables is another.
"""

from __future__ import annotations

import hashlib
import json
from array import array
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import zstandard

from inventory.formats.graph import UNREACHABLE
from inventory.formats.records import ROOT, ArtifactKind, ComponentRecord, Hash, SubjectSource
from inventory.formats.source_claims import claims_of
from inventory.identity.cpes import kept_cpe
from inventory.identity.purls import PackageKey, parse_purl
from inventory.ingest.identifiers import Told
from inventory.ingest.identify import identify
from inventory.ingest.subjects import DOCUMENT_CONFIDENCE
from inventory.ingest.tracks import CANDIDATES, ComponentSet, Head, Step, next_step
from inventory.intake.body import ZSTD_LEVEL
from inventory.models.presence import DIRECT, NO_EDGES, OPEN_END
from tests.bench.documents import cpe, document, empty_document, sha256_of, vcs
from tests.bench.load.copying import Stream, hexadecimal, null
from tests.bench.load.layers import LayerLoader
from tests.bench.universe import ECOSYSTEMS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tests.bench.estate import Built
    from tests.bench.load.schedule import Clock, Schedule

PRODUCER, PRODUCER_VERSION = "syft", "1.18.1"
_STREAMS = {
    "package": "id, type, namespace_key, name_key, namespace, name",
    "component": "id, package_id, version, identity, has_purl, source_package_id",
    "componenthash": "team_id, component_id, algorithm, value",
    "componentcpe": "team_id, component_id, cpe",
    "componentsource": "team_id, component_id, kind, value",
    "track": "id, team_id, name, producer, architecture, last_seq, set_hash, head, head_count, stated, updated_at",
    "presence": "component_id, track_id, from_seq, to_seq, flags",
    "snapshot": "id, evidence_id, track_id, seq, component_count, distinct_count, is_complete, producer_version, "
    "set_hash, outline, ecosystems",
    "snapshotsubject": "snapshot_id, artifact_id, track_id, seq, kind, source, confidence",
    "evidenceblob": "digest, size_bytes, data, stored_at",
}


@dataclass(frozen=True, slots=True)
class Stored:
    """What the evidence of a build repeats of its document."""

    digest: str
    size_bytes: int
    component_count: int
    dependency_count: int


@dataclass(slots=True)
class _Track:
    """A chain while its service is played. `open`: since which seq, with which flags, a component is in it."""

    id: int
    head: Head
    count: int
    updated_at: str
    ids: Sequence[int] = ()
    """The newest set."""
    open: dict[int, tuple[int, int]] = field(default_factory=dict)


@dataclass(slots=True)
class _Shape:
    """What follows from a service's dependency graph, kept until it changes."""

    key: tuple[int, int]
    came_by: array[int]


class GraphLoader:
    """Plays services and writes their graph; ids of packages and components go on from 1."""

    def __init__(self, schedule: Schedule, *, clock: Clock, team_ids: Mapping[str, int]) -> None:
        self._schedule = schedule
        self._clock = clock
        self._team_ids = team_ids
        self._ids: dict[int, int] = {}
        self._packages: dict[PackageKey, int] = {}
        self._purls: list[str] = [""]
        self._track_count = 0
        self._compressor = zstandard.ZstdCompressor(level=ZSTD_LEVEL)
        self._streams: dict[str, Stream] = {}
        self.stored: list[Stored | None] = [None] * len(schedule.builds)
        """For each build, in the order of time."""
        self.layers = LayerLoader(schedule, team_ids=team_ids) if schedule.has_layers else None

    def load(self) -> None:
        """Play all services, those of one team together: what it has stated of a component it states once."""
        with ExitStack() as stack:
            for name, columns in _STREAMS.items():
                self._streams[name] = stack.enter_context(Stream(f"inventory_{name}", columns))
            if self.layers is not None:
                stack.enter_context(self.layers)
            facts: set[int] = set()
            team = ""
            for service in sorted(self._schedule.services, key=lambda service: (service.team, service.number)):
                if service.team != team:
                    team, facts = service.team, set()
                self._play(service, facts=facts)

    def _play(self, service: Built, *, facts: set[int]) -> None:
        tracks: list[_Track] = []
        components, outline, ecosystems = ComponentSet(b"", b"", 0), "", ""
        ids: list[int] = []
        shape = _Shape((-1, -1), array("i"))
        places = self._schedule.places[service.number]
        for place in places:
            build = self._schedule.builds[place]
            if service.build(build.at):
                ids = self._intern([*service.components, *service.base])
                components = ComponentSet.of(_flags(ids, service=service))
                shape = _shape_of(service, known=shape, count=len(ids))
                outline = hexadecimal(self._outline(ids, came_by=shape.came_by, has_edges=bool(service.components)))
                ecosystems = _ecosystems(service)
            self._schedule.digests[place] = service.digest
            step = next_step(components, candidates=[track.head for track in tracks[:CANDIDATES]])
            at = self._clock.moment(build.at).isoformat()
            track = self._extend(tracks, step, components=components, at=at)
            track.ids = ids
            self._write_presence(track, step)
            self._state_facts(step.added, team_id=self._team_ids[service.team], facts=facts)
            self._write_point(place, track=track, outline=outline, ecosystems=ecosystems)
            self._write_document(place, service, at=at, is_newest=place == places[-1])
            if self.layers is not None:
                self.layers.add(place, service, at=at)
        self._close(tracks, service)

    def _extend(self, tracks: list[_Track], step: Step, *, components: ComponentSet, at: str) -> _Track:
        """Bring a track to its next point and to the front: the newest are the next document's candidates."""
        found = next((track for track in tracks if track.id == step.track_id), None)
        if found is None:
            self._track_count += 1
            found = _Track(self._track_count, Head(self._track_count, 0, b"", b""), 0, "")
        else:
            tracks.remove(found)
        found.head = Head(found.id, step.seq, components.set_hash, components.packed)
        found.count, found.updated_at = components.count, at
        tracks.insert(0, found)
        return found

    def _write_presence(self, track: _Track, step: Step) -> None:
        presence = self._streams["presence"]
        for component_id in step.dropped:
            since, flags = track.open.pop(component_id)
            presence.add(f"{component_id}\t{track.id}\t{since}\t{step.seq}\t{flags}")
        for component_id, flags in zip(step.added, step.added_flags, strict=True):
            track.open[component_id] = (step.seq, flags)

    def _close(self, tracks: Sequence[_Track], service: Built) -> None:
        presence, team_id = self._streams["presence"], self._team_ids[service.team]
        for track in tracks:
            for component_id, (since, flags) in track.open.items():
                presence.add(f"{component_id}\t{track.id}\t{since}\t{OPEN_END}\t{flags}")
            head = track.head
            self._streams["track"].add(
                f"{track.id}\t{team_id}\t{service.repository}\t{PRODUCER}\t\t{head.last_seq}\t"
                f"{hexadecimal(head.set_hash)}\t{hexadecimal(head.head)}\t{track.count}\t"
                f"{hexadecimal(self._stated(track.ids))}\t{track.updated_at}"
            )

    def _write_point(self, place: int, *, track: _Track, outline: str, ecosystems: str) -> None:
        snapshot_id, evidence_id, head = place + 1, self._schedule.build_evidence[place], track.head
        self._streams["snapshot"].add(
            f"{snapshot_id}\t{evidence_id}\t{track.id}\t{head.last_seq}\t{track.count}\t{track.count}\tt\t"
            f"{PRODUCER_VERSION}\t{hexadecimal(head.set_hash)}\t{outline}\t{ecosystems}"
        )
        self._streams["snapshotsubject"].add(
            f"{snapshot_id}\t{snapshot_id}\t{track.id}\t{head.last_seq}\t{ArtifactKind.UNKNOWN.value}\t"
            f"{SubjectSource.DOCUMENT.value}\t{DOCUMENT_CONFIDENCE}"
        )

    def _write_document(self, place: int, service: Built, *, at: str, is_newest: bool) -> None:
        """Keep the document of a service's newest build, and of the others only their heads."""
        data = document(service) if is_newest else empty_document(service)
        digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
        count = len(service.components)
        self.stored[place] = Stored(digest, len(data), count + len(service.base), count)
        packed = hexadecimal(self._compressor.compress(data))
        self._streams["evidenceblob"].add(f"{digest}\t{len(data)}\t{packed}\t{at}")

    def _stated(self, ids: Sequence[int]) -> bytes:
        """Pack what a document of these components states, as ingest remembers it."""
        return array("Q", sorted({self._told(component_id).digest for component_id in ids})).tobytes()

    def _told(self, component_id: int) -> Told:
        purl = self._purls[component_id]
        value = sha256_of(purl)
        hashes = (Hash("sha256", value),) if value else ()
        return Told.of(component_id, hashes=hashes, cpe=cpe(purl), sources=claims_of((vcs(purl),)))

    def _state_facts(self, added: Sequence[int], *, team_id: int, facts: set[int]) -> None:
        for component_id in added:
            if component_id not in facts:
                facts.add(component_id)
                purl = self._purls[component_id]
                self._streams["componentcpe"].add(f"{team_id}\t{component_id}\t{kept_cpe(cpe(purl))}")
                if value := sha256_of(purl):
                    self._streams["componenthash"].add(f"{team_id}\t{component_id}\tsha256\t\\\\x{value}")
                for claim in claims_of((vcs(purl),)):
                    self._streams["componentsource"].add(f"{team_id}\t{component_id}\t{claim.kind}\t{claim.value}")

    def _intern(self, components: Sequence[int]) -> list[int]:
        known = self._ids
        for component in components:
            if component not in known:
                known[component] = self._add_component(self._schedule.universe.purl(component))
        return [known[component] for component in components]

    def _add_component(self, text: str) -> int:
        purl = parse_purl(text)
        record = ComponentRecord(purl.name, purl.version, "", "library", purl, text, "/components/0", None)
        identity = identify(record)
        package_id = self._package(identity.key, namespace=identity.namespace, name=identity.name)
        source = identity.source
        source_id = None if source is None else self._package(source, namespace=source.namespace, name=source.name)
        component_id = len(self._purls)
        self._purls.append(text)
        self._streams["component"].add(
            f"{component_id}\t{package_id}\t{identity.version}\t{identity.text}\tt\t{null(source_id)}"
        )
        return component_id

    def _package(self, key: PackageKey, *, namespace: str, name: str) -> int:
        found = self._packages.get(key)
        if found is None:
            found = self._packages[key] = len(self._packages) + 1
            self._streams["package"].add(f"{found}\t{key.type}\t{key.namespace}\t{key.name}\t{namespace}\t{name}")
        return found

    def _outline(self, ids: Sequence[int], *, came_by: array[int], has_edges: bool) -> bytes:
        """Pack what `graph.outline.pack` packs, for components that all stand at the top of their document."""
        count = len(ids)
        header = json.dumps({"count": count, "prefixes": ["/components"], "has_edges": has_edges}).encode()
        columns = (
            array("I", ids),
            array("i", [ROOT]) * count,
            came_by,
            array("I", range(count)),
            array("I", [0]) * count,
        )
        body = b"".join(column.tobytes() for column in columns)
        return self._compressor.compress(len(header).to_bytes(4, "little") + header + body)


def _flags(ids: Sequence[int], *, service: Built) -> dict[int, int]:
    """Return the flags of components; a base image's document says of none what brought it in."""
    flags = dict.fromkeys(ids, 0 if service.components else NO_EDGES)
    for component_id, direct in zip(ids, service.is_direct, strict=False):  # the system's come after, not direct
        if direct:
            flags[component_id] = DIRECT
    return flags


def _shape_of(service: Built, *, known: _Shape, count: int) -> _Shape:
    key = (service.shape, count)
    if key == known.key:
        return known
    parents = service.parents()
    return _Shape(key, array("i", parents) + array("i", [UNREACHABLE]) * (count - len(parents)))


def _ecosystems(service: Built) -> str:
    counts = {"deb": len(service.base), ECOSYSTEMS[service.ecosystem].type: len(service.components)}
    return json.dumps({name: count for name, count in sorted(counts.items()) if count})


def all_stored(loader: GraphLoader) -> Iterator[Stored]:
    """Yield what was stored of each build; every one has been played."""
    for stored in loader.stored:
        if stored is None:
            raise AssertionError
        yield stored
