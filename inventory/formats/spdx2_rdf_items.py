"""Packages and relationships of SPDX RDF as machines write them, flat: known by their tags, but for the addresses.

An address that begins with # is one only together with that of the document, so such packages are walked.
"""

from __future__ import annotations

import re
from typing import Final

from inventory.formats.skeletons import Split
from inventory.formats.xml_items import SLOT, MarkupItems

BEGINS: Final = re.compile(rb"<(spdx:Package(?= rdf:about=\")|spdx:relationship(?=>))")
_ABOUT: Final = '<spdx:Package rdf:about="'
_RELATED: Final = re.compile(r"(?<=spdx:relatedSpdxElement rdf:resource=\")((?!#)[!#-;=?-~]++)(?=\")")


class PackageItems(MarkupItems):
    """Packages right below the root."""

    def split(self, item: str) -> Split | None:
        """Part a package into addresses, tags and texts."""
        start = len(_ABOUT)
        end = item.find('"', start)
        address = item[start:end]
        if not address or address[0] == "#" or not address.isprintable() or "&" in address or "<" in address:
            return None
        pieces = _RELATED.split(item[end:])
        return self.split_slots(_ABOUT + SLOT + SLOT.join(pieces[::2]), [address, *pieces[1::2]])


class RelationshipItems(MarkupItems):
    """Relationships of a package that is walked: it has more of them than an item may be long, or is written unlike."""

    def split(self, item: str) -> Split | None:
        """Part a relationship into addresses, tags and texts."""
        pieces = _RELATED.split(item)
        return self.split_slots(SLOT.join(pieces[::2]), pieces[1::2])

    def enclosed(self, item: bytes, root: bytes) -> bytes:
        """Return a document of a package that has this relationship alone."""
        return super().enclosed(b'<spdx:Package rdf:about="urn:one">%b</spdx:Package>' % item, root)
