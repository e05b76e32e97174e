"""The OpenAPI document: what drf-spectacular cannot know by itself."""

from __future__ import annotations

from functools import cache
from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, inline_serializer
from rest_framework import serializers

PROBLEM = "Problem"

# Every route that needs a key can answer these; a route states the others with `refusals`.
_PROBLEMS = {
    "400": "The input is not valid.",
    "401": "No key, or one that is unknown, revoked or expired.",
    "403": "The key or user lacks the scope, or may not do this.",
    "404": "There is nothing here that this key or user may see.",
    "429": "Too many requests; wait for `Retry-After`.",
    "503": "Not accepted; try again after `Retry-After`.",
    "504": "The question took too long and was stopped; narrow it.",
}
_PROBLEMS_OF_BODIES = {
    "413": "The body is larger than this route takes.",
    "415": "The body's type or encoding is not one that this route reads.",
}
_REFUSALS = {
    409: "Not in the state that this needs.",
    410: "It was here, and is kept no longer.",
    412: "It was changed since the version that `If-Match` names.",
    413: "The answer would be larger than this route gives.",
    422: "The file is not what this takes.",
}
_REQUEST_ID = {"description": "Names this answer in the log", "schema": {"type": "string"}}
_RETRY_AFTER = {"description": "Seconds to wait", "schema": {"type": "integer"}}
_CHALLENGE = {"description": "How to show a key", "schema": {"type": "string"}}

PAGE_QUERY = [
    OpenApiParameter("limit", int, description="Rows on a page: 50 by default, at most 500"),
    OpenApiParameter("cursor", str, description="Where the page begins; taken from `next`"),
]


class ApiKeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # the library ships no types
    """`Authorization: Bearer <key>`, or `X-Api-Key: <key>`."""

    target_class = "supplychain.access.authentication.ApiKeyAuthentication"
    match_subclasses = True
    name = ["bearerKey", "apiKey"]

    def get_security_requirement(self, auto_schema: object) -> list[dict[str, list[str]]]:  # noqa: ARG002
        """Either header will do; in one dict they would both be needed."""
        return [{name: []} for name in self.name]

    def get_security_definition(self, auto_schema: object) -> list[dict[str, str]]:  # noqa: ARG002
        return [
            {"type": "http", "scheme": "bearer", "bearerFormat": "sc_…"},
            {"type": "apiKey", "in": "header", "name": "X-Api-Key"},
        ]


class BrowserSessionScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # the library ships no types
    """The session of the pages."""

    target_class = "supplychain.access.authentication.BrowserSessionAuthentication"
    name = "session"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:  # noqa: ARG002
        from django.conf import settings  # noqa: PLC0415

        return {"type": "apiKey", "in": "cookie", "name": settings.SESSION_COOKIE_NAME}


@cache
def page_of(serializer: type[serializers.BaseSerializer[Any]]) -> serializers.Serializer[Any]:
    """Return the schema of one page of a list; one for each serializer, however many routes list it."""
    name = serializer.__name__.removesuffix("Serializer") + "Page"
    page: serializers.Serializer[Any] = inline_serializer(
        name,
        fields={
            "results": serializer(many=True),
            "next": serializers.CharField(allow_null=True, help_text="Address of the next page; null on the last"),
        },
    )
    return page


def add_problems(result: dict[str, Any], generator: object, request: object, public: object) -> dict[str, Any]:  # noqa: ARG001
    """Give every operation its refusals (a postprocessing hook)."""
    schemas = result.setdefault("components", {}).setdefault("schemas", {})
    schemas[PROBLEM] = _problem_schema()
    for path in result["paths"].values():
        for operation in path.values():
            problems = _PROBLEMS | (_PROBLEMS_OF_BODIES if "requestBody" in operation else {})
            for status, text in problems.items():
                operation["responses"].setdefault(status, _problem_response(text))
            for status, response in operation["responses"].items():
                response.setdefault("headers", {}).update(_headers_of(status))
    return result


def refusals(*statuses: int) -> dict[tuple[int, str], OpenApiResponse]:
    """Return the responses of a route that refuses with further statuses, for `extend_schema`."""
    problem = {"$ref": f"#/components/schemas/{PROBLEM}"}
    return {
        (status, "application/problem+json"): OpenApiResponse(problem, description=_REFUSALS[status])
        for status in statuses
    }


def _headers_of(status: str) -> dict[str, Any]:
    headers: dict[str, Any] = {"X-Request-Id": _REQUEST_ID}
    if status in {"429", "503"}:
        headers["Retry-After"] = _RETRY_AFTER
    if status == "401":
        headers["WWW-Authenticate"] = _CHALLENGE
    return headers


def _problem_response(text: str) -> dict[str, Any]:
    content = {"application/problem+json": {"schema": {"$ref": f"#/components/schemas/{PROBLEM}"}}}
    return {"description": text, "content": content}


def _problem_schema() -> dict[str, Any]:
    detail = {
        "type": "object",
        "required": ["pointer", "code", "message"],
        "properties": {"pointer": {"type": "string"}, "code": {"type": "string"}, "message": {"type": "string"}},
    }
    return {
        "type": "object",
        "description": "RFC 9457. `code` is stable and listed in docs/api.md.",
        "required": ["type", "title", "status", "detail", "code"],
        "properties": {
            "type": {"type": "string"},
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "detail": {"type": "string"},
            "code": {"type": "string"},
            "instance": {"type": "string"},
            "errors": {"type": "array", "items": detail},
        },
    }
