"""Overwritten release tags over HTTP."""

from __future__ import annotations

from dataclasses import astuple
from typing import TYPE_CHECKING, Any

from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from inventory.graph.statements import bounded
from inventory.graph.tag_overwrites import Certainty, Overwrite, OverwriteKey, list_overwrites
from supplychain.access.actors import actor_of
from supplychain.access.permissions import RequireScope
from supplychain.api.pagination import PAGE_PARAMETERS, address_after, read_key, read_limit
from supplychain.api.parameters import read_text, reject_unknown_parameters
from supplychain.api.schema import PAGE_QUERY, page_of

if TYPE_CHECKING:
    from rest_framework.request import Request

_QUERY = [
    *PAGE_QUERY,
    OpenApiParameter("repository", description="registry/path, as images name it; all of them without"),
]


class SightingSerializer(serializers.Serializer[Any]):
    digest = serializers.CharField()
    first_seen_at = serializers.DateTimeField()
    last_seen_at = serializers.DateTimeField()
    observed_by = serializers.ListField(source="sources", child=serializers.CharField())
    evidence = serializers.UUIDField(allow_null=True, help_text="The first document that says so")


class ComparisonSerializer(serializers.Serializer[Any]):
    before = serializers.CharField()
    after = serializers.CharField()
    url = serializers.CharField(help_text="What came, went or changed its version")


class OverwriteSerializer(serializers.Serializer[Any]):
    repository = serializers.CharField()
    tag = serializers.CharField()
    certainty = serializers.ChoiceField(
        choices=[certainty.value for certainty in Certainty],
        help_text="`possible`: a document claims that the digests are one image, and no index or manifest proves it",
    )
    images = SightingSerializer(source="sightings", many=True, help_text="In the order of their first sighting")
    comparisons = serializers.SerializerMethodField(help_text="Of each image with the one before")

    @extend_schema_field(ComparisonSerializer(many=True))
    def get_comparisons(self, overwrite: Overwrite) -> list[dict[str, str]]:
        return [
            {"before": before, "after": after, "url": f"/api/v1/artifacts/{before}/diff/{after}"}
            for before, after in overwrite.comparisons
        ]


class TagOverwriteListView(APIView):
    permission_classes = [RequireScope("inventory:read")]

    @extend_schema(operation_id="tag_overwrite_list", parameters=_QUERY, responses=page_of(OverwriteSerializer))
    def get(self, request: Request) -> Response:
        """Release tags that were seen at more than one image, by repository and tag."""
        reject_unknown_parameters(request, PAGE_PARAMETERS | {"repository"})
        key = read_key(request, length=2)
        with bounded():
            page = list_overwrites(
                repository=read_text(request, "repository") or "",
                after=None if key is None else OverwriteKey(*map(str, key)),
                limit=read_limit(request),
                actor=actor_of(request),
            )
        following = None if page.next is None else list(astuple(page.next))
        results = OverwriteSerializer(page.rows, many=True).data
        return Response({"results": results, "next": address_after(request, key=following)})
