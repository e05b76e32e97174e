"""Finds what an SPDX 2.x document is about: the described package (or file), its digests, the members of its index."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from inventory.formats.defects import Defects
from inventory.formats.records import ArtifactKind, BaseRecord, ComponentRecord, MembershipRecord, storable
from inventory.formats.spdx2_packages import PackageReader
from inventory.formats.spdx2_relations import Relation
from inventory.formats.subjects import Subjects
from inventory.identity.digests import HEX_LENGTHS, Digest, find_digest

_IMAGE_PURLS: Final = frozenset({"oci", "docker"})


@dataclass(slots=True)
class Root:
    """The root of one document. `refs` are all described elements: edges of each count as the root's."""

    refs: frozenset[str]
    subjects: Subjects = field(default_factory=Subjects)
    label_name: str = ""
    label_version: str = ""
    is_ambiguous: bool = False
    memberships: list[MembershipRecord] = field(default_factory=list)


def read_root(described: Sequence[str], reader: PackageReader, *, files: object, wrapper: str) -> Root:
    """Choose the root among the described elements: the only one, or the only container; else it is ambiguous."""
    root = Root(frozenset(described))
    places = [index for index, record in enumerate(reader.records) if record.ref in root.refs]
    if len(places) > 1:
        containers = [index for index in places if reader.records[index].type == "container"]
        places = containers if len(containers) == 1 else places
    if len(places) == 1:
        _read_package(reader, places[0], root)
    elif not places and isinstance(files, list):
        _read_file(files, root, wrapper=wrapper)
    root.is_ambiguous = len(reader.records) > 0 and len(described) != 1 and not root.label_name
    return root


def own_digest(record: ComponentRecord) -> Digest | None:
    """Return the digest of an image package: its checksum, else the one in its purl, name or version.

    The checksum comes first because the purl of a platform's image may carry the digest of the index it belongs to.
    """
    for value in record.hashes:
        if value.algorithm in HEX_LENGTHS:
            return Digest(value.algorithm, value.value)
    purl_version = record.purl.version if record.purl is not None and record.purl.type in _IMAGE_PURLS else ""
    return find_digest(purl_version) or find_digest(record.name) or find_digest(record.version)


def read_memberships(
    relations: Sequence[Relation], records: Sequence[ComponentRecord], root: Root, *, defects: Defects
) -> tuple[MembershipRecord, ...]:
    """Read which images an index lists (VARIANT_OF).

    Generators disagree on the direction, so the index is the side that is described, or that has more variants.
    """
    variants = [relation for relation in relations if relation.kind == "VARIANT_OF"]
    weight = Counter(ref for relation in variants for ref in (relation.source, relation.target))
    by_ref = {record.ref: record for record in records if record.ref is not None} if variants else {}
    found = list(root.memberships)
    for relation in variants:
        pair = sorted((relation.target, relation.source), key=lambda ref: (ref not in root.refs, -weight[ref]))
        index, member = (by_ref.get(ref) for ref in pair)
        index_digest = own_digest(index) if index is not None else None
        member_digest = own_digest(member) if member is not None else None
        if index_digest is None or member_digest is None or member is None or index_digest == member_digest:
            defects.add("bad_membership", relation.pointer, "VARIANT_OF names no two different digests.")
            continue
        found.append(_membership(index_digest, member_digest, member))
    return tuple(dict.fromkeys(found))


def read_bases(relations: Sequence[Relation], records: Sequence[ComponentRecord]) -> tuple[BaseRecord, ...]:
    """Read which images were made from which (DESCENDANT_OF), where both have digests; ko and apko write it."""
    stated = [relation for relation in relations if relation.kind in {"DESCENDANT_OF", "ANCESTOR_OF"}]
    by_ref = {record.ref: record for record in records if record.ref is not None} if stated else {}
    found = []
    for relation in stated:
        pair = (
            (relation.source, relation.target)
            if relation.kind == "DESCENDANT_OF"
            else (relation.target, relation.source)
        )
        image, base = (own_digest(by_ref[ref]) if ref in by_ref else None for ref in pair)
        if image is not None and base is not None and image != base:
            found.append(BaseRecord(image, base))
    return tuple(dict.fromkeys(found))


