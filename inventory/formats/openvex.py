"""Reads OpenVEX documents, 0.0.1 to 0.2.0. Source: openvex/spec, OPENVEX-SPEC.md and openvex_json_schema.json."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from inventory.formats.defects import Defects
from inventory.formats.json_fields import Object, list_of, object_of, objects_of, parse_object, text_of, texts_of
from inventory.formats.pointers import join
from inventory.formats.records import FormatError, VexRecord
from inventory.formats.timestamps import parse_timestamp
from inventory.formats.vex_products import make_product
from inventory.formats.vex_records import JUSTIFICATIONS, VexProductRecord, VexStatementRecord, VexStatus

if TYPE_CHECKING:
    from datetime import datetime

    from inventory.formats.limits import Limits
    from inventory.formats.strict_json import Json
    from inventory.formats.text import Utf8

OPENVEX_JSON: Final = "application/json"
_STATUSES: Final = {status.value: status for status in VexStatus}


def read_openvex(text: Utf8, *, version: str, limits: Limits) -> VexRecord:
    """Read a document. A statement that cannot be read is counted and told; the others stand.

    Raises FormatError: `wrong_shape` without a list of statements, `too_many_statements`, and those of `parse_object`.
    """
    document = parse_object(text, limits=limits)
    if not isinstance(document.get("statements"), list):
        raise FormatError("wrong_shape", "An OpenVEX document has a list of statements.", pointer="/statements")
    count = len(list_of(document, "statements"))
    if count > limits.components:
        raise FormatError("too_many_statements", f"The document has {count} statements.", pointer="/statements")
    defects = Defects()
    reader = _Reader(document, limits=limits, defects=defects)
    statements = reader.statements()
    return VexRecord(
        format="openvex",
        format_version=version.removeprefix("v"),
        media_type=OPENVEX_JSON,
        statements=statements,
        issuer=text_of(document, "author"),
        document_id=text_of(document, "@id"),
        document_version=_version(document.get("version")),
        created_at=_time(document, "last_updated", pointer="", defects=defects)
        or _time(document, "timestamp", pointer="", defects=defects),
        statement_count=count,
        rejected_count=count - len(statements),
        warnings=defects.warnings(),
    )


class _Reader:
    """Reads the statements of one document; what a statement leaves out is the document's."""

    def __init__(self, document: Object, *, limits: Limits, defects: Defects) -> None:
        self._document = document
        self._defects = defects
        self._products_left = limits.edges

    def statements(self) -> list[VexStatementRecord]:
        found = []
        for pointer, statement in objects_of(self._document, "statements", pointer="", defects=self._defects):
            record = self._statement(statement, pointer=pointer)
            if record is not None:
                found.append(record)
        return found

    def _statement(self, statement: Object, *, pointer: str) -> VexStatementRecord | None:
        given = text_of(statement, "status")
        status = _STATUSES.get(given)
        vulnerability = _vulnerability(statement)
        if status is None:
            self._defects.add("vex_unknown_status", join(pointer, "status"), f"{given[:40]!r} is no OpenVEX status.")
            return None
        if not vulnerability:
            place = join(pointer, "vulnerability")
            self._defects.add("vex_no_vulnerability", place, "The statement names no vulnerability.")
            return None
        justification = text_of(statement, "justification")
        record = VexStatementRecord(
            pointer=pointer,
            vulnerability=vulnerability,
            status=status,
            products=self._products(statement, pointer=pointer),
            aliases=texts_of(object_of(statement, "vulnerability"), "aliases"),
            status_given=given,
            justification=justification if justification in JUSTIFICATIONS else "",
            justification_given=justification,
            impact=text_of(statement, "impact_statement"),
            action=text_of(statement, "action_statement"),
            stated_at=_time(statement, "last_updated", pointer=pointer, defects=self._defects)
            or _time(statement, "timestamp", pointer=pointer, defects=self._defects),
        )
        self._check(record)
        return record

    def _check(self, record: VexStatementRecord) -> None:
        """Note what the specification demands of a status and the statement leaves out; it is kept all the same."""
        if record.justification_given and not record.justification:
            message = f"{record.justification_given[:60]!r} is none of OpenVEX's five justifications."
            self._defects.add("vex_unknown_justification", join(record.pointer, "justification"), message)
        if record.status is VexStatus.NOT_AFFECTED and not (record.justification_given or record.impact):
            message = "not_affected needs a justification or an impact_statement."
            self._defects.add("vex_without_justification", record.pointer, message)
        if record.status is VexStatus.AFFECTED and not record.action:
            self._defects.add("vex_without_action", record.pointer, "affected needs an action_statement.")
        if not record.products:
            self._defects.add("vex_no_product", record.pointer, "The statement names no product that can be read.")

    def _products(self, statement: Object, *, pointer: str) -> tuple[VexProductRecord, ...]:
        source, place = (statement, pointer) if "products" in statement else (self._document, "")
        shared = self._listed(statement, "subcomponents", pointer=pointer, subcomponents=())
        return self._listed(source, "products", pointer=place, subcomponents=shared)

    def _listed(
        self, owner: Object, name: str, *, pointer: str, subcomponents: tuple[VexProductRecord, ...]
    ) -> tuple[VexProductRecord, ...]:
        """Read a list of products: objects since 0.2.0, plain identifiers before."""
        found = []
        for index, item in enumerate(list_of(owner, name)):
            self._products_left -= 1
            if self._products_left < 0:
                raise FormatError("too_many_products", "The document names more products than may be read at once.")
            product = self._product(item, pointer=join(pointer, name, index), subcomponents=subcomponents)
            if product is not None:
                found.append(product)
        return tuple(found)

    def _product(
        self, item: Json, *, pointer: str, subcomponents: tuple[VexProductRecord, ...]
    ) -> VexProductRecord | None:
        if isinstance(item, str) and item.strip():
            return make_product(item.strip(), pointer=pointer, defects=self._defects, subcomponents=subcomponents)
        if not isinstance(item, dict):
            self._defects.add("wrong_shape", pointer, "A product is an object with an @id, or a text.")
            return None
        identifiers = object_of(item, "identifiers")
        own = self._listed(item, "subcomponents", pointer=pointer, subcomponents=())
        product = make_product(
            text_of(item, "@id"),
            pointer=pointer,
            defects=self._defects,
            purl_text=text_of(identifiers, "purl"),
            cpe=text_of(identifiers, "cpe23") or text_of(identifiers, "cpe22"),
            hashes=[(name, value) for name, value in object_of(item, "hashes").items() if isinstance(value, str)],
            subcomponents=own or subcomponents,
        )
        if product.given or product.digest:
            return product
        self._defects.add("vex_no_product", pointer, "The product has no identifier.")
        return None


def _vulnerability(statement: Object) -> str:
    """Return the name: a text before 0.2.0, then an object with a name, or at least an address that ends in one."""
    found = statement.get("vulnerability")
    if isinstance(found, str):
        return found.strip()
    named = object_of(statement, "vulnerability")
    return text_of(named, "name") or text_of(named, "@id").rstrip("/").rpartition("/")[2]


def _version(value: Json) -> str:
    return str(value)[:32] if isinstance(value, str | int) and not isinstance(value, bool) else ""


def _time(value: Object, name: str, *, pointer: str, defects: Defects) -> datetime | None:
    given = value.get(name)
    if given is None:
        return None
    at = parse_timestamp(given)
    if at is None:
        defects.add("bad_timestamp", join(pointer, name), "This is no RFC 3339 time with a zone.")
    return at
