"""Which images an artifact was built on, over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from inventory.api.artifacts import read_digest_of_path
from inventory.graph.base_images import BaseMethod, list_base_images
from inventory.graph.statements import bounded
from supplychain.access.actors import actor_of
from supplychain.access.permissions import RequireScope
from supplychain.api.parameters import reject_unknown_parameters

if TYPE_CHECKING:
    from rest_framework.request import Request


class BaseImageSerializer(serializers.Serializer[Any]):
    digest = serializers.CharField()
    name = serializers.CharField(allow_blank=True)
    method = serializers.ChoiceField(choices=[method.value for method in BaseMethod])
    confidence = serializers.ChoiceField(choices=["high", "medium", "low"])
    evidence = serializers.UUIDField()
    pointer = serializers.CharField(allow_blank=True, help_text="The place in that document")
    layer_count = serializers.IntegerField(allow_null=True, help_text="Layers that both begin with")


class BaseImagesSerializer(serializers.Serializer[Any]):
    results = BaseImageSerializer(many=True, help_text="The surest first, at most 100")


class ArtifactBasesView(APIView):
    permission_classes = [RequireScope("inventory:read")]

    @extend_schema(operation_id="artifact_bases", responses=BaseImagesSerializer)
    def get(self, request: Request, digest: str) -> Response:
        """The images that an artifact was built on, by every way that tells, with how sure each is."""
        reject_unknown_parameters(request, ())
        with bounded():
            found = list_base_images(read_digest_of_path(digest), actor=actor_of(request))
        return Response(BaseImagesSerializer({"results": found}).data)
