"""`GET /api/v1/schema` and `GET /api/v1/docs`."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from drf_spectacular.generators import SchemaGenerator

from supplychain.api.reference import build_reference


@require_safe
def schema(_request: HttpRequest) -> HttpResponse:
    """Answer the OpenAPI 3.1 document; it is the same for everyone, so it needs no key."""
    return JsonResponse(openapi_document())


@require_safe
def docs(request: HttpRequest) -> HttpResponse:
    """Answer the same document as a page, rendered here: it needs no script and nothing from elsewhere."""
    return render(request, "api/docs.html", {"reference": build_reference(openapi_document())})


@lru_cache(maxsize=1)
def openapi_document() -> dict[str, Any]:
    """Build the document once for each process: it depends on the code alone."""
    document: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    return document
