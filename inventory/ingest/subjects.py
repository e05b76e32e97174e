"""Decide what an SBOM is about: the digests of the request and of the document, or else a label (docs/formats.md)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import connection

from inventory.formats.records import ArtifactKind, FormatError, ReadWarning, SubjectSource
from inventory.ingest.names import split_name
from inventory.ingest.upsert import intern_artifacts, intern_label

if TYPE_CHECKING:
    from inventory.formats.records import SbomRecord
    from inventory.models import Evidence

DOCUMENT_CONFIDENCE = 90
PARAMETER_CONFIDENCE = 90
MISMATCH_CONFIDENCE = 60
LABEL_CONFIDENCE = 0

_RELATED = """
SELECT m.index_id, m.member_id, false AS is_alias FROM inventory_indexmember m
WHERE m.team_id = %(team)s AND m.index_id = ANY(%(ids)s) AND m.member_id = ANY(%(ids)s)
UNION ALL
SELECT a.alias_id, a.artifact_id, true FROM inventory_artifactalias a
WHERE a.team_id = %(team)s AND a.alias_id = ANY(%(ids)s) AND a.artifact_id = ANY(%(ids)s)
"""
_BOUND_BEFORE = """
SELECT DISTINCT s.artifact_id, a.digest FROM inventory_evidence e
JOIN inventory_snapshot n ON n.evidence_id = e.id
JOIN inventory_snapshotsubject s ON s.snapshot_id = n.id
JOIN inventory_artifact a ON a.id = s.artifact_id
WHERE e.team_id = %s AND e.blob_id = %s AND a.digest IS NOT NULL
"""


@dataclass(frozen=True, slots=True)
class Subject:
    """An artifact an SBOM is about, how we know, and how surely (percent). `digest` is '' for a label."""

    artifact_id: int
    digest: str
    kind: ArtifactKind
    source: SubjectSource
    confidence: int


@dataclass(frozen=True, slots=True)
class Subjects:
    """All subjects of one SBOM, with what is worth a warning."""

    found: tuple[Subject, ...]
    warnings: tuple[ReadWarning, ...] = ()


def find_subjects(record: SbomRecord, *, evidence: Evidence) -> Subjects:
    """Return what the SBOM is about; raises FormatError subject_required when neither digest nor name is known."""
    stated = {str(subject.digest): subject for subject in record.subjects}
    given = set(evidence.artifacts)
    if not stated and not given:
        return _by_label(record, evidence=evidence)
    ids = intern_artifacts({*stated, *given})
    related = _related(record, ids=ids, team_id=evidence.team_id)
    strangers = {
        digest for digest in given - set(stated) if stated and not related.partners(digest).intersection(stated)
    }
    found = [
        Subject(ids[digest], digest, subject.kind, SubjectSource.DOCUMENT, DOCUMENT_CONFIDENCE)
        for digest, subject in stated.items()
        if digest not in related.aliases
    ]
    for digest in sorted(given - set(stated) - related.aliases):
        confidence = MISMATCH_CONFIDENCE if digest in strangers else PARAMETER_CONFIDENCE
        found.append(Subject(ids[digest], digest, ArtifactKind.UNKNOWN, SubjectSource.PARAMETER, confidence))
    return Subjects(tuple(found), tuple(_mismatch(digest, stated=set(stated)) for digest in sorted(strangers)))


@dataclass(frozen=True, slots=True)
class _Related:
    """How digests named together belong together. `aliases`: second names of another one among them.

    An alias is no subject of its own: one image would be counted twice, and what reports the alias is joined anyway.
    """

    pairs: frozenset[tuple[str, str]]
    aliases: frozenset[str]

    def partners(self, digest: str) -> set[str]:
        return {a for a, b in self.pairs if b == digest} | {b for a, b in self.pairs if a == digest}


def _related(record: SbomRecord, *, ids: dict[str, int], team_id: int) -> _Related:
    if len(ids) < 2:  # one digest has no partner
        return _Related(frozenset(), frozenset())
    members = {(str(m.index), str(m.member)) for m in record.memberships}
    aliases = {(str(c.config), str(c.manifest)) for c in record.configs}
    digests = {artifact_id: digest for digest, artifact_id in ids.items()}
    with connection.cursor() as cursor:
        cursor.execute(_RELATED, {"team": team_id, "ids": list(digests)})
        for first, second, is_alias in cursor.fetchall():
            (aliases if is_alias else members).add((digests[first], digests[second]))
    return _Related(
        frozenset(members | aliases), frozenset(alias for alias, other in aliases if alias in ids and other in ids)
    )


def _mismatch(digest: str, *, stated: set[str]) -> ReadWarning:
    return ReadWarning(
        "subject_mismatch",
        "",
        f"The request says {digest}, the document says {', '.join(sorted(stated))}: both are kept as subjects.",
    )


def _by_label(record: SbomRecord, *, evidence: Evidence) -> Subjects:
    """Without any digest: what these very bytes were bound to before, else the name of what they are about."""
    with connection.cursor() as cursor:
        cursor.execute(_BOUND_BEFORE, [evidence.team_id, evidence.blob_id])
        bound = cursor.fetchall()
    if bound:
        return Subjects(
            tuple(
                Subject(artifact_id, digest, ArtifactKind.UNKNOWN, SubjectSource.PARAMETER, PARAMETER_CONFIDENCE)
                for artifact_id, digest in bound
            )
        )
    text = evidence.name or record.label_name or next(iter(record.names), "")
    label = split_name(text, version=evidence.version or record.label_version)
    ambiguous = next((warning for warning in record.warnings if warning.code == "ambiguous_root"), None)
    if label is None and ambiguous is not None:
        raise FormatError("ambiguous_root", ambiguous.message, pointer=ambiguous.pointer)
    if label is None:
        raise FormatError(
            "subject_required",
            "The document names neither a digest nor a name of what it is about: send `?artifact=` or `?name=`.",
        )
    artifact_id = intern_label(label.name, label.tag)
    warning = ReadWarning(
        "no_digest", "", "No digest is known for this document: kept under its name, it is never counted as running."
    )
    subject = Subject(artifact_id, "", ArtifactKind.NAMED, SubjectSource.DOCUMENT, LABEL_CONFIDENCE)
    return Subjects((subject,), (warning,))
