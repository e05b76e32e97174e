"""Reads CSAF documents, 2.0 and 2.1, as statements about vulnerabilities of products.

Source: OASIS Common Security Advisory Framework 2.0 and 2.1. What the standard's mandatory tests find is told
(`csaf_rule`, csaf_rules.py) and refuses nothing: what a vendor says of a product is worth having all the same.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from inventory.formats.csaf_affected import advisory_of
from inventory.formats.csaf_products import ProductTree
from inventory.formats.csaf_rules import broken_rules
from inventory.formats.defects import Defects
from inventory.formats.json_fields import Object, list_of, object_of, objects_of, parse_object, text_of
from inventory.formats.pointers import join
from inventory.formats.records import FormatError, VexRecord
from inventory.formats.timestamps import parse_timestamp
from inventory.formats.vex_records import JUSTIFICATIONS, VexProductRecord, VexStatementRecord, VexStatus

if TYPE_CHECKING:
    from collections.abc import Iterator

    from inventory.formats.advisory import AdvisoryRecord
    from inventory.formats.limits import Limits
    from inventory.formats.text import Utf8

VERSIONS: Final = frozenset({"2.0", "2.1"})
_STATUSES: Final = {
    "known_affected": VexStatus.AFFECTED,
    "first_affected": VexStatus.AFFECTED,
    "last_affected": VexStatus.AFFECTED,
    "known_not_affected": VexStatus.NOT_AFFECTED,
    "fixed": VexStatus.FIXED,
    "first_fixed": VexStatus.FIXED,
    "recommended": VexStatus.FIXED,
    "under_investigation": VexStatus.UNDER_INVESTIGATION,
    "unknown": VexStatus.UNDER_INVESTIGATION,
}


def read_csaf(text: Utf8, *, limits: Limits) -> VexRecord:
    """Read a document; one statement for each vulnerability, status and reason, with the products it is said of.

    Raises FormatError: `unsupported_version`, `wrong_shape`, `too_many_statements`, `too_many_products`, and those of
    `parse_object`.
    """
    document = parse_object(text, limits=limits)
    head = object_of(document, "document")
    version = text_of(head, "csaf_version")
    if version not in VERSIONS:
        message = f"CSAF {version[:20]!r} is not read; 2.0 and 2.1 are."
        raise FormatError("unsupported_version", message, pointer="/document/csaf_version")
    if not isinstance(document.get("vulnerabilities", []), list):
        raise FormatError("wrong_shape", "vulnerabilities must be a list.", pointer="/vulnerabilities")
    defects = Defects()
    for broken in broken_rules(document):
        defects.add("csaf_rule", broken.pointer, broken.message)
    tracking, publisher = object_of(head, "tracking"), object_of(head, "publisher")
    statements, rejected = _Reader(document, limits=limits, defects=defects).statements()
    return VexRecord(
        format="csaf",
        format_version=version,
        media_type="application/csaf+json",
        statements=statements,
        issuer=text_of(publisher, "namespace") or text_of(publisher, "name"),
        document_id=text_of(tracking, "id"),
        document_version=text_of(tracking, "version"),
        created_at=parse_timestamp(tracking.get("current_release_date")),
        statement_count=len(statements) + rejected,
        rejected_count=rejected,
        advisory=_advisory(document, statements, defects=defects),
        warnings=defects.warnings(),
    )


def _advisory(document: Object, statements: list[VexStatementRecord], *, defects: Defects) -> AdvisoryRecord | None:
    advisory = advisory_of(document, statements)
    if advisory is None:
        defects.add("bad_identifier", "/document/tracking/id", "Nobody can ask by this id; the statements are kept.")
    return advisory


@dataclass(frozen=True, slots=True)
class _Said:
    """What is said of a product beside its status."""

    justification: str = ""
    impact: str = ""
    action: str = ""


class _Reader:
    def __init__(self, document: Object, *, limits: Limits, defects: Defects) -> None:
        self._document = document
        self._defects = defects
        self._limits = limits
        self._tree = ProductTree(document, limits=limits, defects=defects)
        self._products_left = limits.edges

    def statements(self) -> tuple[list[VexStatementRecord], int]:
        """Return the statements, and how many vulnerabilities could not be read."""
        found: list[VexStatementRecord] = []
        rejected = 0
        for pointer, vulnerability in objects_of(self._document, "vulnerabilities", pointer="", defects=self._defects):
            names = _names(vulnerability)
            if not names:
                self._defects.add("vex_no_vulnerability", pointer, "The vulnerability has neither cve nor ids.")
                rejected += 1
                continue
            found.extend(self._of_vulnerability(vulnerability, names, pointer=pointer))
            if len(found) > self._limits.components:
                raise FormatError("too_many_statements", f"The document has more than {len(found) - 1} statements.")
        return found, rejected

    def _of_vulnerability(
        self, vulnerability: Object, names: list[str], *, pointer: str
    ) -> Iterator[VexStatementRecord]:
        said = self._said(vulnerability, pointer=pointer)
        status_of = object_of(vulnerability, "product_status")
        for word in status_of:
            place = join(pointer, "product_status", word)
            status = _STATUSES.get(word)
            if status is None:
                self._defects.add("vex_unknown_status", place, f"{word[:40]!r} is no product status of CSAF.")
                continue
            groups: dict[_Said, list[VexProductRecord]] = defaultdict(list)
            for index, product_id in enumerate(list_of(status_of, word)):
                self._count()
                if isinstance(product_id, str):
                    product = self._tree.find(product_id, pointer=join(place, index))
                    groups[_meant(said.get(product_id, _Said()), status)].append(product)
            for reason, products in groups.items():
                yield VexStatementRecord(
                    pointer=place,
                    vulnerability=names[0],
                    status=status,
                    products=tuple(products),
                    aliases=tuple(names[1:]),
                    status_given=word,
                    justification=reason.justification if reason.justification in JUSTIFICATIONS else "",
                    justification_given=reason.justification,
                    impact=reason.impact,
                    action=reason.action,
                )

    def _count(self) -> None:
        self._products_left -= 1
        if self._products_left < 0:
            raise FormatError("too_many_products", "The document names more products than may be read at once.")

    def _said(self, vulnerability: Object, *, pointer: str) -> dict[str, _Said]:
        """Collect flags, impacts and remediations by product; the first of a kind counts."""
        found: dict[str, _Said] = defaultdict(_Said)
        for place, flag in objects_of(vulnerability, "flags", pointer=pointer, defects=self._defects):
            for product in self._tree.members(flag, pointer=place):
                found[product] = replace(found[product], justification=text_of(flag, "label"))
        for place, threat in objects_of(vulnerability, "threats", pointer=pointer, defects=self._defects):
            if text_of(threat, "category") == "impact":
                for product in self._tree.members(threat, pointer=place):
                    said = found[product]
                    found[product] = replace(said, impact=said.impact or text_of(threat, "details"))
        for place, remedy in objects_of(vulnerability, "remediations", pointer=pointer, defects=self._defects):
            for product in self._tree.members(remedy, pointer=place):
                said = found[product]
                found[product] = replace(said, action=said.action or text_of(remedy, "details"))
        return found


def _meant(said: _Said, status: VexStatus) -> _Said:
    """Leave out what does not belong to a status: products with one reason are one statement."""
    if status is VexStatus.NOT_AFFECTED:
        return replace(said, action="")
    return replace(said, justification="", impact="") if status is VexStatus.AFFECTED else _Said()


def _names(vulnerability: Object) -> list[str]:
    ids = [text_of(item, "text") for item in list_of(vulnerability, "ids") if isinstance(item, dict)]
    return list(dict.fromkeys(filter(None, [text_of(vulnerability, "cve"), *ids])))
