"""XML documents: CycloneDX, SPDX in RDF and in plain XML."""

from __future__ import annotations

import re
from typing import Final

from inventory.formats.detected import Detected, Kind
from inventory.formats.records import FormatError

_XML_ENCODING: Final = re.compile(rb"^<\?xml[^>]*?encoding\s*=\s*[\"']([^\"']*)")


def recognise_markup(start: bytes) -> Detected:
    """Recognise XML by its beginning. Raises FormatError `not_utf8`, `dtd_forbidden`, `unknown_format`."""
    encoding = _XML_ENCODING.search(start)
    if encoding and encoding[1].lower() not in (b"utf-8", b"us-ascii", b"ascii"):
        raise FormatError("not_utf8", "The XML declares an encoding other than UTF-8. Send it as UTF-8.")
    if b"<!DOCTYPE" in start.upper():
        raise FormatError("dtd_forbidden", "The XML has a DOCTYPE, which is never read. Remove it.")
    version = re.search(rb"cyclonedx\.org/schema/bom/([0-9.]+)", start)
    if version:
        return Detected(Kind.SBOM, "cyclonedx-xml", version[1].decode(), "application/vnd.cyclonedx+xml")
    if b"spdx.org/rdf" in start:
        return Detected(Kind.SBOM, "spdx-rdf", "", "application/rdf+xml")
    if b"<spdxVersion>" in start:
        return Detected(Kind.SBOM, "spdx-xml", "", "application/xml")
    raise FormatError("unknown_format", "This XML document is no format we know.")
