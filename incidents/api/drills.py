"""Drills over HTTP: start one, read its stopwatch and recall."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from incidents.drills.running import find_drill, start_drill, start_planted_drill
from incidents.models import Drill, DrillResult
from incidents.tasks import ring_drills
from supplychain.access.actors import actor_of
from supplychain.access.permissions import RequireScope
from supplychain.api.pagination import PAGE_PARAMETERS, read_page
from supplychain.api.parameters import reject_unknown_parameters
from supplychain.api.schema import PAGE_QUERY, page_of, refusals
from supplychain.api.serializers import StrictSerializer

if TYPE_CHECKING:
    from uuid import UUID

    from rest_framework.request import Request

    from supplychain.access.actors import Actor


class DrillResultSerializer(serializers.ModelSerializer[DrillResult]):
    """What a drill measured. `component` and `missing` are for who sees all teams, else null."""

    component = serializers.SerializerMethodField()
    missing = serializers.SerializerMethodField()
    recall = serializers.FloatField(allow_null=True)

    class Meta:
        model = DrillResult
        fields = [
            "component", "is_passed", "problem", "recall", "expected_count", "found_count", "listed_count",
            "blocked_count", "channel_count", "told_count", "missing", "waited_ms", "searchable_ms", "list_ms",
            "notify_ms", "block_ms", "count_ms", "document_count", "unread_count", "answer_hash", "finished_at",
        ]  # fmt: skip
        read_only_fields = fields

    def get_component(self, result: DrillResult) -> str | None:
        actor: Actor = self.context["actor"]
        return result.component if actor.sees_all else None

    def get_missing(self, result: DrillResult) -> list[str] | None:
        actor: Actor = self.context["actor"]
        return list(result.missing) if actor.sees_all else None


class DrillSerializer(serializers.ModelSerializer[Drill]):
    id = serializers.UUIDField(source="public_id")
    url = serializers.SerializerMethodField()
    is_planted = serializers.SerializerMethodField()
    result = DrillResultSerializer(allow_null=True, default=None)

    class Meta:
        model = Drill
        fields = ["id", "url", "is_planted", "started_by", "started_at", "result"]
        read_only_fields = fields

    def get_is_planted(self, drill: Drill) -> bool:
        return bool(drill.planted)

    def get_url(self, drill: Drill) -> str:
        return f"/api/v1/drills/{drill.public_id}"


class DrillStartSerializer(StrictSerializer):
    component = serializers.CharField(
        max_length=2048, required=False, help_text="A purl with its version; left out: one is picked at random"
    )
    plant = serializers.BooleanField(
        required=False, help_text="Plant a component that exists nowhere else, and find that; not with `component`"
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs.get("plant") and attrs.get("component"):
            raise serializers.ValidationError({"plant": "A component is planted or named, not both."})
        return attrs


class DrillListView(APIView):
    permission_classes = [RequireScope("incidents:read", by_method={"POST": ("incidents:write",)})]

    @extend_schema(operation_id="drills_list", parameters=PAGE_QUERY, responses=page_of(DrillSerializer))
    def get(self, request: Request) -> Response:
        """Drills, newest first. They are kept for good."""
        reject_unknown_parameters(request, PAGE_PARAMETERS)
        page = read_page(Drill.objects.select_related("result"), request=request, order=("-public_id",))
        return Response({"results": _shown(request, page.rows), "next": page.next})

    @extend_schema(
        operation_id="drills_start", request=DrillStartSerializer, responses={202: DrillSerializer, **refusals(409)}
    )
    def post(self, request: Request) -> Response:
        """Start a drill; a worker runs it. Nothing is blocked and no incident opened."""
        reject_unknown_parameters(request, ())
        body = DrillStartSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        given, actor, at = body.validated_data, actor_of(request), timezone.now()
        if given.get("plant"):
            drill = start_planted_drill(actor=actor, at=at)
        else:
            with transaction.atomic():
                drill = start_drill(given.get("component", ""), actor=actor, at=at)
        ring_drills()
        return Response(_shown(request, [drill])[0], status=202)


class DrillView(APIView):
    permission_classes = [RequireScope("incidents:read")]

    @extend_schema(operation_id="drills_read", responses=DrillSerializer)
    def get(self, request: Request, public_id: UUID) -> Response:
        """One drill: its result is null until a worker is done."""
        reject_unknown_parameters(request, ())
        return Response(_shown(request, [find_drill(public_id)])[0])


def _shown(request: Request, drills: list[Drill] | tuple[Drill, ...]) -> list[dict[str, object]]:
    return list(DrillSerializer(drills, many=True, context={"actor": actor_of(request)}).data)
