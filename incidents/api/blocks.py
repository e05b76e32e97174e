"""Blocks of an incident over HTTP: set from what its answer says, in one request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from incidents.models import Incident
from incidents.response.blocks import set_blocks
from incidents.timeline import IncidentNotFoundError
from inventory.policy.blocks import MAX_AT_ONCE, MAX_REASON
from inventory.policy.models import BlockKind
from inventory.policy.selectors import read_selector
from inventory.verification.people import check_person
from supplychain.access.actors import actor_of
from supplychain.access.permissions import RequireScope
from supplychain.api.parameters import reject_unknown_parameters
from supplychain.api.schema import refusals
from supplychain.api.serializers import StrictSerializer

if TYPE_CHECKING:
    from uuid import UUID

    from rest_framework.request import Request


class WantedBlockSerializer(StrictSerializer):
    kind = serializers.ChoiceField(choices=[kind.value for kind in BlockKind])
    selector = serializers.DictField(help_text="By kind: docs/policy.md")


class IncidentBlocksSerializer(StrictSerializer):
    """What is named, and with `proposed` what the newest answer says is affected: its packages and digests."""

    blocks = WantedBlockSerializer(many=True, required=False, default=list)
    proposed = serializers.BooleanField(required=False, default=False)
    reason = serializers.CharField(max_length=MAX_REASON)

    def validate_blocks(self, given: list[dict[str, Any]]) -> list[dict[str, Any]]:
        if len(given) > MAX_AT_ONCE:
            raise serializers.ValidationError(f"At most {MAX_AT_ONCE} blocks are set at once.")
        return given


class SetBlockSerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField(source="public_id")
    kind = serializers.CharField()
    selector = serializers.DictField()
    reason = serializers.CharField()
    created_at = serializers.DateTimeField()


class BlocksSetSerializer(serializers.Serializer[Any]):
    blocks = SetBlockSerializer(many=True)


class IncidentBlocksView(APIView):
    permission_classes = [RequireScope("incidents:write")]

    @extend_schema(
        operation_id="incidents_block",
        request=IncidentBlocksSerializer,
        responses={201: BlocksSetSerializer, **refusals(409)},
    )
    def post(self, request: Request, public_id: UUID) -> Response:
        """Block what is named, and what the newest answer proposes: enforced at every gate at once."""
        reject_unknown_parameters(request, ())
        actor = actor_of(request)
        check_person(actor)
        if not Incident.objects.visible_to(actor).filter(public_id=public_id).exists():
            raise IncidentNotFoundError
        serializer = IncidentBlocksSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        given = serializer.validated_data
        named = [
            read_selector(BlockKind(one["kind"]), one["selector"], at=f"/blocks/{number}/selector")
            for number, one in enumerate(given["blocks"])
        ]
        blocks = set_blocks(
            public_id,
            named,
            with_proposed=given["proposed"],
            reason=given["reason"],
            actor=actor,
            at=timezone.now(),
        )
        return Response(BlocksSetSerializer({"blocks": blocks}).data, status=201)
