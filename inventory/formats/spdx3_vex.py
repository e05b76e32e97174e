"""Reads what an SPDX 3.0 document says of vulnerabilities in its packages: VEX, of the security profile.

Scores and catalogues (CVSS, EPSS, SSVC, exploited vulnerabilities) are nobody's word on a product, and passed over.
Source: https://spdx.github.io/spdx-spec/v3.0.1/model/Security/Security/
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from inventory.formats.records import FormatError, SbomRecord, VexRecord, storable
from inventory.formats.spdx3_elements import GraphElement, text_or_none, texts_of
from inventory.formats.timestamps import parse_timestamp
from inventory.formats.vex_products import make_product
from inventory.formats.vex_records import JUSTIFICATIONS, VexProductRecord, VexStatementRecord, VexStatus

if TYPE_CHECKING:
    from inventory.formats.defects import Defects
    from inventory.formats.limits import Limits
    from inventory.formats.records import ComponentRecord

_ENDING: Final = "VulnAssessmentRelationship"
_STATUSES: Final = {
    "VexAffected": VexStatus.AFFECTED,
    "VexFixed": VexStatus.FIXED,
    "VexNotAffected": VexStatus.NOT_AFFECTED,
    "VexUnderInvestigation": VexStatus.UNDER_INVESTIGATION,
}
_CAMEL: Final = re.compile(r"(?<=[a-z])(?=[A-Z])")


def is_assessment(kind: str) -> bool:
    """Tell whether a type is a relationship that assesses a vulnerability, of VEX or not."""
    return kind.endswith(_ENDING)


@dataclass(slots=True)
class Assessments:
    """What a graph says of vulnerabilities, kept until all its packages are known."""

    vulnerabilities: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """The names of each by its reference; that of a CVE first."""
    stated: list[tuple[int, VexStatus, GraphElement]] = field(default_factory=list)

    def note_vulnerability(self, element: GraphElement, ref: str) -> None:
        """Keep what a vulnerability is called."""
        given = element.identifiers if isinstance(element.identifiers, list) else []
        listed = [one.get("identifier") for one in given if isinstance(one, dict)]
        names = [storable(name)[:255] for name in (*listed, element.name) if isinstance(name, str) and name.strip()]
        self.vulnerabilities[ref] = tuple(dict.fromkeys(sorted(names, key=lambda name: name[:4].upper() != "CVE-")))

    def take(self, element: GraphElement, kind: str, number: int) -> int:
        """Keep a statement; return how many targets are passed over, because it is none."""
        status = _STATUSES.get(kind.removesuffix(_ENDING))
        if status is None:
            return len(texts_of(element.targets))
        self.stated.append((number, status, element))
        return 0

    def read(self, record: SbomRecord, *, issuer: str, limits: Limits, defects: Defects) -> VexRecord | None:
        """Return the statements, whose products are the record's components; None where there are none.

        Raises FormatError `too_many_statements` and `too_many_products`.
        """
        if not self.stated:
            return None
        if len(self.stated) > limits.components:
            raise FormatError("too_many_statements", f"It has {len(self.stated)} statements.", pointer="/@graph")
        if sum(len(texts_of(element.targets)) for _, _, element in self.stated) > limits.edges:
            raise FormatError("too_many_products", "It names more products than may be read.", pointer="/@graph")
        components = {one.ref: one for one in reversed(record.components) if one.ref is not None}
        reader = _Reader(self.vulnerabilities, components, record, defects)
        statements = [made for one in self.stated if (made := reader.statement(*one)) is not None]
        return VexRecord(
            format="spdx",
            format_version=record.format_version,
            media_type=record.media_type,
            statements=statements,
            issuer=issuer,
            document_id=record.serial,
            created_at=record.created_at,
            statement_count=len(self.stated),
            rejected_count=len(self.stated) - len(statements),
        )


@dataclass(frozen=True, slots=True)
class _Reader:
    vulnerabilities: dict[str, tuple[str, ...]]
    components: dict[str, ComponentRecord]
    record: SbomRecord
    defects: Defects

    def statement(self, number: int, status: VexStatus, element: GraphElement) -> VexStatementRecord | None:
        """Return one statement, or None and a warning."""
        place = f"/@graph/{number}"
        source = text_or_none(element.source) or ""
        names = self.vulnerabilities.get(source) or tuple(filter(None, [storable(source.rpartition("/")[2])[:255]]))
        if not names:
            self.defects.add("vex_no_vulnerability", f"{place}/from", "The statement names no vulnerability.")
            return None
        inside = tuple(self._product(ref, place) for ref in texts_of(element.assessed))
        products = [replace(self._product(ref, place), subcomponents=inside) for ref in texts_of(element.targets)]
        if not products:
            self.defects.add("vex_no_product", f"{place}/to", "The statement names no product that can be read.")
        given = _text(element.justification)
        label = _CAMEL.sub("_", given).lower()
        if given and label not in JUSTIFICATIONS:
            told = f"{given[:60]!r} is none of the five labels."
            self.defects.add("vex_unknown_justification", f"{place}/security_justificationType", told)
        return VexStatementRecord(
            pointer=place,
            vulnerability=names[0],
            status=status,
            products=tuple(products),
            aliases=names[1:],
            justification=label if label in JUSTIFICATIONS else "",
            justification_given=given,
            impact=_text(element.impact),
            action=_text(element.action),
            stated_at=parse_timestamp(element.published),
        )

    def _product(self, ref: str, place: str) -> VexProductRecord:
        component = self.components.get(ref)
        if component is None:
            self.defects.add("dangling_ref", place, f"Nothing in the document has the reference {ref[:120]!r}.")
            return make_product(storable(ref), pointer=place, defects=self.defects)
        hashes = [(one.algorithm, one.value) for one in component.hashes]
        found = make_product(storable(ref), pointer=place, defects=self.defects, cpe=component.cpe or "", hashes=hashes)
        return replace(found, purl=component.purl or found.purl)


def _text(value: object) -> str:
    return storable(value.strip()) if isinstance(value, str) else ""
