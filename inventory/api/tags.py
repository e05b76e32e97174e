"""The history of tags over HTTP."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from inventory.formats.image_records import TagAction
from inventory.graph.statements import bounded
from inventory.graph.tags import TagKey, list_tag_events
from inventory.models import TagSource
from supplychain.access.actors import actor_of
from supplychain.access.permissions import RequireScope
from supplychain.api.pagination import PAGE_PARAMETERS, address_after, read_key, read_limit
from supplychain.api.parameters import BadParameterError, read_text, reject_unknown_parameters
from supplychain.api.schema import PAGE_QUERY, page_of

if TYPE_CHECKING:
    from rest_framework.request import Request

_QUERY = [
    *PAGE_QUERY,
    OpenApiParameter("repository", required=True, description="registry/path, as images name it"),
    OpenApiParameter("tag", description="One of its tags"),
]


class TagEventSerializer(serializers.Serializer[Any]):
    repository = serializers.CharField()
    tag = serializers.CharField(allow_blank=True, help_text="Empty where a digest was deleted")
    digest = serializers.CharField(
        allow_null=True, help_text="Null where a tag was deleted, of which no digest is told"
    )
    action = serializers.ChoiceField(choices=[action.value for action in TagAction])
    observed_by = serializers.ChoiceField(source="source", choices=TagSource.choices)
    observed_at = serializers.DateTimeField(help_text="As the registry says")
    actor = serializers.CharField(allow_blank=True, help_text="Whom the registry names")
    previous_digest = serializers.CharField(allow_null=True, help_text="Where the tag was last seen before")
    moved = serializers.BooleanField(source="is_moved", help_text="It pointed at something else before")
    evidence = serializers.UUIDField()
    pointer = serializers.CharField(allow_blank=True, help_text="The place in that document")


class TagListView(APIView):
    permission_classes = [RequireScope("inventory:read")]

    @extend_schema(operation_id="tag_list", parameters=_QUERY, responses=page_of(TagEventSerializer))
    def get(self, request: Request) -> Response:
        """Where the tags of a repository pointed, newest first."""
        reject_unknown_parameters(request, PAGE_PARAMETERS | {"repository", "tag"})
        repository = read_text(request, "repository")
        if not repository:
            raise BadParameterError("repository", "is needed: registry/path, as images name it.")
        key = read_key(request, length=3)
        after = (
            None if key is None else TagKey(datetime.fromisoformat(str(key[0])), str(UUID(str(key[1]))), str(key[2]))
        )
        with bounded():
            page = list_tag_events(
                repository,
                tag=read_text(request, "tag") or "",
                after=after,
                limit=read_limit(request),
                actor=actor_of(request),
            )
        last = page.next
        following = None if last is None else [last.observed_at.isoformat(), last.evidence, last.pointer]
        results = TagEventSerializer(page.rows, many=True).data
        return Response({"results": results, "next": address_after(request, key=following)})
