"""What a document says about vulnerabilities of products (VEX), one shape for OpenVEX, CSAF and CycloneDX.

A statement is its issuer's word. It may be shown beside an answer and order it; it never takes a row out of one.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from datetime import datetime

    from inventory.identity.digests import Digest
    from inventory.identity.purls import Purl


class VexStatus(enum.StrEnum):
    """The four statuses that the formats share; what a format calls it stands in `status_given`."""

    NOT_AFFECTED = "not_affected"
    AFFECTED = "affected"
    FIXED = "fixed"
    UNDER_INVESTIGATION = "under_investigation"


JUSTIFICATIONS: Final = frozenset(
    {
        "component_not_present",
        "vulnerable_code_not_present",
        "vulnerable_code_not_in_execute_path",
        "vulnerable_code_cannot_be_controlled_by_adversary",
        "inline_mitigations_already_exist",
    }
)
"""OpenVEX's five labels, the same that CSAF flags use. CycloneDX's nine map to them where the meaning is the same."""


@dataclass(frozen=True, slots=True)
class VexProductRecord:
    """What a statement is about: a product, or a subcomponent of one. Every identifier that could be read is set."""

    given: str
    """As the document names it: a purl, an IRI, a product's full name, a component's reference."""
    pointer: str
    purl: Purl | None = None
    version_range: str = ""
    """Where it stands for a range of versions: a `vers:` text or the ecosystem's own syntax, as written."""
    digest: Digest | None = None
    """The artifact's: of an OCI purl, or the strongest SHA-256, SHA-384 or SHA-512 given; other hashes name none."""
    cpe: str = ""
    platform: str = ""
    """CSAF: the CPE or name of what its part is a part of or installed on; the part is the first subcomponent."""
    subcomponents: tuple[VexProductRecord, ...] = ()


@dataclass(frozen=True, slots=True)
class VexStatementRecord:
    """One vulnerability, one status, and the products it is said of."""

    pointer: str
    vulnerability: str
    status: VexStatus
    products: tuple[VexProductRecord, ...]
    aliases: tuple[str, ...] = ()
    """Other names of the same vulnerability, as the document gives them."""
    status_given: str = ""
    """The format's own word where it is another one: `exploitable`, `resolved_with_pedigree`, `first_fixed`."""
    justification: str = ""
    """One of JUSTIFICATIONS, or empty."""
    justification_given: str = ""
    """The format's own word where it is another one, or the text of `impact_statement` where that is all there is."""
    impact: str = ""
    action: str = ""
    stated_at: datetime | None = None
