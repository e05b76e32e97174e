"""The syntaxes of SPDX 2.x besides JSON, by the name a document is recognised by."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from inventory.formats.limits import Limits
from inventory.formats.spdx2_elements import SECTIONS, Elements, Opener
from inventory.formats.spdx2_rdf import open_rdf
from inventory.formats.spdx2_tag_value import open_tag_value
from inventory.formats.spdx2_xml import open_xml
from inventory.formats.spdx2_yaml import open_yaml
from inventory.formats.text import Utf8

SYNTAXES: Final[Mapping[str, Opener]] = {
    "spdx-tag-value": open_tag_value,
    "spdx-yaml": open_yaml,
    "spdx-xml": open_xml,
    "spdx-rdf": open_rdf,
}


def whole_document(text: Utf8, opener: Opener, *, limits: Limits) -> tuple[dict[str, Any], Elements]:
    """Return a document in its JSON form, for the schema, and what tells where in the text a pointer of it leads."""
    elements = opener(text, limits=limits, keep=True)
    sections: dict[str, list[object]] = {}
    for section, value in elements:
        sections.setdefault(section, []).append(value)
    return {**elements.head, **{name: sections[name] for name in SECTIONS if name in sections}}, elements
