"""The incident query over HTTP."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

from django.http import HttpResponseBase, StreamingHttpResponse
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.parsers import FormParser
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.response import Response
from rest_framework.views import APIView

from incidents.api.openapi import ANSWERS, QUESTION
from incidents.api.render import ImpactRenderer, as_csv, as_json
from incidents.asking import read_body, read_query
from incidents.impact.assess import assess
from supplychain.access.actors import actor_of
from supplychain.access.permissions import RequireScope
from supplychain.api.released import released

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.http import QueryDict
    from rest_framework.request import Request

    from incidents.impact.answer import Impact
    from incidents.impact.question import Question
    from supplychain.access.actors import Actor

_CSV_PAGE = 500


class CsvRenderer(BaseRenderer):
    """Lets `Accept: text/csv` reach the view, which streams; what is rendered here is never an answer."""

    media_type = "text/csv"
    format = "csv"

    def render(self, data: Any, accepted_media_type: str | None = None, renderer_context: Any = None) -> bytes:
        return JSONRenderer().render(data, accepted_media_type, renderer_context)


class ImpactView(APIView):
    permission_classes = [RequireScope("incidents:read")]
    renderer_classes = [ImpactRenderer, CsvRenderer]

    @extend_schema(operation_id="impact_ask", request={"application/json": QUESTION}, responses=ANSWERS)
    def post(self, request: Request) -> HttpResponseBase:
        """Which digests contain it, where they run, and what we do not know. Stores nothing but an audit line."""
        return _answer(request, question=read_body(request.data))

    @extend_schema(
        operation_id="impact_ask_short",
        parameters=[
            OpenApiParameter("q", description="What a responder pastes, a line an indicator"),
            OpenApiParameter("at", OpenApiTypes.DATETIME),
            OpenApiParameter("from", OpenApiTypes.DATETIME),
            OpenApiParameter("to", OpenApiTypes.DATETIME),
            OpenApiParameter("environment", many=True),
            OpenApiParameter("cluster", many=True),
            OpenApiParameter("team", many=True),
            OpenApiParameter("status", many=True, enum=["affected", "possible", "unknown", "cleared"]),
            OpenApiParameter("limit", int),
            OpenApiParameter("cursor"),
        ],
        responses=ANSWERS,
    )
    def get(self, request: Request) -> HttpResponseBase:
        """The same for a question that fits into an address."""
        return _answer(request, question=read_query(request.GET))


class ImpactFileView(APIView):
    """The answer as CSV for the page, whose form sends what the short form's query holds."""

    permission_classes = [RequireScope("incidents:read")]
    renderer_classes = [CsvRenderer]
    parser_classes = [FormParser]
    schema = None

    def get(self, request: Request) -> HttpResponseBase:
        return _answer(request, question=read_query(request.GET))

    def post(self, request: Request) -> HttpResponseBase:
        form = cast("QueryDict", request.data).copy()
        form.pop("csrfmiddlewaretoken", None)
        return _answer(request, question=read_query(form))


def _answer(request: Request, *, question: Question) -> HttpResponseBase:
    actor = actor_of(request)
    if request.accepted_renderer.format == CsvRenderer.format:
        first = assess(replace(question, limit=_CSV_PAGE), actor=actor, at=timezone.now())
        return StreamingHttpResponse(
            as_csv(_pages(first, question=replace(question, limit=_CSV_PAGE), actor=actor)),
            content_type="text/csv; charset=utf-8",
            headers={"Content-Disposition": 'attachment; filename="impact.csv"'},
        )
    return released(Response(as_json(assess(question, actor=actor, at=timezone.now()))))


def _pages(first: Impact, *, question: Question, actor: Actor) -> Iterator[Impact]:
    impact = first
    yield impact
    while impact.next is not None:
        impact = assess(replace(question, cursor=impact.next), actor=actor, at=timezone.now())
        yield impact
