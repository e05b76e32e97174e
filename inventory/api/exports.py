"""The merged SBOM over HTTP."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.views import APIView

from inventory.api.artifacts import read_digest_of_path
from inventory.graph.export import JSON_MEDIA_TYPE, XML_MEDIA_TYPE, write_json, write_xml
from inventory.graph.merged import Merged, merge_sboms
from inventory.graph.statements import bounded
from supplychain.access.actors import actor_of
from supplychain.access.permissions import RequireScope
from supplychain.api.parameters import read_choice, reject_unknown_parameters
from supplychain.api.schema import refusals

if TYPE_CHECKING:
    from collections.abc import Callable

    from rest_framework.request import Request


@dataclass(frozen=True, slots=True)
class Form:
    """One form in which the merged SBOM is written."""

    media_type: str
    suffix: str
    write: Callable[[Merged], bytes]


FORMS = {
    "cyclonedx-json": Form(JSON_MEDIA_TYPE, "cdx.json", write_json),
    "cyclonedx-xml": Form(XML_MEDIA_TYPE, "cdx.xml", write_xml),
}
_DEFAULT = "cyclonedx-json"
_QUERY = [OpenApiParameter("format", enum=list(FORMS), default=_DEFAULT)]


def _published(media_type: str) -> str:
    return media_type.partition(";")[0]


class ArtifactSbomView(APIView):
    permission_classes = [RequireScope("inventory:read")]

    @extend_schema(
        operation_id="artifact_sbom",
        parameters=_QUERY,
        responses={
            (200, _published(JSON_MEDIA_TYPE)): OpenApiTypes.OBJECT,
            (200, _published(XML_MEDIA_TYPE)): OpenApiTypes.STR,
            **refusals(409, 413),
        },
    )
    def get(self, request: Request, digest: str) -> HttpResponse:
        """All SBOMs about an artifact as one CycloneDX 1.6 document; the same evidence gives the same bytes.

        409 `no_sbom` where none was received, 413 `export_too_large` above 20,000 components.
        """
        reject_unknown_parameters(request, {"format"})
        form = FORMS[read_choice(request, "format", allowed=FORMS) or _DEFAULT]
        with bounded():
            merged = merge_sboms(read_digest_of_path(digest), actor=actor_of(request))
        name = f"{merged.digest.replace(':', '-')}.{form.suffix}"
        return HttpResponse(
            form.write(merged),
            content_type=form.media_type,
            headers={
                "Content-Disposition": f'attachment; filename="{name}"',
                "X-Content-Type-Options": "nosniff",
            },
        )
