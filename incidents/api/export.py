"""The evidence pack of an incident over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.views import APIView

from incidents.export.pack import export_pack
from incidents.export.sending import send_pack
from supplychain.access.actors import actor_of
from supplychain.access.permissions import RequireScope
from supplychain.api.parameters import read_flag, reject_unknown_parameters
from supplychain.api.schema import refusals

if TYPE_CHECKING:
    from uuid import UUID

    from django.http import StreamingHttpResponse
    from rest_framework.request import Request


class ExportView(APIView):
    permission_classes = [RequireScope("incidents:read")]
    # HEAD would be told on the timeline as an export, and hand nothing over.
    http_method_names = ["get", "options"]

    @extend_schema(
        operation_id="incidents_export",
        parameters=[
            OpenApiParameter("raw", OpenApiTypes.BOOL, description="False leaves the documents' bytes out"),
            OpenApiParameter(
                "Repr-Digest", response=[200], location=OpenApiParameter.HEADER, description="SHA-256, RFC 9530"
            ),
        ],
        responses={(200, "application/zip"): OpenApiTypes.BINARY, **refusals(413)},
    )
    def get(self, request: Request, public_id: UUID) -> StreamingHttpResponse:
        """The evidence pack: a zip that proves itself. The export is told on the timeline, with its digest."""
        reject_unknown_parameters(request, {"raw"})
        with_raw = read_flag(request, "raw", default=True)
        return send_pack(export_pack(public_id, with_raw=with_raw, actor=actor_of(request), at=timezone.now()))
