"""Reads what a CycloneDX document says of vulnerabilities in its components (`vulnerabilities[].analysis`): its VEX.

A vulnerability without an analysis is what a scanner found, and nobody's statement. Source: ECMA-424 and
https://cyclonedx.org/capabilities/vex; how states and justifications map is written beside each.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote

from inventory.formats import strict_json
from inventory.formats.cyclonedx_metadata import Metadata, read_time
from inventory.formats.json_fields import Object, list_of, object_of, objects_of, text_of, texts_of
from inventory.formats.pointers import join
from inventory.formats.records import ComponentRecord, FormatError, SbomRecord, VexRecord
from inventory.formats.vex_products import make_product
from inventory.formats.vex_records import VexProductRecord, VexStatementRecord, VexStatus

if TYPE_CHECKING:
    from datetime import datetime

    from inventory.formats.defects import Defects
    from inventory.formats.limits import Limits

_STATES: Final[Mapping[str, VexStatus]] = {
    "exploitable": VexStatus.AFFECTED,
    "resolved": VexStatus.FIXED,
    "resolved_with_pedigree": VexStatus.FIXED,
    "in_triage": VexStatus.UNDER_INVESTIGATION,
    "false_positive": VexStatus.NOT_AFFECTED,
    "not_affected": VexStatus.NOT_AFFECTED,
}
_MITIGATED: Final = "inline_mitigations_already_exist"
_JUSTIFICATIONS: Final[Mapping[str, str]] = {
    "code_not_reachable": "vulnerable_code_not_in_execute_path",
    "protected_by_compiler": _MITIGATED,
    "protected_at_runtime": _MITIGATED,
    "protected_at_perimeter": _MITIGATED,
    "protected_by_mitigating_control": _MITIGATED,
}
"""The others say less or more than one of the five labels: `code_not_present`, `requires_…` are kept as written."""
_GIVEN_JUSTIFICATIONS: Final = frozenset(
    {*_JUSTIFICATIONS, "code_not_present", "requires_configuration", "requires_dependency", "requires_environment"}
)
_UNAFFECTED: Final = "unaffected"
_LINK: Final = "urn:cdx:"


def read_vex(
    vulnerabilities: Any, *, metadata: Metadata, record: SbomRecord, defects: Defects, limits: Limits
) -> VexRecord | None:
    """Return the statements of a document that was read otherwise; None where it makes none.

    Raises FormatError `too_many_statements` and `too_many_products`.
    """
    owner: Object = {"vulnerabilities": vulnerabilities}
    found = list(objects_of(owner, "vulnerabilities", pointer="", defects=defects))
    stated = [(pointer, one) for pointer, one in found if object_of(one, "analysis").get("state") is not None]
    if not stated:
        return None
    if len(stated) > limits.components:
        raise FormatError("too_many_statements", f"It has {len(stated)} statements.", pointer="/vulnerabilities")
    reader = _Reader(_Products.of(record, metadata=metadata), limits=limits, defects=defects)
    statements = [made for pointer, one in stated if (made := reader.statement(one, pointer=pointer)) is not None]
    serial, _, version = record.serial.partition("/")
    return VexRecord(
        format="cyclonedx",
        format_version=record.format_version,
        media_type=record.media_type,
        statements=statements,
        issuer=metadata.issuer,
        document_id=serial,
        document_version=version,
        created_at=record.created_at,
        statement_count=len(stated),
        rejected_count=len(stated) - len(statements),
    )


@dataclass(frozen=True, slots=True)
class _Products:
    """What a reference in `affects` can mean."""

    components: Mapping[str, ComponentRecord]
    root: VexProductRecord
    root_ref: str

    @classmethod
    def of(cls, record: SbomRecord, *, metadata: Metadata) -> _Products:
        components: dict[str, ComponentRecord] = {}
        for component in record.components:
            if component.ref is not None:
                components.setdefault(component.ref, component)
        digest = record.subjects[0].digest if record.subjects else None
        given = metadata.label_name or metadata.root_ref
        root = VexProductRecord(given, "/metadata/component", purl=metadata.root_purl, digest=digest)
        return cls(components, root, metadata.root_ref)


class _Reader:
    """Reads the statements of one document."""

    def __init__(self, products: _Products, *, limits: Limits, defects: Defects) -> None:
        self._known = products
        self._limits = limits
        self._defects = defects
        self._products_left = limits.edges

    def statement(self, vulnerability: Object, *, pointer: str) -> VexStatementRecord | None:
        """Return a statement, or None and a warning."""
        unfit = strict_json.bad_string(vulnerability, limits=self._limits)
        if unfit is not None:
            self._defects.add(unfit.code, pointer + unfit.pointer, "It cannot be stored; the statement was left out.")
            return None
        analysis = object_of(vulnerability, "analysis")
        state = text_of(analysis, "state")
        name, status = text_of(vulnerability, "id"), _STATES.get(state)
        if status is None:
            message = f"{state[:40]!r} is no state of an analysis."
            self._defects.add("vex_unknown_status", f"{pointer}/analysis/state", message)
            return None
        if not name:
            self._defects.add("vex_no_vulnerability", f"{pointer}/id", "The statement names no vulnerability.")
            return None
        given = text_of(analysis, "justification")
        products = self._products(vulnerability, pointer=pointer)
        record = VexStatementRecord(
            pointer=self._defects.place(pointer),
            vulnerability=name,
            status=status,
            products=products,
            aliases=_aliases(vulnerability),
            status_given=state,
            justification=_JUSTIFICATIONS.get(given, ""),
            justification_given=given,
            impact=text_of(analysis, "detail"),
            action=_action(vulnerability, analysis),
            stated_at=self._stated_at(analysis, pointer=pointer),
        )
        self._check(record)
        return record

    def _check(self, record: VexStatementRecord) -> None:
        given = record.justification_given
        if given and given not in _GIVEN_JUSTIFICATIONS:
            message = f"{given[:60]!r} is none of CycloneDX's justifications."
            self._defects.add("vex_unknown_justification", f"{record.pointer}/analysis/justification", message)
        if not record.products:
            self._defects.add("vex_no_product", record.pointer, "The statement names no product that can be read.")

    def _stated_at(self, analysis: Object, *, pointer: str) -> datetime | None:
        for name in ("lastUpdated", "firstIssued"):
            if analysis.get(name) is not None:
                return read_time(analysis[name], pointer=f"{pointer}/analysis/{name}", defects=self._defects)
        return None

    def _products(self, vulnerability: Object, *, pointer: str) -> tuple[VexProductRecord, ...]:
        """Without `affects` a statement is about the subject of the document."""
        if vulnerability.get("affects") is None:
            root = self._known.root
            return (root,) if root.given or root.purl or root.digest else ()
        found: list[VexProductRecord] = []
        for place, target in objects_of(vulnerability, "affects", pointer=pointer, defects=self._defects):
            product = self._product(text_of(target, "ref"), pointer=place)
            if product is not None:
                found += self._versions(product, target)
        return tuple(found)

    def _product(self, ref: str, *, pointer: str) -> VexProductRecord | None:
        self._products_left -= 1
        if self._products_left < 0:
            raise FormatError("too_many_products", "The document names more products than may be read at once.")
        place = self._defects.place(join(pointer, "ref"))
        if ref and ref == self._known.root_ref:
            return replace(self._known.root, pointer=place)
        component = self._known.components.get(ref)
        if component is not None:
            hashes = [(one.algorithm, one.value) for one in component.hashes]
            product = make_product(ref, pointer=place, defects=self._defects, cpe=component.cpe or "", hashes=hashes)
            return replace(product, purl=component.purl or product.purl)
        if not ref:
            self._defects.add("vex_no_product", place, "It names nothing that is affected.")
            return None
        if not ref.startswith((_LINK, "pkg:")):
            self._defects.add("dangling_ref", place, f"Nothing in the document has the reference {ref[:120]!r}.")
        name = unquote(ref.partition("#")[2]) if ref.startswith(_LINK) else ref
        purl = name if name.startswith("pkg:") else ""
        return make_product(ref, pointer=place, defects=self._defects, purl_text=purl)

    def _versions(self, product: VexProductRecord, target: Object) -> Sequence[VexProductRecord]:
        """Return the product once for each version or range that the statement is about."""
        versions = [one for one in list_of(target, "versions") if isinstance(one, dict)]
        if not versions:
            return [product]
        self._products_left -= len(versions)
        return [
            replace(product, version_range=text_of(one, "range") or text_of(one, "version"))
            for one in versions
            if text_of(one, "status") != _UNAFFECTED
        ]


def _aliases(vulnerability: Object) -> tuple[str, ...]:
    ids = [text_of(one, "id") for one in list_of(vulnerability, "references") if isinstance(one, dict)]
    return tuple(dict.fromkeys(filter(None, ids)))


def _action(vulnerability: Object, analysis: Object) -> str:
    """Join what the vendor advises and what it says it will do."""
    advice = text_of(vulnerability, "recommendation") or text_of(vulnerability, "workaround")
    return "; ".join(filter(None, [advice, ", ".join(texts_of(analysis, "response"))]))
