"""Reads a document of attestations: one, an array, lines of JSON, or an exporter's wrapper around several."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import msgspec

from inventory.formats.attestations.envelopes import read_attestation
from inventory.formats.attestations.open_statement import Tools
from inventory.formats.attestations.records import MAX_ATTESTATIONS, AttestationsRecord
from inventory.formats.attestations.reported import read_reports
from inventory.formats.attestations.shapes import NotOne, find_all
from inventory.formats.defects import Defects
from inventory.formats.json_parts import read_members
from inventory.formats.records import FormatError

if TYPE_CHECKING:
    from inventory.formats.attestations.sbom_inside import DocumentReader
    from inventory.formats.attestations.shapes import Found
    from inventory.formats.detected import Detected
    from inventory.formats.limits import Limits
    from inventory.formats.text import Utf8


def read_attestations(
    text: Utf8, detected: Detected, *, limits: Limits, read_document: DocumentReader
) -> AttestationsRecord:
    """Read all attestations of a document, in its order.

    One that cannot be read is counted and told by a warning, as long as another one can. Raises FormatError when none
    can: what is wrong with the first.
    """
    defects = Defects()
    if text.bom_stripped:
        defects.add("bom_stripped", "", "A byte order mark was skipped.")
    tools = Tools(limits, defects, read_document)
    record = AttestationsRecord(detected.format, detected.format_version, [])
    refused: list[FormatError] = []
    for found in find_envelopes(text):
        try:
            if isinstance(found, NotOne):
                raise found.error
            record.attestations.append(read_attestation(found, tools=tools))
        except FormatError as error:
            refused.append(error)
    if not record.attestations:
        raise refused[0] if refused else FormatError("not_an_attestation", "The document holds no attestation.")
    for refusal in refused:
        defects.add(refusal.code, refusal.pointer, f"An attestation was left out: {refusal.message}")
    record.rejected_count = len(refused)
    record.reports = read_reports(text, limits=limits)
    inner = [found for item in record.attestations for found in (item.sbom, item.vex) if found is not None]
    record.warnings = [*defects.warnings(), *(warning for found in inner for warning in found.warnings)]
    return record


def find_envelopes(text: Utf8) -> Iterator[Found | NotOne]:
    """Find the attestations of one JSON value, or of one a line. A line of anything else refuses the document."""
    if not text.data.lstrip().startswith(b"["):
        try:
            read_members(text)
        except FormatError as error:
            if error.code != "trailing_data":
                raise
            yield from _lines(text)
            return
    yield from find_all(msgspec.Raw(text.data.strip()), pointer="")


def _lines(text: Utf8) -> Iterator[Found | NotOne]:
    lines = [(number, line.strip()) for number, line in enumerate(text.data.split(b"\n")) if line.strip()]
    if len(lines) > MAX_ATTESTATIONS:
        raise FormatError("too_many_attestations", f"More than {MAX_ATTESTATIONS} attestations.")
    for number, line in lines:
        pointer = f"/{number}"
        try:
            yield from find_all(msgspec.Raw(line), pointer=pointer)
        except FormatError as error:
            if error.code == "not_an_attestation":
                raise
            yield NotOne(pointer, error)
