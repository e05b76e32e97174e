"""Reads what a CycloneDX document says about itself and about its subject (`metadata`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from inventory.formats.component_fields import ComponentFields
from inventory.formats.defects import Defects
from inventory.formats.limits import Limits
from inventory.formats.producers import Producer, choose_producer
from inventory.formats.records import ArtifactKind, storable
from inventory.formats.strict_json import string_defect
from inventory.formats.subjects import Subjects
from inventory.formats.timestamps import parse_timestamp
from inventory.identity.digests import find_digest
from inventory.identity.purls import Purl

_TRIVY: Final = "aquasecurity:trivy:"
_COMPONENT: Final = "/metadata/component"


@dataclass(slots=True)
class Metadata:
    """What `metadata` states. `root_ref` is the bom-ref of the subject, '' where it has none."""

    subjects: Subjects = field(default_factory=Subjects)
    root_ref: str = ""
    root_purl: Purl | None = None
    issuer: str = ""
    """Who speaks: the supplier or manufacturer of the document, else its first author."""
    label_name: str = ""
    label_version: str = ""
    producer: Producer = field(default_factory=Producer)
    created_at: datetime | None = None
    lifecycles: tuple[str, ...] = ()
    architecture: str = ""


def read_metadata(value: object, *, defects: Defects, limits: Limits) -> Metadata:
    """Read the decoded `metadata` object; anything of a wrong type leaves a warning and its field empty."""
    result = Metadata()
    if value is None:
        return result
    if not isinstance(value, dict):
        defects.add("wrong_type", "/metadata", "metadata is not an object; it was left out.")
        return result
    result.created_at = read_time(value.get("timestamp"), pointer="/metadata/timestamp", defects=defects)
    result.producer = choose_producer(_tools(value.get("tools")))
    result.lifecycles = tuple(_phases(value.get("lifecycles")))
    result.issuer = _issuer(value)
    component = value.get("component")
    if isinstance(component, dict):
        _read_subject(component, result, defects=defects, limits=limits)
    elif component is not None:
        defects.add("wrong_type", _COMPONENT, "metadata.component is not an object; it was left out.")
    return result


def read_time(value: object, *, pointer: str, defects: Defects) -> datetime | None:
    """Read a claimed time; warn `bad_timestamp` where there is one that names no instant."""
    found = parse_timestamp(value)
    if found is None and value is not None:
        defects.add("bad_timestamp", pointer, f"{str(value)[:60]!r} is no RFC 3339 time with zone; it was left out.")
    return found


def _read_subject(component: Mapping[str, Any], result: Metadata, *, defects: Defects, limits: Limits) -> None:
    fields = ComponentFields(defects=defects)
    texts = {}
    for name in ("bom-ref", "group", "name", "version", "type", "purl"):
        text = fields.text(component.get(name, ""), _COMPONENT, name)
        defect = string_defect(text, limits=limits)
        if defect:
            defects.add(defect, f"{_COMPONENT}/{name}", f"{name} cannot be stored; it was left out.")
        texts[name] = "" if defect else text
    result.root_ref = texts["bom-ref"]
    result.label_name = "/".join(filter(None, (texts["group"], texts["name"])))[: limits.name_characters]
    result.label_version = texts["version"]
    result.root_purl = _read_digests(component, texts, result.subjects, fields=fields)
    result.architecture = result.subjects.architecture


def _read_digests(
    component: Mapping[str, Any], texts: Mapping[str, str], subjects: Subjects, *, fields: ComponentFields
) -> Purl | None:
    """Note every digest of the subject, and return its purl."""
    purl = None
    is_image = texts["type"] == "container"
    kind = ArtifactKind.UNKNOWN if is_image else ArtifactKind.FILE
    if texts["purl"]:
        purl = fields.purl(texts["purl"], name=texts["name"], pointer=_COMPONENT)
        subjects.purl(purl, pointer=f"{_COMPONENT}/purl")
    _read_properties(component.get("properties"), subjects)
    subjects.text(texts["version"], kind=kind, pointer=f"{_COMPONENT}/version")
    subjects.text(texts["name"], kind=kind, pointer=f"{_COMPONENT}/name")
    if is_image or texts["type"] == "file":
        subjects.name(texts["name"])
    hashes = component.get("hashes")
    for index, item in enumerate(hashes if isinstance(hashes, list) else ()):
        if isinstance(item, dict):
            pointer = f"{_COMPONENT}/hashes/{index}"
            subjects.hash(item.get("alg"), item.get("content"), kind=kind, pointer=pointer)
    return purl


def _read_properties(properties: object, subjects: Subjects) -> None:
    """Read trivy's properties of an image: the registry's digest, the image id, names."""
    for index, item in enumerate(properties if isinstance(properties, list) else ()):
        if not isinstance(item, dict):
            continue
        name, value = item.get("name"), item.get("value")
        if not isinstance(name, str) or not isinstance(value, str) or not name.startswith(_TRIVY):
            continue
        pointer = f"{_COMPONENT}/properties/{index}/value"
        match name.removeprefix(_TRIVY):
            case "RepoDigest":
                subjects.text(value, kind=ArtifactKind.UNKNOWN, pointer=pointer)
            case "ImageID":
                subjects.config(find_digest(value), pointer=pointer)
            case "RepoTag" | "Reference":
                subjects.name(value)


def _tools(value: object) -> list[Producer]:
    """List the tools: an array until 1.4, an object of components and services since 1.5."""
    if isinstance(value, dict):
        parts = [value.get("components"), value.get("services")]
        entries = [entry for part in parts if isinstance(part, list) for entry in part]
    else:
        entries = value if isinstance(value, list) else []
    return [
        Producer(str(entry["name"]), str(entry.get("version") or ""))
        for entry in entries
        if isinstance(entry, dict) and isinstance(entry.get("name"), str)
    ]


def _issuer(metadata: Mapping[str, Any]) -> str:
    authors = metadata.get("authors")
    named = [metadata.get(name) for name in ("supplier", "manufacturer", "manufacture")]
    for entity in [*named, *(authors if isinstance(authors, list) else ())]:
        name = entity.get("name") if isinstance(entity, dict) else None
        if isinstance(name, str) and name.strip():
            return storable(name.strip())
    return ""


def _phases(value: object) -> list[str]:
    entries = value if isinstance(value, list) else []
    names = (entry.get("phase") or entry.get("name") for entry in entries if isinstance(entry, dict))
    return [storable(name) for name in names if isinstance(name, str)][:20]
