"""Blocks and freezes over HTTP (docs/policy.md)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.http import Http404
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from inventory.policy import announcing
from inventory.policy.blocks import MAX_REASON, BadBlockError, Ending, add_blocks, ask_to_lift
from inventory.policy.listing import BLOCK_FILTERS, KINDS, STATES, TOLD_TO_ALL, find_blocks, with_people
from inventory.policy.models import Block, BlockKind
from inventory.policy.preview import preview
from inventory.policy.selectors import read_selector
from inventory.verification.people import check_person
from supplychain.access.actors import actor_of
from supplychain.access.permissions import RequireScope
from supplychain.api.pagination import PAGE_PARAMETERS, read_page
from supplychain.api.parameters import read_flag, reject_unknown_parameters
from supplychain.api.schema import PAGE_QUERY, page_of, refusals
from supplychain.api.serializers import StrictSerializer

if TYPE_CHECKING:
    from uuid import UUID

    from rest_framework.request import Request

    from inventory.policy.preview import HitNow, Preview
    from supplychain.access.actors import Actor

READ = ("policy:read",)
# One responder tightens; who answers for policy may as well.
NARROW = ("policy:write", "incidents:write")
MAX_PREVIEW_ROWS = 200


class BlockSerializer(serializers.ModelSerializer[Block]):
    """A block. Who does not see all teams is not told for which incident it is, nor what only others have."""

    id = serializers.UUIDField(source="public_id")
    selector = serializers.SerializerMethodField()
    incident = serializers.SerializerMethodField()
    created_by = serializers.CharField(source="created_by.username", allow_null=True, help_text="Null: the product")
    lift_asked_by = serializers.CharField(source="lift_asked_by.username", allow_null=True)
    lifted_by = serializers.CharField(source="lifted_by.username", allow_null=True)
    in_force = serializers.SerializerMethodField()

    class Meta:
        model = Block
        fields = [
            "id", "kind", "selector", "reason", "incident", "in_force", "created_by", "created_at", "lift_asked_by",
            "lift_asked_at", "lift_reason", "expires_at", "lifted_by", "lifted_at", "ends_at",
        ]  # fmt: skip
        read_only_fields = fields

    def get_selector(self, block: Block) -> dict[str, str | None] | None:
        """Return what it names; null where that may be another team's."""
        return block.selector if self._actor.sees_all or block.kind in TOLD_TO_ALL else None

    def get_incident(self, block: Block) -> str | None:
        return str(block.incident) if block.incident and self._actor.sees_all else None

    def get_in_force(self, block: Block) -> bool:
        return block.binds(timezone.now())

    @property
    def _actor(self) -> Actor:
        found: Actor = self.context["actor"]
        return found


class NewBlockSerializer(StrictSerializer):
    kind = serializers.ChoiceField(choices=[kind.value for kind in BlockKind])
    selector = serializers.DictField(help_text="By kind: docs/policy.md")
    reason = serializers.CharField(max_length=MAX_REASON)
    expires_at = serializers.DateTimeField(
        required=False, allow_null=True, default=None, help_text="Asks for this end; a second person must agree to it"
    )


class LiftSerializer(StrictSerializer):
    reason = serializers.CharField(max_length=MAX_REASON, required=False, allow_blank=True, default="")
    expires_at = serializers.DateTimeField(required=False, allow_null=True, default=None)


class HitNowSerializer(serializers.Serializer[Any]):
    digest = serializers.CharField(allow_blank=True)
    relation = serializers.CharField(allow_null=True)
    detail = serializers.CharField(allow_blank=True)
    workloads = serializers.ListField(child=serializers.DictField())


class PreviewSerializer(serializers.Serializer[Any]):
    """What a block would hit of what runs now. `without_digest_count` containers cannot be told."""

    kind = serializers.CharField()
    selector = serializers.DictField()
    artifact_count = serializers.IntegerField()
    workload_count = serializers.IntegerField()
    running_artifact_count = serializers.IntegerField()
    without_digest_count = serializers.IntegerField()
    rows = HitNowSerializer(many=True)


