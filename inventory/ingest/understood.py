"""What a document was understood to say of itself and of its subject, small enough to stand beside its state.

The page of a document shows it (docs/inventory.md, A document's page). Lists are cut and their lengths told: the bytes
hold the rest. Whatever has a table of its own is not repeated here.
"""

from __future__ import annotations

from collections import Counter
from itertools import islice
from typing import TYPE_CHECKING

from inventory.formats.records import SubjectSource, storable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from inventory.formats.attestations.records import AttestationRecord, AttestationsRecord
    from inventory.formats.image_records import ImageRecord, ReferrerRecord, RegistryRecord
    from inventory.formats.records import MembershipRecord, RuntimeRecord, SbomRecord
    from inventory.ingest.subjects import Subject

Understood = dict[str, object]

MAX_LISTED = 50
MAX_SBOMS = 20
"""SBOMs inside one document of which the page shows all of this."""
_LONGEST = 300


def of_sbom(record: SbomRecord, *, subjects: Sequence[Subject], distinct_count: int) -> Understood:
    """Say what an SBOM is about, who wrote it, and how far it claims to go."""
    pointers = {str(subject.digest): subject.pointer for subject in record.subjects}
    return {
        "producer": _text(record.producer),
        "producer_version": _text(record.producer_version),
        "serial": _text(record.serial),
        "created_at": None if record.created_at is None else record.created_at.isoformat(),
        "lifecycles": _texts(record.lifecycles),
        "completeness": record.completeness.value,
        "has_dependencies": record.has_edges,
        "label_name": _text(record.label_name),
        "label_version": _text(record.label_version),
        "architecture": _text(record.architecture),
        "names": _texts(record.names),
        "name_count": len(record.names),
        "subjects": [_subject(subject, pointers=pointers) for subject in subjects[:MAX_LISTED]],
        "places": len(record.components),
        "subject_parts": record.metadata_component_count,
        "services": record.service_count,
        "ancestors": record.ancestor_count,
        "distinct": distinct_count,
        "members": _members(record.memberships),
        "member_count": len(record.memberships),
        "configs": [{"manifest": str(one.manifest), "config": str(one.config)} for one in record.configs[:MAX_LISTED]],
    }


def of_image(record: ImageRecord, *, referrers: Sequence[ReferrerRecord]) -> Understood:
    """Say which manifests an index lists, which config a manifest has, what it claims and what refers to what."""
    return {
        "digest": str(record.digest),
        "image_kind": record.kind.value,
        "media_type": _text(record.media_type),
        "claims": [{"claim": one.claim.value, "value": _text(one.value)} for one in record.claims[:MAX_LISTED]],
        "referrers": [
            {"subject": str(one.subject), "referrer": str(one.referrer), "artifact_type": _text(one.artifact_type)}
            for one in referrers[:MAX_LISTED]
        ],
        "referrer_count": len(referrers),
        "layers": [str(one.digest) for one in record.layers[:MAX_LISTED]],
        "layer_count": len(record.layers),
        "members": _members(record.memberships),
        "member_count": len(record.memberships),
        "configs": [{"manifest": str(one.manifest), "config": str(one.config)} for one in record.configs[:MAX_LISTED]],
    }


def of_attestations(record: AttestationsRecord, *, sboms: Sequence[Mapping[str, object]]) -> Understood:
    """Count what is claimed, and say of each SBOM inside where it stands and what it says, in the order of its part."""
    kinds = Counter(item.predicate.value for item in record.attestations)
    inside = zip(record.with_sbom(), sboms, strict=True)
    return {
        "predicates": dict(sorted(kinds.items())),
        "sboms": [_sbom_inside(item, said=said) for item, said in islice(inside, MAX_SBOMS)],
    }


def of_registry(record: RegistryRecord) -> Understood:
    """Say which tags of which repositories it is about, and what was told of each."""
    return {
        "repositories": _texts(sorted({event.repository for event in record.events})),
        "events": [
            {
                "repository": _text(event.repository),
                "tag": _text(event.tag),
                "digest": None if event.digest is None else str(event.digest),
                "action": event.action.value,
                "observed_at": None if event.observed_at is None else event.observed_at.isoformat(),
                "actor": _text(event.actor),
                "pointer": _text(event.pointer),
            }
            for event in record.events[:MAX_LISTED]
        ],
        "event_count": len(record.events),
    }


def _sbom_inside(item: AttestationRecord, *, said: Mapping[str, object]) -> Understood:
    form = {} if item.sbom is None else {"format": item.sbom.format, "format_version": _text(item.sbom.format_version)}
    return {**said, **form, "place": _text(item.pointer)}


def of_runtime(record: RuntimeRecord) -> Understood:
    """Say when a report was made, and what it covers."""
    return {
        "report_format": record.format,
        "observed_at": None if record.observed_at is None else record.observed_at.isoformat(),
        "covers": None if record.namespaces is None else _texts(record.namespaces),
        "is_partial": record.partial,
        "cluster_uid": _text(record.cluster_uid),
        "clusters": _texts(sorted({run.cluster for run in record.runs if run.cluster})),
        "namespaces": _texts(sorted({run.namespace for run in record.runs})),
        "namespace_count": len({run.namespace for run in record.runs}),
        "workload_count": len(
            {(run.cluster, run.namespace, run.workload_kind, run.workload_name) for run in record.runs}
        ),
        "without_digest": sum(run.digest is None for run in record.runs),
        "declared_count": len(record.declared),
    }


def _subject(subject: Subject, *, pointers: dict[str, str]) -> Understood:
    """Tell a subject with the place in the document that named it; the request's own have none."""
    in_document = subject.source is not SubjectSource.PARAMETER
    return {
        "digest": subject.digest or None,
        "kind": subject.kind.value,
        "source": subject.source.value,
        "confidence": subject.confidence,
        "pointer": _text(pointers.get(subject.digest, "")) if in_document else None,
    }


def _members(memberships: Sequence[MembershipRecord]) -> list[Understood]:
    return [
        {
            "index": str(one.index),
            "member": str(one.member),
            "platform": _text("/".join(filter(None, (one.os, one.architecture, one.variant)))),
        }
        for one in memberships[:MAX_LISTED]
    ]


def _texts(values: Iterable[str]) -> list[str]:
    return [_text(value) for value in list(values)[:MAX_LISTED]]


def _text(value: str) -> str:
    return storable(value)[:_LONGEST]
