"""How far verification is, over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from inventory.graph.statements import bounded
from inventory.verification.progress import read_progress
from supplychain.access.actors import actor_of
from supplychain.access.permissions import RequireScope
from supplychain.api.parameters import reject_unknown_parameters

if TYPE_CHECKING:
    from rest_framework.request import Request


class VerificationProgressSerializer(serializers.Serializer[Any]):
    attestation_count = serializers.IntegerField()
    due_count = serializers.IntegerField(help_text="Not verified yet, or not since trust changed")
    verdicts = serializers.DictField(child=serializers.IntegerField(), help_text="Attestations by verdict in force")


class VerificationView(APIView):
    permission_classes = [RequireScope("inventory:read")]

    @extend_schema(operation_id="verification", responses=VerificationProgressSerializer)
    def get(self, request: Request) -> Response:
        """How far verification is with the attestations that you see."""
        reject_unknown_parameters(request, frozenset())
        with bounded():
            progress = read_progress(actor=actor_of(request))
        return Response(VerificationProgressSerializer(progress).data)
