"""The product's own word on an artifact, signed, and what it was held to (docs/trust.md, Signed verdicts)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from django.http import HttpResponse
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.views import APIView

from inventory.api.artifacts import read_digest_of_path
from inventory.api.exports import as_file
from inventory.graph.expectations import read_expectations
from inventory.graph.statements import bounded
from inventory.verification.summaries import sign_summary
from supplychain.access.actors import actor_of
from supplychain.access.permissions import RequireScope
from supplychain.api.parameters import reject_unknown_parameters
from supplychain.api.schema import refusals

if TYPE_CHECKING:
    from rest_framework.request import Request

DSSE_MEDIA_TYPE: Final = "application/vnd.dsse.envelope.v1+json"


class ArtifactSummaryView(APIView):
    permission_classes = [RequireScope("inventory:read")]

    @extend_schema(
        operation_id="artifact_vsa", responses={(200, DSSE_MEDIA_TYPE): OpenApiTypes.OBJECT, **refusals(409)}
    )
    def get(self, request: Request, digest: str) -> HttpResponse:
        """A SLSA verification summary (VSA) of what verification came to, in DSSE, signed with the installation's key.

        `PASSED` is a verdict of `verified_expected` and nothing else. 409 `no_signing_key` where there is no key.
        """
        reject_unknown_parameters(request, ())
        canonical = read_digest_of_path(digest)
        with bounded():
            summary = sign_summary(canonical, actor=actor_of(request), at=timezone.now())
        headers = as_file(canonical, suffix="vsa.dsse.json")
        return HttpResponse(summary.envelope, content_type=DSSE_MEDIA_TYPE, headers=headers)


class ExpectationsView(APIView):
    permission_classes = [RequireScope("policy:read")]

    @extend_schema(operation_id="expectations", responses=OpenApiTypes.OBJECT)
    def get(self, request: Request) -> HttpResponse:
        """What is verified against now: signers, roots, compromises. Its SHA-256 is the policy of a summary."""
        reject_unknown_parameters(request, ())
        with bounded():
            found = read_expectations(actor=actor_of(request), at=timezone.now())
        return HttpResponse(found.content, content_type="application/json")
