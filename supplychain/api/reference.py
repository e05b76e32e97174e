"""The OpenAPI document as rows for the documentation page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

METHODS = ("get", "post", "put", "patch", "delete")


@dataclass(frozen=True, slots=True)
class Field:
    """A parameter of an operation, or a property of a schema."""

    name: str
    place: str
    type: str
    required: bool
    description: str


@dataclass(frozen=True, slots=True)
class Answer:
    """One status an operation answers with."""

    status: str
    description: str
    schema: str


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one path."""

    method: str
    path: str
    anchor: str
    description: str
    parameters: tuple[Field, ...]
    body: str
    answers: tuple[Answer, ...]


@dataclass(frozen=True, slots=True)
class Schema:
    """One named object of the document."""

    name: str
    description: str
    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class Reference:
    """Everything the page shows, in the document's order."""

    operations: tuple[Operation, ...]
    schemas: tuple[Schema, ...]


def build_reference(document: Mapping[str, Any]) -> Reference:
    """Read an OpenAPI document into rows."""
    schemas = document.get("components", {}).get("schemas", {})
    return Reference(
        operations=tuple(_operations(document["paths"])),
        schemas=tuple(
            Schema(name, schema.get("description", ""), tuple(_properties(schema))) for name, schema in schemas.items()
        ),
    )


def _operations(paths: Mapping[str, Any]) -> Iterator[Operation]:
    for path, methods in paths.items():
        for method in METHODS:
            if method in methods:
                yield _operation(path, method=method, operation=methods[method])


def _operation(path: str, *, method: str, operation: Mapping[str, Any]) -> Operation:
    return Operation(
        method=method.upper(),
        path=path,
        anchor=operation["operationId"],
        description=operation.get("description", ""),
        parameters=tuple(
            Field(p["name"], p["in"], _type_of(p.get("schema", {})), p.get("required", False), p.get("description", ""))
            for p in operation.get("parameters", ())
        ),
        body=_content_type_of(operation.get("requestBody", {})),
        answers=tuple(
            Answer(status, answer.get("description", ""), _content_type_of(answer))
            for status, answer in sorted(operation["responses"].items())
        ),
    )


def _properties(schema: Mapping[str, Any]) -> Iterator[Field]:
    required = schema.get("required", ())
    for name, inner in schema.get("properties", {}).items():
        yield Field(name, "", _type_of(inner), name in required, inner.get("description", ""))


def _content_type_of(holder: Mapping[str, Any]) -> str:
    """Return the schema of the first media type of a body."""
    for media in holder.get("content", {}).values():
        return _type_of(media.get("schema", {}))
    return ""


def _type_of(schema: Mapping[str, Any]) -> str:
    """Return a schema in one word or two: `string`, `array of Key`, `string or null`."""
    if "$ref" in schema:
        return str(schema["$ref"]).rsplit("/", 1)[-1]
    for combination, word in (("allOf", " and "), ("oneOf", " or "), ("anyOf", " or ")):
        if combination in schema:
            return word.join(_type_of(part) for part in schema[combination])
    kind = schema.get("type", "any")
    if isinstance(kind, list):
        return " or ".join(kind)
    if kind == "array":
        return f"array of {_type_of(schema.get('items', {}))}"
    return f"{kind} ({schema['format']})" if "format" in schema else str(kind)
