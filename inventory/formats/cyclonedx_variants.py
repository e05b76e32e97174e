"""Reads which images an index lists where a CycloneDX component names them as variants (`pedigree.variants`)."""

from __future__ import annotations

from collections.abc import Mapping

from inventory.formats.records import MembershipRecord
from inventory.identity.digests import find_digest
from inventory.identity.purls import Purl, PurlError, parse_purl


def variants_of(index: Purl, pedigree: object) -> list[MembershipRecord]:
    """Return a membership for each variant of an image index that has an image purl with another digest."""
    variants = pedigree.get("variants") if isinstance(pedigree, dict) else None
    own = find_digest(index.version)
    found = []
    for variant in variants if isinstance(variants, list) and own is not None else ():
        purl = _image_purl(variant)
        member = find_digest(purl.version) if purl is not None else None
        if purl is not None and own is not None and member is not None and member != own:
            qualifiers = dict(purl.qualifiers)
            found.append(MembershipRecord(own, member, qualifiers.get("os", ""), qualifiers.get("arch", "")))
    return found


def _image_purl(variant: object) -> Purl | None:
    text = variant.get("purl") if isinstance(variant, Mapping) else None
    if not isinstance(text, str):
        return None
    try:
        purl = parse_purl(text)
    except PurlError:
        return None  # A variant is a hint, not a component; without a purl that can be read it hints at nothing.
    return purl if purl.type == "oci" else None