def _membership(index: Digest, member: Digest, record: ComponentRecord) -> MembershipRecord:
    qualifiers = dict(record.purl.qualifiers) if record.purl is not None else {}
    os, _, architecture = record.version.partition("/") if record.version.count("/") == 1 else ("", "", "")
    return MembershipRecord(
        index=index,
        member=member,
        os=qualifiers.get("os", os),
        architecture=qualifiers.get("arch", architecture),
        variant=qualifiers.get("variant", ""),
    )


def _read_package(reader: PackageReader, index: int, root: Root) -> None:
    record, pointer = reader.records[index], reader.pointer(index)
    subjects, purl = root.subjects, record.purl
    root.label_name, root.label_version = record.name, record.version
    is_image = record.type == "container" or (purl is not None and purl.type in _IMAGE_PURLS)
    is_image = is_image or find_digest(record.name) is not None
    kind = ArtifactKind.UNKNOWN if is_image else ArtifactKind.FILE
    own = own_digest(record)
    stated = find_digest(purl.version) if purl is not None and purl.type in _IMAGE_PURLS else None
    if own is not None and stated is not None and own != stated and dict(purl.qualifiers if purl else ()).get("arch"):
        membership = _membership(stated, own, record)
        root.memberships.append(membership)
        subjects.architecture = membership.architecture
    elif purl is not None:
        subjects.purl(purl, pointer=pointer + "/externalRefs")
    if own is not None:
        subjects.digest(own, kind=kind, pointer=pointer)
    subjects.text(record.name, kind=kind, pointer=pointer + "/name")
    subjects.text(record.version, kind=kind, pointer=pointer + "/versionInfo")
    if record.type in {"container", "file"}:
        subjects.name(record.name)
    _read_trivy_texts(reader.package(index), subjects, pointer=pointer)


def _read_trivy_texts(package: Mapping[str, Any], subjects: Subjects, *, pointer: str) -> None:
    """Read `RepoDigest: …` and its like, which trivy writes as attribution texts or, later, as annotations."""
    texts = package.get("attributionTexts")
    lines = [(text, f"{pointer}/attributionTexts/{index}") for index, text in enumerate(_list(texts))]
    for index, annotation in enumerate(_list(package.get("annotations"))):
        if isinstance(annotation, dict):
            lines.append((annotation.get("comment"), f"{pointer}/annotations/{index}/comment"))
    for text, place in lines:
        name, colon, value = text.partition(": ") if isinstance(text, str) else ("", "", "")
        if name == "RepoDigest" and colon:
            subjects.text(value, kind=ArtifactKind.UNKNOWN, pointer=place)
        elif name == "ImageID":
            subjects.config(find_digest(value), pointer=place)
        elif name in {"RepoTag", "Reference"}:
            subjects.name(value)


def _read_file(files: Sequence[object], root: Root, *, wrapper: str) -> None:
    """A described file is the subject by its checksums."""
    found = [
        (index, item)
        for index, item in enumerate(files)
        if isinstance(item, dict) and isinstance(item.get("SPDXID"), str) and item["SPDXID"] in root.refs
    ]
    if len(found) != 1:
        return
    index, item = found[0]
    pointer = f"{wrapper}/files/{index}"
    name = item.get("fileName")
    root.label_name = storable(name) if isinstance(name, str) else ""
    root.subjects.name(root.label_name)
    for place, checksum in enumerate(_list(item.get("checksums"))):
        if isinstance(checksum, dict):
            algorithm, value = checksum.get("algorithm"), checksum.get("checksumValue")
            root.subjects.hash(algorithm, value, kind=ArtifactKind.FILE, pointer=f"{pointer}/checksums/{place}")


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
