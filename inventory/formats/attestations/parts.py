"""Small reads of strictly parsed JSON: a value of another type is absent, never guessed."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from inventory.formats import strict_json
from inventory.formats.attestations.records import MAX_BYTES
from inventory.formats.json_parts import object_members
from inventory.formats.pointers import join
from inventory.formats.records import FormatError, storable
from inventory.formats.strict_json import Json, bad_string

if TYPE_CHECKING:
    import msgspec

    from inventory.formats.limits import Limits

LONGEST: Final = 4_096
Members = Mapping[str, Json]


def members(value: object) -> Members:
    """Return an object, or an empty one."""
    return value if isinstance(value, dict) else {}


def items(value: object) -> Sequence[Json]:
    """Return an array, or an empty one."""
    return value if isinstance(value, list) else ()


def text(value: Members, *path: str) -> str:
    """Return the string at the end of a path of names, or ''."""
    for name in path[:-1]:
        value = members(value.get(name))
    found = value.get(path[-1])
    return storable(found)[:LONGEST] if isinstance(found, str) else ""


def sha256(data: bytes | memoryview) -> str:
    """Return the digest of bytes as artifacts are named."""
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def parse_part(raw: msgspec.Raw | None, *, pointer: str, limits: Limits) -> Json:
    """Parse one part of a document strictly; what cannot be kept is refused. Absent parts are None.

    Raises FormatError: the codes of strict JSON, `attestation_too_large`, and those of strings that no database takes.
    """
    if raw is None:
        return None
    if len(memoryview(raw)) > MAX_BYTES:
        raise FormatError("attestation_too_large", f"This part is larger than {MAX_BYTES} bytes.", pointer=pointer)
    try:
        value = strict_json.parse(bytes(raw), limits=limits)
    except FormatError as error:
        raise FormatError(error.code, error.message, pointer=pointer + error.pointer) from error
    unfit = bad_string(value, limits=limits)
    if unfit is not None:
        raise FormatError(unfit.code, "This string cannot be kept.", pointer=pointer + unfit.pointer)
    return value


def raw_members(raw: msgspec.Raw | None, *, pointer: str) -> dict[str, msgspec.Raw]:
    """Return the undecoded members of an object that must be there; raises FormatError `wrong_shape`."""
    if raw is None:
        raise FormatError("wrong_shape", "An object must stand here.", pointer=pointer)
    return object_members(raw, pointer=pointer)


def place(pointer: str, *steps: str | int) -> str:
    """Return a place below another one."""
    return join(pointer, *steps)
