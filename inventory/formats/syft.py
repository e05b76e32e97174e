"""Reads syft's own JSON: artifacts, what depends on what, the image it scanned, its distribution.

Source: anchore/syft, schema/json (schemas 1 to 16). Artifacts are the components; the distribution, which syft lists
beside them, is a part of the subject: found like the others, not counted.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from inventory.formats import json_parts
from inventory.formats.component_fields import LONGEST_TEXT
from inventory.formats.cyclonedx_components import ComponentReader
from inventory.formats.cyclonedx_parts import ComponentPart
from inventory.formats.defects import Defects
from inventory.formats.edges import EdgeReader
from inventory.formats.known_components import Memory
from inventory.formats.limits import Limits
from inventory.formats.pointers import join
from inventory.formats.producers import Producer, choose_producer
from inventory.formats.records import ROOT, ArtifactKind, FormatError, SbomRecord, storable
from inventory.formats.repeated_names import note_repeated, note_repeated_in
from inventory.formats.subjects import Subjects, kind_of_media_type
from inventory.formats.syft_makers import of_metadata
from inventory.formats.text import Utf8
from inventory.identity.digests import find_digest

SYFT_JSON: Final = "application/vnd.syft+json"

_ENDS: Final = (b'"parent"', b'"child"')
_DEPENDENCY: Final = "dependency-of"
_IMAGE: Final = "image"


class _Artifact(msgspec.Struct, gc=False):
    id: str | None = None
    name: str | None = None
    version: str | None = None
    type: str | None = None
    purl: str | None = None
    cpes: list[Any] | None = None
    metadata: msgspec.Raw = msgspec.Raw(b"")


class _Relation(msgspec.Struct, gc=False):
    parent: str | None = None
    child: str | None = None
    type: str | None = None


_ARTIFACT: Final = msgspec.json.Decoder(_Artifact)
_RELATIONS: Final = msgspec.json.Decoder(list[_Relation])
_BROKEN: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
_TEXTS: Final = ("id", "name", "version", "type", "purl")


def read_syft(text: Utf8, *, limits: Limits) -> SbomRecord:
    """Read a document. One bad artifact is rejected and counted.

    Raises FormatError for the document: `wrong_shape`, `too_many_components`, `too_many_edges`, and the codes of broken
    JSON.
    """
    members = json_parts.read_members(text)
    defects = Defects()
    if text.bom_stripped:
        defects.add("bom_stripped", "", "The document begins with a byte order mark, which was skipped.")
    record = _described(members, defects=defects)
    reader = ComponentReader(limits=limits, defects=defects, look_at_strings=False, memory=Memory())
    is_dubious = json_parts.has_dubious_escapes(text)
    items = json_parts.array_items(members.get("artifacts", msgspec.Raw(b"[]")), pointer="/artifacts")
    if len(items) > limits.components:
        message = f"The document has more than {limits.components} artifacts."
        raise FormatError("too_many_components", message, pointer="/artifacts")
    for index, item in enumerate(items):
        _read_artifact(item, reader, pointer=f"/artifacts/{index}", is_dubious=is_dubious, limits=limits)
    record.rejected_count = reader.rejected_count
    if not items:
        defects.add("empty_sbom", "/artifacts", "The document lists no artifact: it covers nothing.")
    record.components = reader.records
    record.metadata_component_count = _add_distribution(members, reader)
    edges = _edges(members, record, limits=limits, defects=defects)
    record.edges, record.has_edges, record.dependency_count = edges.edges, edges.has_root, edges.count
    record.warnings = defects.warnings()
    return record


def _read_artifact(
    item: msgspec.Raw, reader: ComponentReader, *, pointer: str, is_dubious: bool, limits: Limits
) -> None:
    artifact: _Artifact | None
    try:
        artifact = _ARTIFACT.decode(item)
    except msgspec.ValidationError:
        artifact = _repaired(item, reader.defects, pointer=pointer)
    except _BROKEN as error:
        broken = json_parts.decode_error(error, item, pointer=pointer)
        reader.reject(broken.code, broken.pointer, broken.message)
        return
    if artifact is None:
        reader.reject("wrong_shape", pointer, "an artifact must be an object.")
        return
    note_repeated(item, pointer=pointer, defects=reader.defects)
    part = ComponentPart(artifact.name, artifact.version, None, "library", artifact.purl, artifact.id)
    part.cpe = _first_cpe(artifact.cpes)
    large = is_dubious or len(item) > limits.string_bytes
    dubious = {name: getattr(artifact, name) for name in _TEXTS} | {"cpes": part.cpe} if large else None
    record = reader.read_part(part, dubious=dubious, pointer=pointer, parent=None)
    if record is not None:
        record.sources = of_metadata(artifact.metadata)
        reader.records.append(record)


def _repaired(item: msgspec.Raw, defects: Defects, *, pointer: str) -> _Artifact | None:
    """Read an artifact field by field; one of a wrong type is left out with a warning. None where it is no object."""
    value = json_parts.decode_value(item, pointer=pointer)
    if not isinstance(value, dict):
        return None
    artifact = _Artifact()
    for name in _TEXTS:
        found = value.get(name)
        if isinstance(found, str):
            setattr(artifact, name, found)
        elif found is not None:
            defects.add("wrong_type", join(pointer, name), f"{name} is not a string; it was left out.")
    cpes = value.get("cpes")
    artifact.cpes = cpes if isinstance(cpes, list) else None
    if cpes is not None and artifact.cpes is None:
        defects.add("wrong_type", join(pointer, "cpes"), "cpes is not an array; it was left out.")
    return artifact


def _first_cpe(cpes: list[Any] | None) -> str | None:
    """Texts until schema 13, objects since."""
    for item in cpes or ():
        found = item.get("cpe") if isinstance(item, dict) else item
        if isinstance(found, str) and found:
            return found
    return None


def _add_distribution(members: Mapping[str, msgspec.Raw], reader: ComponentReader) -> int:
    distro = _object(members, "distro")
    name, version = _text(distro, "id") or _text(distro, "name"), _text(distro, "versionID") or _text(distro, "version")
    if not name or max(len(name), len(version)) > LONGEST_TEXT:
        return 0
    part = ComponentPart(name, version, None, "operating-system")
    record = reader.read_part(part, dubious=[name, version], pointer="/distro", parent=ROOT)
    if record is not None:
        reader.records.append(record)
    return int(record is not None)


def _edges(members: Mapping[str, msgspec.Raw], record: SbomRecord, *, limits: Limits, defects: Defects) -> EdgeReader:
    """Read which artifact is needed by which. What contains or owns what says nothing of that."""
    root = _text(_object(members, "source"), "id")
    edges = EdgeReader(
        [one.ref for one in record.components],
        root_refs=frozenset(filter(None, [root])),
        other_refs=frozenset(),
        limits=limits,
        defects=defects,
    )
    pointer = "/artifactRelationships"
    note_repeated_in(members.get("artifactRelationships"), _ENDS, pointer=pointer, defects=defects)
    for index, relation in enumerate(_relations(members.get("artifactRelationships"), pointer=pointer)):
        if relation.type == _DEPENDENCY and relation.parent is not None and relation.child is not None:
            edges.count_stated(1, pointer=pointer)
            targets = edges.place(relation.parent, pointer=f"{pointer}/{index}/parent")
            edges.add(edges.place(relation.child, pointer=f"{pointer}/{index}/child"), targets)
    return edges


def _relations(raw: msgspec.Raw | None, *, pointer: str) -> list[_Relation]:
    if raw is None or json_parts.first_byte(raw) == "n":
        return []
    try:
        return _RELATIONS.decode(raw)
    except _BROKEN as error:
        raise json_parts.decode_error(error, raw, pointer=pointer) from error


def _described(members: Mapping[str, msgspec.Raw], *, defects: Defects) -> SbomRecord:
    """Return a record of what the document says of itself and of what was scanned."""
    source, descriptor, schema = (_object(members, name) for name in ("source", "descriptor", "schema"))
    target: dict[str, Any] = next(
        (source[name] for name in ("metadata", "target") if isinstance(source.get(name), dict)), {}
    )
    subjects = Subjects()
    if _text(source, "type") == _IMAGE:
        _note_image(target, subjects)
    else:
        _note_file(target, subjects)
    name = _text(source, "name") or _text(target, "userInput") or _text(target, "path")
    label = name or _text(source, "target")
    if len(label) > LONGEST_TEXT:
        defects.add("too_long", "/source/name", f"name is longer than {LONGEST_TEXT} characters; it was left out.")
        label = ""
    if _text(source, "type") == _IMAGE:
        subjects.name(label)
    producer = choose_producer([Producer(_text(descriptor, "name") or "syft", _text(descriptor, "version"))])
    return SbomRecord(
        format="syft",
        format_version=storable(_text(schema, "version"))[:32],
        media_type=SYFT_JSON,
        components=[],
        edges=[],
        subjects=subjects.subjects(),
        names=subjects.names(),
        label_name=storable(label),
        label_version=storable(_text(source, "version"))[:LONGEST_TEXT],
        producer=producer.name,
        producer_version=producer.version,
        architecture=storable(_text(target, "architecture"))[:64],
        configs=subjects.configs(),
    )


def _note_image(target: Mapping[str, Any], subjects: Subjects) -> None:
    place = "/source/metadata"
    kind = kind_of_media_type(_text(target, "mediaType"))
    kind = ArtifactKind.OCI_MANIFEST if kind is ArtifactKind.UNKNOWN else kind
    subjects.digest(find_digest(_text(target, "manifestDigest")), kind=kind, pointer=f"{place}/manifestDigest")
    for index, text in enumerate(_texts(target, "repoDigests")):
        subjects.text(text, kind=ArtifactKind.UNKNOWN, pointer=f"{place}/repoDigests/{index}")
    subjects.config(find_digest(_text(target, "imageID")), pointer=f"{place}/imageID")
    for text in _texts(target, "tags"):
        subjects.name(text)


def _note_file(target: Mapping[str, Any], subjects: Subjects) -> None:
    digests = target.get("digests")
    for index, item in enumerate(digests if isinstance(digests, list) else ()):
        if isinstance(item, dict):
            pointer = f"/source/metadata/digests/{index}"
            subjects.hash(item.get("algorithm"), item.get("value"), kind=ArtifactKind.FILE, pointer=pointer)


def _object(members: Mapping[str, msgspec.Raw], name: str) -> dict[str, Any]:
    value = json_parts.decode_value(members.get(name), pointer="/" + name)
    return value if isinstance(value, dict) else {}


def _text(members: Mapping[str, Any], name: str) -> str:
    value = members.get(name)
    return value if isinstance(value, str) else ""


def _texts(members: Mapping[str, Any], name: str) -> list[str]:
    value = members.get(name)
    return [text for text in value if isinstance(text, str)] if isinstance(value, list) else []
