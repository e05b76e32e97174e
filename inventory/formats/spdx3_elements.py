"""What is read of an element of an SPDX 3.0 graph: one structure for all types, as their fields have one name each."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import msgspec

_IDENTIFIERS: Final = {
    "packageUrl": "purl", "purl": "purl", "cpe23": "cpe23Type", "cpe22": "cpe22Type", "cpe23Type": "cpe23Type",
}  # fmt: skip


class GraphElement(
    msgspec.Struct,
    gc=False,
    rename={
        "spdx_id": "spdxId",
        "at_id": "@id",
        "at_type": "@type",
        "version": "software_packageVersion",
        "purl": "software_packageUrl",
        "identifiers": "externalIdentifier",
        "more_identifiers": "externalIdentifiers",
        "hashes": "verifiedUsing",
        "purpose": "software_primaryPurpose",
        "source_info": "software_sourceInfo",
        "download": "software_downloadLocation",
        "external": "externalRef",
        "supplied_by": "suppliedBy",
        "originated_by": "originatedBy",
        "source": "from",
        "targets": "to",
        "relation": "relationshipType",
        "roots": "rootElement",
        "imports": "import",
        "spec_version": "specVersion",
        "created_using": "createdUsing",
        "created_by": "createdBy",
        "justification": "security_justificationType",
        "impact": "security_impactStatement",
        "action": "security_actionStatement",
        "published": "security_publishedTime",
        "assessed": "security_assessedElement",
        "config_uris": "build_configSourceUri",
        "config_digests": "build_configSourceDigest",
    },
):
    """Leaves are open on purpose: a wrong type is that field's defect and must not refuse the element."""

    type: Any = None
    at_type: Any = None
    spdx_id: Any = None
    at_id: Any = None
    name: Any = None
    version: Any = None
    purl: Any = None
    identifiers: Any = None
    more_identifiers: Any = None
    hashes: Any = None
    purpose: Any = None
    source_info: Any = None
    download: Any = None
    external: Any = None
    supplied_by: Any = None
    originated_by: Any = None
    source: Any = None
    targets: Any = None
    relation: Any = None
    completeness: Any = None
    scope: Any = None
    roots: Any = None
    imports: Any = None
    spec_version: Any = None
    created: Any = None
    created_using: Any = None
    created_by: Any = None
    justification: Any = None
    impact: Any = None
    action: Any = None
    published: Any = None
    assessed: Any = None
    config_uris: Any = None
    config_digests: Any = None


class Reference(NamedTuple):
    """An identifier in the names of SPDX 2, and where in the element it stands."""

    kind: str
    locator: object
    place: str

    def part(self) -> dict[str, object]:
        """Return it in the JSON form of SPDX 2."""
        return {"referenceType": self.kind, "referenceLocator": self.locator}


def references_of(element: GraphElement) -> list[Reference]:
    """List purls and CPEs; the field of its own comes first."""
    found = [] if element.purl is None else [Reference("purl", element.purl, "software_packageUrl")]
    groups = (("externalIdentifier", element.identifiers), ("externalIdentifiers", element.more_identifiers))
    for name, group in groups:
        for index, one in enumerate(group if isinstance(group, list) else ()):
            kind = one.get("externalIdentifierType") if isinstance(one, dict) else None
            known = _IDENTIFIERS.get(kind) if isinstance(kind, str) else None
            if known is not None:
                found.append(Reference(known, one.get("identifier"), f"{name}/{index}/identifier"))
    return found


def addresses_of(element: GraphElement) -> list[str]:
    """List the addresses of version control systems that a package refers to."""
    return _listed(element.external, kind=("externalRefType", "vcs"), value="locator")


def mails_of(element: GraphElement) -> list[str]:
    """List the addresses of mail by which an agent is identified."""
    return _listed(element.identifiers, kind=("externalIdentifierType", "email"), value="identifier")


def _listed(group: object, *, kind: tuple[str, str], value: str) -> list[str]:
    """List the texts of a group's members of one kind."""
    field, wanted = kind
    return [
        text
        for one in (group if isinstance(group, list) else ())
        if isinstance(one, dict) and one.get(field) == wanted
        for text in texts_of(one.get(value))
    ]


def checksums_of(element: GraphElement) -> list[dict[str, Any]]:
    """List the hashes; a verification code is none, and stands where it stood."""
    hashes = element.hashes if isinstance(element.hashes, list) else []
    return [
        {"algorithm": one.get("algorithm"), "checksumValue": one.get("hashValue")} if isinstance(one, dict) else {}
        for one in hashes
        if not isinstance(one, dict) or one.get("type", one.get("@type")) in {"Hash", None}
    ]


def texts_of(value: object) -> list[str]:
    """Return the texts of an array, or of one that stands alone."""
    values = value if isinstance(value, list) else [value]
    return [one for one in values if isinstance(one, str)]


def text_or_none(value: object) -> str | None:
    """Return a text that is not empty."""
    return value if isinstance(value, str) and value else None
