"""The verdict of a format's own schema on a document: recorded beside what was read, and no reason to refuse it.

CycloneDX's schemas are those that cyclonedx-python-lib ships; SPDX 2.x is held to its mandatory fields. References
between schemas are answered from the same files: nothing is ever fetched.
"""

from __future__ import annotations

import importlib.resources
import itertools
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Final, NoReturn

import jsonschema_rs
import msgspec

from inventory.formats import json_parts, schema_components, spdx2_schema, spdx3_schema
from inventory.formats.collector import collector_paused
from inventory.formats.cyclonedx import VERSIONS
from inventory.formats.detected import Detected
from inventory.formats.known_components import list_components, memory_of
from inventory.formats.limits import DEFAULT_LIMITS, Limits
from inventory.formats.pointers import join
from inventory.formats.records import ReadWarning, storable
from inventory.formats.schema_verdict import KEPT, SchemaVerdict
from inventory.formats.source import Source
from inventory.formats.spdx2_elements import Opener
from inventory.formats.spdx2_syntaxes import SYNTAXES, whole_document
from inventory.formats.text import require_utf8
from inventory.formats.xml_schema import judge_xml

_BASE: Final = "http://cyclonedx.org/schema/"
_SHARED: Final = (
    "spdx.SNAPSHOT.schema.json",
    "jsf-0.82.SNAPSHOT.schema.json",
    "cryptography-defs.SNAPSHOT.schema.json",
)
_STRICT: Final = frozenset({"1.2", "1.3"})
"""Versions whose plain schema allows unknown fields: the strict one is what the specification's own tests use."""
_COUNTED_BYTES: Final = 8 * 1024 * 1024
"""Size times levels of nesting below the top up to which all errors are counted; above it the first is named."""


def check(data: bytes, detected: Detected, *, limits: Limits = DEFAULT_LIMITS) -> SchemaVerdict | None:
    """Hold a document, unwrapped from any compressed file, to its schema; see `check_source`."""
    return check_source(Source(data, require_utf8(data), detected, limits))


def check_source(source: Source) -> SchemaVerdict | None:
    """Hold a document to its schema; one that was read before is not taken apart again.

    None where there is no schema for it, or where it is too large for a second decode (over 32 MiB or 30,000
    components) or too deep: the receipt then says `schema_not_checked`. Raises FormatError for what is no JSON.
    """
    detected, limits = source.detected, source.limits
    if len(source.data) > limits.schema_bytes:
        return None
    if detected.format == "cyclonedx-xml":
        return judge_xml(source)
    if detected.format in SYNTAXES:
        return _judge_elements(source, SYNTAXES[detected.format])
    validator = _validator(detected)
    if validator is None:
        return None
    members = json_parts.read_members(source.text)
    if detected.format == "cyclonedx" and _is_valid_in_parts(members, source):
        return SchemaVerdict(valid=True, error_count=0, errors=())
    if detected.wrapper:
        members = json_parts.object_members(members[detected.wrapper.removeprefix("/")], pointer=detected.wrapper)
    with collector_paused():
        document = {name: json_parts.decode_value(raw) for name, raw in members.items()}
        return _judge(validator, document, wrapper=detected.wrapper, size_bytes=len(source.data), limits=limits)


def _judge_elements(source: Source, opener: Opener) -> SchemaVerdict | None:
    """Hold an SPDX document of another syntax to what the JSON form must have; errors say where in that syntax."""
    with collector_paused():
        document, elements = whole_document(source.text, opener, limits=source.limits)
        found = _judge(_spdx_validator(), document, wrapper="", size_bytes=len(source.data), limits=source.limits)
    if found is None or found.valid:
        return found
    return replace(found, errors=tuple(replace(one, pointer=elements.locate(one.pointer)) for one in found.errors))


def _is_valid_in_parts(members: Mapping[str, msgspec.Raw], source: Source) -> bool:
    """Tell whether each component and all the rest keep to the schema; False says nothing (schema_components.py)."""
    raw = members.get("components")
    if raw is None or json_parts.first_byte(raw) != "[":
        return False
    version, limits = source.detected.format_version, source.limits
    validator, memory = _cyclonedx_component_validator(version), memory_of(version, limits)
    try:
        with collector_paused():
            listed = source.listed or list_components(raw, pointer="/components")
            if not schema_components.are_valid(listed, validator, memory=memory, most=limits.schema_components):
                return False
            rest = {name: json_parts.decode_value(raw) for name, raw in members.items() if name != "components"}
            return _cyclonedx_validator(version).is_valid(rest | {"components": []})
    except ValueError:
        return False  # nested too deep for it: the whole is not judged either


