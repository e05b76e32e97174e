"""Packages of SPDX RDF as machines write them, one flat element each: known by their tags, but for the addresses.

An address that begins with # is one only together with that of the document, so such packages are walked.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

from inventory.formats.skeletons import Split
from inventory.formats.xml_items import MarkupItems, leaves, split_tags

BEGINS: Final = re.compile(rb"<(spdx:Package) rdf:about=\"")
_ABOUT: Final = '<spdx:Package rdf:about="'
_RELATED: Final = re.compile(r"spdx:relatedSpdxElement rdf:resource=\"([^\"<>&\s#][^\"<>&\s]*+)\"")
_EMPTY: Final = 'spdx:relatedSpdxElement rdf:resource=""'
_ADDRESS: Final = "@"
"""A piece of the skeleton whose text is an address: first the package's own, then those of what it is related to."""


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
        parts = split_tags(_ABOUT + _EMPTY.join(pieces[::2]))
        if parts is None:
            return None
        tags, texts = parts
        addresses = [address, *pieces[1::2]]
        return (*[_ADDRESS] * len(addresses), *tags), addresses + texts

    def holds(self, skeleton: tuple[str, ...]) -> Sequence[bool]:
        """An address is a text too."""
        count = skeleton.count(_ADDRESS)
        return [True] * count + leaves(skeleton[count:])

    def read(self, skeleton: tuple[str, ...], texts: Sequence[str]) -> Any:
        """Read a package with its addresses put back in."""
        count = skeleton.count(_ADDRESS)
        own, *related = texts[:count]
        tags = list(skeleton[count:])
        tags[0] = tags[0].replace('rdf:about=""', f'rdf:about="{own}"', 1)
        places = [place for place, tag in enumerate(tags) if tag.startswith(_EMPTY)]
        if len(places) != len(related):
            return None
        for place, address in zip(places, related, strict=True):
            tags[place] = tags[place].replace('""', f'"{address}"', 1)
        return super().read(tuple(tags), texts[count:])
