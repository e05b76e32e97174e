"""An SBOM or VEX document that is the predicate of a statement: read by the ordinary reader of its format.

An SBOM is about the statement's subjects. Pointers go through the decoded payload: of an envelope
`/payload/predicate/components/17`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from inventory.formats.attestations.parts import place
from inventory.formats.attestations.records import AttestedSubject, Predicate
from inventory.formats.json_parts import decode_value, first_byte, object_members
from inventory.formats.records import (
    ArtifactKind,
    FormatError,
    ReadWarning,
    SbomRecord,
    SubjectRecord,
    SubjectSource,
    VexRecord,
)

if TYPE_CHECKING:
    import msgspec

SBOM_PREDICATES: Final = frozenset({Predicate.SPDX, Predicate.CYCLONEDX})
DocumentReader = Callable[[bytes], object]
"""The door for documents of every format (formats/read.py), which holds this reader too."""
_COSIGN_DATA: Final = "Data"
"""Older cosign wraps the document, or its text, once more."""


@dataclass(frozen=True, slots=True)
class Inside:
    """A predicate that is an SBOM. `is_signed`: it came in an envelope with a signature, whoever's it is."""

    raw: msgspec.Raw
    subjects: tuple[AttestedSubject, ...]
    is_signed: bool
    pointer: str


def read_sbom(inside: Inside, *, read: DocumentReader) -> SbomRecord:
    """Read the SBOM and bind it to the statement's subjects, beside those that it names itself.

    Raises FormatError with a pointer that counts from the envelope; `not_an_sbom` for any other document.
    """
    data, pointer = _document(inside)
    record = _read(data, read=read, pointer=pointer)
    if not isinstance(record, SbomRecord):
        raise FormatError("not_an_sbom", "The predicate's type says that it is an SBOM; it is none.", pointer=pointer)
    for component in record.components:
        component.pointer = pointer + component.pointer
    record.warnings = [replace(warning, pointer=pointer + warning.pointer) for warning in record.warnings]
    if record.vex is not None:
        _move(record.vex, pointer=pointer)
    own = tuple(replace(subject, pointer=pointer + subject.pointer) for subject in record.subjects)
    attested = _attested(inside)
    record.warnings += _mismatch(own, attested, record=record, pointer=pointer)
    record.subjects = tuple({subject.digest: subject for subject in (*own, *attested)}.values())
    return record


def read_vex(inside: Inside, *, read: DocumentReader) -> VexRecord:
    """Read the VEX document. Raises FormatError like `read_sbom`; `not_vex` for any other document."""
    data, pointer = _document(inside)
    record = _read(data, read=read, pointer=pointer)
    if not isinstance(record, VexRecord):
        raise FormatError("not_vex", "The predicate's type says that it is VEX; it is none.", pointer=pointer)
    _move(record, pointer=pointer)
    return record


def _read(data: bytes, *, read: DocumentReader, pointer: str) -> object:
    try:
        return read(data)
    except FormatError as error:
        raise FormatError(error.code, error.message, pointer=pointer + error.pointer) from error


def _move(record: VexRecord, *, pointer: str) -> None:
    record.statements = [replace(item, pointer=pointer + item.pointer) for item in record.statements]
    record.warnings = [replace(warning, pointer=pointer + warning.pointer) for warning in record.warnings]


def _document(inside: Inside) -> tuple[bytes, str]:
    parts = object_members(inside.raw, pointer=inside.pointer)
    if _COSIGN_DATA not in parts:
        return bytes(inside.raw), inside.pointer
    raw, pointer = parts[_COSIGN_DATA], place(inside.pointer, _COSIGN_DATA)
    if first_byte(raw) == '"':
        return str(decode_value(raw, pointer=pointer)).encode("utf-8", "replace"), pointer
    return bytes(raw), pointer


def _attested(inside: Inside) -> tuple[SubjectRecord, ...]:
    """Return the statement's subjects; the first of several digests stands for all, which are joined elsewhere."""
    source = SubjectSource.SIGNED if inside.is_signed else SubjectSource.DOCUMENT
    return tuple(
        SubjectRecord(subject.digests[0], ArtifactKind.UNKNOWN, subject.pointer, source)
        for subject in inside.subjects
        if subject.digests
    )


def _mismatch(
    own: tuple[SubjectRecord, ...], attested: tuple[SubjectRecord, ...], *, record: SbomRecord, pointer: str
) -> list[ReadWarning]:
    """Say when the SBOM names other digests than its statement, unless it says itself how they belong together."""
    stated = {subject.digest for subject in attested}
    related = {m.member for m in record.memberships if m.index in stated}
    related |= {m.index for m in record.memberships if m.member in stated}
    related |= {c.config for c in record.configs if c.manifest in stated}
    strangers = [subject for subject in own if subject.digest not in stated | related]
    if not stated or not strangers:
        return []
    message = (
        f"The SBOM says {strangers[0].digest}, its statement says {attested[0].digest}: both are kept as subjects."
    )
    return [ReadWarning("subject_mismatch", pointer, message)]
