"""The gate for a pipeline, and what was decided, over HTTP (docs/policy.md)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.http import Http404
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from inventory.identity.digests import parse_digest
from inventory.policy.api.gates import GateView
from inventory.policy.api.places import MAX_TEXT, bound_cluster, bound_environment
from inventory.policy.asked import Asked, Subject
from inventory.policy.deciding import decide
from inventory.policy.hits import Place
from inventory.policy.listing import DECISION_FILTERS, find_decisions
from inventory.policy.models import Decision, Gate, Outcome
from inventory.policy.rendering import render_decision, render_verdict
from supplychain.access.actors import actor_of
from supplychain.access.permissions import RequireScope
from supplychain.api.pagination import PAGE_PARAMETERS, read_page
from supplychain.api.parameters import (
    BadParameterError,
    read_text,
    reject_unknown_parameters,
)
from supplychain.api.schema import PAGE_QUERY, page_of

if TYPE_CHECKING:
    from uuid import UUID

    from rest_framework.request import Request

READ = ("policy:read",)
PLACE = ("environment", "cluster", "namespace", "service")


class ReasonSerializer(serializers.Serializer[Any]):
    code = serializers.CharField()
    message = serializers.CharField()


class RuleSerializer(serializers.Serializer[Any]):
    rule = serializers.CharField()
    result = serializers.ChoiceField(choices=[outcome.value for outcome in Outcome])
    reasons = ReasonSerializer(many=True)
    evidence = serializers.ListField(child=serializers.CharField())


class VerdictSerializer(serializers.Serializer[Any]):
    """A decision. `allowed` is what a gate obeys; `result` says whether that is a pass."""

    decision = serializers.UUIDField()
    allowed = serializers.BooleanField()
    result = serializers.ChoiceField(choices=[outcome.value for outcome in Outcome])
    mode = serializers.CharField()
    digest = serializers.CharField(allow_null=True)
    image = serializers.CharField(allow_blank=True)
    environment = serializers.CharField(allow_blank=True)
    cluster = serializers.CharField(allow_blank=True)
    namespace = serializers.CharField(allow_blank=True)
    service = serializers.CharField(allow_blank=True)
    rules = RuleSerializer(many=True)
    waivers = serializers.ListField(child=serializers.DictField())
    blocks = serializers.ListField(child=serializers.DictField())
    policy = serializers.CharField(allow_null=True)
    at = serializers.DateTimeField()


class FreshVerdictSerializer(VerdictSerializer):
    warnings = serializers.ListField(child=serializers.CharField(max_length=120))


class DecisionRowSerializer(VerdictSerializer):
    """A decision as it was stored."""

    gate = serializers.ChoiceField(choices=[gate.value for gate in Gate])
    workload = serializers.CharField(allow_blank=True)
    asked_by = serializers.CharField()


class ArtifactDecisionView(GateView):
    permission_classes = [RequireScope(*READ)]

    @extend_schema(
        operation_id="artifacts_decide",
        parameters=[OpenApiParameter(name, str, description="Where it is to run") for name in PLACE],
        responses=FreshVerdictSerializer,
    )
    def get(self, request: Request, digest: str) -> Response:
        """Whether this digest may go there now: 200 whatever the verdict, which is kept as a decision."""
        reject_unknown_parameters(request, set(PLACE))
        actor = actor_of(request)
        place = Place(
            environment=bound_environment(actor, asked=_place(request, "environment")),
            cluster=bound_cluster(actor, asked=_place(request, "cluster")),
            namespace=_place(request, "namespace") or "",
            service=_place(request, "service") or "",
        )
        asked = Asked(gate=Gate.PIPELINE, subjects=(Subject(digest=str(parse_digest(digest))),), place=place)
        (verdict,) = decide(asked, actor=actor, at=timezone.now())
        return Response(render_verdict(verdict, actor=actor))


class DecisionListView(APIView):
    permission_classes = [RequireScope(*READ)]

    @extend_schema(
        operation_id="decisions_list",
        parameters=[
            *PAGE_QUERY,
            OpenApiParameter("digest", str),
            OpenApiParameter("cluster", str),
            OpenApiParameter("result", enum=[outcome.value for outcome in Outcome]),
            OpenApiParameter("allowed", OpenApiTypes.BOOL),
        ],
        responses=page_of(DecisionRowSerializer),
    )
    def get(self, request: Request) -> Response:
        """What was decided for one's teams, newest first."""
        reject_unknown_parameters(request, PAGE_PARAMETERS | DECISION_FILTERS)
        actor = actor_of(request)
        page = read_page(find_decisions(request), request=request, order=("-public_id",))
        return Response({"results": [render_decision(one, actor=actor) for one in page.rows], "next": page.next})


class DecisionView(APIView):
    permission_classes = [RequireScope(*READ)]

    @extend_schema(operation_id="decisions_read", responses=DecisionRowSerializer)
    def get(self, request: Request, public_id: UUID) -> Response:
        """One decision."""
        reject_unknown_parameters(request, ())
        actor = actor_of(request)
        decision = Decision.objects.visible_to(actor).filter(public_id=public_id).first()
        if decision is None:
            raise Http404
        return Response(render_decision(decision, actor=actor))


def _place(request: Request, name: str) -> str | None:
    text = read_text(request, name)
    if text is not None and len(text) > MAX_TEXT:
        raise BadParameterError(name, f"is longer than {MAX_TEXT} characters.")
    return text
