"""Reads a statement's bytes: its subjects, and its predicate by the table of predicates."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import msgspec

from inventory.formats.attestations.parts import members, parse_part, place, raw_members, sha256
from inventory.formats.attestations.predicates import facts_of, predicate_of
from inventory.formats.attestations.provenance import read_provenance
from inventory.formats.attestations.records import (
    MAX_BYTES,
    MAX_SUBJECTS,
    AttestedSubject,
    Predicate,
    ProvenanceRecord,
)
from inventory.formats.attestations.sbom_inside import SBOM_PREDICATES, DocumentReader, Inside, read_sbom, read_vex
from inventory.formats.attestations.statement import STATEMENT_TYPES, read_subjects, revision_facts, split_digests
from inventory.formats.json_parts import first_byte
from inventory.formats.records import FormatError, storable
from inventory.formats.text import require_utf8

if TYPE_CHECKING:
    from collections.abc import Mapping

    from inventory.formats.attestations.parts import Members
    from inventory.formats.defects import Defects
    from inventory.formats.limits import Limits
    from inventory.formats.records import SbomRecord, VexRecord

_LONGEST_TYPE: Final = 512
_OLD_PREDICATE: Final = "slsaProvenance"
"""Where Google's builder puts the predicate of v0.1, as proto3 JSON has it."""


@dataclass(frozen=True, slots=True)
class Tools:
    """What a reader of statements needs beside the bytes."""

    limits: Limits
    defects: Defects
    read_document: DocumentReader


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement as read. `payload_digest` is of its exact bytes."""

    payload_digest: str
    statement_type: str
    predicate_type: str
    predicate: Predicate
    subjects: tuple[AttestedSubject, ...]
    provenance: ProvenanceRecord | None = None
    facts: tuple[tuple[str, str], ...] = ()
    sbom: SbomRecord | None = None
    vex: VexRecord | None = None


def read_statement(payload: bytes, *, pointer: str, is_signed: bool, tools: Tools) -> Statement:
    """Read a Statement (v0.1, v1, or another version: kept, not understood), or a legacy Link.

    Raises FormatError: `bad_statement` when it is neither, `bad_subject`, `too_many_subjects`, and the codes of strict
    JSON.
    """
    try:
        text_ = require_utf8(payload)
    except FormatError as error:
        raise FormatError(error.code, error.message, pointer=pointer) from error
    parts = raw_members_of(text_.data, pointer=pointer)
    kind = parse_part(parts.get("_type"), pointer=place(pointer, "_type"), limits=tools.limits)
    if kind == "link":
        return read_link(parts, payload=payload, pointer=pointer, tools=tools)
    if not isinstance(kind, str) or not kind:
        raise FormatError("bad_statement", "The payload is no in-toto statement: it has no _type.", pointer=pointer)
    here = place(pointer, "predicateType")
    predicate_type = parse_part(parts.get("predicateType"), pointer=here, limits=tools.limits)
    if not isinstance(predicate_type, str) or not predicate_type:
        tools.defects.add("no_predicate", here, "The statement does not say what it states: it is kept as unknown.")
        predicate_type = ""
    here = place(pointer, "subject")
    subjects = read_subjects(
        parse_part(parts.get("subject"), pointer=here, limits=tools.limits), pointer=here, defects=tools.defects
    )
    is_known = kind in STATEMENT_TYPES
    if not is_known:
        message = f"A statement of type {kind[:80]!r} is kept and shown, and never evaluated."
        tools.defects.add("unknown_statement_type", place(pointer, "_type"), message)
    predicate = predicate_of(predicate_type) if is_known else Predicate.UNKNOWN
    head = Statement(
        sha256(payload), storable(kind)[:_LONGEST_TYPE], storable(predicate_type)[:_LONGEST_TYPE], predicate, subjects
    )
    return _with_predicate(head, parts, pointer=pointer, is_signed=is_signed, tools=tools)


def read_link(parts: Mapping[str, msgspec.Raw], *, payload: bytes, pointer: str, tools: Tools) -> Statement:
    """Read a legacy Link: its products are its subjects.

    Raises FormatError `bad_subject` when it has none with an accepted digest.
    """
    content = {
        name: parse_part(parts.get(name), pointer=place(pointer, name), limits=tools.limits)
        for name in ("name", "command", "materials", "products")
    }
    here = place(pointer, "products")
    products = members(content["products"])
    if len(products) > MAX_SUBJECTS:
        raise FormatError("too_many_subjects", f"More than {MAX_SUBJECTS} products.", pointer=here)
    subjects = tuple(
        AttestedSubject(storable(name)[:1_024], *split_digests(digests), place(here, name))
        for name, digests in products.items()
    )
    if not any(subject.digests for subject in subjects):
        raise FormatError("bad_subject", "The link has no product with an accepted digest.", pointer=here)
    return Statement(
        sha256(payload),
        "link",
        "",
        Predicate.LINK,
        tuple(subject for subject in subjects if subject.digests or subject.others),
        facts=facts_of(Predicate.LINK, content),
    )


def raw_members_of(data: bytes, *, pointer: str) -> dict[str, msgspec.Raw]:
    """Return the undecoded members of the object these bytes are. Raises FormatError with a place below `pointer`."""
    return raw_members(msgspec.Raw(data), pointer=pointer)


def _with_predicate(
    head: Statement,
    parts: Mapping[str, msgspec.Raw],
    *,
    pointer: str,
    is_signed: bool,
    tools: Tools,
) -> Statement:
    name = "predicate" if "predicate" in parts else _OLD_PREDICATE
    raw, here = parts.get(name), place(pointer, name)
    if raw is None or first_byte(raw) != "{":
        if head.predicate is not Predicate.PYPI_PUBLISH:
            tools.defects.add("no_predicate", pointer, "The statement says nothing of its subjects.")
        return head
    inside = Inside(raw, head.subjects, is_signed=is_signed, pointer=here)
    if head.predicate in SBOM_PREDICATES:
        return replace(head, sbom=read_sbom(inside, read=tools.read_document))
    if head.predicate is Predicate.OPENVEX:
        head = replace(head, vex=read_vex(inside, read=tools.read_document))
    if len(memoryview(raw)) > MAX_BYTES:
        raise FormatError("attestation_too_large", f"The predicate is larger than {MAX_BYTES} bytes.", pointer=here)
    content = members(parse_part(raw, pointer=here, limits=tools.limits))
    return replace(
        head,
        provenance=_provenance(head.predicate, content, pointer=here, defects=tools.defects),
        facts=_facts(head, content),
    )


def _facts(head: Statement, content: Members) -> tuple[tuple[str, str], ...]:
    """Return the facts of a predicate; those of a summary with the revision that it is about, if it is one's."""
    is_summary = head.predicate is Predicate.VERIFICATION_SUMMARY
    return facts_of(head.predicate, content) + (revision_facts(head.subjects) if is_summary else ())


def _provenance(predicate: Predicate, content: Members, *, pointer: str, defects: Defects) -> ProvenanceRecord | None:
    if predicate is not Predicate.PROVENANCE:
        return None
    return read_provenance(content, pointer=pointer, defects=defects)
