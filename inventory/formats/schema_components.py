"""Components that were held to the schema before: the next build of a service lists nearly all of them again.

A component is remembered by a hash of its bytes once the schema found nothing wrong with it; it is never remembered as
wrong. Only a document of which every component is valid by itself, and no two can be equal, is judged in parts: any
other is judged as a whole, which names its errors.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Final

import jsonschema_rs
import msgspec

from inventory.formats import json_parts

_MOST_ITEMS: Final = 5_000
"""A longer list is not worth remembering: it would push out what documents share."""
_MOST_KNOWN: Final = 50_000
"""Some 10 MB for each version of the format."""
_NESTED: Final = b'"components"'


class ComponentValidator:
    """The schema of one component, and which components are known to keep to it, each with its bom-ref."""

    def __init__(self, validator: jsonschema_rs.Validator) -> None:
        self._validator = validator
        self._known: dict[bytes, str] = {}

    def ref(self, item: msgspec.Raw) -> str | None:
        """Return the bom-ref of a valid component; None when it has none, is not valid, or holds others."""
        key = hashlib.blake2b(item, digest_size=16).digest()
        known = self._known.get(key)
        return self._judged(item, key=key) if known is None else known

    def _judged(self, item: msgspec.Raw, *, key: bytes) -> str | None:
        if _NESTED in bytes(item):  # how many there are in all, the whole document tells
            return None
        value = json_parts.decode_value(item)
        ref = value.get("bom-ref") if isinstance(value, dict) else None
        if not isinstance(ref, str) or not self._validator.is_valid(value):
            return None
        if len(self._known) >= _MOST_KNOWN:
            self._known.clear()
        self._known[key] = ref
        return ref


def are_valid(members: Mapping[str, msgspec.Raw], validator: ComponentValidator, *, most: int) -> bool:
    """Tell whether `components` keeps to the schema, the rule that no two may be equal included.

    False when that cannot be said of each by itself, or they are more than `most`; then nothing is said. Components
    with different bom-refs are different.
    """
    raw = members.get("components")
    if raw is None or json_parts.first_byte(raw) != "[":
        return False
    items = json_parts.array_items(raw, pointer="/components")
    if len(items) > min(most, _MOST_ITEMS):
        return False
    refs: set[str] = set()
    for item in items:
        ref = validator.ref(item)
        if ref is None:
            return False
        refs.add(ref)
    return len(refs) == len(items)
