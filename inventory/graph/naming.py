"""How a component is spelled: by its own identity text.

Package rows are shared and keep the spelling of whoever came first, perhaps another team's; an identity belongs to
every document that has it, letter by letter.
"""

from __future__ import annotations

from dataclasses import dataclass

from inventory.identity.purls import display_name, package_purl, parse_purl


@dataclass(frozen=True, slots=True)
class Spelling:
    """A package as one of its components spells it. `purl` is the package's, without version; None without any."""

    type: str
    namespace: str
    name: str
    purl: str | None

    @property
    def display_name(self) -> str:
        """`@scope/name`, `group:artifact`, `liblzma5`: as people of the ecosystem write it."""
        return display_name(self.type, namespace=self.namespace, name=self.name)


def spell(identity: str, *, namespace_key: str, name_key: str) -> Spelling:
    """Read the spelling out of Component.identity; the match key tells where a name without purl begins and ends."""
    if identity.startswith("pkg:"):
        purl = parse_purl(identity)
        text = package_purl(purl.type, namespace=purl.namespace, name=purl.name)
        return Spelling(purl.type, purl.namespace, purl.name, text)
    _, _, rest = identity.partition("/")
    end = len(namespace_key) + 1 + len(name_key)
    namespace, name = rest[: len(namespace_key)], rest[len(namespace_key) + 1 : end]
    if (namespace.lower(), name.lower()) == (namespace_key, name_key):
        return Spelling("", namespace, name, None)
    # A text too long to be an identity was replaced by its hash: the key is all that is left of it.
    return Spelling("", namespace_key, name_key, None)
