"""Small questions to parsed JSON: a member of the type asked for, or nothing; another type is not guessed at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final

from inventory.formats import strict_json
from inventory.formats.pointers import join
from inventory.formats.records import FormatError

if TYPE_CHECKING:
    from inventory.formats.defects import Defects
    from inventory.formats.limits import Limits
    from inventory.formats.strict_json import Json
    from inventory.formats.text import Utf8

Object = Mapping[str, "Json"]
_NOTHING: Final[Object] = {}


def parse_object(text: Utf8, *, limits: Limits) -> Object:
    """Parse a document whose value must be an object, whole.

    Raises FormatError: `document_too_large` above `limits.whole_bytes`, `wrong_shape`, `nul_in_string` and its
    relatives, and the codes of strict JSON.
    """
    if len(text.data) > limits.whole_bytes:
        raise FormatError(
            "document_too_large", f"Documents of this kind may have {limits.whole_bytes} bytes; split it into several."
        )
    value = strict_json.parse_text(text, limits=limits)
    if not isinstance(value, dict):
        raise FormatError("wrong_shape", "The document must be a JSON object.")
    unfit = strict_json.bad_string(value, limits=limits)
    if unfit is not None:
        raise FormatError(unfit.code, "The document holds a string that cannot be stored.", pointer=unfit.pointer)
    return value


def text_of(value: Object, name: str) -> str:
    """Return a member that is a string, without blanks around it; '' when it is absent or anything else."""
    found = value.get(name)
    return found.strip() if isinstance(found, str) else ""


def object_of(value: Object, name: str) -> Object:
    """Return a member that is an object; an empty one when it is absent or anything else."""
    found = value.get(name)
    return found if isinstance(found, dict) else _NOTHING


def list_of(value: Object, name: str) -> list[Json]:
    """Return a member that is a list; an empty one when it is absent or anything else."""
    found = value.get(name)
    return found if isinstance(found, list) else []


def texts_of(value: Object, name: str) -> tuple[str, ...]:
    """Return the strings of a list, each once; those of another type are left out."""
    found = [item.strip() for item in list_of(value, name) if isinstance(item, str) and item.strip()]
    return tuple(dict.fromkeys(found))


def objects_of(value: Object, name: str, *, pointer: str, defects: Defects) -> Iterator[tuple[str, Object]]:
    """Yield the objects of a list with their pointers; what is none, or a member that is no list, is a defect."""
    place = join(pointer, name)
    found = value.get(name)
    if found is not None and not isinstance(found, list):
        defects.add("wrong_shape", place, f"{name} must be a list; it was not read.")
    for index, item in enumerate(list_of(value, name)):
        if isinstance(item, dict):
            yield join(place, index), item
        else:
            defects.add("wrong_shape", join(place, index), "This must be an object; it was not read.")
