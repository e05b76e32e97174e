"""Recovery over HTTP: the seven proofs of each service, and the credentials to take out of use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.http import HttpResponse
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from incidents.api.actions import visible_incident
from incidents.models import ActionKind
from incidents.recovery.milestones import Milestone, milestones_of
from incidents.recovery.proofs import Proof, ProofState
from incidents.recovery.standing import recovery_of
from incidents.response.credentials import CredentialType
from incidents.response.rounds import credentials_for
from supplychain.access.actors import actor_of
from supplychain.access.permissions import RequireScope
from supplychain.api.parameters import read_choice, reject_unknown_parameters
from supplychain.api.tables import csv_line

if TYPE_CHECKING:
    from uuid import UUID

    from rest_framework.request import Request

    from incidents.response.credentials import Credential

_COLUMNS = (
    "team", "repository", "workflow", "environment", "type", "credential", "confidence", "required", "state", "action",
    "why", "runs", "artifacts", "after_action",
)  # fmt: skip


class RecoveryReasonSerializer(serializers.Serializer[Any]):
    code = serializers.CharField(help_text="docs/incidents.md")
    about = serializers.CharField()


class LinkSerializer(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(choices=["artifact", "evidence", "action"])
    ref = serializers.CharField()


class RecoveryProofSerializer(serializers.Serializer[Any]):
    proof = serializers.ChoiceField(choices=list(Proof))
    state = serializers.ChoiceField(choices=list(ProofState))
    reasons = RecoveryReasonSerializer(many=True)
    evidence = LinkSerializer(many=True)


class ServiceRecoverySerializer(serializers.Serializer[Any]):
    service = serializers.CharField(source="service.service", help_text="Empty: a workload of no service")
    workload = serializers.CharField(source="service.workload")
    team = serializers.CharField(source="service.team.slug")
    since = serializers.DateTimeField(source="service.since")
    state = serializers.ChoiceField(choices=["recovering", "proven", "recovered", "lost", "withdrawn"])
    recovered_at = serializers.DateTimeField(allow_null=True)
    lost_at = serializers.DateTimeField(allow_null=True)
    proven_count = serializers.IntegerField(source="found.proven_count")
    old_artifacts = serializers.ListField(child=serializers.CharField(), source="found.old")
    new_artifacts = serializers.ListField(child=serializers.CharField(), source="found.new")
    proofs = RecoveryProofSerializer(many=True, source="found.proofs")


class MilestoneSerializer(serializers.Serializer[Any]):
    milestone = serializers.ChoiceField(choices=list(Milestone))
    at = serializers.DateTimeField(allow_null=True)
    seconds = serializers.IntegerField(allow_null=True, help_text="Since the incident was opened")


class RecoverySerializer(serializers.Serializer[Any]):
    run = serializers.IntegerField(source="run_number")
    data_as_of = serializers.DateTimeField()
    service_count = serializers.SerializerMethodField()
    recovered_count = serializers.IntegerField()
    services = ServiceRecoverySerializer(many=True)
    milestones = serializers.SerializerMethodField()

    def get_service_count(self, recovery: Any) -> int:
        return len(recovery.services)

    @extend_schema_field(MilestoneSerializer(many=True))
    def get_milestones(self, recovery: Any) -> Any:  # noqa: ARG002  # REST framework's signature
        return MilestoneSerializer(self.context["milestones"], many=True).data


class CredentialSerializer(serializers.Serializer[Any]):
    key = serializers.CharField(help_text="Of the action that takes it out of use, as it is proposed")
    team = serializers.CharField(allow_null=True)
    repository = serializers.CharField()
    workflow = serializers.CharField()
    environment = serializers.CharField()
    type = serializers.ChoiceField(choices=list(CredentialType))
    credential = serializers.CharField(source="name")
    confidence = serializers.CharField(source="strength.word")
    is_required = serializers.BooleanField(help_text="Recovery waits for it")
    kind = serializers.ChoiceField(choices=[ActionKind.ROTATE.value, ActionKind.REVOKE.value])
    state = serializers.CharField(allow_null=True, help_text="Of its action; null: nobody has taken it")
    action = serializers.IntegerField(allow_null=True)
    after_action = serializers.IntegerField(
        allow_null=True, help_text="The action that was done before this was found, and stands for nothing of it"
    )
    why = serializers.CharField()
    runs = serializers.ListField(child=serializers.CharField())
    artifacts = serializers.ListField(child=serializers.CharField(), source="digests")


class CredentialsSerializer(serializers.Serializer[Any]):
    results = CredentialSerializer(many=True)


class RecoveryView(APIView):
    permission_classes = [RequireScope("incidents:read")]

    @extend_schema(operation_id="incidents_recovery", responses=RecoverySerializer)
    def get(self, request: Request, public_id: UUID) -> Response:
        """What is proven of each service that the incident reached, and what is left."""
        reject_unknown_parameters(request, ())
        incident, actor = visible_incident(request, public_id), actor_of(request)
        recovery = recovery_of(incident, actor=actor, at=timezone.now())
        reached = milestones_of(incident) if incident.is_whole_for(actor) else ()
        return Response(RecoverySerializer(recovery, context={"milestones": reached}).data)


class CredentialsView(APIView):
    permission_classes = [RequireScope("incidents:read")]

    @extend_schema(
        operation_id="incidents_credentials",
        parameters=[OpenApiParameter("as", enum=["json", "csv"], description="Default: json")],
        responses={
            (200, "application/json"): CredentialsSerializer,
            (200, "text/csv"): {"type": "string", "description": "A line a credential"},
        },
    )
    def get(self, request: Request, public_id: UUID) -> Response | HttpResponse:
        """The credentials that were in reach of builds that an answer found, by team and repository."""
        reject_unknown_parameters(request, {"as"})
        incident, actor = visible_incident(request, public_id), actor_of(request)
        found = credentials_for(incident, actor=actor)
        if read_choice(request, "as", allowed=("json", "csv")) == "csv":
            lines = [csv_line(_COLUMNS), *(csv_line(_cells(one)) for one in found)]
            return HttpResponse("".join(lines), content_type="text/csv; charset=utf-8")
        return Response({"results": CredentialSerializer(found, many=True).data})


def _cells(one: Credential) -> tuple[object, ...]:
    return (
        one.team, one.repository, one.workflow, one.environment, one.type.value, one.name, one.strength.word,
        one.is_required, one.state, one.action, one.why, " ".join(sorted(one.runs)), " ".join(sorted(one.digests)),
        one.after_action,
    )  # fmt: skip
