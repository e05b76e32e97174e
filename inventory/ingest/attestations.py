"""Apply attestations: what they claim becomes rows, the SBOMs inside them are applied as SBOMs.

A request's parameter `artifact` attaches no claim: a statement is about its own subjects, whoever sends it for what.
"""

from __future__ import annotations

import base64
import json
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from inventory.formats.attestations.parts import sha256
from inventory.formats.attestations.records import MAX_SUBJECTS, each_once
from inventory.formats.attestations.statement import commit_of
from inventory.formats.records import ConfigRecord, ReadWarning
from inventory.identity.purls import PurlError, parse_purl
from inventory.ingest import attestations_sql as sql
from inventory.ingest import builds, memberships, reported, sbom, understood, vex
from inventory.ingest.names import Name, split_name
from inventory.ingest.result import Applied
from inventory.ingest.running import LOCK_SHARED
from inventory.ingest.sbom_sql import ADD_NAMES
from inventory.ingest.upsert import intern_artifacts
from supplychain.exchange import Query, Statement, exchange, to_int, to_text

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from datetime import datetime

    from inventory.formats.attestations.records import AttestationRecord, AttestationsRecord, AttestedSubject
    from inventory.formats.records import VexRecord
    from inventory.ingest.held import Held
    from inventory.models import Evidence
    from supplychain.exchange import Value

Rows = list[dict[str, Any]]
_LOCK_SHARED = Statement(LOCK_SHARED)


def apply(record: AttestationsRecord, *, held: Held, at: datetime) -> Applied:
    """Write the rows of a document of attestations, and those of the SBOMs inside, in the caller's transaction.

    A number of statements that does not depend on how many attestations there are, but for SBOMs: each costs what it
    costs alone.
    """
    evidence = held.evidence
    stated = _state(record.attestations, evidence=evidence)
    stated_vex = _take_vex(record)
    applied, writes = _apply_sboms(record, held=held, at=at)
    _join_digests(stated.new, evidence=evidence)
    counts = Counter[str]()
    for part in applied:
        counts.update(part.counts)
    for found in stated_vex:
        counts.update(vex.counts(found))
    counts.update(
        attestations=len(record.attestations) + record.rejected_count,
        attestations_stored=len(record.attestations),
        attestations_rejected=record.rejected_count,
        attestations_with_signature=sum(item.is_signed for item in record.attestations),
        sboms=len(applied),
        reports=len(record.reports),
    )
    subjects = {str(s.digests[0]) for item in record.attestations for s in item.subjects if s.digests}
    return Applied(
        kind="attestation",
        format=record.format,
        format_version=record.format_version,
        subjects=tuple(sorted(subjects)[:MAX_SUBJECTS]),
        counts=counts,
        warnings=(*record.warnings, *_strangers(record, evidence, subjects=subjects), *_of_binding(applied)),
        understood=understood.of_attestations(record, sboms=[part.understood for part in applied]),
        writes=(
            *writes,
            *_names(stated, evidence=evidence, at=at),
            *_vex_writes(stated_vex, evidence=evidence),
            *reported.writes(record.reports, evidence=evidence),
        ),
    )


def state(attestations: Sequence[AttestationRecord], *, evidence: Evidence, at: datetime) -> None:
    """Write attestations that hold no SBOM as claims of the evidence's team.

    What the team was told before, in whatever document, is told once: it gets another source.
    """
    stated = _state(attestations, evidence=evidence)
    _join_digests(stated.new, evidence=evidence)
    names = _names(stated, evidence=evidence, at=at)
    if names:
        exchange(names)


@dataclass(frozen=True, slots=True)
class _Stated:
    """What was written: the attestations this document is the first to bring, and the ids of all subjects."""

    new: Sequence[AttestationRecord]
    artifact_ids: Mapping[str, int]


def _state(attestations: Sequence[AttestationRecord], *, evidence: Evidence) -> _Stated:
    if not attestations:
        return _Stated((), {})
    ids = intern_artifacts({str(digest) for item in attestations for s in item.subjects for digest in s.digests})
    known, added = _intern(attestations, evidence=evidence)
    new = [item for item in each_once(attestations) if known[item.envelope_digest] in added]
    exchange(
        [
            Query(statement, {"team": evidence.team_id, "evidence": evidence.pk, "rows": json.dumps(rows)})
            for statement, rows in _rows(attestations, new=new, known=known, artifact_ids=ids)
            if rows
        ]
        + builds.writes(list(_runs(new, known=known)), evidence=evidence)
    )
    return _Stated(new, ids)


