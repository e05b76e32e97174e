"""Puts together what an SPDX 2.2 or 2.3 document says, whatever syntax it was written in.

The names are those of the JSON form (https://spdx.github.io/spdx-spec/v2.3/). Every package is a component, the
described one included; the described package is the root of edges as well. Files and snippets are not components.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from inventory.formats.cyclonedx_metadata import read_time
from inventory.formats.defects import Defects
from inventory.formats.edges import EdgeReader
from inventory.formats.limits import Limits
from inventory.formats.producers import Producer, choose_producer, parse_spdx_tool
from inventory.formats.records import FormatError, SbomRecord, storable
from inventory.formats.spdx2_packages import PackageReader
from inventory.formats.spdx2_relations import (
    DOCUMENT,
    Relation,
    apply_relations,
    apply_sources,
    count_passed_over,
    described_refs,
    undescribed_root,
)
from inventory.formats.spdx2_subject import Root, read_bases, read_memberships, read_root

VERSIONS: Final = ("2.2", "2.3")
NO_ELEMENTS: Final = frozenset({DOCUMENT, "NONE", "NOASSERTION"})
"""What may be related to but is no element of a list."""


@dataclass(slots=True)
class Parts:
    """What was read of one document. `files` decodes the files, which only a document about a file needs."""

    version: str
    head: Mapping[str, object]
    """Decoded members: `creationInfo`, `documentNamespace`, `documentDescribes`."""
    packages: PackageReader
    relations: Sequence[Relation]
    other_refs: frozenset[str]
    """Files and snippets: they may be related to, but are no components."""
    files: Callable[[], object]
    media_type: str
    wrapper: str = ""
    passed_over_count: int = 0
    """Relationships that are not among `relations`, since they say nothing here."""


def check_version(stated: object, *, wrapper: str = "") -> str:
    """Return the version without its prefix. Raises FormatError `unsupported_version`."""
    text = str(stated)
    version = text.removeprefix("SPDX-")
    if version.split(".")[:2] not in [known.split(".") for known in VERSIONS]:
        message = f"spdxVersion {text[:40]!r} is not read; known are SPDX-{' and SPDX-'.join(VERSIONS)}."
        raise FormatError("unsupported_version", message, pointer=wrapper + "/spdxVersion")
    return version


def assemble(parts: Parts, *, limits: Limits, defects: Defects) -> SbomRecord:
    """Make the record of a document. Raises FormatError `too_many_edges`."""
    reader = parts.packages
    if not reader.count:
        defects.add("empty_sbom", parts.wrapper + "/packages", "The document lists no package: it covers nothing.")
    root = _root(parts, defects=defects)
    record = _record(parts, root, defects=defects)
    edges = EdgeReader(
        [component.ref for component in reader.records],
        root_refs=root.refs,
        other_refs=parts.other_refs | NO_ELEMENTS,
        limits=limits,
        defects=defects,
    )
    record.completeness = apply_relations(parts.relations, reader.records, edges)
    apply_sources(parts.relations, reader.records, edges)
    record.passed_over_count = parts.passed_over_count + count_passed_over(parts.relations)
    record.memberships = read_memberships(parts.relations, reader.records, root, defects=defects)
    record.bases = read_bases(parts.relations, reader.records)
    record.components, record.rejected_count = reader.records, reader.rejected_count
    record.edges, record.has_edges, record.dependency_count = edges.edges, edges.has_root, edges.count
    record.warnings = defects.warnings()
    return record


def _root(parts: Parts, *, defects: Defects) -> Root:
    refs = [component.ref for component in parts.packages.records]
    described = described_refs(parts.relations, parts.head.get("documentDescribes"))
    if not described:
        only = undescribed_root(parts.relations, refs)
        described = [only] if only is not None else []
    files = parts.files() if described and not set(described) & set(refs) else None
    root = read_root(described, parts.packages, files=files, wrapper=parts.wrapper)
    if root.is_ambiguous:
        message = "The document describes no single package: it does not say which one it is about."
        defects.add("ambiguous_root", parts.wrapper + "/documentDescribes", message)
    return root


def _record(parts: Parts, root: Root, *, defects: Defects) -> SbomRecord:
    stated = parts.head.get("creationInfo")
    creation: Mapping[str, Any] = stated if isinstance(stated, Mapping) else {}
    namespace = parts.head.get("documentNamespace")
    producer = choose_producer(_tools(creation.get("creators")))
    created_at = read_time(creation.get("created"), pointer=parts.wrapper + "/creationInfo/created", defects=defects)
    return SbomRecord(
        format="spdx",
        format_version=parts.version,
        media_type=parts.media_type,
        components=[],
        edges=[],
        subjects=tuple(replace(one, pointer=defects.place(one.pointer)) for one in root.subjects.subjects()),
        names=root.subjects.names(),
        label_name=root.label_name,
        label_version=root.label_version,
        producer=producer.name,
        producer_version=producer.version,
        serial=storable(namespace[:1000]) if isinstance(namespace, str) else "",
        architecture=root.subjects.architecture,
        created_at=created_at,
        configs=root.subjects.configs(),
    )


def _tools(creators: object) -> list[Producer]:
    names = [name for name in creators if isinstance(name, str)] if isinstance(creators, list) else []
    return [parse_spdx_tool(name.partition(":")[2]) for name in names if name.startswith("Tool:")]
