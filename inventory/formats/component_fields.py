"""Fields that every SBOM format has for a component, read leniently: a defect drops the field and leaves a warning."""

from __future__ import annotations

from typing import Final

from inventory.formats.defects import Defects
from inventory.formats.hashes import parse_hash
from inventory.formats.naming import names_agree
from inventory.formats.pointers import join
from inventory.formats.records import Hash
from inventory.identity.purls import Purl, PurlError, parse_purl

LONGEST_TEXT: Final = 4_096


class ComponentFields:
    """Reads fields of one document's components and notes what was wrong with them."""

    def __init__(self, *, defects: Defects) -> None:
        self._defects = defects

    def text(self, value: object, pointer: str, field: str) -> str:
        """Return a string field; '' and a warning for any other type, and for one too long to be what it should be."""
        if not isinstance(value, str):
            self._defects.add("wrong_type", join(pointer, field), f"{field} is not a string; it was left out.")
            return ""
        if len(value) > LONGEST_TEXT:
            message = f"{field} is longer than {LONGEST_TEXT} characters; it was left out."
            self._defects.add("too_long", join(pointer, field), message)
            return ""
        return value

    def purl(self, text: str, *, name: str, pointer: str, field: str = "purl") -> Purl | None:
        """Return the purl, which is the component's identity whatever its name says; None where it cannot be read."""
        try:
            purl = parse_purl(text)
        except PurlError as error:
            self._defects.add("bad_purl", f"{pointer}/{field}", error.message)
            return None
        if purl.name != name and not names_agree(name, purl):
            message = f"The component is named {name[:100]!r}, its purl {purl.text[:200]!r}. The purl counts."
            self._defects.add("name_purl_mismatch", f"{pointer}/{field}", message)
        return purl

    def hash(self, algorithm: object, value: object, *, array: str, index: int) -> Hash | None:
        """Return a hash in normal form, or None and a warning; `array` is the pointer of the hashes."""
        found = parse_hash(algorithm, value)
        if found is None:
            message = f"{str(algorithm)[:40]!r} with {str(value)[:140]!r} is no hash we know; it was left out."
            self._defects.add("bad_hash", f"{array}/{index}", message)
        return found
