"""XML documents: CycloneDX, SPDX in RDF and in plain XML. The root element tells, whatever stands in comments."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, NoReturn
from xml.parsers import expat

from inventory.formats.detected import Detected, Kind
from inventory.formats.records import FormatError

CYCLONEDX_XML: Final = "application/vnd.cyclonedx+xml"
RDF_XML: Final = "application/rdf+xml"
XML: Final = "application/xml"

_ENCODING: Final = re.compile(rb"^<\?xml[^>]*?encoding\s*=\s*[\"']([^\"']*)")
_CYCLONEDX: Final = re.compile(r"http://cyclonedx\.org/schema/bom/(.*)", re.DOTALL)
_SPDX_TERMS: Final = re.compile(rb"[\"']https?://spdx\.org/rdf/")
_ANALYSIS: Final = re.compile(rb"<(?:[\w.-]{1,100}:)?analysis[\s/>]")
_METADATA_END: Final = re.compile(rb"</(?:[\w.-]{1,100}:)?metadata\s*>")
_LISTED: Final = re.compile(rb"<(?:[\w.-]{1,100}:)?component[\s/>]")
_SEPARATOR: Final = " "
_DOCTYPE: Final = b"<!DOCTYPE"


@dataclass(frozen=True, slots=True)
class _Root(Exception):  # noqa: N818  (it ends the parse, nothing is wrong)
    namespace: str
    name: str


def recognise_markup(start: bytes, *, whole: bytes) -> Detected:
    """Recognise XML by its beginning, and a VEX document by all it lists.

    Raises FormatError `not_utf8`, `dtd_forbidden`, `bad_xml`, `unknown_format`.
    """
    encoding = _ENCODING.search(start)
    if encoding and encoding[1].lower() not in (b"utf-8", b"utf8", b"us-ascii", b"ascii"):
        raise FormatError("not_utf8", "The XML declares an encoding other than UTF-8. Send it as UTF-8.")
    root = _root(start)
    cyclonedx = _CYCLONEDX.fullmatch(root.namespace)
    if cyclonedx and root.name == "bom":
        kind = Kind.VEX if _is_vex(whole) else Kind.SBOM
        return Detected(kind, "cyclonedx-xml", cyclonedx[1][:40], CYCLONEDX_XML)
    spdx = _spdx(root, start)
    if spdx is not None:
        return spdx
    named = f"{root.namespace} {root.name}".strip()
    raise FormatError("unknown_format", f"This XML document is no format we know. Its root is {named[:200]!r}.")


def _is_vex(data: bytes) -> bool:
    """A document that lists no component and holds an analysis of a vulnerability is a VEX document, as in JSON.

    What stands in metadata, such as the tools, is not listed. A comment may make it an SBOM, which is then empty.
    """
    if _ANALYSIS.search(data) is None:
        return False
    metadata = _METADATA_END.search(data)
    return _LISTED.search(data, metadata.end() if metadata is not None else 0) is None


def _spdx(root: _Root, start: bytes) -> Detected | None:
    if root.name == "Document" and (b"<spdxVersion>" in start or b"<SPDXID>" in start):
        return Detected(Kind.SBOM, "spdx-xml", "", XML)
    if not _SPDX_TERMS.search(start) or not (root.name == "RDF" or "spdx.org/rdf" in root.namespace):
        return None
    is_newer = b"spdx.org/rdf/3" in start
    return Detected(Kind.SBOM, "spdx-3-rdf" if is_newer else "spdx-rdf", "3" if is_newer else "", RDF_XML)


def _root(start: bytes) -> _Root:
    """Find the root element; a document type stands before it."""
    parser = expat.ParserCreate("UTF-8", _SEPARATOR)
    parser.StartDoctypeDeclHandler = _refuse_doctype
    parser.StartElementHandler = _stop_at_root
    try:
        parser.Parse(start, False)
    except _Root as root:
        return root
    except expat.ExpatError as error:
        if start[parser.ErrorByteIndex :][: len(_DOCTYPE)].upper() == _DOCTYPE:  # in another case it is no XML either
            _refuse_doctype()
        raise FormatError("bad_xml", f"The document is not well-formed XML: {error}.") from error
    raise FormatError("unknown_format", "This XML document has no element in its first 64 KiB.")


def _stop_at_root(name: str, _attributes: dict[str, str]) -> NoReturn:
    namespace, _, local = name.rpartition(_SEPARATOR)
    raise _Root(namespace, local)


def _refuse_doctype(*_given: object) -> NoReturn:
    raise FormatError("dtd_forbidden", "The XML has a DOCTYPE, which is never read. Remove it.")
