"""The verdict of CycloneDX's own XML schemas, those that cyclonedx-python-lib ships.

The library that reads them is given our files, an element tree without a document type, and no leave to fetch. It costs
some 60 us an element, so a large document is not judged.
"""

from __future__ import annotations

import importlib.resources
import itertools
import re
from functools import cache
from typing import TYPE_CHECKING, Final

from defusedxml import ElementTree

from inventory.formats.cyclonedx_xml import VERSIONS
from inventory.formats.cyclonedx_xml_shapes import NAMESPACES
from inventory.formats.records import ReadWarning, storable
from inventory.formats.schema_verdict import KEPT, SchemaVerdict
from inventory.formats.xml_shapes import Form, Shape
from inventory.formats.xml_stream import Silent, XmlStream

if TYPE_CHECKING:
    from xmlschema import XMLSchema10, XMLSchemaValidationError

    from inventory.formats.source import Source

_SPDX: Final = "http://cyclonedx.org/schema/spdx"
_NAMESPACE: Final = re.compile(r"\{[^}]*\}")


def judge_xml(source: Source) -> SchemaVerdict | None:
    """Hold a document to the schema of its version; None where it has more elements than the limit.

    Raises FormatError: what the document refuses to be read with (`bad_xml`, `dtd_forbidden`, `too_deep`).
    """
    data, version = source.text.data, source.detected.format_version
    # Both may also stand in comments and sections: then it is taken for larger than it is.
    if version not in VERSIONS or data.count(b"</") + data.count(b"/>") > source.limits.schema_elements:
        return None
    XmlStream(Shape(Form.OBJECT), namespaces=NAMESPACES, limits=source.limits, listener=Silent()).read(source.text)
    tree = ElementTree.fromstring(data, forbid_dtd=True)
    errors = _schema(version).iter_errors(tree)
    kept = tuple(_warning(error) for error in itertools.islice(errors, KEPT))
    return SchemaVerdict(valid=not kept, error_count=len(kept) + sum(1 for _ in errors), errors=kept)


def _warning(error: XMLSchemaValidationError) -> ReadWarning:
    place = _NAMESPACE.sub("", error.path or "")
    message = _NAMESPACE.sub("", error.reason or error.message)
    return ReadWarning("schema_invalid", storable(place), storable(message[:300]))


@cache
def _schema(version: str) -> XMLSchema10:
    """Build the schema of one version, in about half a second, once a process."""
    import xmlschema  # noqa: PLC0415  (half a second to import, for who sends XML alone)

    folder = importlib.resources.files("cyclonedx.schema") / "_res"
    with (
        importlib.resources.as_file(folder / f"bom-{version}.SNAPSHOT.xsd") as path,
        importlib.resources.as_file(folder / "spdx.SNAPSHOT.xsd") as spdx,
    ):
        # Without the library's own copies of other schemas: what CycloneDX does not declare, it does not judge.
        return xmlschema.XMLSchema10(str(path), locations={_SPDX: str(spdx)}, allow="local", use_fallback=False)
