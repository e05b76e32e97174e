"""A product of a VEX statement, from the identifiers that a document gives it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from inventory.formats.hashes import parse_hash
from inventory.formats.vex_records import VexProductRecord
from inventory.identity.cpes import is_cpe
from inventory.identity.digests import Digest, DigestError, parse_digest
from inventory.identity.purls import PurlError, parse_purl

if TYPE_CHECKING:
    from collections.abc import Iterable

    from inventory.formats.defects import Defects
    from inventory.formats.records import Hash
    from inventory.identity.purls import Purl

_DIGEST_TYPES: Final = frozenset({"oci", "docker"})
_STRONG: Final = ("sha256", "sha384", "sha512")


def make_product(
    given: str,
    *,
    pointer: str,
    defects: Defects,
    purl_text: str = "",
    version_range: str = "",
    cpe: str = "",
    hashes: Iterable[tuple[str, str]] = (),
    subcomponents: tuple[VexProductRecord, ...] = (),
) -> VexProductRecord:
    """Make a product of what a document says of it; a purl or hash that cannot be read is a defect, and left out.

    `hashes` are algorithm and value as written. A name that is itself a purl, a CPE or a digest is one.
    """
    purl = _purl(purl_text or (given if given[:4].lower() == "pkg:" else ""), pointer=pointer, defects=defects)
    read = tuple(found for name, value in hashes if (found := _hash(name, value, pointer=pointer, defects=defects)))
    return VexProductRecord(
        given=given or purl_text or cpe,
        pointer=pointer,
        purl=purl,
        version_range=version_range,
        digest=_digest(given, purl=purl, hashes=read),
        cpe=cpe or (given if is_cpe(given) else ""),
        subcomponents=subcomponents,
    )


def _purl(text: str, *, pointer: str, defects: Defects) -> Purl | None:
    if not text:
        return None
    try:
        return parse_purl(text)
    except PurlError as error:
        defects.add("bad_purl", pointer, error.message)
        return None


def _hash(name: str, value: str, *, pointer: str, defects: Defects) -> Hash | None:
    found = parse_hash(name, value)
    if found is None:
        defects.add("bad_hash", pointer, f"{name[:40]!r} with this value is no hash we know.")
    return found


def _digest(given: str, *, purl: Purl | None, hashes: tuple[Hash, ...]) -> Digest | None:
    """Return the digest of the artifact: of an OCI purl, of a bare digest, else of the strongest hash given."""
    text = purl.version if purl is not None and purl.type in _DIGEST_TYPES else given
    try:
        return parse_digest(text)
    except DigestError:
        pass
    strong = sorted((one for one in hashes if one.algorithm in _STRONG), key=lambda one: _STRONG.index(one.algorithm))
    return Digest(strong[0].algorithm, strong[0].value) if strong else None