class BlockListView(APIView):
    permission_classes = [RequireScope(*READ, by_method={"POST": NARROW})]

    @extend_schema(
        operation_id="blocks_list",
        parameters=[
            *PAGE_QUERY,
            OpenApiParameter("state", enum=STATES, description="`lift_asked` are in force still"),
            OpenApiParameter("kind", enum=KINDS),
            OpenApiParameter("incident", OpenApiTypes.UUID, description="For who sees all teams"),
        ],
        responses=page_of(BlockSerializer),
    )
    def get(self, request: Request) -> Response:
        """Blocks and freezes, those that ended too, newest first: the organisation's, known to all."""
        reject_unknown_parameters(request, PAGE_PARAMETERS | BLOCK_FILTERS)
        rows = find_blocks(request, sees_all=actor_of(request).sees_all, at=timezone.now())
        page = read_page(rows, request=request, order=("-public_id",))
        return Response({"results": shown(page.rows, request=request), "next": page.next})

    @extend_schema(
        operation_id="blocks_set",
        parameters=[OpenApiParameter("dry_run", OpenApiTypes.BOOL, description="Store nothing; what would it hit?")],
        request=NewBlockSerializer,
        responses={200: PreviewSerializer, 201: BlockSerializer},
    )
    def post(self, request: Request) -> Response:
        """Set a block or freeze: it binds at once. With `dry_run`, what of all that runs now it would hit."""
        reject_unknown_parameters(request, {"dry_run"})
        is_dry = read_flag(request, "dry_run", default=False)
        actor, at = actor_of(request), timezone.now()
        check_person(actor)
        serializer = NewBlockSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        given = serializer.validated_data
        selector = read_selector(BlockKind(given["kind"]), given["selector"])
        if is_dry:
            return Response(render_preview(selector.kind, selector.shown, preview(selector, at=at)))
        if given["expires_at"] is not None and given["expires_at"] <= at:
            raise BadBlockError("/expires_at", "The end that is asked for is in the past.")
        with transaction.atomic():
            block = add_blocks([selector], reason=given["reason"], incident=None, actor=actor, at=at)[0]
            if given["expires_at"] is not None and block.lift_asked_by_id is None:
                ending = Ending(reason=given["reason"], expires_at=given["expires_at"])
                ask_to_lift(block.public_id, ending, actor=actor, at=at)
        return _block(request, block.public_id, status=201)


class BlockView(APIView):
    permission_classes = [RequireScope(*READ)]

    @extend_schema(operation_id="blocks_read", responses=BlockSerializer)
    def get(self, request: Request, public_id: UUID) -> Response:
        """One block."""
        reject_unknown_parameters(request, ())
        return _block(request, public_id)


class BlockLiftView(APIView):
    permission_classes = [RequireScope(*NARROW)]

    @extend_schema(
        operation_id="blocks_lift", request=LiftSerializer, responses={200: BlockSerializer, **refusals(409)}
    )
    def post(self, request: Request, public_id: UUID) -> Response:
        """Ask for the end of a block, with a reason; a second person agrees by the same route."""
        reject_unknown_parameters(request, ())
        actor, at = actor_of(request), timezone.now()
        check_person(actor)
        serializer = LiftSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        given = serializer.validated_data
        asked_by = Block.objects.filter(public_id=public_id).values_list("lift_asked_by", flat=True).first()
        if asked_by is None:
            announcing.ask_to_lift(public_id, Ending(**given), actor=actor, at=at)
        else:
            announcing.lift(public_id, actor=actor, at=at)
        return _block(request, public_id)


class BlockKeepView(APIView):
    permission_classes = [RequireScope(*NARROW)]

    @extend_schema(operation_id="blocks_keep", request=None, responses={200: BlockSerializer, **refusals(409)})
    def post(self, request: Request, public_id: UUID) -> Response:
        """Refuse the end that somebody asked for: the block binds on."""
        reject_unknown_parameters(request, ())
        announcing.keep(public_id, actor=actor_of(request), at=timezone.now())
        return _block(request, public_id)


def shown(rows: Any, *, request: Request) -> Any:
    """Return blocks as the asker may see them."""
    return BlockSerializer(rows, many=True, context={"actor": actor_of(request)}).data


def render_preview(kind: BlockKind, selector: Any, found: Preview) -> dict[str, Any]:
    """Return a preview as JSON: the counts of all of it, and the most widespread rows."""
    return {
        "kind": kind.value,
        "selector": dict(selector),
        "artifact_count": len([row for row in found.rows if row.digest]),
        "workload_count": found.workload_count,
        "running_artifact_count": found.running_digest_count,
        "without_digest_count": found.without_digest_count,
        "rows": [_row(row) for row in found.rows[:MAX_PREVIEW_ROWS]],
    }


def _row(row: HitNow) -> dict[str, Any]:
    names = ("cluster", "environment", "namespace", "kind", "name", "service", "container")
    return {
        "digest": row.digest,
        "relation": None if row.hit is None else row.hit.relation.value,
        "detail": "" if row.hit is None else row.hit.detail,
        "workloads": [{name: getattr(one, name) for name in names} for one in row.workloads],
    }


def _block(request: Request, public_id: UUID, *, status: int = 200) -> Response:
    block = with_people(Block.objects.all()).filter(public_id=public_id).first()
    if block is None:
        raise Http404
    return Response(shown([block], request=request)[0], status=status)
