"""Ceilings of what a reader takes from one document. Each has its own code, so a refusal says which one was met."""

from __future__ import annotations

from dataclasses import dataclass

MEBIBYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """Sizes in bytes, depth in JSON levels. The defaults are the product's; settings may lower or raise them."""

    inflated_bytes: int = 256 * MEBIBYTE
    """The document after a compressed file was unwrapped."""
    components: int = 200_000
    """Components of an SBOM, nested ones included; records of a runtime report, containers of a Kubernetes list."""
    edges: int = 2_000_000
    depth: int = 64
    string_bytes: int = MEBIBYTE
    """The longest single JSON string a component may hold."""
    name_characters: int = 4_096
    whole_bytes: int = 64 * MEBIBYTE
    """A document that is parsed whole: an advisory, a VEX document."""
    zip_entries: int = 200_000
    zip_entry_bytes: int = 32 * MEBIBYTE
    zip_inflated_bytes: int = 4096 * MEBIBYTE
    """All entries of a zip together. They come out one by one: what is in memory is the zip and one entry."""
    schema_bytes: int = 32 * MEBIBYTE
    schema_components: int = 30_000
    """Above these two the schema verdict is null: it costs a second decode of the whole document."""
    schema_elements: int = 20_000
    """Of an XML document: its schema costs some 60 us an element, a hundred times what that of JSON does."""


DEFAULT_LIMITS = Limits()
