"""A strict JSON parse for documents that decide something: runtime records and image manifests.

Two parsers must never read such a document differently, so what RFC 8259 leaves open is refused: repeated names in an
object, NaN and Infinity, numbers out of range, text behind the value.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import dataclass
from typing import Final, NoReturn

from inventory.formats.limits import Limits
from inventory.formats.pointers import join
from inventory.formats.records import FormatError
from inventory.formats.text import Utf8, require_utf8

Json = dict[str, "Json"] | list["Json"] | str | int | float | bool | None

_NUMBER_CHARACTERS: Final = 400
_SURROGATE: Final = re.compile("[\ud800-\udfff\ufdd0]")
"""Half of a surrogate pair, or json_parts.SURROGATE_MARK that stands for one."""


class _Repeated(dict[str, Json]):
    """An object that named a member twice; `name` is the first such member."""

    name: str


def parse(data: bytes, *, limits: Limits) -> Json:
    """Parse one JSON value, or raise FormatError.

    Codes: `empty_document`, `not_utf8`, `bad_json`, `trailing_data`, `duplicate_key` (with the pointer), `not_finite`,
    `number_out_of_range`, `too_deep`.
    """
    return parse_text(require_utf8(data), limits=limits)


def parse_text(text: Utf8, *, limits: Limits) -> Json:
    """Parse bytes that were already checked to be UTF-8; see `parse`."""
    repeated: list[_Repeated] = []
    try:
        value: Json = _decoder(repeated).decode(text.data.decode("utf-8"))
    except RecursionError as error:
        raise FormatError("too_deep", f"The document nests deeper than {limits.depth} levels.") from error
    except json.JSONDecodeError as error:
        raise _syntax_error(error) from error
    if repeated:
        _raise_repeated(value)
    _check_depth(value, limits=limits)
    return value


@dataclass(frozen=True, slots=True)
class StringDefect:
    """A string that cannot be kept; `pointer` is below the value that was searched."""

    code: str
    pointer: str


def bad_string(value: object, *, limits: Limits) -> StringDefect | None:
    """Find the first string that no database takes, in member names too.

    Codes: `nul_in_string`, `bad_string` (half of a surrogate pair), `string_too_long`.
    """
    pending: list[tuple[object, str]] = [(value, "")]
    while pending:
        item, pointer = pending.pop()
        if isinstance(item, str):
            code = string_defect(item, limits=limits)
            if code:
                return StringDefect(code, pointer)
        elif isinstance(item, dict):
            pending.extend((member, join(pointer, name)) for name, member in item.items())
            pending.extend((name, pointer) for name in item)
        elif isinstance(item, list):
            pending.extend((member, join(pointer, index)) for index, member in enumerate(item))
    return None


def string_defect(text: str, *, limits: Limits) -> str | None:
    """Name what makes one string unfit to be kept, or None."""
    if "\x00" in text:
        return "nul_in_string"
    if len(text) > limits.string_bytes:
        return "string_too_long"
    if not text.isascii() and _SURROGATE.search(text):
        return "bad_string"
    return None


def _decoder(repeated: list[_Repeated]) -> json.JSONDecoder:
    def object_of(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
        value = dict(pairs)
        if len(value) == len(pairs):
            return value
        marked = _Repeated(value)
        marked.name = next(name for name, count in Counter(name for name, _ in pairs).items() if count > 1)
        repeated.append(marked)
        return marked

    return json.JSONDecoder(
        object_pairs_hook=object_of, parse_constant=_refuse_constant, parse_int=_integer, parse_float=_float
    )


def _refuse_constant(text: str) -> NoReturn:
    raise FormatError("not_finite", f"{text} is not a JSON number. Write null or leave the field out.")


def _integer(text: str) -> int:
    if len(text) > _NUMBER_CHARACTERS:
        raise FormatError("number_out_of_range", f"A number has {len(text)} digits.")
    return int(text)


def _float(text: str) -> float:
    value = float(text)
    if len(text) > _NUMBER_CHARACTERS or value in (float("inf"), float("-inf")):
        raise FormatError("number_out_of_range", f"The number {text[:40]} is out of range.")
    return value


def _syntax_error(error: json.JSONDecodeError) -> FormatError:
    place = f"line {error.lineno}, column {error.colno}"
    if error.msg == "Extra data":
        return FormatError("trailing_data", f"There is more text behind the JSON value, at {place}.")
    return FormatError("bad_json", f"The document is not valid JSON: {error.msg} at {place}.")


def _raise_repeated(value: Json) -> NoReturn:
    pending: list[tuple[Json, str]] = [(value, "")]
    for item, pointer in pending:
        if isinstance(item, _Repeated):
            place = join(pointer, item.name)
            raise FormatError(
                "duplicate_key", f"The name {item.name[:100]!r} occurs twice in one object.", pointer=place
            )
        if isinstance(item, dict):
            pending.extend((member, join(pointer, name)) for name, member in item.items())
        elif isinstance(item, list):
            pending.extend((member, join(pointer, index)) for index, member in enumerate(item))
    raise FormatError("duplicate_key", "A name occurs twice in one object that a later one of the same name hides.")


def _check_depth(value: Json, *, limits: Limits) -> None:
    level = [value]
    for _ in range(limits.depth):
        below: list[Json] = []
        for item in level:
            if isinstance(item, dict):
                below.extend(item.values())
            elif isinstance(item, list):
                below.extend(item)
        level = below
    if any(isinstance(item, dict | list) for item in level):
        raise FormatError("too_deep", f"The document nests deeper than {limits.depth} levels.")
