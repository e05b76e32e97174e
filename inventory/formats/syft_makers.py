"""Where a package that syft found comes from and who made it, as the package's own metadata say; each type its way.

Source: anchore/syft, schema/json and syft/pkg. npm, gems, Python and R name authors; apk, deb and Arch maintainers, rpm
a vendor; Python's direct_url.json, Composer's and Cargo's lock files a repository with its commit.
"""

from __future__ import annotations

import re
from typing import Any, Final

import msgspec

from inventory.formats.maker_claims import of_value
from inventory.formats.source_claims import SourceClaim, claims_of, of_download

_BROKEN: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
_TOLD: Final = re.compile(
    rb'"(?:author|authors|authorEmail|maintainer|packager|vendor|directUrlOrigin|source)"\s*:\s*(?!""|null)'
)


class _Metadata(msgspec.Struct, gc=False, rename={"mail": "authorEmail", "origin": "directUrlOrigin"}):
    author: Any = None
    authors: Any = None
    mail: Any = None
    maintainer: Any = None
    packager: Any = None
    vendor: Any = None
    origin: Any = None
    source: Any = None


_METADATA: Final = msgspec.json.Decoder(_Metadata)


def of_metadata(raw: msgspec.Raw) -> tuple[SourceClaim, ...]:
    """Return what an artifact's `metadata` claim; what cannot be read claims nothing."""
    data = bytes(raw)
    if not _TOLD.search(data):
        return ()
    try:
        told = _METADATA.decode(data)
    except _BROKEN:
        return ()  # no object, or broken inside: the artifact has its other fields
    found = (*_of_origin(told.origin), *_of_source(told.source))
    for value in (told.maintainer, told.packager, told.vendor, told.author, told.mail, told.authors):
        if value:
            found = (*found, *of_value(value))
    return tuple(dict.fromkeys(found))


def _of_origin(origin: object) -> tuple[SourceClaim, ...]:
    """Return what PEP 610 tells of a package that was installed from a repository."""
    if not isinstance(origin, dict) or not origin.get("vcs"):
        return ()
    return claims_of(text for name in ("url", "commitId") if isinstance(text := origin.get(name), str) and text)


def _of_source(source: object) -> tuple[SourceClaim, ...]:
    """Return what Composer (an object) and Cargo (an address with the commit behind `#`) tell; a name claims none."""
    if isinstance(source, dict) and source.get("type") == "git":
        return claims_of(text for name in ("url", "reference") if isinstance(text := source.get(name), str) and text)
    if isinstance(source, str) and source.startswith("git+"):
        return (*of_download(source), *claims_of(filter(None, [source.partition("#")[2]])))
    return ()
