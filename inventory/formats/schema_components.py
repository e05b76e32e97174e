"""Components held to the schema one by one, those that were found good before not again.

Only a document of which every component is valid by itself, and no two can be equal, is judged in parts: any other is
judged as a whole, which names its errors.
"""

from __future__ import annotations

from typing import Final

import jsonschema_rs
import msgspec

from inventory.formats import json_parts
from inventory.formats.known_components import Listed, Memory

_NESTED: Final = b'"components"'


def are_valid(listed: Listed, validator: jsonschema_rs.Validator, *, memory: Memory, most: int) -> bool:
    """Tell whether `components` keeps to the schema, the rule that no two may be equal included.

    False when that cannot be said of each by itself, or they are more than `most`; then nothing is said. Components
    with different bom-refs are different. `memory` is of this version of the format.
    """
    if len(listed.items) > most:
        return False
    known = memory.find(listed.keys) or [None] * len(listed.items)
    refs: set[str] = set()
    for item, component in zip(listed.items, known, strict=True):
        if component is not None and component.is_valid:
            ref = component.record.ref
        else:
            ref = _valid_ref(item, validator)
            if component is not None:
                component.is_valid = ref is not None
        if ref is None:
            return False
        refs.add(ref)
    return len(refs) == len(listed.items)


def _valid_ref(item: msgspec.Raw, validator: jsonschema_rs.Validator) -> str | None:
    """Return the bom-ref of a valid component; None when it has none, is not valid, or holds others."""
    if _NESTED in bytes(item):  # how many there are in all, the whole document tells
        return None
    value = json_parts.decode_value(item)
    ref = value.get("bom-ref") if isinstance(value, dict) else None
    return ref if isinstance(ref, str) and validator.is_valid(value) else None