def _apply_sboms(record: AttestationsRecord, *, held: Held, at: datetime) -> tuple[list[Applied], list[Query]]:
    """Apply the SBOMs inside, and return the writes that are left.

    Those that need the projection's lock come behind all tracks' (ingest/sbom.py tells the order of locks). What the
    same bytes were bound to before is no subject here: a statement names its own.
    """
    applied: list[Applied] = []
    behind: list[Query] = []
    alone = replace(held, bound_before={})
    for part, item in enumerate(item.sbom for item in record.with_sbom() if item.sbom is not None):
        done = sbom.apply(item, held=alone, at=at, part=part)
        before, after = sbom.split_at_lock(done.writes)
        if before:
            exchange(before)
        behind += after
        applied.append(replace(done, warnings=done.warnings[len(item.warnings) :]))
    return applied, behind


def _intern(attestations: Sequence[AttestationRecord], *, evidence: Evidence) -> tuple[dict[str, int], set[int]]:
    """Return the ids of all attestations by digest, and which of them this document is the first to bring."""
    once = each_once(attestations)
    values: dict[str, Value] = {
        "team": evidence.team_id,
        "received_at": evidence.received_at,
        "digests": [item.envelope_digest for item in once],
        "rows": json.dumps([_attestation(item) for item in once]),
    }
    added, found = exchange([Query(sql.ADD_ATTESTATIONS, values), Query(sql.FIND_ATTESTATIONS, values)])
    return {to_text(digest): to_int(row) for digest, row in found}, {to_int(row) for (row,) in added}


def _rows(
    attestations: Sequence[AttestationRecord],
    *,
    new: Sequence[AttestationRecord],
    known: Mapping[str, int],
    artifact_ids: Mapping[str, int],
) -> Iterator[tuple[Statement, Rows]]:
    """Yield each statement with its rows: sources of all attestations, everything else of the new ones."""
    yield (
        sql.ADD_SOURCES,
        [
            {"attestation": known[item.envelope_digest], "position": position, "pointer": item.pointer[:4_000]}
            for position, item in enumerate(attestations)
        ],
    )
    numbered = [(known[item.envelope_digest], item) for item in new]
    yield sql.ADD_SUBJECTS, [row for number, item in numbered for row in _subjects(item, number, artifact_ids)]
    yield sql.ADD_SIGNATURES, [row for number, item in numbered for row in _signatures(item, number)]
    yield sql.ADD_PROVENANCE, [row for number, item in numbered for row in _provenance(item, number)]
    yield sql.ADD_DEPENDENCIES, [row for number, item in numbered for row in _dependencies(item, number)]


def _runs(new: Sequence[AttestationRecord], *, known: Mapping[str, int]) -> Iterator[dict[str, Any]]:
    for position, item in enumerate(new):
        if item.provenance is not None:
            number = known[item.envelope_digest]
            yield builds.attested_run(item.provenance, attestation=number, position=position, pointer=item.pointer)


def _attestation(item: AttestationRecord) -> dict[str, Any]:
    return {
        "envelope_digest": item.envelope_digest,
        "envelope": item.envelope.value,
        "envelope_version": item.envelope_version,
        "payload_type": item.payload_type[:255],
        "payload_digest": item.payload_digest,
        "statement_type": item.statement_type,
        "predicate_type": item.predicate_type,
        "predicate": item.predicate.value,
        "facts": item.facts,
        "subject_count": len(item.subjects),
        "signature_count": len(item.signatures),
        "log_entry_count": item.log_entry_count,
        "timestamp_count": item.timestamp_count,
    }


def _subjects(item: AttestationRecord, number: int, artifact_ids: Mapping[str, int]) -> Iterator[dict[str, Any]]:
    for position, subject in enumerate(item.subjects):
        yield {
            "attestation": number,
            "position": position,
            "artifact": artifact_ids[str(subject.digests[0])] if subject.digests else None,
            "name": subject.name[:1_024],
            "commit": commit_of(tuple(pair for pair in subject.others if pair[0] == "gitCommit")),
        }


