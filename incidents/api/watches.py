"""Watches over HTTP: keep a question, pause and end it, read what it found."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from incidents.api.openapi import QUESTION_OF_INCIDENT
from incidents.asking import read_incident_question
from incidents.models import Watch, WatchHit
from incidents.watches.keeping import (
    WatchNotFoundError,
    change_watch,
    end_watch,
    make_watch,
    would_have_matched,
)
from supplychain.access.actors import actor_of
from supplychain.access.permissions import RequireScope
from supplychain.api.pagination import PAGE_PARAMETERS, read_page
from supplychain.api.parameters import read_flag, reject_unknown_parameters
from supplychain.api.schema import PAGE_QUERY, page_of
from supplychain.api.serializers import StrictSerializer

if TYPE_CHECKING:
    from uuid import UUID

    from rest_framework.request import Request

MAX_NAME = 200


class WatchSerializer(serializers.ModelSerializer[Watch]):
    id = serializers.UUIDField(source="public_id")
    url = serializers.SerializerMethodField()
    team = serializers.CharField(source="team.slug", allow_null=True, help_text="Null: of the whole organisation")
    question = serializers.DictField()

    class Meta:
        model = Watch
        fields = ["id", "url", "name", "team", "question", "is_paused", "created_by", "created_at", "ended_at"]
        read_only_fields = fields

    def get_url(self, watch: Watch) -> str:
        return f"/api/v1/watches/{watch.public_id}"


class WatchDetailSerializer(WatchSerializer):
    """A watch, how much it told, and how much it would have told in the month before it was there."""

    hit_count = serializers.SerializerMethodField()
    would_have_matched_count = serializers.SerializerMethodField(help_text="In the 30 days before it was made")

    class Meta(WatchSerializer.Meta):
        fields = [*WatchSerializer.Meta.fields, "hit_count", "would_have_matched_count"]
        read_only_fields = fields

    def get_hit_count(self, watch: Watch) -> int:
        return WatchHit.objects.filter(watch=watch, is_before=False).count()

    def get_would_have_matched_count(self, watch: Watch) -> int:
        return would_have_matched(watch)


class NewWatchSerializer(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=MAX_NAME)


class WatchChangeSerializer(StrictSerializer):
    """What the body leaves out stays."""

    name = serializers.CharField(max_length=MAX_NAME, required=False)
    is_paused = serializers.BooleanField(required=False)


class HitSerializer(serializers.ModelSerializer[WatchHit]):
    """An artifact that matched, once for each indicator; once more when it begins to run."""

    id = serializers.UUIDField(source="public_id")
    places = serializers.ListField(child=serializers.DictField())

    class Meta:
        model = WatchHit
        fields = [
            "id", "artifact", "name", "indicator", "sight", "status", "reason", "evidence", "places", "is_before",
            "happened_at", "seen_at",
        ]  # fmt: skip
        read_only_fields = fields


class WatchListView(APIView):
    permission_classes = [RequireScope("incidents:read")]

    @extend_schema(operation_id="watches_list", parameters=PAGE_QUERY, responses=page_of(WatchSerializer))
    def get(self, request: Request) -> Response:
        """The watches that have not ended, newest first."""
        reject_unknown_parameters(request, PAGE_PARAMETERS)
        rows = Watch.objects.visible_to(actor_of(request)).filter(ended_at__isnull=True).select_related("team")
        page = read_page(rows, request=request, order=("-public_id",))
        return Response({"results": WatchSerializer(page.rows, many=True).data, "next": page.next})

    @extend_schema(
        operation_id="watches_make",
        request={"application/json": QUESTION_OF_INCIDENT},
        responses={201: WatchDetailSerializer},
    )
    def post(self, request: Request) -> Response:
        """Keep a question, with a `name`; it tells when later evidence matches. It has no time of its own."""
        reject_unknown_parameters(request, ())
        body = request.data if isinstance(request.data, dict) else {}
        named = NewWatchSerializer(data={"name": body.get("name")})
        named.is_valid(raise_exception=True)
        asked = read_incident_question({name: value for name, value in body.items() if name != "name"})
        watch = make_watch(
            asked.question,
            given=asked.given,
            name=named.validated_data["name"],
            actor=actor_of(request),
            at=timezone.now(),
        )
        return Response(WatchDetailSerializer(watch).data, status=201)


class WatchView(APIView):
    permission_classes = [RequireScope("incidents:read")]

    @extend_schema(operation_id="watches_read", responses=WatchDetailSerializer)
    def get(self, request: Request, public_id: UUID) -> Response:
        """One watch."""
        reject_unknown_parameters(request, ())
        return Response(WatchDetailSerializer(_find(request, public_id)).data)

    @extend_schema(operation_id="watches_change", request=WatchChangeSerializer, responses=WatchDetailSerializer)
    def patch(self, request: Request, public_id: UUID) -> Response:
        """Rename it, pause it, or let it go on: then it tells what came meanwhile."""
        reject_unknown_parameters(request, ())
        serializer = WatchChangeSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        given = dict(serializer.validated_data)
        watch = change_watch(public_id, actor=actor_of(request), at=timezone.now(), **given)
        return Response(WatchDetailSerializer(watch).data)

    @extend_schema(operation_id="watches_end", responses={204: None})
    def delete(self, request: Request, public_id: UUID) -> Response:
        """End it; what it found stays."""
        reject_unknown_parameters(request, ())
        end_watch(public_id, actor=actor_of(request), at=timezone.now())
        return Response(status=204)


class HitListView(APIView):
    permission_classes = [RequireScope("incidents:read")]

    @extend_schema(
        operation_id="watches_hits",
        parameters=[
            *PAGE_QUERY,
            OpenApiParameter("before", OpenApiTypes.BOOL, description="What matched before the watch was made"),
        ],
        responses=page_of(HitSerializer),
    )
    def get(self, request: Request, public_id: UUID) -> Response:
        """What it found, newest first."""
        reject_unknown_parameters(request, PAGE_PARAMETERS | {"before"})
        hits = WatchHit.objects.filter(
            watch=_find(request, public_id), is_before=read_flag(request, "before", default=False)
        )
        page = read_page(hits, request=request, order=("-public_id",))
        return Response({"results": HitSerializer(page.rows, many=True).data, "next": page.next})


def _find(request: Request, public_id: UUID) -> Watch:
    found = Watch.objects.visible_to(actor_of(request)).select_related("team").filter(public_id=public_id).first()
    if found is None:
        raise WatchNotFoundError
    return found
