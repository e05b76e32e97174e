"""Writes the XML of a small CycloneDX document that a test gives as its JSON, so that both can be read and compared."""

from __future__ import annotations

from typing import Any
from xml.sax.saxutils import escape, quoteattr

ATTRIBUTES = {"bom-ref", "ref", "alg", "isExternal"}
ITEMS = {
    "components": "component", "hashes": "hash", "properties": "property", "dependencies": "dependency",
    "services": "service", "compositions": "composition", "lifecycles": "lifecycle", "assemblies": "assembly",
    "variants": "component", "ancestors": "component", "patches": "patch", "vulnerabilities": "vulnerability",
    "affects": "target", "references": "reference", "versions": "version", "externalReferences": "reference",
    "authors": "author", "commits": "commit", "contact": "contact",
}  # fmt: skip


def cyclonedx_xml(document: dict[str, Any]) -> bytes:
    """Return the XML twin of a document."""
    version = document["specVersion"]
    head = "".join(
        f" {name}={quoteattr(str(document[name]))}" for name in ("serialNumber", "version") if name in document
    )
    own = {"bomFormat", "specVersion", "serialNumber", "version", "$schema"}
    inner = "".join(_element(name, value) for name, value in document.items() if name not in own)
    return f'<?xml version="1.0"?><bom xmlns="http://cyclonedx.org/schema/bom/{version}"{head}>{inner}</bom>'.encode()


def _element(name: str, value: Any) -> str:
    if isinstance(value, dict):
        return _object(name, value)
    if isinstance(value, list):
        items = "".join(_item(name, item) for item in value)
        return items if name in {"identity", "contact"} else f"<{name}>{items}</{name}>"
    return f"<{name}>{_text(value)}</{name}>"


def _item(array: str, value: Any) -> str:
    if array == "dependencies" and isinstance(value, dict):
        inner = "".join(f"<dependency ref={quoteattr(ref)}/>" for ref in value.get("dependsOn", ()))
        return f"<dependency ref={quoteattr(value['ref'])}>{inner}</dependency>"
    if isinstance(value, str):
        return f"<{ITEMS.get(array, array)} ref={quoteattr(value)}/>"
    return _object("identity" if array == "identity" else ITEMS.get(array, "tool"), value)


def _object(name: str, value: dict[str, Any]) -> str:
    if name == "hash":
        return f"<hash alg={quoteattr(value['alg'])}>{_text(value['content'])}</hash>"
    if name == "property":
        return f"<property name={quoteattr(value['name'])}>{_text(value['value'])}</property>"
    attributes = ATTRIBUTES - ({"ref"} if name == "target" else set()) | (
        {"type"} if name in {"component", "patch", "reference"} else set()
    )
    head = "".join(f" {key}={quoteattr(_plain(value[key]))}" for key in value if key in attributes)
    inner = "".join(_element(key, member) for key, member in value.items() if key not in attributes)
    return f"<{name}{head}>{inner}</{name}>"


def _text(value: Any) -> str:
    return escape(_plain(value))


def _plain(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