def _signatures(item: AttestationRecord, number: int) -> Iterator[dict[str, Any]]:
    for position, signature in enumerate(item.signatures):
        certificate = signature.certificate
        yield {
            "attestation": number,
            "position": position,
            "key_id": signature.key_id[:1_024],
            "value": base64.b64encode(signature.value).decode(),
            "certificate": base64.b64encode(certificate).decode() if certificate else None,
            "certificate_digest": sha256(certificate) if certificate else "",
        }


def _provenance(item: AttestationRecord, number: int) -> Iterator[dict[str, Any]]:
    found = item.provenance
    if found is None:
        return
    yield {
        "attestation": number,
        "builder_id": found.builder_id[:1_024],
        "build_type": found.build_type[:1_024],
        "invocation_id": found.invocation_id[:1_024],
        "repository": found.repository[:1_024],
        "ref": found.ref[:1_024],
        "commit": found.commit,
        "workflow_path": found.workflow_path[:1_024],
        "event": found.event[:255],
        "runner_environment": found.runner_environment[:255],
        "parameters": None if found.parameters is None else json.loads(found.parameters),
        "started_at": None if found.started_at is None else found.started_at.isoformat(),
        "finished_at": None if found.finished_at is None else found.finished_at.isoformat(),
    }


def _dependencies(item: AttestationRecord, number: int) -> Iterator[dict[str, Any]]:
    for position, found in enumerate(item.provenance.dependencies if item.provenance is not None else ()):
        yield {
            "attestation": number,
            "position": position,
            "uri": found.uri,
            "name": found.name,
            "digest": str(found.digest or ""),
            "commit": found.commit,
            "others": found.others,
        }


def _take_vex(record: AttestationsRecord) -> list[VexRecord]:
    """Take the VEX statements out of the attestations and their SBOMs: they are numbered through the document."""
    found = []
    for item in record.each_once():
        if item.vex is not None:
            found.append(item.vex)
        if item.sbom is not None and item.sbom.vex is not None:
            found.append(item.sbom.vex)
            item.sbom.vex = None
    return found


def _vex_writes(records: Sequence[VexRecord], *, evidence: Evidence) -> Iterator[Query]:
    first = 0
    for record in records:
        yield from vex.writes(record, evidence=evidence, first=first)
        first += len(record.statements)


def _join_digests(attestations: Sequence[AttestationRecord], *, evidence: Evidence) -> None:
    """State that several digests of one subject name the same bytes; it changes what containers are taken for."""
    pairs = [
        ConfigRecord(manifest=subject.digests[0], config=other)
        for item in attestations
        for subject in item.subjects
        for other in subject.digests[1:]
    ]
    if pairs:
        memberships.state((), configs=list(dict.fromkeys(pairs)), evidence=evidence)


def _names(stated: _Stated, *, evidence: Evidence, at: datetime) -> list[Query]:
    """Keep what statements call their subjects, so that they are found by it."""
    found = {
        (stated.artifact_ids[str(subject.digests[0])], name.name, name.tag)
        for item in stated.new
        for subject in item.subjects
        if subject.digests and (name := _name(subject)) is not None
    }
    if not found:
        return []
    columns: dict[str, Value] = {
        "team": evidence.team_id,
        "at": at,
        "artifacts": [artifact for artifact, _, _ in sorted(found)],
        "names": [name for _, name, _ in sorted(found)],
        "tags": [tag for _, _, tag in sorted(found)],
    }
    return [Query(_LOCK_SHARED), Query(ADD_NAMES, columns)]


def _name(subject: AttestedSubject) -> Name | None:
    """Return the name of a subject; a purl is taken apart, as BuildKit and npm write them."""
    if not subject.name.startswith("pkg:"):
        return split_name(subject.name)
    try:
        purl = parse_purl(subject.name)
    except PurlError:
        return None
    return Name(f"{purl.namespace}/{purl.name}".strip("/")[:1_024], purl.version[:255])


def _strangers(record: AttestationsRecord, evidence: Evidence, *, subjects: Collection[str]) -> list[ReadWarning]:
    """Say when the request names an artifact that no statement is about: no claim attaches to it."""
    if not record.attestations:
        return reported.warnings(record.reports, evidence=evidence)
    return [
        ReadWarning("not_a_subject", "", f"No statement here is about {digest}: none is attached to it.")
        for digest in evidence.artifacts
        if digest not in subjects
    ]


def _of_binding(applied: Sequence[Applied]) -> list[ReadWarning]:
    """Return the warnings of binding SBOMs; those of reading them are the document's already."""
    return [warning for part in applied for warning in part.warnings]
