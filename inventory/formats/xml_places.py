"""Says where in an XML document something stands: an XPath for the pointer that the same value has in JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_ITEMS: Final[Mapping[str, str]] = {
    "components": "component", "hashes": "hash", "properties": "property", "dependencies": "dependency",
    "dependsOn": "dependency", "services": "service", "compositions": "composition", "tools": "tool",
    "vulnerabilities": "vulnerability", "lifecycles": "lifecycle", "ancestors": "component", "variants": "component",
    "descendants": "component", "patches": "patch", "affects": "target", "versions": "version", "identity": "identity",
    "responses": "response", "references": "reference", "ratings": "rating",
}  # fmt: skip
"""The array's name in JSON, which is that of the element around its items in XML, and the name of an item."""
_BARE: Final = frozenset({"dependsOn", "identity"})
"""Arrays whose items stand in XML without an element around them."""
_TEXTS: Final = frozenset({"value", "content"})
"""Members of an item that are its text in XML."""
_ATTRIBUTES: Final = frozenset({"bom-ref", "ref", "alg"})


def xpath(pointer: str, *, root: str = "bom") -> str:
    """Return the XPath of what a JSON pointer names (`/components/16/purl` is `/bom/components/component[17]/purl`).

    What is an XPath already stays; '' is the document and stays too.
    """
    if not pointer:
        return ""
    names = pointer.removeprefix(f"/{root}/").split("/") if pointer.startswith(f"/{root}/") else pointer.split("/")[1:]
    steps: list[str] = []
    for place, name in enumerate(names):
        before = names[place - 1] if place else ""
        item = _ITEMS.get(before)
        if name.isdecimal() and item is not None:
            if before in _BARE:
                steps.pop()
            steps.append(f"{item}[{int(name) + 1}]")
        elif name in _ATTRIBUTES and not (name == "ref" and steps and steps[-1].startswith("target[")):
            steps.append("@" + name)
        elif name not in _TEXTS or not before.isdecimal():
            steps.append(name)
    if names[-2:-1] == ["dependsOn"] and names[-1].isdecimal():
        steps.append("@ref")
    return "/".join(["", root, *steps])
