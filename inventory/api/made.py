"""Repositories, workflows and builders over HTTP, and what each of them made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from inventory.api.origins import OriginSerializer
from inventory.graph.origins import OriginKind, list_made, list_origins
from inventory.graph.statements import bounded
from supplychain.access.actors import actor_of
from supplychain.access.permissions import RequireScope
from supplychain.api.pagination import PAGE_PARAMETERS, address_after, read_key, read_limit
from supplychain.api.parameters import BadParameterError, read_choice, read_text, reject_unknown_parameters
from supplychain.api.schema import PAGE_QUERY, page_of

if TYPE_CHECKING:
    from rest_framework.request import Request

_LIST_QUERY = [*PAGE_QUERY, OpenApiParameter("q", description="Part of the name")]
_KINDS = [kind.value for kind in OriginKind]
_MADE_QUERY = [
    *PAGE_QUERY,
    OpenApiParameter("kind", required=True, enum=_KINDS),
    OpenApiParameter("name", required=True, description="As the lists name it"),
]


class OriginRowSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    attestation_count = serializers.IntegerField()
    artifact_count = serializers.IntegerField(help_text="Subjects of its attestations, verified or only claimed")
    verified_artifact_count = serializers.IntegerField(help_text="Of those, verified as expected")
    running_artifact_count = serializers.IntegerField()
    first_received_at = serializers.DateTimeField()
    last_received_at = serializers.DateTimeField()


class MadeRowSerializer(serializers.Serializer[Any]):
    digest = serializers.CharField()
    name = serializers.CharField(allow_blank=True)
    provenance = OriginSerializer(source="origin", help_text="Of the artifact: the best of all that is attested of it")
    workload_count = serializers.IntegerField()


class OriginListView(APIView):
    """One list; its kind is the subclass's."""

    permission_classes = [RequireScope("inventory:read")]
    kind: ClassVar[OriginKind]

    def answer(self, request: Request) -> Response:
        """Return one page of the list."""
        reject_unknown_parameters(request, PAGE_PARAMETERS | {"q"})
        key = read_key(request, length=1)
        with bounded():
            page = list_origins(
                self.kind,
                text=read_text(request, "q") or "",
                after="" if key is None else str(key[0]),
                limit=read_limit(request),
                actor=actor_of(request),
            )
        results = OriginRowSerializer(page.rows, many=True).data
        following = None if page.next is None else [page.next]
        return Response({"results": results, "next": address_after(request, key=following)})


class RepositoryListView(OriginListView):
    kind = OriginKind.REPOSITORY

    @extend_schema(operation_id="repository_list", parameters=_LIST_QUERY, responses=page_of(OriginRowSerializer))
    def get(self, request: Request) -> Response:
        """Source repositories that attestations name, by name."""
        return self.answer(request)


class WorkflowListView(OriginListView):
    kind = OriginKind.WORKFLOW

    @extend_schema(operation_id="workflow_list", parameters=_LIST_QUERY, responses=page_of(OriginRowSerializer))
    def get(self, request: Request) -> Response:
        """Workflows that attestations name, as repository/path of the file."""
        return self.answer(request)


class BuilderListView(OriginListView):
    kind = OriginKind.BUILDER

    @extend_schema(operation_id="builder_list", parameters=_LIST_QUERY, responses=page_of(OriginRowSerializer))
    def get(self, request: Request) -> Response:
        """Builders that attestations name, by their id."""
        return self.answer(request)


class MadeListView(APIView):
    permission_classes = [RequireScope("inventory:read")]

    @extend_schema(operation_id="made_list", parameters=_MADE_QUERY, responses=page_of(MadeRowSerializer))
    def get(self, request: Request) -> Response:
        """What a repository, workflow or builder made, as attestations say, each with what may be believed of it."""
        reject_unknown_parameters(request, PAGE_PARAMETERS | {"kind", "name"})
        kind, name = read_choice(request, "kind", allowed=_KINDS), read_text(request, "name")
        if kind is None or name is None:
            raise BadParameterError("kind" if kind is None else "name", "is needed.")
        key = read_key(request, length=1)
        with bounded():
            page = list_made(
                OriginKind(kind),
                name=name,
                after="" if key is None else str(key[0]),
                limit=read_limit(request),
                actor=actor_of(request),
            )
        results = MadeRowSerializer(page.rows, many=True).data
        following = None if page.next is None else [page.next]
        return Response({"results": results, "next": address_after(request, key=following)})