def _judge(
    validator: jsonschema_rs.Validator, document: dict[str, Any], *, wrapper: str, size_bytes: int, limits: Limits
) -> SchemaVerdict | None:
    shape = _shape(document)
    if shape.count > limits.schema_components:
        return None
    try:
        if validator.is_valid(document):
            return SchemaVerdict(valid=True, error_count=0, errors=())
        is_small = size_bytes * (shape.levels - 1) <= _COUNTED_BYTES
        errors = validator.iter_errors(document) if is_small else iter([_first_error(validator, document)])
        return _verdict(errors, wrapper=wrapper)
    except ValueError:
        return None  # jsonschema-rs gives up on values nested deeper than 255 levels: nothing is said of them.


@dataclass(frozen=True, slots=True)
class _Shape:
    count: int
    levels: int


def _shape(document: Mapping[str, Any]) -> _Shape:
    """Count components or packages, and the levels they are nested in."""
    level = document.get("components") or document.get("packages")
    count = levels = 0
    while isinstance(level, list) and level:
        count, levels = count + len(level), levels + 1
        inner = [item.get("components") for item in level if isinstance(item, dict)]
        level = [part for parts in inner if isinstance(parts, list) for part in parts]
    return _Shape(count, levels)


def _first_error(validator: jsonschema_rs.Validator, document: object) -> jsonschema_rs.ValidationError:
    """Find one error of an invalid document: each error holds a copy of what it is about, so not all can be had."""
    try:
        validator.validate(document)
    except jsonschema_rs.ValidationError as error:
        return error
    raise ValueError("the document is valid after all")


def _verdict(errors: Iterator[jsonschema_rs.ValidationError], *, wrapper: str) -> SchemaVerdict:
    kept = tuple(
        ReadWarning("schema_invalid", storable(join(wrapper, *error.instance_path)), storable(error.message[:300]))
        for error in itertools.islice(errors, KEPT)
    )
    return SchemaVerdict(valid=False, error_count=len(kept) + sum(1 for _ in errors), errors=kept)


def _validator(detected: Detected) -> jsonschema_rs.Validator | None:
    if detected.format == "cyclonedx" and detected.format_version in VERSIONS:
        return _cyclonedx_validator(detected.format_version)
    if detected.format == "spdx-3":
        return _spdx3_validator()
    return _spdx_validator() if detected.format == "spdx" else None


@cache
def _spdx_validator() -> jsonschema_rs.Validator:
    return jsonschema_rs.Draft7Validator(spdx2_schema.SCHEMA)


@cache
def _spdx3_validator() -> jsonschema_rs.Validator:
    return jsonschema_rs.Draft7Validator(spdx3_schema.SCHEMA)


@cache
def _cyclonedx_validator(version: str) -> jsonschema_rs.Validator:
    return _compiled(_cyclonedx_schema(version))


@cache
def _cyclonedx_component_validator(version: str) -> jsonschema_rs.Validator:
    """Return the validator of one component alone: what the schema says of the items of `components`."""
    schema = _cyclonedx_schema(version)
    kept = {name: schema[name] for name in ("$schema", "$id", "definitions") if name in schema}
    return _compiled(kept | {"allOf": [schema["properties"]["components"]["items"]]})


def _cyclonedx_schema(version: str) -> dict[str, Any]:
    return _load(f"bom-{version}{'-strict' if version in _STRICT else ''}.SNAPSHOT.schema.json")


def _compiled(schema: dict[str, Any]) -> jsonschema_rs.Validator:
    registry = jsonschema_rs.Registry([(_BASE + name, _load(name)) for name in _SHARED], retriever=_refuse)
    return jsonschema_rs.Draft7Validator(schema, registry=registry, retriever=_refuse, validate_formats=True)


def _load(name: str) -> dict[str, Any]:
    """Read one of the schema files that the library ships beside its code (CycloneDX specification, Apache-2.0)."""
    text = (importlib.resources.files("cyclonedx.schema") / "_res" / name).read_text(encoding="utf-8")
    schema: dict[str, Any] = json.loads(text)
    return schema


def _refuse(uri: str) -> NoReturn:
    raise LookupError(f"{uri} is not among the schemas at hand; nothing is fetched.")
