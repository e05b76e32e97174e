"""Decide what an SBOM is about: the digests of the request and of the document, or else a label (docs/formats.md)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from inventory.formats.records import ArtifactKind, FormatError, ReadWarning, SubjectSource
from inventory.ingest.names import split_name
from supplychain.exchange import Query, Statement, to_int

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from inventory.formats.records import SbomRecord
    from inventory.ingest.held import Held
    from inventory.ingest.names import Name
    from supplychain.exchange import Row

DOCUMENT_CONFIDENCE = 90
PARAMETER_CONFIDENCE = 90
MISMATCH_CONFIDENCE = 60
LABEL_CONFIDENCE = 0

_RELATED = Statement("""
SELECT m.index_id, m.member_id, false AS is_alias FROM inventory_indexmember m
WHERE m.team_id = %(team)s::bigint AND m.index_id = ANY(%(ids)s::int[]) AND m.member_id = ANY(%(ids)s::int[])
UNION ALL
SELECT a.alias_id, a.artifact_id, true FROM inventory_artifactalias a
WHERE a.team_id = %(team)s::bigint AND a.alias_id = ANY(%(ids)s::int[]) AND a.artifact_id = ANY(%(ids)s::int[])
""")


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


def named_digests(record: SbomRecord, *, held: Held) -> set[str]:
    """Return all digests that document and request name as what the SBOM is about."""
    return {str(subject.digest) for subject in record.subjects} | set(held.evidence.artifacts)


def find_label(record: SbomRecord, *, held: Held) -> Name | None:
    """Return the name an SBOM goes under when nobody names a digest; None when one is known.

    Raises FormatError subject_required when neither digest nor name is known.
    """
    if held.bound_before or named_digests(record, held=held):
        return None
    evidence = held.evidence
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
    return label


def asking_relations(ids: Mapping[str, int], *, team_id: int) -> list[Query]:
    """Make the query for how digests named together belong together; one digest has no partner."""
    return [Query(_RELATED, {"team": team_id, "ids": sorted(ids.values())})] if len(ids) > 1 else []


def find_subjects(record: SbomRecord, *, held: Held, ids: Mapping[str, int], relations: Sequence[Row] = ()) -> Subjects:
    """Return what the SBOM is about, by digest; `relations` answers `asking_relations`."""
    stated = {str(subject.digest): subject for subject in record.subjects}
    given = set(held.evidence.artifacts)
    if not stated and not given:
        return _bound_before(held)
    related = _related(record, ids=ids, relations=relations)
    strangers = {
        digest for digest in given - set(stated) if stated and not related.partners(digest).intersection(stated)
    }
    found = [
        Subject(ids[digest], digest, subject.kind, subject.source, DOCUMENT_CONFIDENCE)
        for digest, subject in stated.items()
        if digest not in related.aliases
    ]
    for digest in sorted(given - set(stated) - related.aliases):
        confidence = MISMATCH_CONFIDENCE if digest in strangers else PARAMETER_CONFIDENCE
        found.append(Subject(ids[digest], digest, ArtifactKind.UNKNOWN, SubjectSource.PARAMETER, confidence))
    return Subjects(tuple(found), tuple(_mismatch(digest, stated=set(stated)) for digest in sorted(strangers)))


def labelled(label_id: int) -> Subjects:
    """Return the subject of an SBOM that is kept under a name."""
    warning = ReadWarning(
        "no_digest", "", "No digest is known for this document: kept under its name, it is never counted as running."
    )
    subject = Subject(label_id, "", ArtifactKind.NAMED, SubjectSource.DOCUMENT, LABEL_CONFIDENCE)
    return Subjects((subject,), (warning,))


@dataclass(frozen=True, slots=True)
class _Related:
    """How digests named together belong together. `aliases`: second names of another one among them.

    An alias is no subject of its own: one image would be counted twice, and what reports the alias is joined anyway.
    """

    pairs: frozenset[tuple[str, str]]
    aliases: frozenset[str]

    def partners(self, digest: str) -> set[str]:
        return {a for a, b in self.pairs if b == digest} | {b for a, b in self.pairs if a == digest}


def _related(record: SbomRecord, *, ids: Mapping[str, int], relations: Sequence[Row]) -> _Related:
    if len(ids) < 2:  # one digest has no partner
        return _Related(frozenset(), frozenset())
    members = {(str(m.index), str(m.member)) for m in record.memberships}
    aliases = {(str(c.config), str(c.manifest)) for c in record.configs}
    digests = {artifact_id: digest for digest, artifact_id in ids.items()}
    for first, second, is_alias in relations:
        (aliases if to_int(is_alias) else members).add((digests[to_int(first)], digests[to_int(second)]))
    return _Related(
        frozenset(members | aliases), frozenset(alias for alias, other in aliases if alias in ids and other in ids)
    )


def _mismatch(digest: str, *, stated: set[str]) -> ReadWarning:
    return ReadWarning(
        "subject_mismatch",
        "",
        f"The request says {digest}, the document says {', '.join(sorted(stated))}: both are kept as subjects.",
    )


def _bound_before(held: Held) -> Subjects:
    """Without any digest: what these very bytes were bound to before."""
    return Subjects(
        tuple(
            Subject(artifact_id, digest, ArtifactKind.UNKNOWN, SubjectSource.PARAMETER, PARAMETER_CONFIDENCE)
            for digest, artifact_id in held.bound_before.items()
        )
    )
